// SPDX-License-Identifier: GPL-3.0-or-later
//! What goes wrong around the tools: full disks, signals, places that cannot be written, homes with odd files.
//!
//! After each of them the exit code says what it was, nothing said sounds like success, no archive has a final name, and
//! the next run works.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    noise::Noise,
    programs::{self, Run, expect_no_archive, names, only_archive},
    roots::{self, KIB, MIB},
    tools,
    wait::JOB,
    workspace::{SOON, Workspace, bulk},
};

#[test]
fn an_interrupted_backup_leaves_nothing_and_the_next_one_works() {
    let place = Workspace::new(&bulk());
    let mut noise = Noise::new(31);
    let mut interrupted = 0;
    for round in 0..8 {
        let folder = place.path(&format!("round{round}"));
        fs::create_dir(&folder).unwrap();
        let mut command = place.backup();
        let command = programs::with_real_keys(command.arg(place.path("target")).arg("bulk"));
        let running = programs::start(command, &folder);
        thread::sleep(Duration::from_millis(100 + noise.below(1500)));
        running.signal(if round % 2 == 0 { "INT" } else { "TERM" });
        let asked = Instant::now();
        let run = running.finish(JOB);
        match run.code {
            4 => {
                assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
                run.expect_failure(&[4]);
                assert!(
                    names(&place.path("target")).is_empty(),
                    "{:?}",
                    names(&place.path("target"))
                );
                interrupted += 1;
            }
            // It was done before the signal came, or had not yet learned to listen to it.
            0 => fs::remove_file(only_archive(&place.path("target"))).unwrap(),
            130 | 143 => expect_no_archive(&place.path("target")),
            code => panic!("exit code {code}\n{}", run.said()),
        }
    }
    assert!(interrupted >= 3, "{interrupted} of 8 interrupted");
    programs::finish(place.backup().arg(place.path("target")).arg("vault")).expect(0);
    only_archive(&place.path("target"));
}

#[test]
fn a_backup_that_was_killed_leaves_no_archive_and_does_not_block_the_next_one() {
    let place = Workspace::new(&bulk());
    for (round, delay) in [300, 1100].into_iter().enumerate() {
        let folder = place.path(&format!("round{round}"));
        fs::create_dir(&folder).unwrap();
        let mut command = place.backup();
        let command = programs::with_real_keys(command.arg(place.path("target")).arg("bulk"));
        let running = programs::start(command, &folder);
        thread::sleep(Duration::from_millis(delay));
        running.signal("KILL");
        running.finish(SOON);
        let names = names(&place.path("target"));
        assert!(
            names.iter().all(|name| name.to_string_lossy().ends_with(".part")),
            "{names:?}"
        );
    }
    programs::finish(place.backup().arg(place.path("target")).arg("vault")).expect(0);
    let whole = names(&place.path("target"))
        .into_iter()
        .filter(|name| !name.to_string_lossy().ends_with(".part"));
    assert_eq!(whole.count(), 1);
}

#[test]
fn a_restore_that_was_killed_does_not_block_the_next_one() {
    let place = Workspace::new(&bulk());
    programs::finish(place.backup().arg(place.path("target")).args(["tpl", "bulk", "vault"])).expect(0);
    let archive = only_archive(&place.path("target"));
    for (round, delay) in [600, 1600].into_iter().enumerate() {
        let here = place.path(&format!("here{round}"));
        let folder = place.path(&format!("round{round}"));
        fs::create_dir(&folder).unwrap();
        let mut command = programs::qvm_backup_restore();
        command
            .arg("--new-root")
            .arg(&here)
            .arg("-p")
            .arg(&place.pass)
            .arg(&archive);
        let running = programs::start(&mut command, &folder);
        thread::sleep(Duration::from_millis(delay));
        running.signal("KILL");
        running.finish(SOON);
        if !here.join("var/lib/qubes/qubes.xml").exists() {
            continue;
        }
        // A volume is in place whole or not at all, also then.
        for (name, domain) in roots::domains(&here).iter().filter(|(name, _)| *name != "dom0") {
            for (volume, path) in roots::volume_files(&here, domain) {
                let own = roots::volume_files(&place.path("root"), &roots::domains(&place.path("root"))[name]);
                assert!(
                    roots::is_blank_or_same(&own[&volume], &path),
                    "half a volume: {}",
                    path.display()
                );
            }
        }
        programs::restore(
            &here,
            &place.pass,
            &archive,
            &["--rename-conflicting", "--ignore-missing"],
        )
        .expect(0);
    }
}

