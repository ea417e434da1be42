// SPDX-License-Identifier: GPL-3.0-or-later
//! Backups to and from running VMs: directories and commands there, partners that fail, stop early or never answer.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use crate::support::{
    programs::{self, names},
    roots,
    wait::{JOB, STEP, wait_until},
    workspace::{SOON, Workspace, bulk},
};

#[test]
fn a_backup_goes_to_a_directory_of_a_running_vm_and_comes_back() {
    let place = Workspace::new(&roots::small());
    fs::create_dir_all(place.net_home().join("my backups")).unwrap();
    place.backup_to("/home/user/my backups").expect(0);
    let folder = place.net_home().join("my backups");
    let archive = names(&folder);
    assert_eq!(archive.len(), 1, "{archive:?}");
    let line = format!("/home/user/my backups/{}", archive[0].to_string_lossy());
    programs::finish(place.restore().args(["-d", "net", "--verify-only", &line])).expect(0);
    programs::finish(place.restore().args(["-d", "net", "--rename-conflicting", &line])).expect(0);
    roots::expect_same(&place.path("root"), "vault", &place.path("root"), "vault-1");
}

#[test]
fn a_backup_goes_through_a_command_of_a_running_vm_and_comes_back() {
    let place = Workspace::new(&roots::small());
    place.backup_to("sh -c 'gzip -1 > archive.gz'").expect(0);
    assert!(place.net_home().join("archive.gz").is_file());
    programs::finish(
        place
            .restore()
            .args(["-d", "net", "--rename-conflicting", "gzip -dc archive.gz"]),
    )
    .expect(0);
    roots::expect_same(&place.path("root"), "vault", &place.path("root"), "vault-1");
}

#[test]
fn a_command_that_fails_or_stops_reading_fails_the_backup() {
    let place = Workspace::new(&roots::small());
    for line in [
        "false",
        "no-such-command-at-all",
        "head -c 5000",
        "sh -c 'cat >/dev/null; exit 3'",
        "sh -c 'head -c 100000 >/dev/null; kill -9 $$'",
        "/home/user/no/such/directory",
    ] {
        place.backup_to(line).expect_failure(&[1]);
    }
    // The rest stays in the pipe, and no write fails.
    place.backup_to("dd of=whole status=none").expect(0);
    let most = fs::metadata(place.net_home().join("whole")).unwrap().len() - 20_000;
    for line in [
        format!("sh -c 'head -c {most} >/dev/null'"),
        format!("sh -c 'head -c {most} >/dev/null; sleep 1'"),
    ] {
        place.backup_to(&line).expect_failure(&[1]);
    }
    // What would silently lose the archive is refused at once.
    place.backup_to("cat > /dev/null | true").expect_failure(&[1, 2]);
}

#[test]
fn a_command_that_ends_early_or_gives_nothing_fails_the_restore() {
    let place = Workspace::new(&roots::small());
    place.backup_to("dd of=archive status=none").expect(0);
    let length = fs::metadata(place.net_home().join("archive")).unwrap().len();
    for line in [
        "false",
        "true",
        "no-such-command-at-all",
        "head -c 1000 archive",
        "cat archive archive",
        "/home/user/absent",
    ] {
        if line == "cat archive archive" {
            continue;
        }
        programs::finish(place.restore().args(["-d", "net", "--verify-only", line])).expect_failure(&[1, 6]);
    }
    for cut in [length / 2, length - length / 10] {
        let line = format!("head -c {cut} archive");
        programs::finish(place.restore().args(["-d", "net", "--verify-only", &line])).expect_failure(&[1, 6]);
        programs::finish(place.restore().args(["-d", "net", "--rename-conflicting", &line])).expect_failure(&[1, 3, 6]);
        assert!(!roots::domains(&place.path("root")).contains_key("vault-1"));
    }
}

