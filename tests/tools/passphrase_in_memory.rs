// SPDX-License-Identifier: GPL-3.0-or-later
//! No passphrase is left in the memory of a tool that ends: a debugger stops it at its last call of the system, and all of
//! its memory is searched.

use std::{
    fs::File,
    io::Read,
    path::Path,
    process::{Command, Stdio},
};

use crate::support::{
    old_archive::OldArchive,
    programs::{finish, only_archive, passfile},
    roots, tools,
    workspace::Workspace,
};

/// Long enough to be found in pieces, and in nothing else.
const PASSPHRASE: &str = "Xq7-wombat-Jupiter-83-lantern-Kp2";

/// How much of it counts as a copy, in bytes.
const PIECE_BYTES: usize = 12;

#[test]
fn no_passphrase_is_in_memory_at_the_end() {
    if !tools::have(&["gdb"]) || !tools::slow_wanted() {
        return;
    }
    let place = Workspace::new(&roots::small());
    let pass = passfile(place.folder.path(), PASSPHRASE);
    let out = place.path("target");
    finish(place.backup().arg(&out).args(["work", "dvm"])).expect(0);
    let archive = only_archive(&out);
    let new_root = place.path("new");
    let volume = place.path("volume");
    for options in [
        &["--list"][..],
        &["--verify-only"],
        &["--new-root", new_root.to_str().unwrap()],
        &["--extract", "work:private", "-o", volume.to_str().unwrap()],
    ] {
        expect_none(place.folder.path(), &pass, options, &archive);
    }
    if tools::have(&["bash", "openssl"]) {
        let old = OldArchive {
            version: 3,
            cipher: "aes-256-cbc",
            passphrase: PASSPHRASE,
        };
        let old = old.make(&place.path("old"), &[7; 10_000]).unwrap();
        expect_none(place.folder.path(), &pass, &["--verify-only", "--ignore-missing"], &old);
    }
}

fn expect_none(folder: &Path, pass: &Path, options: &[&str], archive: &Path) {
    let core = folder.join("core");
    let dump = format!("gcore {}", core.display());
    let mut gdb = Command::new("gdb");
    gdb.args(["-q", "-batch"]);
    for line in [
        "set confirm off",
        "set use-coredump-filter off",
        "catch syscall exit_group",
        "run",
        &dump,
        "kill",
    ] {
        gdb.args(["-ex", line]);
    }
    gdb.arg("--args").arg(env!("CARGO_BIN_EXE_qvm-backup-restore"));
    gdb.args(["-j", "1", "-p"]).arg(pass).args(options).arg(archive);
    let output = gdb.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let Ok(mut file) = File::open(&core) else {
        tools::say(&format!("gdb makes no core here, so this was not tested: {said}"));
        return;
    };
    let pieces: Vec<&[u8]> = PASSPHRASE.as_bytes().windows(PIECE_BYTES).collect();
    let mut memory = Vec::new();
    file.read_to_end(&mut memory).unwrap();
    assert!(memory.len() > 1 << 20);
    let mut is_first = [false; 256];
    for piece in &pieces {
        is_first[usize::from(piece[0])] = true;
    }
    let found = memory
        .windows(PIECE_BYTES)
        .position(|window| is_first[usize::from(window[0])] && pieces.contains(&window));
    let around = found.map(|at| String::from_utf8_lossy(&memory[at.saturating_sub(60)..at + 60]).into_owned());
    assert_eq!(around, None, "{options:?}");
}
