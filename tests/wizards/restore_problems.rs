// SPDX-License-Identifier: GPL-3.0-or-later
//! The restore wizard where something stands in the way: every problem is cured in its table, what is damaged is named
//! at the end and in a report, and a look inside leads back to where it began.

use std::{fs, path::Path};

use crate::support::{
    atspi::{Node, Role, State},
    keyboard::{press, type_text, wait_for_window},
    programs,
    roots::{self, Fill, KIB, MIB, Vm},
    wait::{JOB, STEP, wait_until},
    wizard::{BY_KEYBOARD, BY_TREE, Wizard, expect_names, look_inside, make_archive, place},
    workspace::{PASSPHRASE, Workspace},
};

/// How many of fifteen VMs are seen at once in a window of the usual size; every one, of which each name is explained, takes
/// one line.
const SEEN_ROWS: usize = 10;

#[test]
fn a_name_is_checked_while_it_is_typed() {
    let place = place();
    let archive = make_archive(&place, &["vault"]);
    let Some(mut wizard) = open(BY_TREE, &place.path("root"), &archive) else {
        return;
    };
    to_table(&wizard);
    wizard.wait_text("vault-1", STEP);
    wizard.wait_text(
        "There is a VM called vault already; it will be restored as vault-1",
        STEP,
    );
    wizard.open_row("vault");
    wizard.window.enter(Role::TEXT, "Name here", "work");
    wizard.wait_text("exists already", STEP);
    wait_until("Next greyed out", STEP, || !wizard.is_ready());
    wizard.session.screenshot("table-conflict");
    wizard.window.enter(Role::TEXT, "Name here", "9 lives");
    wizard.wait_text("begins with a letter", STEP);
    assert!(!wizard.is_ready());
    wizard.window.enter(Role::TEXT, "Name here", "cellar");
    wizard.wait_text("Gets the name cellar", STEP);
    wizard.next(5);
    wizard.finish();
    roots::expect_same(&place.path("root"), "vault", &place.path("root"), "cellar");
}

#[test]
fn a_missing_template_is_chosen_or_restored_too_or_its_vm_left_out() {
    let place = place();
    let archive = make_archive(&place, &["tpl", "vault", "work"]);
    let elsewhere = elsewhere(&place);
    let Some(mut wizard) = open(BY_KEYBOARD, &elsewhere, &archive) else {
        return;
    };
    to_vms(&wizard);
    wizard.pick("Selected", &["tpl"], "Remove");
    wizard.next(4);
    wizard.wait_text("2 VMs cannot be restored yet", STEP);
    assert!(!wizard.is_ready());
    wizard.session.screenshot("table-missing");
    let row = |name: &str| wizard.table_row(name);
    // Unopened, each says what is wrong and offers what can be done.
    let said = row("vault").name().unwrap();
    assert!(
        said.contains("AppVM") && said.contains("Cannot be restored yet"),
        "{said}"
    );
    assert!(said.contains("Its template tpl is not here"), "{said}");
    assert!(!wizard.table_head("vault").is(State::EXPANDED));
    // The first is left out, and taken back.
    row("vault").click("Leave out");
    wizard.wait_text("1 VM is left out", STEP);
    row("vault").click("Take back");
    wizard.wait_text("2 VMs cannot be restored yet", STEP);
    // The button leads to where a letter chooses.
    choose_template(&wizard, "vault", "o");
    wizard.wait_text("Gets the template other in place of tpl", STEP);
    wizard.wait_text("1 VM cannot be restored yet", STEP);
    row("work").click("Restore tpl too");
    wait_until("Next", STEP, || wizard.is_ready());
    wizard.session.screenshot("table-cured");
    // The template itself is on the table now, and can be left out again.
    row("tpl");
    wizard.next(5);
    wizard.finish();
    let here = roots::domains(&elsewhere);
    assert_eq!(here["vault"].property("template"), Some("other"));
    assert_eq!(here["work"].property("template"), Some("tpl"));
}

