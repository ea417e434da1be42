// SPDX-License-Identifier: GPL-3.0-or-later
//! Both wizards as programs, on a desktop of their own: walked through by a screen reader's means alone and by keyboard
//! alone, to the end of a backup, a verification and a restore, whose results are then looked at on the disk.

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::support::{
    atspi::{Node, Role, State},
    keyboard::{press, type_text, wait_for_window},
    programs::names,
    roots::{self, Fill, KIB, MIB, Vm},
    wait::{JOB, STEP, wait_for, wait_until},
    wizard::{BY_KEYBOARD, BY_TREE, Wizard, backed_up, expect_names, fill_backup, make_archive, place, vm_of},
    workspace::{PASSPHRASE, Workspace},
};

#[test]
fn the_backup_wizard_is_walked_through_by_its_accessible_tree() {
    let place = place();
    let Some(mut wizard) = Wizard::backup(BY_TREE, &place) else {
        return;
    };
    fill_backup(&wizard, &place.path("target"));
    wizard.next(5);
    wizard.session.screenshot("backup-5-running");
    wait_until("Finish", JOB, || {
        wizard
            .window
            .find(Role::BUTTON, "Finish")
            .is_some_and(|button| button.is(State::SENSITIVE))
    });
    wizard.session.screenshot("backup-5-done");
    let said = wizard.finish();
    assert!(said.contains("pedos-backup-"), "where the archive is: {said}");
    backed_up(&place);
}

#[test]
fn the_restore_wizard_is_walked_through_by_its_accessible_tree() {
    let place = place();
    let archive = make_archive(&place, &["vault", "work"]);
    let Some(mut wizard) = Wizard::restore(BY_TREE, &place) else {
        return;
    };
    wizard
        .window
        .enter(Role::TEXT, "Backup file", &archive.to_string_lossy());
    wizard.session.screenshot("restore-1");
    wizard.next(2);
    // A wrong passphrase first: the page stays, and says so.
    wizard.window.enter(Role::PASSWORD, "Passphrase", "not that");
    wizard.window.act("win.next");
    wizard.wait_text("passphrase", STEP);
    wizard.wait_text("wrong", STEP);
    wizard.wait_page(2);
    wizard.session.screenshot("restore-2-wrong");
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.next(3);
    wizard.session.screenshot("restore-3");
    wizard.pick("Selected", &["work"], "Remove");
    wizard.next(4);
    // The name is taken: a new one is proposed in the table.
    wizard.wait_text("vault-1", STEP);
    wizard.session.screenshot("restore-4");
    wizard.next(5);
    wizard.session.screenshot("restore-5-running");
    wait_until("Finish", JOB, || {
        wizard
            .window
            .find(Role::BUTTON, "Finish")
            .is_some_and(|button| button.is(State::SENSITIVE))
    });
    wizard.session.screenshot("restore-5-done");
    wizard.finish();
    roots::expect_same(&place.path("root"), "vault", &place.path("root"), "vault-1");
    assert!(!roots::domains(&place.path("root")).contains_key("work-1"));
}

#[test]
fn the_restore_wizard_verifies_and_changes_nothing() {
    let place = place();
    let archive = make_archive(&place, &["vault"]);
    let record = fs::read(place.path("root/var/lib/qubes/qubes.xml")).unwrap();
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
    wizard.wait_text("1 VM will be read and checked", STEP);
    let said = wizard.table_row("vault").name().unwrap();
    assert!(said.contains("AppVM") && said.contains("Will be verified"), "{said}");
    // There is nothing to change, and so nothing to open.
    let opens = |node: &Node| node.actions().iter().any(|action| action == "activate");
    assert!(
        wizard.table_row("vault").find_by(&opens).is_none(),
        "{}",
        wizard.state()
    );
    wizard.session.screenshot("verify-4");
    wizard.next(5);
    let said = wizard.finish();
    assert!(!said.to_lowercase().contains("failed"), "{said}");
    assert_eq!(fs::read(place.path("root/var/lib/qubes/qubes.xml")).unwrap(), record);
}

