// SPDX-License-Identifier: GPL-3.0-or-later
//! No passphrase is left in the memory of a tool that ends, however it ends, and none gets into a core dump at any time: a
//! debugger stops the tool at chosen moments, and all of its memory is searched.

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::Path,
    process::{Command, Stdio},
};

use crate::support::{
    old_archive::OldArchive,
    programs::{finish, only_archive, passfile, qvm_backup_restore, start},
    roots, tools,
    wait::{STEP, wait_until},
    workspace::{SOON, Workspace},
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

/// What a job holds while it works is in pages that no core dump has, and after the first signal nothing is held any more.
#[test]
fn no_passphrase_is_in_a_core_dump_of_a_tool_that_works() {
    if !tools::have(&["gdb"]) {
        return;
    }
    let place = Workspace::new(&roots::small());
    let pass = passfile(place.folder.path(), PASSPHRASE);
    let out = place.path("target");
    finish(place.backup().arg(&out).args(["work", "dvm"])).expect(0);
    let archive = only_archive(&out);
    let pipe = place.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut command = qvm_backup_restore();
    command.arg("-p").arg(&pass).arg("--verify-only").arg(&pipe);
    let mut tool = start(&mut command, place.folder.path());
    let content = fs::read(&archive).unwrap();
    let mut writer = File::options().write(true).open(&pipe).unwrap();
    writer.write_all(&content[..content.len() / 2]).unwrap();
    // The reading thread waits for the rest, with the passphrase in its hands.
    let state = format!("/proc/{}/task", tool.pid());
    wait_until("the tool has threads that read", STEP, || {
        fs::read_dir(&state).unwrap().count() >= 6
    });
    let core = place.path("core");
    let Some(memory) = core_of(tool.pid(), &core) else {
        tools::say("gdb makes no core here, so this was not tested");
        return;
    };
    assert_eq!(found_in(&memory), None, "while it works");
    tool.signal("TERM");
    wait_until("the tool has heard the signal", SOON, || tool.has_ended());
    drop(writer);
}

/// Returns the memory of a running process as a core dump of the kernel would hold it: without the pages that are left out.
fn core_of(pid: u32, core: &Path) -> Option<Vec<u8>> {
    let mut gdb = Command::new("gdb");
    gdb.args(["-q", "-batch", "-p", &pid.to_string(), "-ex"]);
    gdb.arg(format!("gcore {}", core.display()));
    let output = gdb.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    fs::read(core).ok()
}

fn expect_none(folder: &Path, pass: &Path, options: &[&str], archive: &Path) {
    let core = folder.join("core");
    let dump = format!("gcore {}", core.display());
    let mut gdb = Command::new("gdb");
    gdb.args(["-q", "-batch"]);
    for line in [
        "set confirm off",
        "set use-coredump-filter off",
        "set dump-excluded-mappings on",
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
    let mut memory = Vec::new();
    file.read_to_end(&mut memory).unwrap();
    assert_eq!(found_in(&memory), None, "{options:?}");
}

/// Returns what stands around a copy of a piece of the passphrase.
fn found_in(memory: &[u8]) -> Option<String> {
    assert!(memory.len() > 1 << 20);
    let pieces: Vec<&[u8]> = PASSPHRASE.as_bytes().windows(PIECE_BYTES).collect();
    let mut is_first = [false; 256];
    for piece in &pieces {
        is_first[usize::from(piece[0])] = true;
    }
    let found = memory
        .windows(PIECE_BYTES)
        .position(|window| is_first[usize::from(window[0])] && pieces.contains(&window));
    found.map(|at| String::from_utf8_lossy(&memory[at.saturating_sub(60)..at + 60]).into_owned())
}