#[test]
fn enter_in_a_name_ends_the_edit_and_starts_nothing() {
    let place = place();
    let archive = make_archive(&place, &["vault"]);
    let Some(mut wizard) = open(BY_KEYBOARD, &place.path("root"), &archive) else {
        return;
    };
    wait_for_window(&wizard.session, "(1 of 5)");
    to_table(&wizard);
    wizard.wait_ready();
    let row = wizard.open_row("vault");
    wizard.focus_on(&row.wait(Role::TEXT, "Name here"));
    press(&wizard.session, &["ctrl+a"]);
    type_text(&wizard.session, "cellar");
    wizard.wait_text("Gets the name cellar", STEP);
    wizard.wait_ready();
    press(&wizard.session, &["Return"]);
    let head = wizard.table_head("vault");
    wait_until("the focus on the row", STEP, || head.is(State::FOCUSED));
    wizard.wait_page(4);
    // Enter on the row opens and closes it, and still starts nothing.
    press(&wizard.session, &["Return"]);
    wait_until("the row closed", STEP, || !head.is(State::EXPANDED));
    wizard.wait_page(4);
    wizard.next(5);
    wizard.finish();
    roots::expect_same(&place.path("root"), "vault", &place.path("root"), "cellar");
}

#[test]
fn findings_stand_above_the_table_and_all_that_cannot_be_restored_is_left_out_at_once() {
    let place = place();
    let archive = make_archive(&place, &["net", "tpl", "vault", "work"]);
    let elsewhere = elsewhere(&place);
    let Some(mut wizard) = open(BY_KEYBOARD, &elsewhere, &archive) else {
        return;
    };
    wait_for_window(&wizard.session, "(1 of 5)");
    to_vms(&wizard);
    wizard.pick("Selected", &["tpl"], "Remove");
    wizard.next(4);
    // What cannot be restored is not counted among what will be.
    wizard.wait_text("3 VMs cannot be restored yet", STEP);
    wizard.wait_text("VMs that are here already are not touched", STEP);
    assert!(!wizard.window.texts().contains("will be added"), "{}", wizard.state());
    let finding = "work: Its template tpl is not here and not selected in the backup.";
    wizard.window.click(finding);
    let work = wizard.table_row("work");
    wait_until("the focus on the VM", STEP, || {
        work.find_by(&|inner| inner.is(State::FOCUSED)).is_some()
    });
    expect_names(&wizard.window);
    // One gets what it needs, and is counted.
    choose_template(&wizard, "work", "o");
    wizard.wait_text("Gets the template other in place of tpl", STEP);
    wizard.wait_text("2 VMs cannot be restored yet", STEP);
    wizard.wait_text("1 VM will be added", STEP);
    wizard.session.screenshot("table-findings");
    let said = wizard.window.texts();
    for class in ["GtkExpander", "GtkLabel", "GtkToggleButton"] {
        assert!(!said.contains(class), "{class} is no name:\n{said}");
    }
    wizard.window.click("Leave out all 2 VMs that cannot be restored");
    wizard.wait_text("2 VMs are left out", STEP);
    wizard.next(5);
    wizard.finish();
    let here = roots::domains(&elsewhere);
    assert!(here.contains_key("work") && !here.contains_key("vault"));
}

#[test]
fn everything_that_is_missing_gets_a_default_at_once() {
    let place = place();
    let archive = make_archive(&place, &["vault", "work"]);
    let elsewhere = place.path("offline");
    roots::make(&elsewhere, &[template("tpl")]);
    let Some(mut wizard) = open(BY_TREE, &elsewhere, &archive) else {
        return;
    };
    to_table(&wizard);
    wizard.wait_text("2 VMs cannot be restored yet", STEP);
    wizard
        .window
        .check("Use the defaults for everything that is missing", true);
    wizard.next(5);
    wizard.finish();
    assert!(roots::domains(&elsewhere).contains_key("work"));
}