#[test]
fn an_interrupted_restore_leaves_only_whole_vms() {
    let place = Workspace::new(&bulk());
    programs::finish(place.backup().arg(place.path("target")).args(["tpl", "vault", "bulk"])).expect(0);
    let archive = only_archive(&place.path("target"));
    let mut noise = Noise::new(32);
    for round in 0..4 {
        let (here, folder) = (
            place.path(&format!("here{round}")),
            place.path(&format!("round{round}")),
        );
        fs::create_dir(&folder).unwrap();
        roots::make(&here, &[]);
        let mut command = programs::qvm_backup_restore();
        command
            .arg("--root")
            .arg(&here)
            .args(["--ignore-missing", "-p"])
            .arg(&place.pass)
            .arg(&archive);
        let running = programs::start(&mut command, &folder);
        thread::sleep(Duration::from_millis(300 + noise.below(1500)));
        running.signal("INT");
        let run = running.finish(JOB);
        assert!([0, 1, 4, 130].contains(&run.code), "{}\n{}", run.code, run.said());
        for (name, domain) in roots::domains(&here).iter().filter(|(name, _)| *name != "dom0") {
            for (volume, path) in roots::volume_files(&here, domain) {
                let own = roots::volume_files(&place.path("root"), &roots::domains(&place.path("root"))[name]);
                roots::expect_same_volume(&own[&volume], &path);
            }
        }
    }
}

/// Runs a script as root of a private set of mounts, where file systems can be made that are as full as one likes.
fn in_private_mounts(script: &str, variables: &[(&str, &Path)]) -> Option<Run> {
    if !tools::have(&["unshare", "mount"]) {
        return None;
    }
    let is_allowed = Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .output()
        .unwrap()
        .status
        .success();
    if !is_allowed {
        tools::say("private mounts are not allowed here, so full disks were not tried");
        return None;
    }
    let mut command = Command::new("unshare");
    command
        .args(["-rm", "bash", "-c", script])
        .env("LC_ALL", "C.UTF-8")
        .stdin(std::process::Stdio::null());
    for (name, value) in variables {
        command.env(name, value);
    }
    Some(programs::finish(&mut command))
}

#[test]
fn a_full_disk_under_the_archive_is_said_and_leaves_nothing() {
    let place = Workspace::new(&roots::small());
    for size in ["64k", "300k", "500k"] {
        let script = format!(
            "mount -t tmpfs -o size={size} tmpfs $target && $program --root $root -y -p $pass $target vault solo; code=$?; ls -A $target >&2; [ -z \"$(ls -A $target | grep -v part)\" ] || exit 99; exit $code"
        );
        let program = Path::new(env!("CARGO_BIN_EXE_qvm-backup"));
        let (root, target) = (place.path("root"), place.path("target"));
        let Some(run) = in_private_mounts(
            &script,
            &[
                ("program", program),
                ("root", &root),
                ("target", &target),
                ("pass", &place.pass),
            ],
        ) else {
            return;
        };
        let run = run.expect_failure(&[1]);
        assert!(
            run.said().to_lowercase().contains("space") || run.said().contains("room"),
            "{size}: {}",
            run.said()
        );
    }
}

