// SPDX-License-Identifier: GPL-3.0-or-later
//! Backups into and out of commands of this computer, and by standard output and standard input.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::support::{
    place::Place,
    programs::{self, Run, names},
    roots,
};

fn to_command(place: &Place, command: &str) -> Run {
    programs::finish(place.backup().args(["--to-command", command, "vault"]))
}

fn from_command(place: &Place, command: &str, more: &[&str]) -> Run {
    programs::finish(place.restore().args(["--from-command", command]).args(more))
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}

#[test]
fn a_backup_goes_through_a_command_and_comes_back_through_one() {
    let place = Place::new(&roots::small());
    let archive = place.path("target/it is here");
    to_command(&place, &format!("cat > {}", quoted(&archive))).expect(0);
    let print = format!("cat {}", quoted(&archive));
    from_command(&place, &print, &["--verify-only"]).expect(0);
    let listed = from_command(&place, &print, &["--list"]);
    let listed = listed.expect(0);
    assert!(listed.stdout.contains("vault"), "{}", listed.stdout);
    from_command(&place, &print, &["--rename-conflicting", "vault"]).expect(0);
    roots::expect_same(&place.path("root"), "vault", &place.path("root"), "vault-1");
    // The same archive as that of a file: nothing depends on the end that wrote it.
    programs::finish(place.restore().arg("--verify-only").arg(&archive)).expect(0);
}

#[test]
fn a_command_that_does_not_take_everything_fails_the_backup() {
    let place = Place::new(&roots::small());
    for command in [
        "false",
        "true",
        "no-such-command-at-all",
        "head -c 5000 > /dev/null",
        "cat > /dev/null; exit 3",
        "cat > /dev/null; kill -9 $$",
    ] {
        let run = to_command(&place, command);
        let run = run.expect_failure(&[1]);
        assert!(run.stderr.contains(command), "{command}: {}", run.stderr);
    }
}

#[test]
fn what_was_asked_of_a_command_and_cannot_be_done_is_said_before_and_is_no_success() {
    let place = Place::new(&roots::small());
    let run = programs::finish(
        place
            .backup()
            .args(["--to-command", "cat > /dev/null", "--verify", "vault"]),
    );
    let run = run.expect(3);
    assert!(run.stderr.contains("cannot be read again"), "{}", run.stderr);
    let target = place.path("target");
    for more in [&["-d", "net"][..], &["--recovery-text"], &["--profile", "x"]] {
        programs::finish(place.backup().args(["--to-command", "cat"]).args(more)).expect_failure(&[2]);
    }
    programs::finish(
        place
            .backup()
            .arg("--recovery-text")
            .arg("-")
            .arg("vault")
            .stdout(Stdio::piped()),
    )
    .expect_failure(&[2]);
    assert!(names(&target).is_empty());
}

#[test]
fn a_command_that_ends_badly_or_early_fails_the_restore() {
    let place = Place::new(&roots::small());
    let archive = place.path("target/x");
    to_command(&place, &format!("cat > {}", quoted(&archive))).expect(0);
    let length = fs::metadata(&archive).unwrap().len();
    let file = quoted(&archive);
    for command in [
        "false".to_owned(),
        "true".to_owned(),
        "no-such-command-at-all".to_owned(),
        format!("head -c 1000 {file}"),
        format!("head -c {} {file}", length / 2),
        format!("cat {file}; echo broken >&2; exit 7"),
    ] {
        let run = from_command(&place, &command, &["--verify-only"]);
        run.expect_failure(&[1, 6]);
    }
    let run = from_command(&place, "echo no route to host >&2; exit 255", &["--verify-only"]);
    let run = run.expect_failure(&[1]);
    assert!(
        run.stderr.contains("no route to host") && run.stderr.contains("255"),
        "{}",
        run.stderr
    );
}

fn through(place: &Place, archive: &Path, vms: &[&str]) -> std::process::Output {
    place
        .backup()
        .arg("-")
        .args(vms)
        .stdout(File::create(archive).unwrap())
        .stderr(Stdio::piped())
        .output()
        .unwrap()
}

#[test]
fn standard_output_holds_the_archive_and_nothing_else() {
    let place = Place::new(&roots::small());
    let archive = place.path("target/out");
    let output = through(&place, &archive, &["vault"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("vault"),
        "the table is shown all the same"
    );
    programs::finish(place.restore().arg("--verify-only").arg(&archive)).expect(0);
    let listed = Command::new("tar").arg("tf").arg(&archive).output().unwrap();
    assert!(listed.status.success() && listed.stdout.starts_with(b"backup-header\n"));
    let read = place
        .restore()
        .args(["--verify-only", "-"])
        .stdin(File::open(&archive).unwrap())
        .output()
        .unwrap();
    assert_eq!(read.status.code(), Some(0), "{}", String::from_utf8_lossy(&read.stderr));
    let bad = place
        .restore()
        .args(["--verify-only", "-", "-p", "-"])
        .stdin(Stdio::null())
        .output();
    assert_eq!(bad.unwrap().status.code(), Some(2));
}

#[test]
fn a_reader_that_goes_away_fails_the_backup() {
    let place = Place::new(&roots::small());
    let mut child = place
        .backup()
        .args(["-", "vault"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let full = PathBuf::from("/dev/full");
    if full.exists() {
        let output = place
            .backup()
            .args(["-", "vault"])
            .stdout(File::create(full).unwrap())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("no space left"),
            "{output:?}"
        );
    }
}
