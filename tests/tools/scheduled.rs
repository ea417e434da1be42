// SPDX-License-Identifier: GPL-3.0-or-later
//! A backup that a timer starts: the command line of the unit is run as systemd would run it, with its credential in a
//! directory.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::support::{
    programs::{self, Run, finish, names, only_archive},
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
        .find_map(|line| line.strip_prefix("ExecStart=:"))
        .unwrap();
    line.replace("%I", profile)
}

/// A PedOS with the profile "night", whose passphrase is in the credential alone.
struct Night {
    place: Workspace,
    credentials: TempDir,
}

impl Night {
    fn new(options: &[&str]) -> Self {
        let place = Workspace::new(&roots::small());
        let mut save = place.backup();
        save.args(["--save-profile", "night", "--verify"]).args(options);
        finish(save.arg(place.path("target")).arg("vault")).expect(0);
        let night = Self {
            place,
            credentials: tempfile::tempdir().unwrap(),
        };
        let profile = fs::read_to_string(night.profile()).unwrap();
        let lines: Vec<&str> = profile.lines().collect();
        let without = lines.iter().filter(|line| !line.starts_with("passphrase_text"));
        let without: Vec<&str> = without.copied().collect();
        assert!(without.len() < lines.len(), "{profile}");
        fs::write(night.profile(), without.join("\n") + "\n").unwrap();
        night.set_credential(PASSPHRASE);
        night
    }

    fn profile(&self) -> PathBuf {
        self.place.path("root/etc/qubes/backup/night.conf")
    }

    fn target(&self) -> PathBuf {
        self.place.path("target")
    }

    fn set_credential(&self, text: &str) {
        fs::write(self.credentials.path().join("passphrase"), text).unwrap();
    }

    /// What systemd would start.
    fn service(&self) -> Command {
        let mut service = Command::new("sh");
        service
            .args(["-c", &format!("exec {}", command_line("night"))])
            .env("PEDOS_ROOT", self.place.path("root"))
            .env("CREDENTIALS_DIRECTORY", self.credentials.path())
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null());
        service
    }

    fn run(&self) -> Run {
        finish(&mut self.service())
    }

    /// How the runs of the profile ended, the oldest first.
    fn outcomes(&self) -> Vec<String> {
        let mut history = programs::qvm_backup();
        history.arg("--root").arg(self.place.path("root"));
        let said = finish(history.args(["--history", "--json"])).expect(0).stdout;
        let document: serde_json::Value = serde_json::from_str(&said).unwrap();
        let runs = document["runs"].as_array().unwrap().iter().rev();
        let of_profile = runs.filter(|run| run["profile"] == "night");
        of_profile
            .map(|run| run["outcome"].as_str().unwrap().to_owned())
            .collect()
    }
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
    let night = Night::new(&["--keep-last", "1"]);
    let first = only_archive(&night.target());
    night.run().expect(0);
    assert_ne!(first, only_archive(&night.target()));
    assert_eq!(night.outcomes(), ["done", "done"]);
}

#[test]
fn a_disk_that_is_not_there_is_waited_for_and_noted_once() {
    let night = Night::new(&["--keep-last", "1"]);
    let (target, away) = (night.target(), night.place.path("away"));
    fs::rename(&target, &away).unwrap();
    for _ in 0..2 {
        let waits = night.run().expect_failure(&[7]);
        assert!(
            waits.said().contains("target") && waits.said().contains("waits for its place"),
            "{}",
            waits.said()
        );
    }
    assert_eq!(night.outcomes(), ["done", "waiting"]);
    // The directory that the disk is mounted at is no disk.
    fs::create_dir(&target).unwrap();
    let waits = night.run().expect_failure(&[7]);
    assert!(waits.said().contains("No disk is mounted"), "{}", waits.said());
    assert_eq!(names(&target), [""; 0]);
    fs::remove_dir(&target).unwrap();
    fs::rename(&away, &target).unwrap();
    night.run().expect(0);
    assert_eq!(names(&target).len(), 1);
    assert_eq!(night.outcomes(), ["done", "waiting", "done"]);
}