#[test]
fn a_full_disk_under_the_new_volumes_is_said_and_leaves_nothing_half() {
    let place = Workspace::new(&roots::small());
    programs::finish(place.backup().arg(place.path("target")).args(["tpl", "work", "vault"])).expect(0);
    let archive = only_archive(&place.path("target"));
    let here = place.path("here");
    fs::create_dir(&here).unwrap();
    for size in ["256k", "700k", "1100k"] {
        let script = format!(
            "mount -t tmpfs -o size={size} tmpfs $here && $program --new-root $here/new -p $pass $archive; code=$?; [ ! -e $here/new ] || cp -r --sparse=always $here/new $copy; exit $code"
        );
        let program = Path::new(env!("CARGO_BIN_EXE_qvm-backup-restore"));
        let copy = place.path(&format!("copy-{size}"));
        let variables = [
            ("program", program),
            ("here", here.as_path()),
            ("archive", &archive),
            ("copy", &copy),
            ("pass", &place.pass),
        ];
        let Some(run) = in_private_mounts(&script, &variables) else {
            return;
        };
        let run = run.expect_failure(&[1, 3]);
        assert!(
            run.said().to_lowercase().contains("space") || run.said().contains("room"),
            "{size}: {}",
            run.said()
        );
        if !copy.join("var/lib/qubes/qubes.xml").exists() {
            continue;
        }
        for name in roots::domains(&copy).keys().filter(|name| *name != "dom0") {
            let (there, here) = (roots::domains(&place.path("root")), roots::domains(&copy));
            let own = roots::volume_files(&place.path("root"), &there[name]);
            for (volume, path) in roots::volume_files(&copy, &here[name]) {
                assert_eq!(
                    fs::read(&path).unwrap(),
                    fs::read(&own[&volume]).unwrap(),
                    "{size}: {}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn a_file_system_with_small_files_is_said() {
    let place = Workspace::new(&roots::small());
    // Like a FAT disk that takes 4 GiB, only smaller: no file beyond 300 KiB, counted in KiB by the shell.
    let script =
        "trap '' XFSZ; ulimit -f 300; exec \"$program\" --root \"$root\" -y -p \"$pass\" \"$target\" vault solo";
    let mut command = Command::new("bash");
    command
        .args(["-c", script])
        .env("program", env!("CARGO_BIN_EXE_qvm-backup"))
        .env("root", place.path("root"));
    command
        .env("pass", &place.pass)
        .env("target", place.path("target"))
        .stdin(std::process::Stdio::null());
    let run = programs::finish(&mut command).expect_failure(&[1]);
    assert!(run.said().to_lowercase().contains("large"), "{}", run.said());
    assert!(
        names(&place.path("target")).is_empty(),
        "{:?}",
        names(&place.path("target"))
    );
}

#[test]
fn a_place_that_cannot_be_written_is_said_before_the_work() {
    let place = Workspace::new(&roots::small());
    fs::write(place.path("file"), "an old file").unwrap();
    for destination in ["/nonexistent/folder", "/proc"] {
        programs::finish(place.backup().args([destination, "vault"])).expect_failure(&[1, 2]);
    }
    // A file that is there is not overwritten, whatever it is.
    programs::finish(place.backup().arg(place.path("file")).arg("vault")).expect_failure(&[1, 2]);
    assert_eq!(fs::read(place.path("file")).unwrap(), b"an old file");
    fs::set_permissions(place.path("target"), fs::Permissions::from_mode(0o555)).unwrap();
    let run = programs::finish(place.backup().arg(place.path("target")).arg("vault"));
    // The superuser may write everywhere.
    if run.code != 0 {
        run.expect_failure(&[1]);
        expect_no_archive(&place.path("target"));
    }
}

#[test]
fn a_home_with_odd_files_is_saved_and_what_cannot_be_read_is_named() {
    if !tools::have(&["mkfifo", "diff"]) {
        return;
    }
    let place = Workspace::new(&[]);
    let home = place.path("root/home/user");
    fs::write(home.join("line\nbreak"), "odd").unwrap();
    fs::write(home.join("x".repeat(250)), "long").unwrap();
    let deep = home.join("d".repeat(120)).join("e".repeat(120));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("f".repeat(200)), "deep").unwrap();
    fs::write(home.join("sparse"), "x").unwrap();
    fs::File::options()
        .write(true)
        .open(home.join("sparse"))
        .unwrap()
        .set_len(5 * MIB + KIB)
        .unwrap();
    fs::hard_link(home.join("blob"), home.join("blob again")).unwrap();
    programs::finish(Command::new("mkfifo").arg(home.join("pipe"))).expect(0);
    let socket = std::os::unix::net::UnixListener::bind(home.join("socket")).unwrap();
    programs::finish(place.backup().arg(place.path("target")).arg("dom0")).expect(0);
    drop(socket);
    let here = place.path("here");
    programs::restore_new(&here, &place.pass, &only_archive(&place.path("target"))).expect(0);
    let restored = tools::shell(&here, "find . -type d -path '*dom0-home/user'", &[]);
    let restored = here.join(restored.trim());
    for name in ["pipe", "socket"] {
        // Neither holds data; whether they are made again does not matter.
        fs::remove_file(home.join(name)).unwrap();
        if restored.join(name).symlink_metadata().is_ok() {
            fs::remove_file(restored.join(name)).unwrap();
        }
    }
    tools::shell(
        &here,
        "diff -r --no-dereference \"$one\" \"$other\"",
        &[("one", home.as_os_str()), ("other", restored.as_os_str())],
    );
}
