// SPDX-License-Identifier: GPL-3.0-or-later
//! Large volumes: memory that does not grow with them, and holes that take no time. Slow, hence only on request.

use std::{fs, os::unix::fs::FileExt, path::Path, process::Command, time::Duration};

use crate::support::{
    noise::Noise,
    programs::{self, only_archive, passfile},
    roots::{self, Fill, GIB, MIB, Vm},
    tools,
};

/// The most memory that either tool may use with a volume of any size, on two processors.
const MOST_BYTES: u64 = 600 * MIB;

#[test]
fn memory_does_not_grow_with_a_volume_of_three_gibibytes() {
    if !tools::slow_wanted() || !tools::have(&["setpriv"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (root, target, here) = (
        folder.path().join("root"),
        folder.path().join("target"),
        folder.path().join("here"),
    );
    roots::make(
        &root,
        &[Vm::new("large", "StandaloneVM")
            .volume("root", Fill::Holes(3 * GIB))
            .volume("private", Fill::Holes(MIB))],
    );
    fill_half_noise_half_text(&root.join("var/lib/qubes/appvms/large/root.img"));
    fs::create_dir(&target).unwrap();
    let pass = passfile(folder.path(), "a passphrase of the tests");

    let mut command = programs::qvm_backup();
    command
        .arg("--root")
        .arg(&root)
        .args(["-y", "-p"])
        .arg(&pass)
        .arg(&target)
        .arg("large");
    measure("backup of 3 GiB", &mut command, folder.path());
    let archive = only_archive(&target);
    let mut command = programs::qvm_backup_restore();
    command
        .arg("--root")
        .arg(&root)
        .args(["--verify-only", "-p"])
        .arg(&pass)
        .arg(&archive);
    measure("verification of 3 GiB", &mut command, folder.path());
    let mut command = programs::qvm_backup_restore();
    command.arg("--new-root").arg(&here).arg("-p").arg(&pass).arg(&archive);
    measure("restore of 3 GiB", &mut command, folder.path());
    let volume = "var/lib/qubes/appvms/large/root.img";
    tools::shell(
        folder.path(),
        "cmp \"$one\" \"$other\"",
        &[
            ("one", root.join(volume).as_os_str()),
            ("other", here.join(volume).as_os_str()),
        ],
    );
}

fn fill_half_noise_half_text(path: &Path) {
    let file = fs::File::options().write(true).open(path).unwrap();
    let mut noise = Noise::new(60);
    for mebibyte in 0..3 * 1024 {
        let bytes = if mebibyte % 2 == 0 {
            noise.bytes(MIB as usize)
        } else {
            noise.text(MIB as usize)
        };
        file.write_all_at(&bytes, mebibyte * MIB).unwrap();
    }
}

/// Runs a tool and holds that it succeeds within the bounds of memory. Returns the time that it took.
#[track_caller]
fn measure(what: &str, command: &mut Command, folder: &Path) -> Duration {
    let mut running = programs::start(command, folder);
    let status = format!("/proc/{}/status", running.pid());
    let mut peak = 0;
    while !running.has_ended() {
        if let Some(bytes) = fs::read_to_string(&status).ok().as_deref().and_then(peak_bytes) {
            peak = peak.max(bytes);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let run = running.finish(Duration::from_secs(1)).expect(0);
    tools::say(&format!(
        "{what}: {} MiB at most, {:.1} s",
        peak / MIB,
        run.elapsed.as_secs_f64()
    ));
    assert!(peak > 0 && peak < MOST_BYTES, "{what}: {} MiB", peak / MIB);
    run.elapsed
}

/// The peak of a process's memory, from its status in `/proc`.
fn peak_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim()
        .strip_suffix(" kB")?
        .trim()
        .parse::<u64>()
        .ok()
        .map(|kib| kib * 1024)
}

#[test]
fn a_hundred_gibibytes_of_holes_take_no_time() {
    if !tools::slow_wanted() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let vm = |name: &str, size| {
        Vm::new(name, "StandaloneVM")
            .volume("root", Fill::Sparse(size, 50 * MIB, 61))
            .volume("private", Fill::Holes(0))
    };
    roots::make(&root, &[vm("compact", 64 * MIB), vm("hollow", 100 * GIB)]);
    let pass = passfile(folder.path(), "a passphrase of the tests");
    let mut times = Vec::new();
    for name in ["compact", "hollow"] {
        let (target, here) = (
            folder.path().join(format!("{name}-target")),
            folder.path().join(format!("{name}-here")),
        );
        fs::create_dir(&target).unwrap();
        let mut command = programs::qvm_backup();
        command
            .arg("--root")
            .arg(&root)
            .args(["-y", "-p"])
            .arg(&pass)
            .arg(&target)
            .arg(name);
        let backup = measure(&format!("backup of {name}"), &mut command, folder.path());
        let mut command = programs::qvm_backup_restore();
        command
            .arg("--new-root")
            .arg(&here)
            .arg("-p")
            .arg(&pass)
            .arg(only_archive(&target));
        times.push((
            backup,
            measure(&format!("restore of {name}"), &mut command, folder.path()),
        ));
    }
    let [(compact_backup, compact_restore), (hollow_backup, hollow_restore)] = times[..] else {
        unreachable!()
    };
    let slack = Duration::from_secs(3);
    assert!(
        hollow_backup < compact_backup + slack,
        "{hollow_backup:?} against {compact_backup:?}"
    );
    assert!(
        hollow_restore < compact_restore + slack,
        "{hollow_restore:?} against {compact_restore:?}"
    );
    let volume = "var/lib/qubes/appvms/hollow/root.img";
    expect_same_data(&root.join(volume), &folder.path().join("hollow-here").join(volume));
}

/// Compares where there is data, which for so many holes is the only way.
#[track_caller]
fn expect_same_data(there: &Path, here: &Path) {
    use std::os::unix::fs::MetadataExt;
    let (one, other) = (fs::metadata(there).unwrap(), fs::metadata(here).unwrap());
    assert_eq!(one.len(), other.len());
    assert!(
        other.blocks() <= one.blocks() + one.blocks() / 100 + 16,
        "{} against {} blocks",
        other.blocks(),
        one.blocks()
    );
    let file = |path: &Path| fs::File::open(path).unwrap();
    let (there, here) = (file(there), file(here));
    let mut position = 0;
    while let Ok(start) = rustix::fs::seek(&there, rustix::fs::SeekFrom::Data(position)) {
        let end = rustix::fs::seek(&there, rustix::fs::SeekFrom::Hole(start)).unwrap();
        let mut offset = start;
        while offset < end {
            let length = (end - offset).min(MIB) as usize;
            let (mut one, mut other) = (vec![0; length], vec![0; length]);
            there.read_exact_at(&mut one, offset).unwrap();
            here.read_exact_at(&mut other, offset).unwrap();
            assert!(one == other, "differs at {offset}");
            offset += length as u64;
        }
        position = end;
    }
}