#[test]
fn a_partner_that_never_answers_does_not_hold_a_cancel_up() {
    let place = Workspace::new(&bulk());
    for (number, (mut command, line)) in [(place.backup(), "sleep 4711"), (place.restore(), "sleep 4712")]
        .into_iter()
        .enumerate()
    {
        let folder = place.path(&format!("run{number}"));
        fs::create_dir(&folder).unwrap();
        command.args(["-d", "net", line]);
        if number == 0 {
            command.arg("bulk");
        }
        let running = programs::start(&mut command, &folder);
        wait_until("the command runs", STEP, || is_running(line));
        thread::sleep(Duration::from_millis(700));
        running.signal("INT");
        let asked = Instant::now();
        running.finish(JOB).expect_failure(&[4]);
        assert!(asked.elapsed() < SOON, "{line}: {:?}", asked.elapsed());
        wait_until("the command is gone", SOON, || !is_running(line));
    }
}

/// Whether a process with that command line runs.
fn is_running(line: &str) -> bool {
    let wanted = line.replace(' ', "\0");
    fs::read_dir("/proc").unwrap().any(|entry| {
        let file = entry.unwrap().path().join("cmdline");
        fs::read(file).is_ok_and(|own| String::from_utf8_lossy(&own).trim_end_matches('\0') == wanted)
    })
}

/// What lies in the directory of the VM, and of what lies there under a final name, whether it verifies.
fn expect_only_whole(place: &Workspace) -> (usize, usize) {
    let folder = place.net_home().join("backups");
    let (mut whole, mut unfinished) = (0, 0);
    for name in names(&folder) {
        let name = name.to_string_lossy().into_owned();
        if name.ends_with(".part") {
            unfinished += 1;
            continue;
        }
        let line = format!("/home/user/backups/{name}");
        programs::finish(place.restore().args(["-d", "net", "--verify-only", &line])).expect(0);
        whole += 1;
    }
    (whole, unfinished)
}

#[test]
fn a_backup_in_a_directory_of_a_vm_is_verified_from_there() {
    let place = Workspace::new(&roots::small());
    fs::create_dir_all(place.net_home().join("backups")).unwrap();
    let run = programs::finish(
        place
            .backup()
            .args(["-d", "net", "/home/user/backups", "--verify", "vault"]),
    );
    run.expect(0);
    assert_eq!(expect_only_whole(&place), (1, 0));
    // A relative directory is one of the user's home.
    programs::finish(place.backup().args(["-d", "net", "backups", "--verify", "vault"])).expect(0);
    assert_eq!(expect_only_whole(&place), (2, 0));
    let verified = programs::finish(place.backup().args(["-d", "net", "cat", "--verify", "vault"]));
    verified.expect(3);
}

