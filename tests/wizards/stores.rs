// SPDX-License-Identifier: GPL-3.0-or-later
//! A backup into a store, and a restore from there, by both wizards: the kind of place, the program, and the list of what is
//! there.

use std::{fs, path::Path};

use crate::support::{
    atspi::{Node, Role},
    programs::names,
    wait::{STEP, wait_for, wait_until},
    wizard::{BY_KEYBOARD, Wizard, expect_names, place},
    workspace::PASSPHRASE,
};

/// OpenSSH's server, if it is installed.
fn server() -> Option<&'static str> {
    let places = ["/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server"];
    places.into_iter().find(|place| Path::new(place).exists())
}

/// The window that lists the store.
fn browser(wizard: &Wizard) -> Node {
    wait_for("the list of the store", STEP, || {
        let windows = wizard.session.desk().windows().into_iter();
        windows
            .filter(|window| window.name() != wizard.window.name())
            .find(|window| window.find(Role::BUTTON, "Cancel").is_some())
    })
}

/// Chooses the program, with paths that begin where that folder is.
fn reach(wizard: &Wizard, program: &str) {
    wizard.choose("Kind of place", "p");
    wizard.window.enter(Role::TEXT, "Program", program);
}

#[test]
fn both_wizards_use_a_store() {
    let place = place();
    let Some(server) = server() else { return };
    let store = place.path("store");
    fs::create_dir_all(store.join("deeper")).unwrap();
    let program = format!("cd {} && {server}", store.display());
    let Some(mut wizard) = Wizard::backup(BY_KEYBOARD, &place) else {
        return;
    };
    wizard.wait_ready();
    wizard.window.click("Remove all");
    wizard.pick("Available", &["vault"], "Add");
    wizard.next(2);
    reach(&wizard, "false");
    wizard.window.enter(Role::TEXT, "Backup directory there", "deeper");
    wizard.wait_text("The store cannot be used", STEP);
    expect_names(&wizard.window);
    wizard.session.screenshot("store-lost");
    wizard.window.enter(Role::TEXT, "Program", &program);
    wizard.wait_ready();
    wizard.session.screenshot("store-backup-2");
    // The list goes into a directory and comes back.
    wizard.window.click("Choose a location");
    let list = browser(&wizard);
    wait_until("the directory is listed", STEP, || {
        list.find(Role::BUTTON, "Choose this directory").is_some()
    });
    list.click("Up");
    wait_until("the directory above is listed", STEP, || {
        list.texts().contains("deeper")
    });
    expect_names(&list);
    wizard.session.screenshot("store-browser");
    list.click("Choose this directory");
    wizard.wait_ready();
    wizard.next(3);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.window.enter(Role::PASSWORD, "Confirm passphrase", PASSPHRASE);
    wizard.next(4);
    wizard.wait_ready();
    wizard.session.screenshot("store-backup-4");
    wizard.next(5);
    let said = wizard.finish();
    assert!(said.contains("verified"), "{said}");
    let archives: Vec<_> = names(&store).into_iter().filter(|name| name != "deeper").collect();
    assert_eq!(archives.len(), 1, "{archives:?}");

    let Some(wizard) = Wizard::restore(BY_KEYBOARD, &place) else {
        return;
    };
    reach(&wizard, &program);
    let name = archives[0].to_string_lossy().into_owned();
    wizard.window.click("Choose a location");
    let list = browser(&wizard);
    wait_until("the store is listed", STEP, || list.texts().contains(&name));
    assert!(list.texts().contains("made here and verified"), "{}", list.texts());
    wizard.session.screenshot("store-browser-restore");
    list.click("Cancel");
    wait_until("one window", STEP, || wizard.session.desk().windows().len() == 1);
    wizard.window.enter(Role::TEXT, "Backup file there", &name);
    wizard.wait_ready();
    wizard.session.screenshot("store-restore-1");
    wizard.next(2);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.next(3);
    wizard.wait_text("vault", STEP);
}
