// SPDX-License-Identifier: GPL-3.0-or-later
//! The program for developers.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use super::support::send;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_pedos-standin"))
}

#[test]
fn the_program_serves_until_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program();
    command.args(["--dialect", "4.2", "--driver", "lvm_thin", "--vms", "20"]);
    let mut child = command.arg(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("PedOS 4.2 is live in /"), "{line}");
    let answer = send(folder.path(), false, b"admin.vm.List+ dom0 name dom0\0");
    assert_eq!(answer.iter().filter(|byte| **byte == b'\n').count(), 20);
    child.kill().unwrap();
    child.wait().unwrap();
    let output = program().arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is a PedOS already"));
}

#[test]
fn wrong_options_are_told_in_one_line() {
    for (options, said) in [
        (&[][..], "no folder is named; usage:"),
        (&["--dialect", "5"], "there is no dialect 5"),
        (&["--driver", "btrfs", "x"], "there is no driver btrfs"),
        (&["--vms", "many", "x"], "many is not a number of VMs"),
        (&["--dialect"], "--dialect wants a value"),
        (&["--what"], "there is no option --what; usage:"),
        (&["a", "b"], "one folder is enough"),
    ] {
        let output = program().args(options).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2));
        assert!(text.contains(said), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
}
