// SPDX-License-Identifier: GPL-3.0-or-later
//! Archives that were split into several files, and archives that come through a pipe.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::support::{
    programs::{Run, finish, only_archive, qvm_backup_restore, start},
    roots, tools,
    workspace::Workspace,
};

fn archive(place: &Workspace) -> PathBuf {
    finish(place.backup().arg(place.path("target")).args(["work", "vault"])).expect(0);
    only_archive(&place.path("target"))
}

/// Cuts an archive into pieces, at places that have nothing to do with its members.
fn pieces(place: &Workspace, archive: &Path) -> Vec<PathBuf> {
    let bytes = fs::read(archive).unwrap();
    let cuts = [
        0,
        1,
        700,
        bytes.len() / 3,
        bytes.len() / 3,
        bytes.len() - 600,
        bytes.len(),
    ];
    let write = |(index, cut): (usize, &[usize])| {
        let path = place.path(&format!("piece.{index:03}"));
        fs::write(&path, &bytes[cut[0]..cut[1]]).unwrap();
        path
    };
    cuts.windows(2).enumerate().map(write).collect()
}

fn reader(place: &Workspace, options: &[&str], archive: &Path) -> Command {
    let mut command = qvm_backup_restore();
    command.arg("-p").arg(&place.pass).args(options).arg(archive);
    command
}

fn joined(place: &Workspace, options: &[&str], pieces: &[PathBuf]) -> Run {
    finish(reader(place, options, &pieces[0]).arg("--join").args(&pieces[1..]))
}

#[test]
fn several_files_are_read_as_one() {
    let place = Workspace::new(&roots::small());
    let whole = archive(&place);
    let pieces = pieces(&place, &whole);
    let listing = joined(&place, &["--list"], &pieces).expect(0);
    assert!(listing.stdout.contains("vault"), "{}", listing.stdout);
    joined(&place, &["--verify-only"], &pieces).expect(0);
    joined(&place, &["--quick-look"], &pieces).expect(0);
    // As a shell has it that was told piece.*: the first one twice.
    let mut all = vec![pieces[0].clone()];
    all.extend(pieces.iter().cloned());
    joined(&place, &["--verify-only"], &all).expect(0);
    let (one, other) = (place.path("one"), place.path("other"));
    let options = |to: &'static str| ["--extract", "work:private", "-o", to];
    finish(reader(&place, &options("one"), &whole).current_dir(place.folder.path())).expect(0);
    let mut from_pieces = reader(&place, &options("other"), &pieces[0]);
    finish(
        from_pieces
            .current_dir(place.folder.path())
            .arg("--join")
            .args(&pieces[1..]),
    )
    .expect(0);
    assert!(fs::read(&one).unwrap() == fs::read(&other).unwrap());
    let new_root = place.path("new");
    joined(&place, &["--new-root", new_root.to_str().unwrap()], &pieces).expect(0);
    assert!(new_root.join("var/lib/qubes/appvms/work/private.img").exists());
}

#[test]
fn a_piece_that_is_missing_doubled_damaged_or_elsewhere_is_found() {
    let place = Workspace::new(&roots::small());
    let pieces = pieces(&place, &archive(&place));
    // The very last one may hold nothing but the empty blocks behind the end.
    let without_last = &pieces[..pieces.len() - 2];
    joined(&place, &["--verify-only"], without_last).expect_failure(&[6]);
    let mut mixed = pieces.clone();
    mixed.swap(2, 4);
    joined(&place, &["--verify-only"], &mixed).expect_failure(&[6]);
    let mut doubled = pieces.clone();
    doubled.push(pieces[2].clone());
    joined(&place, &["--verify-only"], &doubled).expect_failure(&[2]);
    let mut bytes = fs::read(&pieces[4]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&pieces[4], bytes).unwrap();
    joined(&place, &["--verify-only"], &pieces).expect_failure(&[6]);
    joined(&place, &["--list", "-d", "net"], &pieces).expect(2);
}

#[test]
fn a_pipe_is_read_once_and_in_order() {
    if !tools::have(&["bash"]) {
        return;
    }
    let place = Workspace::new(&roots::small());
    let whole = archive(&place);
    let pieces = pieces(&place, &whole);
    let run = |line: &str| {
        let line = line.replace(
            "PIECES",
            &pieces
                .iter()
                .map(|piece| piece.display().to_string())
                .collect::<Vec<_>>()
                .join(" "),
        );
        let line = line.replace(
            "TOOL",
            &format!(
                "'{}' -p '{}'",
                env!("CARGO_BIN_EXE_qvm-backup-restore"),
                place.pass.display()
            ),
        );
        finish(
            Command::new("bash")
                .args(["-c", &line])
                .current_dir(place.folder.path())
                .env("LC_ALL", "C.UTF-8"),
        )
    };
    for way in ["<(cat PIECES)", "/dev/stdin < <(cat PIECES)"] {
        let listing = run(&format!("TOOL --list {way}")).expect(0);
        assert!(listing.stdout.contains("vault"), "{way}: {}", listing.stdout);
        run(&format!("TOOL --verify-only {way}")).expect(0);
        run(&format!("TOOL --list --notes --json {way}")).expect(0);
    }
    run("cat PIECES | TOOL --new-root through /dev/stdin").expect(0);
    assert!(place.path("through/var/lib/qubes/appvms/work/private.img").exists());
    run("mkfifo fifo; cat PIECES > fifo & TOOL --extract work:private -o out fifo").expect(0);
    run(&format!("TOOL --extract work:private -o again '{}'", whole.display())).expect(0);
    assert!(fs::read(place.path("out")).unwrap() == fs::read(place.path("again")).unwrap());
    // What needs the whole file beforehand says that it cannot do it.
    let look = run("cat PIECES | TOOL --quick-look /dev/stdin").expect(2);
    assert!(
        look.stderr.contains("--quick-look is for a backup that is a file"),
        "{}",
        look.stderr
    );
    // A pipe that ends early is an archive that is cut, wherever it ends.
    for bytes in [1, 600, 2000, 20_000] {
        run(&format!("cat PIECES | head -c {bytes} | TOOL --verify-only /dev/stdin")).expect_failure(&[6]);
    }
    // The last record is filled with up to 10,240 bytes of nothing.
    run("cat PIECES | head -c -12000 | TOOL --verify-only /dev/stdin").expect_failure(&[6]);
    run("TOOL --verify-only <(true)").expect_failure(&[6]);
    let both = run("cat PIECES | TOOL -p - --list /dev/stdin").expect(2);
    assert!(both.stderr.contains("both"), "{}", both.stderr);
}

#[test]
fn a_pipe_that_nobody_writes_to_can_be_given_up() {
    if !tools::have(&["mkfifo"]) {
        return;
    }
    let place = Workspace::new(&roots::small());
    tools::run(Command::new("mkfifo").arg(place.path("fifo")));
    for options in [
        &["--list"][..],
        &["--verify-only"],
        &["--extract", "work:private", "-o", "/tmp/no-such-file-yet"],
    ] {
        let running = start(&mut reader(&place, options, &place.path("fifo")), place.folder.path());
        std::thread::sleep(Duration::from_millis(500));
        running.signal("INT");
        running.finish(Duration::from_secs(2)).expect(4);
    }
}
