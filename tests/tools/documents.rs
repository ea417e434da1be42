// SPDX-License-Identifier: GPL-3.0-or-later
//! What the tools print for other programs while they work and at their end, and what a run without anybody there needs.

use std::fs;

use crate::support::{
    programs::{self, finish, only_archive},
    roots,
    schema::checked,
    workspace::{PASSPHRASE, Workspace},
};
use serde_json::Value;

#[test]
fn a_backup_says_how_it_ended_in_one_document() {
    let place = Workspace::new(&roots::small());
    let target = place.path("target");
    let run = finish(place.backup().args(["--json", "--verify"]).arg(&target).arg("vault")).expect(0);
    let report = checked("report", &run.stdout);
    assert_eq!(report["job"], "backup");
    assert_eq!(
        (&report["outcome"], &report["verdict"]),
        (&"done".into(), &"good".into())
    );
    let archive = only_archive(&target);
    let bytes = fs::metadata(target.join(&archive)).unwrap().len();
    assert_eq!(report["archive_bytes"], bytes);
    // What cannot be done says so in the same form.
    let run = finish(place.backup().args(["--json", "/no/such/place", "vault"])).expect(1);
    let report = checked("report", &run.stdout);
    assert_eq!(
        (&report["outcome"], &report["error"]["code"]),
        (&"failed".into(), &"destination_not_a_directory".into())
    );
    finish(place.backup().args(["--json", "-", "vault"])).expect(2);
}

/// Holds each line against its schema, and returns the events and the report.
#[track_caller]
fn events_and_report(stdout: &str) -> (Vec<Value>, Value) {
    let mut lines: Vec<&str> = stdout.lines().collect();
    let report = checked("report", lines.pop().unwrap());
    (lines.iter().map(|line| checked("event", line)).collect(), report)
}

#[test]
fn with_lines_everything_is_said_as_it_happens_and_the_report_comes_last() {
    let place = Workspace::new(&roots::small());
    let target = place.path("target");
    let run = finish(
        place
            .backup()
            .args(["--json=lines", "--verify"])
            .arg(&target)
            .args(["vault", "work"]),
    )
    .expect(0);
    let (events, report) = events_and_report(&run.stdout);
    assert_eq!(report["outcome"], "done");
    assert_eq!(events[0]["event"], "started");
    assert_eq!(events[0]["vms"], serde_json::json!(["vault", "work"]));
    let phases: Vec<&str> = events.iter().filter_map(|event| event["phase"].as_str()).collect();
    let expected = ["preparing", "backing_up", "finishing", "verifying"];
    let seen = |phase: &&&str| phases.contains(*phase);
    assert!(expected.iter().filter(seen).count() == expected.len(), "{phases:?}");
    let archive = target.join(only_archive(&target));
    // Of a damaged archive the VM that failed is named as soon as that is known.
    let mut bytes = fs::read(&archive).unwrap();
    let members = crate::support::archive::members(&bytes);
    let part = members
        .iter()
        .find(|member| member.name.contains("private.img"))
        .unwrap();
    bytes[part.data.start + 300] ^= 1;
    fs::write(&archive, bytes).unwrap();
    let run = finish(place.restore().args(["--json=lines", "--verify-only"]).arg(&archive)).expect_failure(&[6]);
    let (events, report) = events_and_report(&run.stdout);
    assert_eq!(report["verdict"], "bad");
    let failed: Vec<&Value> = events.iter().filter(|event| event["state"] == "failed").collect();
    assert_eq!(failed.len(), 1, "{events:?}");
    assert_eq!(failed[0]["error"]["code"], "damaged");
}

#[test]
fn a_passphrase_file_goes_before_what_a_profile_says() {
    let place = Workspace::new(&roots::small());
    let target = place.path("target");
    finish(
        place
            .backup()
            .args(["--save-profile", "night"])
            .arg(&target)
            .arg("vault"),
    )
    .expect(0);
    let first = target.join(only_archive(&target));
    fs::remove_file(first).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let other = programs::passfile(folder.path(), "another passphrase that is long enough");
    let run = |command: &mut std::process::Command| finish(command.arg("--root").arg(place.path("root")));
    run(programs::qvm_backup()
        .args(["-y", "--profile", "night", "--passphrase-file"])
        .arg(&other))
    .expect(0);
    let archive = target.join(only_archive(&target));
    let verify = |pass: &std::path::Path| {
        run(programs::qvm_backup_restore()
            .args(["--verify-only", "-p"])
            .arg(pass)
            .arg(&archive))
    };
    verify(&other).expect(0);
    assert_ne!(PASSPHRASE, fs::read_to_string(&other).unwrap().trim());
    verify(&place.pass).expect(5);
}

#[test]
fn the_history_has_every_run_and_says_how_it_ended() {
    let place = Workspace::new(&roots::small());
    let target = place.path("target");
    let history = |options: &[&str]| {
        let mut command = programs::qvm_backup();
        finish(
            command
                .arg("--root")
                .arg(place.path("root"))
                .arg("--history")
                .args(options),
        )
        .expect(0)
    };
    assert!(history(&[]).stdout.contains("Nothing has been backed up"));
    finish(place.backup().arg("--verify").arg(&target).arg("vault")).expect(0);
    let archive = target.join(only_archive(&target));
    finish(place.restore().arg("--verify-only").arg(&archive)).expect(0);
    fs::write(place.path("short"), &fs::read(&archive).unwrap()[..60_000]).unwrap();
    finish(place.restore().arg("--verify-only").arg(place.path("short"))).expect_failure(&[6]);
    let said = history(&[]).stdout;
    let runs: Vec<&str> = said.lines().filter(|line| line.starts_with("20")).collect();
    assert_eq!(runs.len(), 3, "{said}");
    assert!(runs[2].contains("Backup: done and verified, 1 of 1 VMs"), "{said}");
    assert!(runs[1].contains("Verification: done"), "{said}");
    assert!(runs[0].contains("Verification: the backup is bad"), "{said}");
    assert!(said.contains(archive.to_str().unwrap()), "{said}");
    let document = checked("history", &history(&["--json"]).stdout);
    let runs = document["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 3);
    for run in runs {
        checked("report", &run.to_string());
    }
    assert_eq!(runs[2]["verdict"], "good");
}

#[test]
fn an_archive_that_has_newer_ones_says_so_before_it_is_restored() {
    let place = Workspace::new(&roots::small());
    let target = place.path("target");
    let mut made = Vec::new();
    for _ in 0..2 {
        finish(place.backup().arg(&target).arg("vault")).expect(0);
        let all: Vec<_> = programs::names(&target)
            .into_iter()
            .filter(|name| !made.contains(name))
            .collect();
        made.extend(all);
        // Times are in seconds.
        std::thread::sleep(std::time::Duration::from_millis(1100));
    }
    // Of another selection, which is another series.
    finish(place.backup().arg(&target).arg("work")).expect(0);
    let look = |name| finish(place.restore().arg("--verify-only").arg(target.join(name))).expect(0);
    let said = look(&made[0]).stderr;
    let newest = target.join(&made[1]);
    assert!(
        said.contains("made 1 newer backup of this kind") && said.contains(newest.to_str().unwrap()),
        "{said}"
    );
    assert!(!look(&made[1]).stderr.contains("newer backup"));
}
