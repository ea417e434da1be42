// SPDX-License-Identifier: GPL-3.0-or-later
//! The two lists of VMs, in both wizards: searched, sorted, walked by keyboard, and changed by keys, buttons and the mouse,
//! as their users do it.

mod looks;

use crate::support::{
    atspi::{Node, Role, State},
    keyboard::{press, type_text, wait_for_window},
    roots::{Fill, KIB, MIB, Vm},
    wait::{STEP, wait_until},
    wizard::{BY_KEYBOARD, Wizard, make_archive, vm_of},
    workspace::{PASSPHRASE, Workspace},
};

/// VMs of different names, kinds, sizes and ages; those that begin with "w" are selected at the start.
fn place() -> Workspace {
    let app = |name: &str, size_kib: u64, last_backup: &str| {
        let vm = Vm::new(name, "AppVM")
            .property("template", "tpl")
            .volume("private", Fill::Sparse(9 * MIB, size_kib * KIB, 61))
            .property(
                "include_in_backups",
                if name.starts_with('w') { "True" } else { "False" },
            );
        if last_backup.is_empty() {
            vm
        } else {
            vm.property("backup_timestamp", last_backup)
        }
    };
    Workspace::new(&[
        app("anon", 100, "1700000000"),
        app("mail", 500, ""),
        app("music", 300, "1600000000"),
        Vm::new("tpl", "TemplateVM")
            .property("include_in_backups", "False")
            .volume("root", Fill::Sparse(9 * MIB, 40 * KIB, 71))
            .volume("private", Fill::Holes(MIB)),
        app("vault", 200, "1650000000"),
        app("web", 100, ""),
        app("work", 50, "1680000000").running(),
    ])
}

/// What is available at the start.
const LEFT: [&str; 5] = ["anon", "mail", "music", "tpl", "vault"];

/// What is selected at the start.
const RIGHT: [&str; 3] = ["dom0", "web", "work"];

fn backup(place: &Workspace) -> Option<Wizard> {
    let wizard = Wizard::backup(BY_KEYBOARD, place)?;
    wait_for_window(&wizard.session, "(1 of 5)");
    wizard.wait_ready();
    // dom0's home is counted in the meantime, and gets its size when it is.
    wait_until("the size of dom0's home", STEP, || {
        !wizard.window.texts().contains("being counted")
    });
    Some(wizard)
}

fn vms(wizard: &Wizard, list: &str) -> Vec<String> {
    rows(wizard, list).iter().filter_map(vm_of).collect()
}

/// The rows of a list, without the text that it shows when it has none.
fn rows(wizard: &Wizard, list: &str) -> Vec<Node> {
    let mut rows = wizard.window.wait(Role::LIST, list).children();
    rows.retain(|row| row.role() == Some(Role::LIST_ITEM));
    rows
}

