// SPDX-License-Identifier: GPL-3.0-or-later
//! A wizard at work on a private desktop, and the steps that every walk through it takes.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    atspi::{Node, Role, State, try_for},
    jobs,
    keyboard::press,
    language::without_marks,
    programs::{self, only_archive},
    roots::{self, Fill, KIB, MIB, Vm},
    session::{App, Look, Session},
    wait::{JOB, STEP, wait_for, wait_until},
    workspace::{PASSPHRASE, Workspace},
};

/// A plain desktop, for the accessible tree alone.
pub(crate) const BY_TREE: Look = Look {
    is_dark: false,
    language: None,
    is_double: false,
    has_contrast: false,
    has_large_text: false,
    is_narrow: false,
    is_from_right: false,
    has_keyboard: false,
};
/// The same with a keyboard.
pub(crate) const BY_KEYBOARD: Look = Look {
    has_keyboard: true,
    ..BY_TREE
};

/// What the user of `work` wrote down about it.
pub(crate) const NOTES: &str = "Ask Ada before this is removed.\nIts disk holds the only copy of the year's accounts.\n\
    The invoices are below ~/invoices,\nthe letters below ~/letters.\n";

/// A small root in which a backup takes one VM: each further file costs a key.
pub(crate) fn place() -> Workspace {
    Workspace::new(&[
        Vm::new("net", "AppVM")
            .property("template", "tpl")
            .property("provides_network", "True")
            .property("include_in_backups", "False")
            .volume("private", Fill::Holes(MIB))
            .running(),
        Vm::new("tpl", "TemplateVM")
            .property("include_in_backups", "False")
            .volume("root", Fill::Sparse(4 * MIB, 100 * KIB, 71))
            .volume("private", Fill::Holes(MIB)),
        Vm::new("vault", "AppVM")
            .property("template", "tpl")
            .property("netvm", "net")
            .volume("private", Fill::Sparse(9 * MIB, 300 * KIB, 72)),
        Vm::new("work", "AppVM")
            .property("template", "tpl")
            .property("netvm", "net")
            .file("notes.txt", NOTES)
            .volume("private", Fill::Sparse(9 * MIB, 300 * KIB, 73)),
    ])
}

/// One of the wizards at work.
pub(crate) struct Wizard {
    pub(crate) session: Session,
    pub(crate) app: App,
    pub(crate) window: Node,
}

/// What the title has of a page's number: "(2 of " of "Backup PedOS: Destination (2 of 5)", in the language of the look.
fn mark_of_page(look: Look, number: u32) -> String {
    let title = look.word("{program}: {page} ({number} of {all})");
    let mark = title.split("{page}").nth(1).and_then(|rest| rest.split("{all}").next());
    mark.unwrap().trim().replace("{number}", &number.to_string())
}

impl Wizard {
    /// Opens a wizard on a root; `None` where the desktop cannot be had.
    pub(crate) fn open(look: Look, program: &str, root: &Path) -> Option<Self> {
        let mut session = Session::start(look)?;
        let mut command = session.command(Path::new(program));
        let app = session.open(command.arg("--root").arg(root));
        let window = session.desk().window(&mark_of_page(look, 1));
        Some(Self { session, app, window })
    }

    /// Opens the backup wizard.
    pub(crate) fn backup(look: Look, place: &Workspace) -> Option<Self> {
        Self::open(look, env!("CARGO_BIN_EXE_pedos-backup"), &place.path("root"))
    }

    /// Opens the restore wizard.
    pub(crate) fn restore(look: Look, place: &Workspace) -> Option<Self> {
        Self::open(look, env!("CARGO_BIN_EXE_pedos-backup-restore"), &place.path("root"))
    }

    /// Waits for a page by its number.
    #[track_caller]
    pub(crate) fn wait_page(&self, number: u32) {
        self.wait_title(&mark_of_page(self.session.look(), number));
    }

    #[track_caller]
    pub(crate) fn wait_title(&self, text: &str) {
        wait_until(&format!("{text:?} in the title\n{}", self.state()), STEP, || {
            self.window.name().is_some_and(|name| name.contains(text))
        });
    }

    /// Everything that explains why a step did not work.
    pub(crate) fn state(&self) -> String {
        format!("{}\n{}", self.app.log(), self.session.desk().dump())
    }

