// SPDX-License-Identifier: GPL-3.0-or-later
//! A backup that a timer starts: the command line of the unit is run as systemd would run it, with its credential in a
//! directory.

use std::{fs, path::Path, process::Command};

use crate::support::{
    programs::{self, finish, names, only_archive},
    roots, tools,
    workspace::{PASSPHRASE, Workspace},
};

const SERVICE: &str = include_str!("../../data/systemd/pedos-backup@.service.in");

/// The service as it is installed beside these programs.
fn installed() -> String {
    let programs = Path::new(env!("CARGO_BIN_EXE_qvm-backup")).parent().unwrap();
    SERVICE.replace("@BINDIR@", programs.to_str().unwrap())
}

/// The command line of the service for a profile.
fn command_line(profile: &str) -> String {
    let service = installed();
    let line = service
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="))
        .unwrap();
    line.replace("%i", profile)
}

#[test]
fn the_units_are_sound() {
    if !tools::have(&["systemd-analyze"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pedos-backup@.service"), installed()).unwrap();
    let timer = include_str!("../../data/systemd/pedos-backup@.timer");
    fs::write(folder.path().join("pedos-backup@.timer"), timer).unwrap();
    for unit in ["pedos-backup@night.service", "pedos-backup@night.timer"] {
        let mut analyze = Command::new("systemd-analyze");
        let output = analyze
            .args(["verify", "--man=no"])
            .arg(folder.path().join(unit))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && !said.contains("pedos-backup"),
            "{unit}: {said}"
        );
    }
}

#[test]
fn the_service_backs_up_what_its_profile_says_verifies_it_and_removes_the_one_before() {
    let place = Workspace::new(&roots::small());
    let target = place.path("target");
    let mut save = place.backup();
    let settings = ["--save-profile", "night", "--verify", "--keep-last", "1"];
    finish(save.args(settings).arg(&target).arg("vault")).expect(0);
    let first = only_archive(&target);
    // The passphrase is in the credential alone.
    let profile = place.path("root/etc/qubes/backup/night.conf");
    let text = fs::read_to_string(&profile).unwrap();
    let without: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("passphrase_text"))
        .collect();
    assert!(without.len() < text.lines().count(), "{text}");
    fs::write(&profile, without.join("\n") + "\n").unwrap();
    let credentials = tempfile::tempdir().unwrap();
    fs::write(credentials.path().join("passphrase"), PASSPHRASE).unwrap();
    let run = || {
        let mut service = Command::new("sh");
        service
            .args(["-c", &command_line("night")])
            .env("PEDOS_ROOT", place.path("root"))
            .env("CREDENTIALS_DIRECTORY", credentials.path())
            .env("LC_ALL", "C.UTF-8");
        finish(&mut service)
    };
    run().expect(0);
    let second = only_archive(&target);
    assert_ne!(first, second);
    let mut history = programs::qvm_backup();
    let said = finish(history.arg("--root").arg(place.path("root")).arg("--history"))
        .expect(0)
        .stdout;
    assert_eq!(said.matches("Backup: done and verified").count(), 2, "{said}");
    // The disk is not there: nothing is lost, and the next run is as if nothing had been.
    let away = place.path("away");
    fs::rename(&target, &away).unwrap();
    let failed = run().expect_failure(&[1]);
    assert!(failed.said().contains("target"), "{}", failed.said());
    fs::rename(&away, &target).unwrap();
    run().expect(0);
    assert_eq!(names(&target).len(), 1);
}
