// SPDX-License-Identifier: GPL-3.0-or-later
//! A tool that needs nothing but files is confined as a whole while it reads: each of its threads, whichever it is.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::Path,
    process::Command,
};

use crate::support::{
    programs::{finish, only_archive, qvm_backup_restore, start},
    roots, tools,
    wait::{STEP, wait_until},
    workspace::{SOON, Workspace},
};

/// What the kernel says of each thread of a process: whether a filter holds for its system calls, and whether it may gain rights.
fn threads(process: u32) -> BTreeMap<String, (String, String)> {
    let field = |status: &str, name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim().to_owned()
    };
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let states = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("status")).ok());
    let mut names = BTreeMap::new();
    for (index, status) in states.enumerate() {
        let name = format!("{} {index}", field(&status, "Name:"));
        names.insert(name, (field(&status, "Seccomp:"), field(&status, "NoNewPrivs:")));
    }
    names
}

/// Starts a tool that reads an archive from a named pipe, and holds the pipe when its header has come.
#[track_caller]
fn expect_all_confined(place: &Workspace, archive: &Path, command: &mut Command) {
    let pipe = place.path("pipe");
    let _ = fs::remove_file(&pipe);
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let tool = start(command.arg(&pipe), place.folder.path());
    let content = fs::read(archive).unwrap();
    let mut writer = File::options().write(true).open(&pipe).unwrap();
    let (first, rest) = content.split_at(600);
    writer.write_all(first).unwrap();
    let all_are = || {
        let threads = threads(tool.pid());
        threads.len() >= 4
            && threads
                .values()
                .all(|(filter, gains)| (filter.as_str(), gains.as_str()) == ("2", "1"))
    };
    wait_until(&format!("every thread of {command:?} is confined"), STEP, all_are);
    // Who only lists it does not read to the end.
    let _ = writer.write_all(rest);
    drop(writer);
    tool.finish(SOON).expect(0);
}

#[test]
fn every_thread_of_a_tool_that_reads_a_file_is_confined() {
    if !fs::read_to_string("/proc/self/status").unwrap().contains("\nSeccomp:") {
        tools::say("this kernel has no seccomp filters, so this was not tested");
        return;
    }
    let place = Workspace::new(&roots::small());
    finish(place.backup().arg(place.path("target")).args(["work", "dvm"])).expect(0);
    let archive = only_archive(&place.path("target"));
    let folder = place.folder.path();
    for options in [
        &["--list"][..],
        &["--verify-only"],
        &["--new-root", "a/b/new"],
        &["--extract", "work:private", "-o", "volume"],
    ] {
        let mut command = qvm_backup_restore();
        command.current_dir(folder).arg("-p").arg(&place.pass).args(options);
        expect_all_confined(&place, &archive, &mut command);
    }
    assert!(place.path("a/b/new").is_dir() && place.path("volume").is_file());
    // A PedOS in a folder is read as well, and its history is written.
    expect_all_confined(&place, &archive, place.restore().arg("--verify-only"));
    let history = place.path("root/etc/qubes/backup/pedos-backup.history");
    assert!(fs::read_to_string(history).unwrap().contains("\"verify\""));
}

#[test]
fn a_new_pedos_into_which_nothing_came_is_taken_away_again_by_a_confined_tool() {
    let place = Workspace::new(&roots::small());
    fs::write(place.path("noise"), [7; 100_000]).unwrap();
    let mut command = qvm_backup_restore();
    command.current_dir(place.folder.path()).arg("-p").arg(&place.pass);
    finish(command.args(["--new-root", "a/b/new", "noise"])).expect_failure(&[6]);
    assert!(!place.path("a").exists());
}