    /// What has the focus, by role and name.
    pub(crate) fn focused(&self) -> Option<(Option<Role>, Option<String>)> {
        let node = self.window.find_by(&|node| node.is(State::FOCUSED))?;
        Some((node.role(), node.name()))
    }

    /// Moves the focus along the page until it is in a control.
    #[track_caller]
    pub(crate) fn focus_on(&self, node: &Node) {
        let is_in = || node.find_by(&|inner| inner.is(State::FOCUSED)).is_some();
        for _ in 0..60 {
            if is_in() {
                return;
            }
            press(&self.session, &["Tab"]);
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("never reached: {:?}\n{}", self.focused(), self.state());
    }

    /// Lets a letter choose in a drop-down.
    #[track_caller]
    pub(crate) fn choose(&self, name: &str, letter: &str) {
        self.focus_on(&self.window.wait(Role::COMBO_BOX, name));
        press(&self.session, &[letter]);
    }

    /// Whether the page lets go.
    pub(crate) fn is_ready(&self) -> bool {
        self.window.actions().iter().any(|action| action == "win.next")
    }

    /// Waits until the page lets go.
    #[track_caller]
    pub(crate) fn wait_ready(&self) {
        let patience = Instant::now();
        while !self.is_ready() {
            assert!(patience.elapsed() < STEP, "the page does not let go\n{}", self.state());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Goes to a page as soon as the one before lets go.
    #[track_caller]
    pub(crate) fn next(&self, number: u32) {
        self.wait_ready();
        self.window.act("win.next");
        self.wait_page(number);
    }

    /// Waits until something is said on the page.
    #[track_caller]
    pub(crate) fn wait_text(&self, what: &str, deadline: Duration) -> String {
        let mut last = String::new();
        let found = {
            let last = &mut last;
            let start = Instant::now();
            loop {
                *last = self.window.texts();
                if last.to_lowercase().contains(&what.to_lowercase()) {
                    break true;
                }
                if start.elapsed() > deadline {
                    break false;
                }
                std::thread::sleep(Duration::from_millis(30));
            }
        };
        assert!(found, "{what:?} is not said:\n{last}\n{}", self.app.log());
        last
    }

    /// Selects VMs in a list and presses a button between the lists.
    #[track_caller]
    pub(crate) fn pick(&self, list: &str, vms: &[&str], button: &str) {
        let list = self.window.wait(Role::LIST, list);
        for vm in vms {
            let look = || list.children().iter().position(|row| vm_of(row).as_deref() == Some(vm));
            let number = try_for(STEP, look).unwrap_or_else(|| panic!("no {vm} in the list\n{}", self.state()));
            assert!(list.select_child(number as i32), "{vm} cannot be selected");
        }
        self.window.click(button);
        let is_there = || {
            list.children()
                .iter()
                .any(|row| vm_of(row).is_some_and(|name| vms.contains(&name.as_str())))
        };
        let left = try_for(STEP, || (!is_there()).then_some(()));
        assert!(left.is_some(), "{button} did not move {vms:?}\n{}", self.state());
    }

    /// The row of a VM in the table of a restore, which says all about it.
    #[track_caller]
    pub(crate) fn table_row(&self, vm: &str) -> Node {
        let is_it = |node: &Node| {
            let is_row = node.role() == Some(Role::LIST_ITEM);
            is_row && node.name().is_some_and(|name| first_word(&name) == vm)
        };
        try_for(STEP, || self.window.find_by(&is_it)).unwrap_or_else(|| panic!("no row of {vm}\n{}", self.state()))
    }

    /// The part of a VM's row that opens it.
    #[track_caller]
    pub(crate) fn table_head(&self, vm: &str) -> Node {
        let row = self.table_row(vm);
        let opens = |node: &Node| node.actions().iter().any(|action| action == "activate");
        try_for(STEP, || row.find_by(&opens)).unwrap_or_else(|| panic!("{vm} cannot be opened\n{}", self.state()))
    }

    /// Opens the row of a VM in the table of a restore.
    #[track_caller]
    pub(crate) fn open_row(&self, vm: &str) -> Node {
        let head = self.table_head(vm);
        if !head.is(State::EXPANDED) {
            head.act("activate");
        }
        wait_until(&format!("{vm} opened"), STEP, || head.is(State::EXPANDED));
        self.table_row(vm)
    }

    /// Waits for the end of a job and closes the wizard with Finish; returns what it said.
    #[track_caller]
    pub(crate) fn finish(&mut self) -> String {
        wait_until("Finish", JOB, || {
            self.window
                .find(Role::BUTTON, "Finish")
                .is_some_and(|button| button.is(State::SENSITIVE))
        });
        let said = self.window.texts();
        self.window.wait(Role::BUTTON, "Finish").act_last("click");
        self.wait_gone();
        said
    }

    #[track_caller]
    pub(crate) fn wait_gone(&mut self) {
        let code = wait_for("the end of the program", STEP, || self.session.exit_code(&self.app));
        assert_eq!(code, 0, "{}", self.app.log());
        let log = self.app.log();
        assert!(!log.contains("CRITICAL") && !log.contains("WARNING"), "{log}");
    }
}

/// The window that shows what is inside the archive that was entered.
pub(crate) fn look_inside(wizard: &Wizard) -> Node {
    wizard.wait_ready();
    wizard.window.click("Look inside");
    wizard.wait_page(2);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.wait_ready();
    wizard.window.act("win.next");
    wizard.session.desk().window("Inside the backup")
}

/// The name of a VM that a row begins with.
fn first_word(name: &str) -> String {
    without_marks(name.split([',', ' ', '\n']).next().unwrap_or_default())
}

/// Through the backup wizard to the page that starts, by the accessibility tree.
pub(crate) fn fill_backup(wizard: &Wizard, target: &Path) {
    wizard.wait_ready();
    wizard.window.click("Remove all");
    wizard.pick("Available", &["vault"], "Add");
    wizard.session.screenshot("backup-1");
    wizard.next(2);
    wizard
        .window
        .enter(Role::TEXT, "Backup directory", &target.to_string_lossy());
    wizard.wait_ready();
    wizard.session.screenshot("backup-2");
    wizard.next(3);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.window.enter(Role::PASSWORD, "Confirm passphrase", PASSPHRASE);
    wizard.window.check("Save settings as backup profile", false);
    wizard.session.screenshot("backup-3");
    wizard.next(4);
    wizard.wait_ready();
    wizard.session.screenshot("backup-4");
}

/// Holds that the archive that was made brings the VM back, with the tools.
pub(crate) fn backed_up(place: &Workspace) -> PathBuf {
    let archive = only_archive(&place.path("target"));
    let here = place.path("here");
    programs::restore_new(&here, &place.pass, &archive).expect(0);
    roots::expect_same(&place.path("root"), "vault", &here, "vault");
    assert_eq!(roots::domains(&here).len(), 2);
    archive
}

/// An archive of VMs of the root, made cheaply.
pub(crate) fn make_archive(place: &Workspace, vms: &[&str]) -> PathBuf {
    let archive = jobs::archive(&place.path("root"), vms, &place.path("target"));
    // As if another system had made it, so that the wizard does not offer it by itself.
    fs::remove_file(place.path("root/etc/qubes/backup/pedos-backup.made")).unwrap();
    archive
}

/// The VM of a row in a list, which is called "work, AppVM, 1.2 GiB, running".
pub(crate) fn vm_of(row: &Node) -> Option<String> {
    row.name()?.split(',').next().map(without_marks)
}

/// Roles that a user acts on.
const ACTED_ON: [Role; 7] = [
    Role::CHECK_BOX,
    Role::COMBO_BOX,
    Role::LIST,
    Role::PASSWORD,
    Role::BUTTON,
    Role::TEXT,
    Role::PROGRESS,
];

/// GTK falls back on the class's name where a control has none.
#[track_caller]
pub(crate) fn expect_names(window: &Node) {
    for role in ACTED_ON {
        for node in window.all(role) {
            let name = node.name().unwrap_or_default();
            // The lines of a table belong to GTK; what is around them has a name.
            let is_inner = name == "GtkColumnListView";
            let is_fallback = !is_inner && ["Gtk", "Bp"].iter().any(|start| name.starts_with(start));
            assert!(
                !is_fallback && !name.contains('_'),
                "{role:?} {name:?} in\n{}",
                window.dump()
            );
        }
    }
}
