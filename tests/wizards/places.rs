// SPDX-License-Identifier: GPL-3.0-or-later
//! The place of an archive in both wizards: what a path or a command means in a VM, a directory that is made, what earlier
//! runs have left, and files that are no archives.

use std::fs;

use crate::support::{
    atspi::{Node, Role, State},
    wait::{STEP, wait_for, wait_until},
    wizard::{BY_KEYBOARD, BY_TREE, Wizard, expect_names, place},
    workspace::PASSPHRASE,
};

/// Opens the backup wizard at its second page.
fn destination(look: crate::support::session::Look, place: &crate::support::workspace::Workspace) -> Option<Wizard> {
    let wizard = Wizard::backup(look, place)?;
    wizard.wait_ready();
    wizard.window.click("Remove all");
    wizard.pick("Available", &["vault"], "Add");
    wizard.next(2);
    Some(wizard)
}

fn field(wizard: &Wizard, name: &str) -> Node {
    wizard.window.wait(Role::TEXT, name)
}

fn wait_mark(field: &Node, is_marked: bool) {
    wait_until("the mark of the field", STEP, || {
        (field.is(State::INVALID) || field.is(State::INVALID_ENTRY)) == is_marked
    });
}

#[test]
fn a_word_in_a_vm_is_a_directory_that_can_be_made_there() {
    let place = place();
    let Some(wizard) = destination(BY_KEYBOARD, &place) else {
        return;
    };
    // Commands are spoken of only where they can be run.
    assert!(wizard.window.find(Role::TEXT, "Backup directory").is_some());
    wizard.choose("Target AppVM", "n");
    let entry = field(&wizard, "Backup directory or command");
    entry.set_text("~/backups");
    wizard.wait_text("/home/user/backups", STEP);
    wait_mark(&entry, true);
    entry.set_text("cat");
    wizard.wait_text("will be given to the command cat in the VM net", STEP);
    wait_mark(&entry, false);
    entry.set_text("backups");
    wizard.wait_text(
        "neither a directory backups in the home of net nor such a command",
        STEP,
    );
    wait_mark(&entry, true);
    wizard.session.screenshot("place-missing-in-vm");
    wizard.window.click("Create this directory");
    wizard.wait_ready();
    assert!(place.net_home().join("backups").is_dir());
    wait_mark(&entry, false);
    assert!(wizard.window.texts().contains("into this directory of the VM net"));
}

#[test]
fn a_directory_of_dom0_is_made_where_its_parent_is_there() {
    let place = place();
    let Some(wizard) = destination(BY_TREE, &place) else {
        return;
    };
    let entry = field(&wizard, "Backup directory");
    let new = place.path("target/new");
    entry.set_text(&new.join("below").to_string_lossy());
    wizard.wait_text("There is no such directory", STEP);
    assert!(wizard.window.find(Role::BUTTON, "Create this directory").is_none());
    entry.set_text(&new.to_string_lossy());
    wait_mark(&entry, true);
    wizard.window.wait_sensitive(Role::BUTTON, "Create this directory");
    wizard.session.screenshot("place-missing");
    wizard.window.click("Create this directory");
    wizard.wait_ready();
    assert!(new.is_dir());
    wait_mark(&entry, false);
}

#[test]
fn what_an_earlier_run_left_is_removed_on_demand_after_a_question() {
    let place = place();
    let name = "pedos-backup-2026-01-02T030405.part";
    let left = place.path("target").join(name);
    fs::write(&left, "cut").unwrap();
    let Some(wizard) = destination(BY_TREE, &place) else {
        return;
    };
    field(&wizard, "Backup directory").set_text(&place.path("target").to_string_lossy());
    wizard.wait_text(name, STEP);
    expect_names(&wizard.window);
    wizard.session.screenshot("place-leftover");
    let button = format!("Remove {name}");
    for answer in ["Keep", "Remove"] {
        wizard.window.click(&button);
        let question = wait_for("the question", STEP, || {
            let windows = wizard.session.desk().windows().into_iter();
            windows
                .filter(|window| window.name() != wizard.window.name())
                .find(|window| window.find(Role::BUTTON, answer).is_some())
        });
        assert!(question.texts().contains(name), "{}", question.dump());
        wizard.session.screenshot("place-leftover-question");
        question.click(answer);
        wait_until("one window", STEP, || wizard.session.desk().windows().len() == 1);
        if answer == "Keep" {
            assert!(left.exists());
        }
    }
    wait_until("the file is gone", STEP, || !left.exists());
    wait_until("it is not named any more", STEP, || {
        !wizard.window.texts().contains(name)
    });
    wizard.wait_ready();
}

#[test]
fn a_file_that_is_no_archive_is_warned_of_and_never_called_good() {
    let place = place();
    let foreign = place.path("holiday.txt");
    fs::write(&foreign, "Wish you were here. ".repeat(200)).unwrap();
    let Some(wizard) = Wizard::restore(BY_TREE, &place) else {
        return;
    };
    field(&wizard, "Backup file").set_text(&foreign.to_string_lossy());
    let said = wizard.wait_text("This file is not a backup", STEP);
    assert!(!said.contains("can be read"), "{said}");
    wizard.session.screenshot("place-foreign");
}

#[test]
fn a_passphrase_that_differs_is_marked_at_its_field() {
    let place = place();
    let Some(wizard) = destination(BY_TREE, &place) else {
        return;
    };
    field(&wizard, "Backup directory").set_text(&place.path("target").to_string_lossy());
    wizard.next(3);
    let second = wizard.window.wait(Role::PASSWORD, "Confirm passphrase");
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wait_mark(&second, false);
    second.set_text("something else");
    wait_mark(&second, true);
    second.set_text(PASSPHRASE);
    wait_mark(&second, false);
}
