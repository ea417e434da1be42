// SPDX-License-Identifier: GPL-3.0-or-later
//! The ways on after a run has ended: nothing has to be chosen or typed twice.

use std::{fs, path::Path};

use crate::support::{
    atspi::{Node, Role, State},
    keyboard::{press, type_text, wait_for_window},
    roots,
    wait::{JOB, STEP, wait_for, wait_until},
    wizard::{BY_KEYBOARD, BY_TREE, Wizard, backed_up, fill_backup, look_inside, make_archive, place},
    workspace::PASSPHRASE,
};

#[track_caller]
fn wait_for_the_end(wizard: &Wizard) {
    wait_until("Finish", JOB, || {
        wizard
            .window
            .find(Role::BUTTON, "Finish")
            .is_some_and(|button| button.is(State::SENSITIVE))
    });
}

/// Damages the data of a VM in an archive.
fn damage(archive: &Path, part: &str) {
    let mut bytes = fs::read(archive).unwrap();
    let members = crate::support::archive::members(&bytes);
    let part = members.iter().find(|member| member.name.contains(part)).unwrap();
    bytes[part.data.start + 300] ^= 1;
    fs::write(archive, bytes).unwrap();
}

#[test]
fn a_verification_leads_to_the_restore_of_what_is_good() {
    let place = place();
    let archive = make_archive(&place, &["vault", "work"]);
    damage(&archive, "vm3/private");
    let Some(mut wizard) = Wizard::restore(BY_TREE, &place) else {
        return;
    };
    wizard
        .window
        .enter(Role::TEXT, "Backup file", &archive.to_string_lossy());
    wizard
        .window
        .check("Verify backup integrity, do not restore the data", true);
    wizard.next(2);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.next(3);
    wizard.next(4);
    wizard.next(5);
    assert!(
        wizard.window.name().unwrap().contains("Verify"),
        "{:?}",
        wizard.window.name()
    );
    wait_for_the_end(&wizard);
    wizard.session.screenshot("verify-5-damaged");
    wizard.window.click("Restore this 1 VM…");
    wizard.wait_page(4);
    wizard.wait_ready();
    wizard.next(5);
    assert!(
        wizard.window.name().unwrap().contains("Restore"),
        "{:?}",
        wizard.window.name()
    );
    let said = wizard.finish();
    assert!(said.contains("work-1"), "{said}");
    roots::expect_same(&place.path("root"), "work", &place.path("root"), "work-1");
    assert!(!roots::domains(&place.path("root")).contains_key("vault-1"));
}

#[test]
fn a_backup_that_failed_is_tried_again_with_everything_kept() {
    let place = place();
    let target = place.path("target");
    let Some(mut wizard) = Wizard::backup(BY_KEYBOARD, &place) else {
        return;
    };
    fill_backup(&wizard, &target);
    // The destination goes away between the summary and the first byte.
    let away = place.path("away");
    fs::rename(&target, &away).unwrap();
    wizard.next(5);
    wait_for_the_end(&wizard);
    wizard.session.screenshot("backup-5-failed");
    // A key that was meant for something else does not throw away what was chosen.
    let again = (Some(Role::BUTTON), Some("Try again".to_owned()));
    wait_until("the focus on the way on", STEP, || {
        wizard.focused().as_ref() == Some(&again)
    });
    fs::rename(&away, &target).unwrap();
    wizard.window.click("Try again");
    wizard.wait_page(4);
    wizard.next(5);
    wizard.finish();
    backed_up(&place);
}

#[test]
fn back_leads_from_a_finished_backup_to_its_summary() {
    let place = place();
    let Some(wizard) = Wizard::backup(BY_TREE, &place) else {
        return;
    };
    fill_backup(&wizard, &place.path("target"));
    wizard.next(5);
    wait_for_the_end(&wizard);
    wizard.window.act("win.back");
    wizard.wait_page(4);
    wizard.wait_ready();
    let archive = backed_up(&place);
    let made = place.path("root/etc/qubes/backup/pedos-backup.made");
    expect_remembered(&made, &archive);
}