#[test]
fn a_damaged_archive_is_never_called_good_by_the_wizard() {
    let place = place();
    let archive = make_archive(&place, &["vault", "work"]);
    let mut bytes = fs::read(&archive).unwrap();
    let members = crate::support::archive::members(&bytes);
    let part = members
        .iter()
        .find(|member| member.name.contains("vm3/private"))
        .unwrap();
    bytes[part.data.start + 300] ^= 1;
    fs::write(&archive, bytes).unwrap();
    let Some(mut wizard) = Wizard::restore(BY_TREE, &place) else {
        return;
    };
    wizard
        .window
        .enter(Role::TEXT, "Backup file", &archive.to_string_lossy());
    wizard.next(2);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.next(3);
    wizard.next(4);
    wizard.next(5);
    wait_until("Finish", JOB, || {
        wizard
            .window
            .find(Role::BUTTON, "Finish")
            .is_some_and(|button| button.is(State::SENSITIVE))
    });
    wizard.session.screenshot("restore-5-damaged");
    let said = wizard.finish();
    assert!(
        said.contains("vault") && said.to_lowercase().contains("damaged"),
        "{said}"
    );
    assert!(!said.contains("Everything was restored"), "{said}");
    roots::expect_same(&place.path("root"), "work", &place.path("root"), "work-1");
    assert!(!roots::domains(&place.path("root")).contains_key("vault-1"));
}

#[test]
fn a_backup_cancelled_in_its_midst_leaves_nothing() {
    let mut vms = vec![
        Vm::new("bulk", "StandaloneVM")
            .volume("root", Fill::Dense(400 * MIB, 75))
            .volume("private", Fill::Holes(0)),
    ];
    vms.push(
        Vm::new("vault", "StandaloneVM")
            .volume("root", Fill::Holes(0))
            .volume("private", Fill::Dense(KIB, 1)),
    );
    let place = Workspace::new(&vms);
    let Some(mut wizard) = Wizard::backup(BY_TREE, &place) else {
        return;
    };
    wizard.wait_ready();
    wizard.window.click("Remove all");
    wizard.pick("Available", &["bulk"], "Add");
    wizard.next(2);
    wizard
        .window
        .enter(Role::TEXT, "Backup directory", &place.path("target").to_string_lossy());
    wizard.next(3);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.window.enter(Role::PASSWORD, "Confirm passphrase", PASSPHRASE);
    wizard.next(4);
    wizard.next(5);
    wait_until("bytes in the archive", STEP, || names(&place.path("target")).len() == 1);
    wizard.session.screenshot("backup-5-midst");
    wizard.window.click("Cancel");
    // It asks once.
    let question = wait_for("the question", STEP, || {
        wizard
            .session
            .desk()
            .windows()
            .into_iter()
            .find(|window| window.name() != wizard.window.name())
    });
    wizard.session.screenshot("backup-5-question");
    let stop = wait_for(&question.dump(), STEP, || {
        question
            .all(Role::BUTTON)
            .into_iter()
            .find(|button| button.name().is_some_and(|name| name.starts_with("Stop")))
    });
    stop.act("click");
    let asked = Instant::now();
    wait_until("nothing left", Duration::from_secs(6), || {
        names(&place.path("target")).is_empty()
    });
    assert!(asked.elapsed() < Duration::from_secs(6));
    wizard.wait_text("cancelled", STEP);
    wizard.session.screenshot("backup-5-cancelled");
    // Once more with everything kept, the passphrase too.
    wizard.window.click("Try again");
    wizard.wait_page(4);
    wizard.next(5);
    wizard.finish();
    assert_eq!(names(&place.path("target")).len(), 1);
}

#[test]
fn the_backup_wizard_is_walked_through_by_keyboard() {
    let place = place();
    let Some(mut wizard) = Wizard::backup(BY_KEYBOARD, &place) else {
        return;
    };
    let (session, target) = (&wizard.session, place.path("target"));
    wait_for_window(session, "(1 of 5)");
    wizard.wait_ready();
    press(session, &["alt+m"]);
    let list = wizard.window.wait(Role::LIST, "Available");
    let vault = wait_for("vault in the list", STEP, || {
        list.children()
            .into_iter()
            .find(|row| vm_of(row).is_some_and(|name| name == "vault"))
    });
    press(session, &["alt+a"]);
    // Along the rows until the one is reached; Enter moves it.
    let start = Instant::now();
    while !vault.is(State::FOCUSED) {
        assert!(
            start.elapsed() < STEP,
            "vault is never reached; {:?} has the focus",
            wizard.focused()
        );
        press(session, &["Down"]);
        std::thread::sleep(Duration::from_millis(100));
    }
    press(session, &["Return"]);
    wait_until("vault among the selected", STEP, || {
        wizard.window.wait(Role::LIST, "Selected").texts().contains("vault")
    });
    press(session, &["alt+n"]);
    wait_for_window(session, "(2 of 5)");
    press(session, &["alt+d", "ctrl+a"]);
    type_text(session, &target.to_string_lossy());
    wizard.wait_ready();
    press(session, &["alt+n"]);
    wait_for_window(session, "(3 of 5)");
    press(session, &["alt+p"]);
    type_text(session, PASSPHRASE);
    press(session, &["alt+f"]);
    type_text(session, PASSPHRASE);
    wizard.wait_ready();
    press(session, &["alt+n"]);
    wait_for_window(session, "(4 of 5)");
    wizard.wait_ready();
    press(session, &["Return"]);
    finish_by_keyboard(&mut wizard);
    backed_up(&place);
}