/// Waits until these VMs are shown in a list, in this order.
#[track_caller]
fn expect(wizard: &Wizard, list: &str, expected: &[&str]) {
    let what = || {
        format!(
            "{expected:?} in {list:?}, but {:?}\n{}",
            vms(wizard, list),
            wizard.state()
        )
    };
    let start = std::time::Instant::now();
    while vms(wizard, list) != expected {
        assert!(start.elapsed() < STEP, "{}", what());
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
}

/// Waits until that has the focus: a VM's row by the VM's name, something else by its own.
#[track_caller]
fn expect_focus(wizard: &Wizard, name: &str) {
    let focus = || {
        let node = wizard.window.find_by(&|node| node.is(State::FOCUSED))?;
        if node.role() == Some(Role::LIST_ITEM) {
            vm_of(&node)
        } else {
            node.name()
        }
    };
    let start = std::time::Instant::now();
    while focus().as_deref() != Some(name) {
        assert!(
            start.elapsed() < STEP,
            "{name:?} should have the focus, but {:?} has\n{}",
            wizard.focused(),
            wizard.state()
        );
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
}

fn highlighted(wizard: &Wizard, list: &str) -> Vec<String> {
    let rows = rows(wizard, list).into_iter();
    rows.filter(|row| row.is(State::SELECTED))
        .filter_map(|row| vm_of(&row))
        .collect()
}

#[track_caller]
fn expect_highlighted(wizard: &Wizard, list: &str, expected: &[&str]) {
    wait_until(&format!("{expected:?} highlighted"), STEP, || {
        highlighted(wizard, list) == expected
    });
}

/// The texts beside a list's caption: how many VMs are in it.
fn says(wizard: &Wizard, text: &str) -> bool {
    wizard.window.texts().lines().any(|line| line == text)
}

#[track_caller]
fn expect_said(wizard: &Wizard, text: &str) {
    wait_until(&format!("{text:?}"), STEP, || says(wizard, text));
}

#[test]
fn a_search_leaves_in_both_lists_what_it_finds_and_buttons_act_on_that() {
    let place = place();
    let Some(wizard) = backup(&place) else { return };
    let session = &wizard.session;
    expect(&wizard, "Available", &LEFT);
    expect(&wizard, "Selected", &RIGHT);
    press(session, &["ctrl+f"]);
    expect_focus(&wizard, "Search");
    type_text(session, "m");
    expect(&wizard, "Available", &["mail", "music"]);
    expect(&wizard, "Selected", &["dom0"]);
    type_text(session, "u");
    expect(&wizard, "Available", &["music"]);
    expect(&wizard, "Selected", &[]);
    expect_said(&wizard, "1 of 5");
    expect_said(&wizard, "0 of 3");
    expect_said(&wizard, "No VM in this list matches the search");
    session.screenshot("lists-search");
    // What is said of a kind is found too, in any case.
    let search = |text: &str| {
        press(session, &["ctrl+f", "ctrl+a"]);
        type_text(session, text);
    };
    search("template");
    expect(&wizard, "Available", &["tpl"]);
    search("AppVM w");
    expect(&wizard, "Available", &[]);
    expect(&wizard, "Selected", &["web", "work"]);
    // A row that is highlighted and not shown is left alone.
    search("a");
    expect(&wizard, "Available", &["anon", "mail", "vault"]);
    assert!(wizard.window.wait(Role::LIST, "Available").select_child(0));
    expect_highlighted(&wizard, "Available", &["anon"]);
    search("ma");
    expect(&wizard, "Available", &["mail"]);
    let add = wizard.window.wait(Role::BUTTON, "Add");
    wait_until("a button with nothing to do", STEP, || !add.is(State::SENSITIVE));
    wizard.window.click("Add all (1)");
    expect(&wizard, "Available", &[]);
    expect(&wizard, "Selected", &["mail"]);
    // Enter ends the search in the lists, and does not go on to the next page.
    press(session, &["ctrl+f", "Return"]);
    expect_focus(&wizard, "mail");
    press(session, &["ctrl+f", "Escape"]);
    expect(&wizard, "Available", &["anon", "music", "tpl", "vault"]);
    expect(&wizard, "Selected", &["dom0", "mail", "web", "work"]);
    expect_said(&wizard, "4");
    expect_focus(&wizard, "Search");
    // In an empty field Escape leads back to the lists, and never out of the wizard.
    press(session, &["Escape"]);
    wait_until("a row with the focus", STEP, || {
        wizard.focused().is_some_and(|(role, _)| role == Some(Role::LIST_ITEM))
    });
    wizard.wait_title("(1 of 5)");
}

#[test]
fn both_lists_are_sorted_by_name_size_and_last_backup() {
    let place = place();
    let Some(wizard) = backup(&place) else { return };
    wizard.window.click("Add all");
    let usual = ["dom0", "anon", "mail", "music", "tpl", "vault", "web", "work"];
    expect(&wizard, "Selected", &usual);
    wizard.choose("Sort by", "s");
    let by_size = vms_when(&wizard, |vms| vms.first().is_some_and(|vm| vm != "dom0"));
    let sized: Vec<&str> = by_size.iter().map(String::as_str).filter(|vm| *vm != "dom0").collect();
    assert_eq!(sized, ["mail", "music", "vault", "anon", "web", "work", "tpl"]);
    wizard.choose("Sort by", "l");
    expect(
        &wizard,
        "Selected",
        &["dom0", "mail", "tpl", "web", "music", "vault", "work", "anon"],
    );
    wizard.session.screenshot("lists-sorted");
    wizard.choose("Sort by", "n");
    expect(&wizard, "Selected", &usual);
    // What comes into a list later stands in its place too.
    wizard.choose("Sort by", "s");
    wizard.pick("Selected", &["vault", "mail", "anon"], "Remove");
    expect(&wizard, "Available", &["mail", "vault", "anon"]);
}

/// The VMs that are selected, as soon as that holds for them.
#[track_caller]
fn vms_when(wizard: &Wizard, condition: impl Fn(&[String]) -> bool) -> Vec<String> {
    wait_until("another order", STEP, || condition(&vms(wizard, "Selected")));
    vms(wizard, "Selected")
}

#[test]
fn the_lists_of_a_restore_are_searched_and_sorted_by_what_an_archive_knows() {
    let place = place();
    let archive = make_archive(&place, &["work", "vault", "mail"]);
    let Some(wizard) = Wizard::restore(BY_KEYBOARD, &place) else {
        return;
    };
    let session = &wizard.session;
    wait_for_window(session, "(1 of 5)");
    wizard
        .window
        .enter(Role::TEXT, "Backup file", &archive.to_string_lossy());
    wizard.next(2);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.next(3);
    wizard.wait_ready();
    wizard.choose("Sort by", "s");
    expect(&wizard, "Selected", &["mail", "vault", "work"]);
    // There is nothing about last backups in an archive.
    wizard.choose("Sort by", "l");
    expect(&wizard, "Selected", &["mail", "vault", "work"]);
    wizard.choose("Sort by", "n");
    expect(&wizard, "Selected", &["mail", "vault", "work"]);
    press(session, &["ctrl+f"]);
    type_text(session, "tpl va");
    expect(&wizard, "Selected", &["vault"]);
    wizard.window.click("Remove all (1)");
    expect(&wizard, "Available", &["vault"]);
    press(session, &["ctrl+f", "Escape"]);
    expect(&wizard, "Selected", &["mail", "work"]);
    session.screenshot("lists-restore");
}

#[test]
fn each_list_is_one_stop_of_tab_and_keys_lead_through_it() {
    let place = place();
    let Some(wizard) = backup(&place) else { return };
    let session = &wizard.session;
    press(session, &["ctrl+f"]);
    let way = |key: &str, names: &[&str]| {
        for name in names {
            press(session, &[key]);
            expect_focus(&wizard, name);
        }
    };
    let forward = ["Name", "anon", "Add all", "Remove all", "dom0", "Compress the backup"];
    way("Tab", &forward);
    let back = ["dom0", "Remove all", "Add all", "anon", "Name", "Search"];
    way("shift+Tab", &back);
    press(session, &["alt+a"]);
    expect_focus(&wizard, "anon");
    way("Down", &["mail", "music"]);
    way("End", &["vault"]);
    // At the end there is nothing further.
    way("Down", &["vault"]);
    way("Home", &["anon"]);
    press(session, &["Page_Down"]);
    way("Page_Down", &["vault"]);
    press(session, &["Page_Up"]);
    way("Page_Up", &["anon"]);
    way("shift+Down", &["mail", "music"]);
    expect_highlighted(&wizard, "Available", &["anon", "mail", "music"]);
    // Space highlights one more and moves none.
    way("ctrl+Down", &["tpl", "vault"]);
    press(session, &["space"]);
    expect_highlighted(&wizard, "Available", &["anon", "mail", "music", "vault"]);
    press(session, &["ctrl+space"]);
    expect_highlighted(&wizard, "Available", &["anon", "mail", "music"]);
    press(session, &["ctrl+a"]);
    expect_highlighted(&wizard, "Available", &LEFT);
    expect(&wizard, "Selected", &RIGHT);
    // Back in a list, the focus is where it was.
    way("Tab", &["Add"]);
    way("shift+Tab", &["vault"]);
}

#[test]
fn letters_lead_to_the_next_vm_that_begins_with_them() {
    let place = place();
    let Some(wizard) = backup(&place) else { return };
    let session = &wizard.session;
    press(session, &["alt+a"]);
    expect_focus(&wizard, "anon");
    type_text(session, "mu");
    expect_focus(&wizard, "music");
    expect_highlighted(&wizard, "Available", &["music"]);
    std::thread::sleep(std::time::Duration::from_millis(1200));
    type_text(session, "m");
    expect_focus(&wizard, "mail");
    type_text(session, "m");
    expect_focus(&wizard, "music");
    std::thread::sleep(std::time::Duration::from_millis(1200));
    type_text(session, "v");
    expect_focus(&wizard, "vault");
    expect(&wizard, "Selected", &RIGHT);
}

#[test]
fn after_each_move_the_focus_is_where_one_goes_on() {
    let place = place();
    let Some(wizard) = backup(&place) else { return };
    let session = &wizard.session;
    press(session, &["alt+a", "Down", "Return"]);
    expect(&wizard, "Selected", &["dom0", "mail", "web", "work"]);
    expect_focus(&wizard, "music");
    // From the end of the list the focus goes to the row before.
    press(session, &["End", "Return"]);
    expect(&wizard, "Available", &["anon", "music", "tpl"]);
    expect_focus(&wizard, "tpl");
    // A button with nothing left to do hands the focus to the list that it acted on.
    press(session, &["Home", "shift+Down", "Tab"]);
    expect_focus(&wizard, "Add");
    press(session, &["space"]);
    expect(&wizard, "Available", &["tpl"]);
    expect_focus(&wizard, "tpl");
    // Where nothing is left in it, to the other list.
    press(session, &["Tab"]);
    expect_focus(&wizard, "Add all");
    press(session, &["space"]);
    expect(&wizard, "Available", &[]);
    expect_focus(&wizard, "tpl");
    session.screenshot("lists-empty");
    press(session, &["ctrl+a", "Return"]);
    expect(&wizard, "Selected", &[]);
    let all = ["dom0", "anon", "mail", "music", "tpl", "vault", "web", "work"];
    expect(&wizard, "Available", &all);
    expect_focus(&wizard, "dom0");
    // What assistive technology moves takes no focus from where it is.
    rows(&wizard, "Available")[3].act("row.move");
    expect(&wizard, "Selected", &["music"]);
    expect_focus(&wizard, "dom0");
}

#[test]
fn moves_are_taken_back_and_done_again() {
    let place = place();
    let Some(wizard) = backup(&place) else { return };
    let session = &wizard.session;
    let five = ["dom0", "mail", "music", "web", "work"];
    press(session, &["alt+a", "Down", "shift+Down", "Return"]);
    expect(&wizard, "Selected", &five);
    wizard.window.click("Remove all");
    expect(&wizard, "Selected", &[]);
    press(session, &["ctrl+z"]);
    expect(&wizard, "Selected", &five);
    press(session, &["ctrl+z"]);
    expect(&wizard, "Selected", &RIGHT);
    expect(&wizard, "Available", &LEFT);
    press(session, &["ctrl+z", "ctrl+y"]);
    expect(&wizard, "Selected", &five);
    press(session, &["ctrl+shift+z"]);
    expect(&wizard, "Selected", &[]);
    // The wizard hears of it: with nothing selected it does not go on.
    wait_until("a page that does not let go", STEP, || !wizard.is_ready());
    press(session, &["ctrl+z"]);
    wizard.wait_ready();
    expect(&wizard, "Selected", &five);
}

#[test]
fn rows_are_dragged_from_list_to_list() {
    let place = place();
    let Some(wizard) = backup(&place) else { return };
    let session = &wizard.session;
    press(session, &["alt+a", "Down", "shift+Down"]);
    expect_highlighted(&wizard, "Available", &["mail", "music"]);
    // All that are highlighted, by one of them.
    drag(&wizard, "music", "Selected");
    let five = ["dom0", "mail", "music", "web", "work"];
    expect(&wizard, "Selected", &five);
    expect(&wizard, "Available", &["anon", "tpl", "vault"]);
    // One that is not highlighted, by itself.
    drag(&wizard, "web", "Available");
    expect(&wizard, "Selected", &["dom0", "mail", "music", "work"]);
    expect(&wizard, "Available", &["anon", "tpl", "vault", "web"]);
    press(session, &["ctrl+z"]);
    expect(&wizard, "Selected", &five);
}

/// Drags a row into a list with the mouse.
#[track_caller]
fn drag(wizard: &Wizard, vm: &str, list: &str) {
    let row = wizard
        .window
        .find_by(&|node| node.role() == Some(Role::LIST_ITEM) && vm_of(node).as_deref() == Some(vm))
        .unwrap();
    let (from, to) = (
        middle(wizard, &row),
        middle(wizard, &wizard.window.wait(Role::LIST, list)),
    );
    let move_to = |(x, y): (i32, i32)| {
        wizard
            .session
            .xdotool(&["mousemove", &x.to_string(), &y.to_string()])
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(60));
    };
    move_to(from);
    wizard.session.xdotool(&["mousedown", "1"]).unwrap();
    for step in 1..=10 {
        move_to((
            from.0 + (to.0 - from.0) * step / 10,
            from.1 + (to.1 - from.1) * step / 10,
        ));
    }
    wizard.session.xdotool(&["mouseup", "1"]).unwrap();
}

/// The middle of something on the screen.
fn middle(wizard: &Wizard, node: &Node) -> (i32, i32) {
    let (x, y, width, height) = node.extents().unwrap();
    let place = wizard
        .session
        .xdotool(&["getactivewindow", "getwindowgeometry", "--shell"])
        .unwrap();
    let number = |name: &str| {
        let line = place.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.parse::<i32>().unwrap()
    };
    (number("X=") + x + width / 2, number("Y=") + y + height / 2)
}

#[test]
fn rows_and_lists_say_what_they_are() {
    let place = place();
    let Some(wizard) = backup(&place) else { return };
    let names: Vec<String> = rows(&wizard, "Selected").iter().filter_map(Node::name).collect();
    assert_eq!(names.len(), RIGHT.len());
    for (name, vm, state) in [(&names[1], "web", None), (&names[2], "work", Some("running"))] {
        let facts: Vec<&str> = name.split(", ").collect();
        assert_eq!((facts[0], facts[1]), (vm, "AppVM"), "{name}");
        assert!(facts[2].ends_with("iB"), "{name}");
        assert_eq!(facts.get(3).copied(), state, "{name}");
    }
    let unnamed = wizard.window.find_by(&|node| {
        node.name()
            .is_some_and(|name| ["GtkLabel", "GtkToggleButton"].contains(&name.as_str()))
    });
    assert!(unnamed.is_none(), "{}", wizard.window.dump());
}

#[test]
fn focus_and_highlight_survive_what_happens_on_the_host() {
    let place = place();
    let Some(wizard) = backup(&place) else { return };
    let session = &wizard.session;
    press(session, &["alt+a", "Down", "shift+Down"]);
    expect_highlighted(&wizard, "Available", &["mail", "music"]);
    expect_focus(&wizard, "music");
    // Another VM has come, and one is gone.
    rename(&place, "anon", "bank");
    expect(&wizard, "Available", &["bank", "mail", "music", "tpl", "vault"]);
    expect_focus(&wizard, "music");
    expect_highlighted(&wizard, "Available", &["mail", "music"]);
    // The one that has the focus goes: the next one has it.
    rename(&place, "music", "zoo");
    expect(&wizard, "Available", &["bank", "mail", "tpl", "vault", "zoo"]);
    expect_focus(&wizard, "tpl");
    expect_highlighted(&wizard, "Available", &["mail"]);
}

/// Gives a VM another name in the record of the host.
fn rename(place: &Workspace, from: &str, to: &str) {
    let record = place.path("root/var/lib/qubes/qubes.xml");
    let text = std::fs::read_to_string(&record).unwrap();
    std::fs::write(&record, text.replace(&format!(">{from}<"), &format!(">{to}<"))).unwrap();
}
