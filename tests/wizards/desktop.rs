// SPDX-License-Identifier: GPL-3.0-or-later
//! The wizards and the desktop around them: what is told when a job has ended and nobody looks, and what the message bus may
//! ask of a wizard that runs or that it has to start.

use std::{collections::HashMap, fs, path::Path};

use gio::prelude::*;
use glib::{Variant, variant::ToVariant};

use crate::support::{
    atspi::{Role, State, connection},
    keyboard::wait_for_window,
    notices::{Notice, Notices, call},
    roots,
    session::Session,
    wait::{STEP, wait_until},
    wizard::{BY_KEYBOARD, BY_TREE, Wizard, fill_backup, make_archive, place},
    workspace::{PASSPHRASE, Workspace},
};

/// Puts a wizard out of sight; gives the number of its window.
fn minimize(wizard: &Wizard) -> String {
    wait_for_window(&wizard.session, "of 5)");
    let number = wizard.session.xdotool(&["getactivewindow"]).unwrap();
    wizard.session.xdotool(&["windowminimize", &number]).unwrap();
    wait_until("the window out of sight", STEP, || !wizard.window.is(State::ACTIVE));
    number
}

#[test]
fn a_backup_that_ends_unseen_is_told_and_a_click_brings_the_window_to_the_front() {
    let place = place();
    let Some(mut wizard) = Wizard::backup(BY_KEYBOARD, &place) else {
        return;
    };
    let notices = Notices::start(&wizard.session);
    fill_backup(&wizard, &place.path("target"));
    minimize(&wizard);
    wizard.next(5);
    let notice = notices.wait_shown(0);
    assert!(notice.title.contains("finished"), "{notice:?}");
    assert_eq!(notice.urgency, 1, "{notice:?}");
    assert!(notice.actions.contains(&"default".to_owned()), "{notice:?}");
    assert!(!notices.is_taken_back(&notice));
    notices.click(&notice);
    wait_until("the window in front", STEP, || wizard.window.is(State::ACTIVE));
    // It works on a folder: what the bus delivers for the program is not meant for it.
    let owner = notices.call_bus("NameHasOwner", &("org.pedos.Backup",).to_variant());
    assert_eq!(owner.get(), Some((false,)));
    wizard.finish();
}

/// Verifies a damaged archive unseen, and gives what is told of that.
fn failed_unseen() -> Option<(Workspace, Wizard, String, (Notices, Notice))> {
    let place = place();
    let archive = make_archive(&place, &["vault"]);
    let mut bytes = fs::read(&archive).unwrap();
    let members = crate::support::archive::members(&bytes);
    let part = members.iter().find(|member| member.name.contains("/private")).unwrap();
    bytes[part.data.start + 300] ^= 1;
    fs::write(&archive, bytes).unwrap();
    let wizard = Wizard::restore(BY_KEYBOARD, &place)?;
    let notices = Notices::start(&wizard.session);
    let path = archive.to_string_lossy();
    wizard.window.enter(Role::TEXT, "Backup file", &path);
    let verify = "Verify backup integrity, do not restore the data";
    wizard.window.check(verify, true);
    wizard.next(2);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.next(3);
    wizard.next(4);
    wizard.wait_ready();
    let number = minimize(&wizard);
    wizard.next(5);
    let notice = notices.wait_shown(0);
    assert_eq!(notice.urgency, 2, "{notice:?}");
    assert!(!notices.is_taken_back(&notice));
    Some((place, wizard, number, (notices, notice)))
}

#[test]
fn a_failure_is_told_until_somebody_looks() {
    let Some((_place, mut wizard, number, (notices, notice))) = failed_unseen() else {
        return;
    };
    wizard.session.xdotool(&["windowactivate", &number]).unwrap();
    wait_until("the window in front", STEP, || wizard.window.is(State::ACTIVE));
    wait_until("the notification taken back", STEP, || notices.is_taken_back(&notice));
    wizard.finish();
}

