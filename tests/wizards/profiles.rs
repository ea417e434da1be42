// SPDX-License-Identifier: GPL-3.0-or-later
//! Several profiles in the wizard: one is chosen, renamed, removed, kept under a name, and repeated by a PedOS that runs.

use std::{fs, path::Path, process::Stdio};

use pedos_backup::schedule::{self, Rhythm};
use pedos_standin::{Dialect, Standin};

use crate::support::{
    atspi::{Node, Role, State},
    notices::Notices,
    programs::{self, finish},
    roots,
    session::Session,
    tools,
    wait::{STEP, wait_until},
    wizard::{BY_TREE, Wizard, expect_names},
    workspace::{PASSPHRASE, Workspace},
};

const PROFILES: &str = "/etc/qubes/backup";

/// A PedOS on which systemd would find the units.
fn pedos() -> Standin {
    let pedos = Standin::new(Dialect::V4_3);
    let units = pedos.root().join("usr/lib/systemd/system");
    fs::create_dir_all(&units).unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/systemd");
    for (from, to) in [
        ("pedos-backup@.service.in", "pedos-backup@.service"),
        ("pedos-backup@.timer", "pedos-backup@.timer"),
    ] {
        fs::copy(data.join(from), units.join(to)).unwrap();
    }
    fs::create_dir_all(pedos.vm_root("sys-usb").join("media/disk")).unwrap();
    fs::create_dir_all(pedos.path(PROFILES)).unwrap();
    pedos
}

fn save(pedos: &Standin, name: &str, text: &str) {
    let path = pedos.path(PROFILES).join(format!("{name}.conf"));
    fs::write(
        path,
        format!("destination_vm: sys-usb\ndestination_path: /media/disk\n{text}"),
    )
    .unwrap();
}

/// The button of a profile's row: the rows stand in the order of their names.
fn button(window: &Node, name: &str, row: usize) -> Node {
    window.wait(Role::BUTTON, name);
    let buttons = window.all(Role::BUTTON);
    let of_name: Vec<Node> = buttons
        .into_iter()
        .filter(|button| button.name().as_deref() == Some(name))
        .collect();
    of_name.into_iter().nth(row).unwrap()
}

fn wait_for(window: &Node, text: &str) {
    wait_until(text, STEP, || window.texts().contains(text));
}

#[test]
fn profiles_are_chosen_renamed_repeated_and_removed() {
    if !tools::have(&["systemctl", "systemd-creds"]) {
        return;
    }
    let pedos = pedos();
    save(&pedos, "night", "include: [vault]\n");
    save(&pedos, "old", "include: [work, personal]\n");
    let Some(wizard) = Wizard::open(BY_TREE, env!("CARGO_BIN_EXE_pedos-backup"), pedos.root()) else {
        return;
    };
    wizard.wait_text("personal", STEP);
    wizard.window.act("win.profiles");
    let profiles = wizard.session.desk().window("Backup Profiles");
    wait_for(&profiles, "2 VMs to sys-usb:/media/disk");
    expect_names(&profiles);
    wizard.session.screenshot("profiles");
    // Another name.
    button(&profiles, "Rename…", 1).act("click");
    let naming = wizard.session.desk().window("Rename “old”");
    naming.enter(Role::TEXT, "Profile name", "night");
    naming.click("Rename");
    wait_for(&naming, "could not be read or written");
    wizard.session.screenshot("profiles-rename");
    naming.enter(Role::TEXT, "Profile name", "paper");
    naming.click("Rename");
    wait_for(&profiles, "paper");
    assert!(pedos.path(PROFILES).join("paper.conf").exists() && !pedos.path(PROFILES).join("old.conf").exists());
    // Repeated from now on.
    button(&profiles, "Repeat…", 0).act("click");
    let repeat = wizard.session.desk().window("Repeat the backup “night”");
    repeat.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    repeat.click("Save");
    wait_for(&repeat, "The two passphrases differ");
    expect_names(&repeat);
    repeat.enter(Role::PASSWORD, "Confirm passphrase", PASSPHRASE);
    wizard.session.screenshot("profiles-repeat");
    repeat.click("Save");
    wait_for(&profiles, "Repeated: Weekly");
    assert_eq!(schedule::rhythm(pedos.root(), "night"), Some(Rhythm::Weekly));
    assert!(pedos.path("/etc/credstore.encrypted/pedos-backup.night").exists());
    wizard.session.screenshot("profiles-repeated");
    // What is repeated keeps its name.
    assert!(!button(&profiles, "Rename…", 0).is(State::SENSITIVE));
    // Begun with.
    button(&profiles, "Use", 0).act("click");
    wait_until("the VM of the profile", STEP, || wizard.state().contains(" in 1 VM"));
    wizard.wait_ready();
    // Taken away, with its timer.
    wizard.window.act("win.profiles");
    let profiles = wizard.session.desk().window("Backup Profiles");
    button(&profiles, "Remove…", 0).act("click");
    wait_until("the question", STEP, || {
        wizard.session.desk().dump().contains("will not be repeated any more")
    });
    wizard.session.screenshot("profiles-remove");
    let question = wizard
        .session
        .desk()
        .windows()
        .into_iter()
        .find(|window| window.find(Role::BUTTON, "Keep It").is_some());
    question.unwrap().click("Remove");
    wait_until("the profile to go", STEP, || !profiles.texts().contains("night"));
    assert_eq!(schedule::rhythm(pedos.root(), "night"), None);
    assert!(!pedos.path("/etc/credstore.encrypted/pedos-backup.night").exists());
    assert!(!pedos.path(PROFILES).join("night.conf").exists());
}