#[test]
fn what_is_damaged_stands_in_the_table_and_in_the_report() {
    let place = place();
    let archive = make_archive(&place, &["vault", "work"]);
    let mut bytes = fs::read(&archive).unwrap();
    let members = crate::support::archive::members(&bytes);
    let is_hit = |member: &&crate::support::archive::Member| member.name.contains("vm3/private");
    let part = members.iter().find(is_hit).unwrap();
    bytes[part.data.start + 300] ^= 1;
    fs::write(&archive, bytes).unwrap();
    let Some(mut wizard) = open(BY_KEYBOARD, &place.path("root"), &archive) else {
        return;
    };
    to_table(&wizard);
    wizard.next(5);
    wait_until("the end", JOB, || wizard.is_ready());
    wizard.wait_text("not whole", STEP);
    wizard.session.screenshot("result-damaged");
    for name in ["report.txt", "report.json"] {
        let file = place.path(name);
        wizard.window.click("Save report…");
        wait_for_window(&wizard.session, "Save the report");
        press(&wizard.session, &["ctrl+a"]);
        type_text(&wizard.session, &file.to_string_lossy());
        press(&wizard.session, &["Return"]);
        wait_until("the report", STEP, || file.exists());
        let report = fs::read_to_string(&file).unwrap();
        assert!(report.contains("vault") && report.contains("private.img"), "{report}");
        assert!(!report.contains("Everything was restored"), "{report}");
        wizard.wait_text(name, STEP);
    }
    let said = wizard.finish();
    assert!(!said.contains("Everything was restored"), "{said}");
}

#[test]
fn a_file_is_looked_over_at_once_and_what_is_missing_is_named() {
    let place = place();
    let archive = make_archive(&place, &["vault", "work"]);
    let Some(wizard) = Wizard::restore(BY_TREE, &place) else {
        return;
    };
    enter_archive(&wizard, &archive);
    wizard.wait_text("The file holds 2 VMs.", STEP);
    wizard.wait_text("This is not a verification", STEP);
    wizard.session.screenshot("source-quick");
    let bytes = fs::read(&archive).unwrap();
    let cut = place.path("cut");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    enter_archive(&wizard, &cut);
    wizard.wait_text("it is not whole", STEP);
    wizard.session.screenshot("source-quick-cut");
}

#[test]
fn notes_that_cannot_be_read_are_named() {
    let place = place();
    let archive = make_archive(&place, &["vault", "work"]);
    let mut bytes = fs::read(&archive).unwrap();
    let members = crate::support::archive::members(&bytes);
    let part = members.iter().find(|member| member.name.contains("notes.txt")).unwrap();
    bytes[part.data.start + 300] ^= 1;
    fs::write(&archive, bytes).unwrap();
    let Some(wizard) = open(BY_TREE, &place.path("root"), &archive) else {
        return;
    };
    let inside = look_inside(&wizard);
    inside.click("Read the notes");
    wait_until("the damaged note", STEP, || {
        inside.texts().contains("The notes of 1 VM could not be read.")
    });
    let said = inside.texts();
    assert!(
        said.contains("Its notes could not be read: The backup is damaged"),
        "{said}"
    );
    wizard.session.screenshot("inside-notes-damaged");
}

#[test]
fn the_reading_of_notes_can_be_given_up() {
    let place = place();
    let target = place.path("target");
    // With keys at their usual cost, so that there is something to give up.
    programs::finish(programs::with_real_keys(place.backup().arg(&target).arg("work"))).expect(0);
    let Some(wizard) = open(BY_TREE, &place.path("root"), &programs::only_archive(&target)) else {
        return;
    };
    let inside = look_inside(&wizard);
    let read = inside.wait_sensitive(Role::BUTTON, "Read the notes");
    read.act("click");
    inside.click("Stop");
    wait_until("the button again", STEP, || {
        inside.find(Role::BUTTON, "Read the notes").is_some() && inside.find(Role::BUTTON, "Stop").is_none()
    });
    assert!(!inside.texts().contains("Ask Ada"));
    // And once more, to its end.
    inside.click("Read the notes");
    wait_until("the notes", JOB, || inside.texts().contains("Ask Ada"));
}