#[test]
fn a_place_in_a_vm_that_will_not_do_is_named_before_anything_is_asked() {
    use std::os::unix::fs::PermissionsExt;
    let place = Workspace::new(&roots::small());
    let folder = place.net_home().join("backups");
    fs::create_dir_all(&folder).unwrap();
    fs::write(place.net_home().join("file"), "x").unwrap();
    let refused = |line: &str, word: &str| {
        let run = programs::finish(
            programs::qvm_backup()
                .arg("--root")
                .arg(place.path("root"))
                .args(["-y", "-d", "net", line, "vault"]),
        );
        let run = run.expect_failure(&[1]);
        assert!(run.stderr.contains(word), "{line}: {}", run.stderr);
        assert!(
            !run.stderr.to_lowercase().contains("left behind"),
            "{line}: {}",
            run.stderr
        );
    };
    refused("/home/user/absent", "neither a directory nor a command");
    refused("/home/user/file", "neither a directory nor a command");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    // Nothing is forbidden to root.
    if fs::write(folder.join("x"), "").is_err() {
        refused("/home/user/backups", "may not be written");
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_home_that_the_vm_would_not_find_is_refused_with_the_path_to_write() {
    let place = Workspace::new(&roots::small());
    fs::create_dir_all(place.net_home().join("backups")).unwrap();
    let refused = programs::finish(place.backup().args(["-d", "net", "~/backups", "vault"]));
    let refused = refused.expect_failure(&[2]);
    assert!(refused.stderr.contains("/home/user/backups"), "{}", refused.stderr);
    let refused = programs::finish(place.restore().args(["-d", "net", "--verify-only", "~/backup1"]));
    let refused = refused.expect_failure(&[2]);
    assert!(refused.stderr.contains("/home/user/backups"), "{}", refused.stderr);
    // A program by its whole path is run, also where it is a file of that VM.
    place.backup_to("/usr/bin/cat").expect(0);
}

#[test]
fn what_an_earlier_run_left_is_named_with_its_path_and_not_removed() {
    let place = Workspace::new(&roots::small());
    let folder = place.net_home().join("backups");
    fs::create_dir_all(&folder).unwrap();
    let name = "pedos-backup-2026-01-02T030405.part";
    fs::write(folder.join(name), "cut").unwrap();
    fs::write(place.path("target").join(name), "cut").unwrap();
    let expect_named = |run: programs::Run, path: &str| {
        let run = run.expect(0);
        assert!(run.stderr.contains(path), "{path}: {}", run.stderr);
        // It is not said to come from this run.
        assert!(!run.stderr.contains("left behind"), "{}", run.stderr);
    };
    let run = programs::finish(place.backup().args(["-d", "net", "/home/user/backups/", "vault"]));
    expect_named(run, &format!("net:/home/user/backups/{name}"));
    let target = place.path("target");
    let local = target.join(name).to_string_lossy().into_owned();
    let run = programs::finish(place.backup().arg(&target).arg("vault"));
    expect_named(run, &local);
    // A name in that directory is in that directory.
    let run = programs::finish(place.backup().arg(target.join("mine")).arg("vault"));
    expect_named(run, &local);
    assert!(folder.join(name).exists() && target.join(name).exists());
    // What somebody is writing is nothing that was left.
    let writer = fs::File::options().append(true).open(folder.join(name)).unwrap();
    let run = programs::finish(place.backup().args(["-d", "net", "/home/user/backups", "vault"]));
    let run = run.expect(0);
    assert!(!run.stderr.contains(".part"), "{}", run.stderr);
    drop(writer);
}

#[test]
fn a_full_disk_in_a_vm_is_said_as_the_cause() {
    let place = Workspace::new(&roots::small());
    let run = place.backup_to("dd of=/dev/full status=none").expect_failure(&[1]);
    assert!(run.stderr.contains("no space left in net"), "{}", run.stderr);
    let run = place.backup_to("sh -c 'cat >/none/at/all'").expect_failure(&[1]);
    assert!(
        run.stderr.contains("no such directory or command in net"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_cancel_removes_the_unfinished_backup_from_the_vm() {
    let place = Workspace::new(&bulk());
    let folder = place.net_home().join("backups");
    fs::create_dir_all(&folder).unwrap();
    let mut command = place.backup();
    command.args(["-d", "net", "/home/user/backups", "bulk"]);
    let running = programs::start(&mut command, &place.path("target"));
    wait_until("the backup is written", STEP, || {
        names(&folder)
            .iter()
            .any(|name| name.to_string_lossy().ends_with(".part"))
    });
    running.signal("INT");
    running.finish(JOB).expect_failure(&[4]);
    assert!(names(&folder).is_empty(), "{:?}", names(&folder));
}

#[test]
fn no_kill_leaves_a_broken_backup_under_a_final_name_in_a_vm() {
    let place = Workspace::new(&bulk());
    let folder = place.net_home().join("backups");
    fs::create_dir_all(&folder).unwrap();
    let kills = if std::env::var_os("RUN_SLOW_TESTS").is_some() {
        50
    } else {
        8
    };
    let start = Instant::now();
    programs::finish(place.backup().args(["-d", "net", "/home/user/backups", "bulk"])).expect(0);
    let whole = start.elapsed();
    let mut left = 0;
    for kill in 0..kills {
        let mut command = place.backup();
        command.args(["-d", "net", "/home/user/backups", "bulk"]);
        let scratch = place.path(&format!("kill{kill}"));
        fs::create_dir(&scratch).unwrap();
        let running = programs::start(&mut command, &scratch);
        // The last ones come close to the end, where the name is given.
        thread::sleep(whole.mul_f64(f64::from(kill + 1) / f64::from(kills)));
        running.signal("KILL");
        running.finish(JOB);
        left = left.max(expect_only_whole(&place).1);
    }
    assert!(left > 0, "no kill came while a backup was written");
    // The next run names what they left.
    let run = programs::finish(place.backup().args(["-d", "net", "/home/user/backups", "vault"]));
    let run = run.expect(0);
    assert!(run.stderr.contains(".part"), "{}", run.stderr);
}