#[test]
fn settings_are_kept_under_a_name_and_repeated_after_a_backup_that_went_well() {
    if !tools::have(&["systemctl", "systemd-creds"]) {
        return;
    }
    let pedos = pedos();
    pedos.fill_volume("vault", "private", &[7; 4096]);
    let Some(mut wizard) = Wizard::open(BY_TREE, env!("CARGO_BIN_EXE_pedos-backup"), pedos.root()) else {
        return;
    };
    wizard.wait_ready();
    wizard.window.click("Remove all");
    wizard.pick("Available", &["vault"], "Add");
    wizard.next(2);
    wizard
        .window
        .enter(Role::TEXT, "Backup directory or command", "/media/disk");
    wizard.wait_ready();
    wizard.next(3);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.window.enter(Role::PASSWORD, "Confirm passphrase", PASSPHRASE);
    wizard.window.check("Save settings as backup profile", true);
    wizard.window.enter(Role::TEXT, "Profile name", "a/b");
    wait_until("the refusal", STEP, || !wizard.is_ready());
    wizard.window.enter(Role::TEXT, "Profile name", "to the disk");
    wizard.wait_ready();
    wizard.session.screenshot("passphrase-profile");
    wizard.next(4);
    wizard.wait_ready();
    wizard.next(5);
    wait_until("the end", STEP, || wizard.window.find(Role::BUTTON, "Finish").is_some());
    wait_until("the profile", STEP, || {
        pedos.path(PROFILES).join("to the disk.conf").exists()
    });
    wizard
        .window
        .wait_sensitive(Role::BUTTON, "Repeat This Backup…")
        .act("click");
    let repeat = wizard.session.desk().window("Repeat the backup “to the disk”");
    wizard.session.screenshot("repeat-this");
    repeat.click("Save");
    wizard.wait_text("is repeated every week", STEP);
    wizard.session.screenshot("repeated-this");
    assert_eq!(schedule::rhythm(pedos.root(), "to the disk"), Some(Rhythm::Weekly));
    wizard.finish();
}

#[test]
fn somebody_is_reminded_once_and_a_click_opens_the_wizard() {
    let place = Workspace::new(&roots::small());
    let folder = place.path("root/etc/qubes/backup");
    fs::create_dir_all(&folder).unwrap();
    let profile = "include: [vault]\ndestination_vm: dom0\ndestination_path: /mnt/none\npassphrase_text: x\n";
    fs::write(folder.join("night.conf"), profile).unwrap();
    let Some(session) = Session::start(BY_TREE) else {
        return;
    };
    let notices = Notices::start(&session);
    let wizard = Path::new(env!("CARGO_BIN_EXE_pedos-backup"));
    let remind = |session: &Session| {
        let mut command = session.command(wizard);
        command.arg("--remind").arg("--root").arg(place.path("root"));
        command.env("XDG_DATA_HOME", place.path("data"));
        command
    };
    // All is well as long as nothing has failed and the profile is young.
    let quiet = remind(&session).output().unwrap();
    assert!(quiet.status.success() && quiet.stdout.is_empty(), "{quiet:?}");
    let mut tool = programs::qvm_backup();
    tool.arg("--root")
        .arg(place.path("root"))
        .args(["--scheduled", "--profile", "night"]);
    finish(&mut tool).expect(7);
    let quiet = remind(&session).output().unwrap();
    assert!(quiet.stdout.is_empty(), "what waits is not overdue yet: {quiet:?}");
    fs::create_dir(place.path("locked")).unwrap();
    fs::write(
        folder.join("night.conf"),
        profile.replace("passphrase_text: x", "passphrase_text: \"\""),
    )
    .unwrap();
    finish(&mut tool).expect_failure(&[1]);
    let mut running = remind(&session).stdout(Stdio::piped()).spawn().unwrap();
    let notice = notices.wait_shown(0);
    assert_eq!(
        (notice.title.as_str(), notice.urgency),
        ("The backup “night” failed", 2)
    );
    assert!(notice.actions.contains(&"default".to_owned()), "{notice:?}");
    notices.click(&notice);
    assert!(running.wait().unwrap().success());
    wait_until("the wizard", STEP, || {
        session
            .desk()
            .titles()
            .iter()
            .any(|title| title.contains("Backup PedOS"))
    });
    // It was said.
    let quiet = remind(&session).output().unwrap();
    assert!(quiet.stdout.is_empty(), "{quiet:?}");
    session.desk().windows()[0].act("window.close");
}
