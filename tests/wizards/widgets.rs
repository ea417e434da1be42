// SPDX-License-Identifier: GPL-3.0-or-later
//! The windows' building blocks inside this process, and the names of all controls as assistive technology sees them.
//! Needs a display (for the first) or the tools of a private one (for the second), and says so loudly without.

use std::path::Path;

use crate::support::{
    atspi::{Role, State},
    roots,
    session::{Look, Session},
    wait::{STEP, wait_until},
    wizard::expect_names,
};
use gtk::prelude::*;
use pedos_backup::{
    draft::{PlaceState, Reason},
    format::{Compression, Level},
    inventory::Class,
    plan::{ArchivedFile, InventoryScope},
    text::{FindingText, wizard as words},
    ui::{
        self, BpDualList, BpFindingRow, BpInsideWindow, BpOption, BpProgressRow, BpStepRow, BpVmRow, BpWizard, Glyph,
        VmItem,
        pages::{
            BpContentsPage, BpDestinationPage, BpOpenPage, BpPassphrasePage, BpProgressPage, BpRestoreSummaryPage,
            BpSourcePage, BpSummaryPage, BpVmsPage,
        },
    },
};

/// GTK lives on one thread, and the test harness gives each test its own: what needs it stands in one test.
#[test]
fn the_building_blocks_fit_their_descriptions() {
    if gtk::init().is_err() {
        println!("no display: the windows were not tried");
        return;
    }
    ui::prepare();
    let app = gtk::Application::new(None::<&str>, gio::ApplicationFlags::NON_UNIQUE);
    app.register(gio::Cancellable::NONE).unwrap();
    let wizard = BpWizard::new(&app, "Program");
    every_page_can_be_shown(&wizard);
    the_shell_follows_its_user(&wizard);
    let lists = BpVmsPage::default();
    lists_give_and_take(&lists);
    crate::keys::the_list_has_every_key_and_no_other(&[wizard.upcast_ref(), lists.upcast_ref()]);
    rows_can_be_made();
    an_option_tells_what_its_user_does_once();
    what_is_inside_is_searched_and_noted(&wizard);
    crate::run_page::warnings_without_a_vm_are_shown_with_their_cures(&BpSummaryPage::default());
    crate::run_page::a_table_that_says_the_same_keeps_its_rows(&BpSummaryPage::default());
    crate::run_page::a_second_run_begins_with_a_clean_page(&BpProgressPage::default());
    crate::run_page::the_countdown_can_be_stopped_and_otherwise_ends_once(&BpProgressPage::default());
    crate::watching::a_wizard_reads_its_host_again_when_it_changes_and_not_before(&app);
}

fn every_page_can_be_shown(wizard: &BpWizard) {
    wizard.add_page("Machines", &BpVmsPage::default(), Vec::new());
    wizard.add_page("Destination", &BpDestinationPage::default(), Vec::new());
    wizard.add_page("Passphrase", &BpPassphrasePage::default(), Vec::new());
    wizard.add_page("Summary", &BpSummaryPage::default(), Vec::new());
    wizard.add_page("Run", &BpProgressPage::default(), Vec::new());
    wizard.add_page("Source", &BpSourcePage::default(), Vec::new());
    wizard.add_page("Open", &BpOpenPage::default(), Vec::new());
    wizard.add_page("Contents", &BpContentsPage::default(), Vec::new());
    wizard.add_page("Table", &BpRestoreSummaryPage::default(), Vec::new());
    for page in 0..9 {
        wizard.show_page(page);
    }
    assert_eq!(wizard.title().unwrap(), "Program: Table (9 of 9)");
}