#[test]
fn a_look_inside_leads_back_with_everything_kept() {
    let place = place();
    let archive = make_archive(&place, &["vault", "work"]);
    let Some(mut wizard) = Wizard::restore(BY_KEYBOARD, &place) else {
        return;
    };
    enter_archive(&wizard, &archive);
    let inside = look_inside(&wizard);
    let said = inside.texts();
    assert!(said.contains("vault") && said.contains("only mentioned"), "{said}");
    wizard.session.screenshot("inside");
    wait_for_window(&wizard.session, "Inside the backup");
    type_text(&wizard.session, "vau");
    wait_until("one of them", STEP, || inside.texts().contains("1 of 5 VMs"));
    wizard.session.screenshot("inside-search");
    press(&wizard.session, &["ctrl+a", "BackSpace"]);
    inside.click("Read the notes");
    wait_until("the notes", STEP, || inside.texts().contains("1 VM has notes."));
    assert!(inside.texts().contains("Ask Ada before this is removed."));
    wizard.session.screenshot("inside-notes");
    inside.click("Show all of it");
    wizard.session.screenshot("inside-notes-all");
    // What is in the notes is found too.
    press(&wizard.session, &["alt+s"]);
    type_text(&wizard.session, "invoices");
    wait_until("the one with the notes", STEP, || inside.texts().contains("1 of 5 VMs"));
    inside.click("Close");
    wait_until("the window closed", STEP, || {
        !wizard
            .session
            .desk()
            .titles()
            .iter()
            .any(|title| title == "Inside the backup")
    });
    wizard.wait_page(2);
    // It is open: nothing has to be typed again.
    wizard.next(3);
    wizard.next(4);
    wizard.wait_text("vault-1", STEP);
    wizard.next(5);
    wizard.finish();
}

#[test]
fn most_of_fifteen_vms_are_seen_without_scrolling() {
    let names: Vec<String> = (1..=15).map(|number| format!("vm-{number:02}")).collect();
    let vms: Vec<Vm> = names
        .iter()
        .map(|name| Vm::new(name, "StandaloneVM").volume("private", Fill::Holes(MIB)))
        .collect();
    let place = Workspace::new(&vms);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let archive = make_archive(&place, &names);
    // Every name is taken, so that every row says why it is another one.
    let Some(wizard) = open(BY_KEYBOARD, &place.path("root"), &archive) else {
        return;
    };
    wait_for_window(&wizard.session, "(1 of 5)");
    to_table(&wizard);
    wizard.wait_ready();
    wizard.session.screenshot("table-fifteen");
    let end = |node: &Node| node.extents().map_or(i32::MAX, |(_, top, _, height)| top + height);
    let (_, footer, ..) = wizard.window.wait(Role::BUTTON, "Cancel").extents().unwrap();
    let seen = || names.iter().filter(|vm| end(&wizard.table_row(vm)) <= footer).count();
    wait_until("the rows", STEP, || seen() >= SEEN_ROWS);
    let said = wizard.table_row("vm-03").name().unwrap();
    assert!(
        said.contains("There is a VM called vm-03 already; it will be restored as vm-03-1"),
        "{said}"
    );
}

/// Goes from a problem of a VM to the list of templates, where a letter chooses.
fn choose_template(wizard: &Wizard, vm: &str, letter: &str) {
    wizard.table_row(vm).click("Choose a template");
    wait_until("the focus in the list of templates", STEP, || {
        let drop = wizard.table_row(vm).find(Role::COMBO_BOX, "Template");
        drop.is_some_and(|drop| drop.find_by(&|inner| inner.is(State::FOCUSED)).is_some())
    });
    press(&wizard.session, &[letter]);
}

fn template(name: &str) -> Vm {
    Vm::new(name, "TemplateVM")
        .volume("root", Fill::Sparse(4 * MIB, 100 * KIB, 74))
        .volume("private", Fill::Holes(MIB))
}

/// A root with another template.
fn elsewhere(place: &Workspace) -> std::path::PathBuf {
    let root = place.path("elsewhere");
    let net = Vm::new("net", "AppVM")
        .property("template", "other")
        .property("provides_network", "True")
        .volume("private", Fill::Holes(MIB));
    roots::make(&root, &[template("other"), net]);
    root
}

fn open(look: crate::support::session::Look, root: &Path, archive: &Path) -> Option<Wizard> {
    let wizard = Wizard::open(look, env!("CARGO_BIN_EXE_pedos-backup-restore"), root)?;
    enter_archive(&wizard, archive);
    Some(wizard)
}

fn enter_archive(wizard: &Wizard, archive: &Path) {
    let field = "Backup file";
    wizard.window.enter(Role::TEXT, field, &archive.to_string_lossy());
}

fn to_vms(wizard: &Wizard) {
    wizard.next(2);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.next(3);
}

fn to_table(wizard: &Wizard) {
    to_vms(wizard);
    wizard.next(4);
}