#[test]
fn what_was_told_goes_with_its_window() {
    let Some((_place, mut wizard, _, (notices, notice))) = failed_unseen() else {
        return;
    };
    wizard.finish();
    wait_until("the notification taken back", STEP, || notices.is_taken_back(&notice));
}

/// A desktop whose message bus can start both wizards, on a root.
fn with_services(root: &Path) -> Option<(Session, gio::DBusConnection)> {
    let session = Session::start(BY_TREE)?;
    let services = session.folder().join("data/dbus-1/services");
    fs::create_dir_all(&services).unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_pedos-backup")).parent().unwrap();
    for id in ["org.pedos.Backup", "org.pedos.BackupRestore"] {
        let file = format!("{}/data/{id}.service.in", env!("CARGO_MANIFEST_DIR"));
        let service = fs::read_to_string(file).unwrap();
        let service = service.replace("@BINDIR@", programs.to_str().unwrap());
        fs::write(services.join(format!("{id}.service")), service).unwrap();
    }
    let bus = connection(session.bus());
    let ask = |method: &str, arguments: &Variant| {
        let daemon = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus");
        call(&bus, daemon, method, arguments)
    };
    ask("ReloadConfig", &().to_variant());
    // What the programs get from the session that they are started in.
    let command = session.command(Path::new("true"));
    let mut environment: HashMap<String, String> = HashMap::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            environment.insert(
                name.to_string_lossy().into_owned(),
                value.to_string_lossy().into_owned(),
            );
        }
    }
    // The message bus may have another value from whoever started the tests.
    environment.insert("GTK_A11Y".to_owned(), "atspi".to_owned());
    environment.insert("PEDOS_ROOT".to_owned(), root.to_string_lossy().into_owned());
    ask("UpdateActivationEnvironment", &(environment,).to_variant());
    Some((session, bus))
}

/// No further data about the platform.
fn plain() -> HashMap<String, Variant> {
    HashMap::new()
}

#[test]
fn the_message_bus_starts_a_wizard_for_a_notification_that_outlived_it_and_a_second_time_shows_the_same() {
    let folder = tempfile::tempdir().unwrap();
    roots::make(folder.path(), &roots::small());
    let Some((session, bus)) = with_services(folder.path()) else {
        return;
    };
    let backup = ("org.pedos.Backup", "/org/pedos/Backup", "org.freedesktop.Application");
    let nothing: Vec<Variant> = Vec::new();
    call(&bus, backup, "ActivateAction", &("show", nothing, plain()).to_variant());
    session.desk().window("(1 of 5)");
    call(&bus, backup, "Activate", &(plain(),).to_variant());
    let windows = session.desk().titles();
    assert_eq!(windows.len(), 1, "{windows:?}");
}

#[test]
fn the_message_bus_starts_a_verification_and_opens_each_archive_in_a_window_of_its_own() {
    let place = place();
    let archive = make_archive(&place, &["vault"]);
    let Some((session, bus)) = with_services(&place.path("root")) else {
        return;
    };
    let restore = (
        "org.pedos.BackupRestore",
        "/org/pedos/BackupRestore",
        "org.freedesktop.Application",
    );
    let nothing: Vec<Variant> = Vec::new();
    call(
        &bus,
        restore,
        "ActivateAction",
        &("verify", nothing, plain()).to_variant(),
    );
    let first = session.desk().window("(1 of 5)");
    let verifies = first.wait(Role::CHECK_BOX, "Verify backup integrity, do not restore the data");
    assert!(verifies.is(State::CHECKED), "{}", first.dump());
    let uri = gio::File::for_path(&archive).uri().to_string();
    call(&bus, restore, "Open", &(vec![uri], plain()).to_variant());
    let path = archive.to_string_lossy();
    let opens = || {
        let windows = session.desk().windows();
        windows.iter().any(|window| {
            let field = window.find(Role::TEXT, "Backup file");
            field.and_then(|field| field.text()).as_deref() == Some(&*path)
        })
    };
    wait_until("the archive in a window", STEP, opens);
    assert_eq!(session.desk().titles().len(), 2);
}