/// Holds that the list of what was made here has this archive alone, verified.
#[track_caller]
fn expect_remembered(list: &Path, archive: &Path) {
    let list = fs::read_to_string(list).unwrap();
    let lines: Vec<&str> = list.lines().collect();
    let place = format!("\"location\":{{\"file\":\"{}\"}},\"verified\":true", archive.display());
    assert!(lines.len() == 1 && lines[0].contains(&place), "{list}");
}

#[test]
fn a_backup_is_remembered_even_if_the_window_is_closed_at_once() {
    let place = place();
    let made = place.path("root/etc/qubes/backup/pedos-backup.made");
    let Some(mut wizard) = Wizard::backup(BY_TREE, &place) else {
        return;
    };
    fill_backup(&wizard, &place.path("target"));
    wizard.next(5);
    wait_for_the_end(&wizard);
    wizard.window.act("win.history");
    let history = wizard.session.desk().window("Last Backups and Restores");
    wait_until("the run in the history", STEP, || {
        history.find(Role::LABEL, "Backup: done and verified").is_some()
    });
    wizard.session.screenshot("history");
    history.act("window.close");
    wait_until("the history closed", STEP, || {
        let titles = wizard.session.desk().titles();
        !titles.iter().any(|title| title.contains("Last Backups"))
    });
    wizard.window.wait(Role::BUTTON, "Finish").act_last("click");
    wizard.wait_gone();
    expect_remembered(&made, &backed_up(&place));
}

#[test]
fn a_backup_that_was_made_here_is_offered_to_the_restore() {
    let place = place();
    let archive = make_archive(&place, &["vault"]);
    // As an older program left it.
    let folder = place.path("root/etc/qubes/backup");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("pedos-backup.made"),
        format!("verified {}\n", archive.display()),
    )
    .unwrap();
    let Some(wizard) = Wizard::restore(BY_KEYBOARD, &place) else {
        return;
    };
    wizard.wait_text("Known backups", STEP);
    wizard.session.screenshot("restore-1-known");
    wizard.choose("Known backups", "2");
    wait_until("the path in the field", STEP, || {
        let field = wizard.window.find(Role::TEXT, "Backup file");
        field.is_some_and(|field| field.text().is_some_and(|text| text == archive.to_string_lossy()))
    });
    wizard.next(2);
}

#[test]
fn a_volume_is_taken_out_of_an_archive_without_restoring_its_vm() {
    let place = place();
    let archive = make_archive(&place, &["vault", "work"]);
    let record = fs::read(place.path("root/var/lib/qubes/qubes.xml")).unwrap();
    let Some(wizard) = Wizard::restore(BY_KEYBOARD, &place) else {
        return;
    };
    wizard
        .window
        .enter(Role::TEXT, "Backup file", &archive.to_string_lossy());
    let inside = look_inside(&wizard);
    let list = inside.wait(Role::LIST, "VMs of the backup");
    let is_vault = |row: &Node| row.name().is_some_and(|name| name.starts_with("vault"));
    let number = wait_for("vault in the list", STEP, || list.children().iter().position(is_vault));
    assert!(list.select_child(i32::try_from(number).unwrap()));
    wait_until("its files", STEP, || {
        let button = inside.find(Role::BUTTON, "Take out…");
        button.is_some_and(|button| button.is(State::SENSITIVE))
    });
    wizard.session.screenshot("inside-take-out");
    inside.click("Take out…");
    wait_for_window(&wizard.session, "Save the file of the VM");
    let file = place.path("taken.img");
    press(&wizard.session, &["ctrl+a"]);
    type_text(&wizard.session, &file.to_string_lossy());
    press(&wizard.session, &["Return"]);
    let window = wizard.session.desk().window("Take out of the backup");
    wait_until("the verdict", JOB, || window.texts().contains("The file was extracted"));
    wizard.session.screenshot("taken-out");
    let root = place.path("root");
    let vault = &roots::domains(&root)["vault"];
    let volumes = roots::volume_files(&root, vault);
    let is_same = |path: &std::path::PathBuf| fs::read(path).unwrap() == fs::read(&file).unwrap();
    assert!(volumes.values().any(is_same), "{volumes:?}");
    window.click("Close");
    assert_eq!(fs::read(place.path("root/var/lib/qubes/qubes.xml")).unwrap(), record);
}