fn the_shell_follows_its_user(wizard: &BpWizard) {
    let moves = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let heard = std::rc::Rc::clone(&moves);
    wizard.connect_move(move |to| heard.borrow_mut().push(to));
    wizard.set_may_continue(&Err(Reason::NothingSelected));
    WidgetExt::activate_action(wizard, "win.next", None).unwrap();
    assert!(moves.borrow().is_empty(), "what is greyed out does nothing");
    wizard.set_may_continue(&Ok(()));
    wizard.set_may_go_back(true);
    for action in ["win.next", "win.back", "win.cancel"] {
        WidgetExt::activate_action(wizard, action, None).unwrap();
    }
    assert!(
        wizard.emit_by_name::<bool>("close-request", &[]),
        "closing waits for the answer"
    );
    let expected = [ui::Move::Next, ui::Move::Back, ui::Move::Cancel, ui::Move::Cancel];
    assert_eq!(*moves.borrow(), expected, "closing is the same question as Cancel");
    // Enter goes to the window's default, which is the way on: but not from a field where that starts a job.
    let field = gtk::Entry::new();
    let page = gtk::Box::new(gtk::Orientation::Vertical, 0);
    page.append(&field);
    wizard.add_page("Field", &page, vec![field.clone().upcast()]);
    wizard.present();
    wizard.show_page(9);
    crate::watching::pump_for(std::time::Duration::from_millis(300));
    assert!(field.focus_child().is_some(), "the field has the focus");
    wizard.set_next_starts_job(true);
    assert!(
        wizard.default_widget().is_none(),
        "Enter in a field would start the job"
    );
    GtkWindowExt::set_focus(wizard, gtk::Widget::NONE);
    assert!(wizard.default_widget().is_some(), "Enter elsewhere is the way on");
    field.grab_focus();
    assert!(wizard.default_widget().is_none());
    wizard.set_next_starts_job(false);
    assert!(
        wizard.default_widget().is_some(),
        "Enter is the way on, as on every other page"
    );
}

fn lists_give_and_take(page: &BpVmsPage) {
    let items: Vec<VmItem> = ["one", "two", "three"].into_iter().enumerate().map(item).collect();
    page.show_vms(&items, |name| name == "two");
    assert_eq!(page.selected(), ["two"]);
    let changes = std::rc::Rc::new(std::cell::Cell::new(0));
    let counted = std::rc::Rc::clone(&changes);
    page.connect_changed(move |_| counted.set(counted.get() + 1));
    let row = rows(page.upcast_ref())
        .into_iter()
        .find(|row| row.name() == "three")
        .unwrap();
    row.activate_action("row.move", None).unwrap();
    assert_eq!(
        (page.selected(), changes.get()),
        (vec!["two".to_owned(), "three".to_owned()], 1)
    );
    // A list that is shown again keeps its rows and is no change by the user.
    page.show_vms(&items[..2], |name| name == "two");
    assert_eq!((page.selected(), changes.get()), (vec!["two".to_owned()], 1));
    page.show_choices(false, Compression::Gzip, Level::Small, InventoryScope::SelectedOnly);
    assert_eq!(changes.get(), 1);
    assert!(!page.is_compressed());
    assert_eq!(
        (page.method(), page.level(), page.scope()),
        (Compression::Gzip, Some(Level::Small), InventoryScope::SelectedOnly)
    );
}

fn rows_can_be_made() {
    let text = FindingText {
        sentence: "Something is the matter.".to_owned(),
        hint: None,
    };
    BpFindingRow::new("work", &text, true);
    BpStepRow::new(1, "Step").set_state(true, false);
    BpProgressRow::new("work");
    let verdict = words::archive_place(
        &pedos_backup::draft::TypedPlace::default(),
        &PlaceState::Empty,
        &pedos_backup::draft::QuickLook::NotDone,
    );
    BpSourcePage::default().place().show_verdict(&verdict, false);
    assert!(BpDualList::static_type().is_valid());
}

fn an_option_tells_what_its_user_does_once() {
    let option: BpOption = glib::Object::new();
    let changes = std::rc::Rc::new(std::cell::Cell::new(0));
    let counted = std::rc::Rc::clone(&changes);
    // What a page does: it shows what it was told, while it is being told.
    option.connect_active_notify(move |option| {
        counted.set(counted.get() + 1);
        option.set_active(option.is_active());
    });
    option.set_active(true);
    option.set_active(true);
    assert!(option.is_active());
    assert_eq!(changes.get(), 1);
    option.set_may_change(false);
    assert!(!option.may_change());
}