/// Waits until the job on the last page has ended, and closes the wizard with the Enter key.
#[track_caller]
fn finish_by_keyboard(wizard: &mut Wizard) {
    wait_for_window(&wizard.session, "(5 of 5)");
    wait_until("Finish", JOB, || {
        wizard
            .window
            .find(Role::BUTTON, "Finish")
            .is_some_and(|button| button.is(State::SENSITIVE))
    });
    press(&wizard.session, &["Return"]);
    wizard.wait_gone();
}

#[test]
fn the_restore_wizard_is_walked_through_by_keyboard() {
    let place = place();
    let archive = make_archive(&place, &["vault"]);
    let Some(mut wizard) = Wizard::restore(BY_KEYBOARD, &place) else {
        return;
    };
    let session = &wizard.session;
    wait_for_window(session, "(1 of 5)");
    press(session, &["alt+f", "ctrl+a"]);
    type_text(session, &archive.to_string_lossy());
    wizard.wait_ready();
    press(session, &["alt+n"]);
    wait_for_window(session, "(2 of 5)");
    press(session, &["alt+p"]);
    type_text(session, PASSPHRASE);
    wizard.wait_ready();
    press(session, &["Return"]);
    wait_for_window(session, "(3 of 5)");
    wizard.wait_ready();
    press(session, &["alt+n"]);
    wait_for_window(session, "(4 of 5)");
    wizard.wait_ready();
    press(session, &["alt+n"]);
    finish_by_keyboard(&mut wizard);
    roots::expect_same(&place.path("root"), "vault", &place.path("root"), "vault-1");
}

#[test]
fn the_choices_beside_the_pages_reach_the_backup() {
    let place = place();
    let Some(mut wizard) = Wizard::backup(BY_KEYBOARD, &place) else {
        return;
    };
    let session = &wizard.session;
    wait_for_window(session, "(1 of 5)");
    wizard.wait_ready();
    wizard.window.click("Remove all");
    wizard.pick("Available", &["vault"], "Add");
    wizard.choose("Method", "z");
    wizard.wait_text("needs the tool zstd", STEP);
    wizard.choose("Level", "s");
    wizard.wait_text("Small makes the smallest backup", STEP);
    session.screenshot("level");
    wizard.next(2);
    let recovery = "Write a recovery text beside the backup";
    let target = place.path("target");
    wizard.choose("Target AppVM", "n");
    wizard.wait_text("Only for a backup in dom0", STEP);
    assert!(!wizard.window.wait(Role::CHECK_BOX, recovery).is(State::SENSITIVE));
    session.screenshot("recovery-elsewhere");
    wizard.choose("Target AppVM", "d");
    wizard
        .window
        .enter(Role::TEXT, "Backup directory", &target.to_string_lossy());
    wizard.window.check(recovery, true);
    session.screenshot("recovery");
    wizard.next(3);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.window.enter(Role::PASSWORD, "Confirm passphrase", PASSPHRASE);
    wizard.window.check("Keep the computer responsive", true);
    wizard.next(4);
    wizard.wait_text("zstd, Small", STEP);
    wizard.wait_text("A recovery text is written beside the backup.", STEP);
    wizard.wait_text("The computer stays responsive", STEP);
    session.screenshot("choices");
    wizard.next(5);
    wizard.finish();
    let names = names(&target);
    let text = names
        .iter()
        .find(|name| name.to_string_lossy().ends_with(".recovery.txt"));
    let text = fs::read_to_string(target.join(text.unwrap())).unwrap();
    assert!(text.contains("zstd"), "{text}");
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn escape_closes_a_wizard_in_which_nothing_would_be_lost() {
    let place = place();
    let Some(mut wizard) = Wizard::backup(BY_KEYBOARD, &place) else {
        return;
    };
    wait_for_window(&wizard.session, "(1 of 5)");
    press(&wizard.session, &["Escape"]);
    wizard.wait_gone();
}

#[test]
fn every_control_has_a_name() {
    let place = place();
    for program in [
        env!("CARGO_BIN_EXE_pedos-backup"),
        env!("CARGO_BIN_EXE_pedos-backup-restore"),
    ] {
        let Some(wizard) = Wizard::open(BY_TREE, program, &place.path("root")) else {
            return;
        };
        expect_names(&wizard.window);
    }
}
