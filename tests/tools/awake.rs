// SPDX-License-Identifier: GPL-3.0-or-later
//! The computer does not fall asleep while a job runs, by a stand-in of `systemd-inhibit`: it is there as long as the job,
//! whatever ends the tool, and it is neither heard nor waited for.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{
    programs::{finish, names, only_archive, start},
    roots,
    wait::{JOB, STEP, wait_for, wait_until},
    workspace::{SOON, Workspace},
};

/// Notes what it was called with and its number, makes noise, and runs what it was given, as the real one does.
const STANDIN: &str = "#!/bin/sh
echo noise; echo noise >&2
printf '%s\\n' \"$@\" > \"$NOTES/line\"
echo $$ > \"$NOTES/number.new\" && mv \"$NOTES/number.new\" \"$NOTES/number\"
while [ \"$1\" != -- ]; do shift; done; shift
\"$@\"
echo ended > \"$NOTES/ended\"
";

/// One that is deaf: to signals, and to the end of its input.
const DEAF: &str = "#!/bin/sh
trap '' HUP INT TERM
echo $$ > \"$NOTES/number.new\" && mv \"$NOTES/number.new\" \"$NOTES/number\"
exec sleep 600
";

/// What a command is given that takes a backup as soon as it is told to.
const LATE: &str = "while [ ! -e go ]; do sleep 0.02; done; cat > late";

/// A place with a stand-in.
fn place(standin: &str) -> Workspace {
    let place = Workspace::new(&roots::small());
    fs::create_dir(place.path("programs")).unwrap();
    let program = place.path("programs/systemd-inhibit");
    fs::write(&program, standin).unwrap();
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    place
}

/// A tool that finds the stand-in first.
fn with_standin(mut command: Command, place: &Workspace) -> Command {
    let path = format!(
        "{}:{}",
        place.path("programs").display(),
        std::env::var("PATH").unwrap()
    );
    command
        .env("PATH", path)
        .env("NOTES", place.folder.path())
        .current_dir(place.folder.path());
    command
}

/// A backup that waits for the file `go`.
fn late(place: &Workspace) -> Command {
    let mut command = with_standin(place.backup(), place);
    command.args(["--to-command", LATE, "dvm"]);
    command
}

/// The process number of the stand-in, once it is there.
#[track_caller]
fn number(place: &Workspace) -> u32 {
    let read = || fs::read_to_string(place.path("number")).ok()?.trim().parse().ok();
    wait_for("the stand-in", STEP, read)
}

/// The state and the group of a process; `None` where there is none, or only what is left of one.
fn process(number: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    let mut fields = stat.rsplit(')').next()?.split_whitespace();
    let (state, _parent, group) = (fields.next()?, fields.next()?, fields.next()?);
    (state != "Z").then(|| group.parse().ok())?
}

/// The processes of a group.
fn members(group: u32) -> Vec<PathBuf> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|entry| {
            let number = entry.file_name().to_str().and_then(|name| name.parse().ok());
            number.and_then(process) == Some(group)
        })
        .map(|entry| entry.path())
        .collect()
}

fn line(place: &Workspace) -> Vec<String> {
    let line = fs::read_to_string(place.path("line")).unwrap();
    line.lines().map(str::to_owned).collect()
}

#[test]
fn the_computer_is_kept_awake_from_the_start_of_a_job_to_its_end() {
    let place = place(STANDIN);
    let running = start(&mut late(&place), place.folder.path());
    let standin = number(&place);
    wait_until("cat", STEP, || members(standin).len() == 2);
    assert!(!place.path("ended").exists());
    fs::write(place.path("go"), "").unwrap();
    let run = running.finish(JOB).expect(0);
    assert!(!run.said().contains("noise"), "{}", run.said());
    assert_eq!(process(standin), None, "it is there after the end of the tool");
    wait_until("the end of cat", SOON, || members(standin).is_empty());
    let line = line(&place);
    assert_eq!(line[..2], ["--what=sleep:idle", "--mode=block"]);
    assert_eq!(line[2..4], ["--who=qvm-backup", "--why=A backup is being written"]);
    assert_eq!(line[4..], ["--", "cat"]);
}

#[test]
fn nothing_keeps_it_awake_after_a_tool_that_was_killed() {
    let place = place(STANDIN);
    let running = start(&mut late(&place), place.folder.path());
    let standin = number(&place);
    wait_until("cat", STEP, || members(standin).len() == 2);
    running.signal("KILL");
    assert_eq!(running.finish(STEP).code, 128 + 9);
    wait_until("the end of the stand-in", SOON, || members(standin).is_empty());
    assert!(place.path("ended").exists(), "its program came to its end by itself");
    fs::write(place.path("go"), "").unwrap();
}

#[test]
fn an_interrupt_of_the_terminal_is_for_the_tool_alone() {
    let place = place(STANDIN);
    let running = start(&mut late(&place), place.folder.path());
    let standin = number(&place);
    assert_eq!(process(standin), Some(standin), "a group of its own");
    running.signal("INT");
    running.finish(SOON).expect(4);
    assert_eq!(process(standin), None);
    wait_until("the end of cat", SOON, || members(standin).is_empty());
}

#[test]
fn one_that_does_not_end_is_not_waited_for() {
    let place = place(DEAF);
    let running = start(&mut late(&place), place.folder.path());
    let standin = number(&place);
    fs::write(place.path("go"), "").unwrap();
    running.finish(JOB).expect(0);
    assert_eq!(process(standin), None);
}

#[test]
fn every_job_keeps_the_computer_awake_and_a_look_does_not() {
    let place = place(STANDIN);
    let taken = |command: Command, arguments: &[&str]| {
        // It may not have been there yet when the job before was over already.
        let _ = fs::remove_file(place.path("line"));
        finish(with_standin(command, &place).args(arguments)).expect(0);
        place.path("line").exists().then(|| line(&place)[2..4].join(" "))
    };
    let target = place.path("target");
    let target = target.to_str().unwrap();
    assert_eq!(taken(place.backup(), &[target, "dvm", "--dry-run"]), None);
    let made = taken(place.backup(), &[target, "dvm"]);
    assert_eq!(made.unwrap(), "--who=qvm-backup --why=A backup is being written");
    let archive = only_archive(Path::new(target));
    let archive = archive.to_str().unwrap();
    assert_eq!(taken(place.restore(), &[archive, "--list"]), None);
    for arguments in [
        &["--verify-only"][..],
        &["--extract", "dvm:private", "-o", "private.img"],
    ] {
        let read = taken(place.restore(), &[&[archive], arguments].concat());
        let said = "--who=qvm-backup-restore --why=A backup is being read";
        assert_eq!(read.as_deref(), Some(said), "{arguments:?}");
    }
}

#[test]
fn a_job_runs_where_nothing_can_keep_the_computer_awake() {
    let place = place("#!/bin/sh\nexit 1\n");
    let target = place.path("target");
    let refused = finish(with_standin(place.backup(), &place).arg(&target).arg("dvm")).expect(0);
    assert!(!refused.said().contains("systemd-inhibit"), "{}", refused.said());
    let mut command = place.backup();
    command.env("PATH", place.path("nothing")).arg("-v");
    let missing = finish(command.arg(place.path("archive")).arg("dvm")).expect(0);
    let said = missing.stderr.lines().find(|line| line.contains("systemd-inhibit"));
    assert!(said.is_some(), "{}", missing.stderr);
    assert_eq!(names(&target).len(), 1);
}