fn what_is_inside_is_searched_and_noted(wizard: &BpWizard) {
    let items: Vec<VmItem> = ["one", "two", "three"].into_iter().enumerate().map(item).collect();
    let facts = [("Made".to_owned(), "today".to_owned())];
    let private = ArchivedFile::parse("two:private").unwrap();
    let held = [("two".to_owned(), vec![private.clone()])].into();
    let window = BpInsideWindow::open(wizard, &facts, None, items, held);
    assert_eq!(window.chosen_file(), None, "no VM is highlighted");
    let rows = rows(window.upcast_ref());
    assert_eq!(rows.len(), 3);
    let note = words::NoteText {
        text: "a word\n".repeat(20),
        is_failed: false,
    };
    window.show_notes(None, false, false, [("two".to_owned(), note)].into());
    let mut labels = Vec::new();
    collect_labels(rows[1].upcast_ref(), &mut labels);
    assert!(labels.iter().any(|text| text.ends_with("a word …")), "{labels:?}");
    let list = rows[1].parent().and_downcast::<gtk::ListBox>().unwrap();
    list.select_row(Some(&rows[1]));
    assert_eq!(window.chosen_file(), Some(private));
    list.select_row(Some(&rows[0]));
    assert_eq!(window.chosen_file(), None, "of this VM nothing is in the archive");
    window.close();
}

fn collect_labels(widget: &gtk::Widget, found: &mut Vec<String>) {
    found.extend(widget.downcast_ref::<gtk::Label>().map(|label| label.label().into()));
    let mut child = widget.first_child();
    while let Some(next) = child {
        collect_labels(&next, found);
        child = next.next_sibling();
    }
}

fn item((position, name): (usize, &str)) -> VmItem {
    VmItem {
        name: name.to_owned(),
        position,
        glyph: Glyph::new(0x00cc_0000, &Class::AppVm, false),
        detail: "AppVM".to_owned(),
        keywords: "AppVM".to_owned(),
        value: "1 KiB".to_owned(),
        size_bytes: Some(1024),
        last_backup: None,
        state: String::new(),
        spoken: format!("{name}, AppVM, 1 KiB"),
    }
}

fn rows(widget: &gtk::Widget) -> Vec<BpVmRow> {
    let mut found: Vec<BpVmRow> = widget.clone().downcast().into_iter().collect();
    let mut child = widget.first_child();
    while let Some(next) = child {
        found.extend(rows(&next));
        child = next.next_sibling();
    }
    found
}

#[test]
fn every_control_of_the_first_pages_has_a_name() {
    let Some(mut session) = Session::start(Look::default()) else {
        return;
    };
    let root = session.folder().join("root");
    roots::make(&root, &roots::small());
    let programs = [
        (env!("CARGO_BIN_EXE_pedos-backup"), "Backup PedOS: VMs (1 of 5)"),
        (
            env!("CARGO_BIN_EXE_pedos-backup-restore"),
            "Restore Backup: Source (1 of 5)",
        ),
    ];
    for (program, title) in programs {
        let mut command = session.command(Path::new(program));
        session.open(command.arg("--root").arg(&root));
        let window = session.desk().window(title);
        expect_names(&window);
        if title.starts_with("Backup") {
            window.wait_sensitive(Role::BUTTON, "Next");
            window.click("Next");
            let window = session.desk().window("Backup PedOS: Destination (2 of 5)");
            expect_names(&window);
            window.enter(Role::TEXT, "Backup directory", &session.folder().to_string_lossy());
            wait_until("a good place", STEP, || {
                window
                    .find(Role::BUTTON, "Next")
                    .is_some_and(|next| next.is(State::SENSITIVE))
            });
            window.click("Next");
            expect_names(&session.desk().window("Backup PedOS: Passphrase (3 of 5)"));
        }
    }
}