#[test]
fn without_a_passphrase_nobody_is_asked_and_the_failure_is_noted() {
    let night = Night::new(&[]);
    for credential in ["\n", ""] {
        night.set_credential(credential);
        let failed = night.run().expect_failure(&[1]);
        assert!(failed.said().contains("passphrase"), "{}", failed.said());
    }
    fs::remove_file(night.credentials.path().join("passphrase")).unwrap();
    let failed = night.run().expect_failure(&[1]);
    assert!(failed.said().contains("--schedule night=weekly"), "{}", failed.said());
    assert_eq!(night.outcomes(), ["done", "failed", "failed", "failed"]);
    fs::write(night.profile(), "include: null\n").unwrap();
    night.run().expect_failure(&[1]);
    assert_eq!(night.outcomes().len(), 5);
}

#[test]
fn a_profile_that_knows_its_passphrase_has_an_empty_credential() {
    let night = Night::new(&[]);
    let text = fs::read_to_string(night.profile()).unwrap();
    fs::write(night.profile(), format!("passphrase_text: {PASSPHRASE}\n{text}")).unwrap();
    night.set_credential("\n");
    night.run().expect(0);
}

#[test]
fn what_a_killed_run_has_left_is_removed_by_the_next_one() {
    let night = Night::new(&[]);
    let target = night.target();
    let dead = target.join("pedos-backup-2026-01-01T000000.part");
    fs::write(&dead, "unfinished").unwrap();
    // One that is being written is nobody else's.
    let alive = target.join("pedos-backup-2026-01-02T000000.part");
    fs::write(&alive, "unfinished").unwrap();
    let held = fs::File::open(&alive).unwrap();
    held.lock().unwrap();
    night.run().expect(0);
    assert!(!dead.exists() && alive.exists());
    assert_eq!(names(&target).len(), 3);
}

#[test]
fn two_at_once_run_one_after_the_other() {
    let night = Night::new(&[]);
    let running = fs::File::create(night.place.path("root/etc/qubes/backup/pedos-backup.scheduled")).unwrap();
    running.lock().unwrap();
    let mut service = night.service();
    let mut waiting = service.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut stderr = BufReader::new(waiting.stderr.take().unwrap());
    stderr.read_line(&mut said).unwrap();
    assert!(said.contains("another scheduled backup is running"), "{said}");
    assert_eq!(night.outcomes(), ["done"]);
    drop(running);
    let rest = std::thread::spawn(move || std::io::read_to_string(stderr).unwrap());
    assert!(waiting.wait().unwrap().success(), "{}", rest.join().unwrap());
    assert_eq!(night.outcomes(), ["done", "done"]);
    // One that waits hears that it is to stop.
    let running = fs::File::create(night.place.path("root/etc/qubes/backup/pedos-backup.scheduled")).unwrap();
    running.lock().unwrap();
    let mut waiting = service.spawn().unwrap();
    let mut stderr = BufReader::new(waiting.stderr.take().unwrap());
    stderr.read_line(&mut said).unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&waiting),
        rustix::process::Signal::TERM,
    )
    .unwrap();
    assert_eq!(waiting.wait().unwrap().code(), Some(4));
}

#[test]
fn a_vm_that_does_not_run_is_waited_for() {
    let night = Night::new(&[]);
    let text = fs::read_to_string(night.profile()).unwrap();
    let lines = text.lines().map(|line| match line.split(':').next() {
        Some("destination_vm") => "destination_vm: net".to_owned(),
        Some("destination_path") => "destination_path: /home/user/backups".to_owned(),
        Some("  verify") => "  verify: false".to_owned(),
        _ => line.to_owned(),
    });
    fs::write(night.profile(), lines.collect::<Vec<_>>().join("\n") + "\n").unwrap();
    let folder = night.place.net_home().join("backups");
    fs::create_dir_all(&folder).unwrap();
    let (running, halted) = (night.place.path("root/run/vm/net"), night.place.path("halted"));
    fs::rename(&running, &halted).unwrap();
    let waits = night.run().expect_failure(&[7]);
    assert!(waits.said().contains("net is not running"), "{}", waits.said());
    fs::rename(&halted, &running).unwrap();
    night.run().expect(0);
    assert_eq!(names(&folder).len(), 1);
    assert_eq!(night.outcomes(), ["done", "waiting", "done"]);
}
