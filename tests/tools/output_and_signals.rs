// SPDX-License-Identifier: GPL-3.0-or-later
//! How the tools end where their words cannot be printed, where a call of the system does not return, where there are no more
//! threads, and where a name is taken.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::support::{
    programs::{Run, finish, names, only_archive, passfile, qvm_backup, qvm_backup_restore, send_signal, start},
    roots, tools,
    workspace::{PASSPHRASE, Workspace},
};

/// What is promised for the end after a signal.
const TWO_SECONDS: Duration = Duration::from_secs(2);

fn archive(place: &Workspace) -> PathBuf {
    finish(place.backup().arg(place.path("target")).args(["work", "dvm"])).expect(0);
    only_archive(&place.path("target"))
}

fn reader(place: &Workspace, options: &[&str], archive: &Path) -> Command {
    let mut command = place.restore();
    command.args(options).arg(archive);
    command
}

/// Whatever is started for what it prints, and the end of whose words is lost, has failed.
#[test]
fn words_that_are_lost_are_no_success() {
    let place = Workspace::new(&roots::small());
    let archive = archive(&place);
    let ways: [&[&str]; 8] = [
        &["--list"],
        &["--list", "--json"],
        &["--verify-only"],
        &["--verify-only", "--json"],
        &["--dry-run", "--rename-conflicting"],
        &["--dry-run", "--rename-conflicting", "--json"],
        &["--quick-look"],
        &["--extract", "work:private", "-o", "-"],
    ];
    for options in ways {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = reader(&place, options, &archive).stdout(full).output().unwrap();
        // The words are broken into lines.
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(1), "{options:?}: {said}");
        assert!(said.contains("No space left on device"), "{options:?}: {said}");
        let (nobody, writer) = std::io::pipe().unwrap();
        drop(nobody);
        let output = reader(&place, options, &archive).stdout(writer).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{options:?}: {said}");
        assert!(said.contains("error: "), "{options:?}: {said}");
    }
    // The wrong passphrase stays the wrong passphrase.
    let wrong = passfile(&place.path("root"), "wrong");
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = qvm_backup_restore();
    command.arg("-p").arg(wrong).args(["--list", "--json"]).arg(&archive);
    assert_eq!(command.stdout(full).status().unwrap().code(), Some(5));
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    assert_eq!(
        qvm_backup().arg("--help").stdout(full).status().unwrap().code(),
        Some(1)
    );
}

#[track_caller]
fn expect_soon(command: &mut Command, place: &Workspace, signal: &str) {
    let running = start(command, place.folder.path());
    std::thread::sleep(Duration::from_millis(700));
    running.signal(signal);
    let run = running.finish(TWO_SECONDS).expect(4);
    assert!(run.stderr.to_lowercase().contains("cancelled"), "{}", run.stderr);
}

#[test]
fn a_signal_is_heard_where_nothing_comes() {
    if !tools::have(&["mkfifo"]) {
        return;
    }
    let place = Workspace::new(&roots::small());
    let archive = archive(&place);
    let fifo = place.path("fifo");
    tools::run(Command::new("mkfifo").arg(&fifo));
    let profiles = place.path("root/etc/qubes/backup");
    fs::create_dir_all(&profiles).unwrap();
    tools::run(Command::new("mkfifo").arg(profiles.join("p.conf")));
    for signal in ["INT", "TERM", "HUP"] {
        let mut command = qvm_backup_restore();
        expect_soon(command.arg("-p").arg(&fifo).arg("--list").arg(&archive), &place, signal);
        let mut command = qvm_backup();
        command
            .arg("--root")
            .arg(place.path("root"))
            .args(["-y", "-p"])
            .arg(&fifo);
        expect_soon(command.arg(place.path("target")).arg("dvm"), &place, signal);
    }
    // A profile is a file: a pipe in its place is not waited for.
    let mut command = qvm_backup();
    command.arg("--root").arg(place.path("root"));
    finish(command.args(["-y", "--profile", "p"])).expect_failure(&[1]);
    assert_eq!(names(&place.path("target")).len(), 1);
}

#[test]
fn a_signal_is_heard_where_nobody_reads() {
    let place = Workspace::new(&roots::small());
    let archive = archive(&place);
    for signal in ["INT", "TERM"] {
        let (mut command, start) = (
            reader(&place, &["--extract", "work:private", "-o", "-"], &archive),
            Instant::now(),
        );
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The volume is larger than any pipe, and one byte shows that it has begun to come.
        let mut reader = BufReader::with_capacity(1, child.stdout.take().unwrap());
        assert!(!reader.fill_buf().unwrap().is_empty());
        std::thread::sleep(Duration::from_millis(300));
        send_signal(child.id(), signal);
        let hit = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if hit.elapsed() > TWO_SECONDS {
                // The test has failed; nothing more is wanted of the program.
                let _ = child.kill();
                panic!("{signal} is not heard; started {:?} ago", start.elapsed());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(child.wait().unwrap().code(), Some(4));
    }
}

/// As a user whom the system allows few threads.
#[test]
fn too_few_threads_are_said_in_words() {
    if !tools::have(&["bash", "setpriv"]) {
        return;
    }
    let place = Workspace::new(&roots::small());
    let archive = archive(&place);
    let run = |limit: u32, line: &str| -> Run {
        // Root has no such limit; this user has nothing else that runs.
        let script = format!("ulimit -u {limit}; exec setpriv --reuid 54321 --clear-groups {line}");
        finish(Command::new("bash").args(["-c", &script]).env("LC_ALL", "C.UTF-8"))
    };
    tools::run(Command::new("chmod").arg("-R").arg("a+rX").arg(place.folder.path()));
    let line = format!(
        "'{}' -p '{}' --verify-only '{}'",
        env!("CARGO_BIN_EXE_qvm-backup-restore"),
        place.pass.display(),
        archive.display()
    );
    let free = run(4000, &line);
    if free.code != 0 {
        tools::say(&format!(
            "another user cannot run the tool here, so this was not tested: {}",
            free.said()
        ));
        return;
    }
    let mut refused = 0;
    for limit in 1..12 {
        let run = run(limit, &line);
        let said = run.said();
        assert!(
            !said.contains("panicked") && !said.contains("mistake of its own"),
            "{limit}: {said}"
        );
        if run.code != 0 {
            assert_eq!(run.code, 1, "{limit}: {said}");
            assert!(said.contains("allows no more threads"), "{limit}: {said}");
            refused += 1;
        }
    }
    assert!(refused > 0);
}

#[test]
fn two_backups_into_one_folder_and_two_restores_of_a_home_at_one_time_do_not_collide() {
    let place = Workspace::new(&roots::small());
    let folders: Vec<PathBuf> = (0..4).map(|index| place.path(&format!("words{index}"))).collect();
    let backups: Vec<_> = folders
        .iter()
        .map(|folder| {
            fs::create_dir(folder).unwrap();
            start(place.backup().arg(place.path("target")).args(["dvm", "dom0"]), folder)
        })
        .collect();
    for backup in backups {
        backup.finish(Duration::from_secs(60)).expect(0);
    }
    let archives = names(&place.path("target"));
    assert_eq!(archives.len(), 4, "{archives:?}");
    let archive = place.path("target").join(&archives[0]);
    let before = names(&place.path("root/home/user")).len();
    let restores: Vec<_> = folders
        .iter()
        .map(|folder| {
            start(
                reader(&place, &["--ignore-username-mismatch"], &archive).arg("dom0"),
                folder,
            )
        })
        .collect();
    for restore in restores {
        restore.finish(Duration::from_secs(60)).expect(0);
    }
    assert_eq!(names(&place.path("root/home/user")).len(), before + 4);
}

#[test]
fn paths_are_bytes() {
    let place = Workspace::new(&roots::small());
    let odd = place.folder.path().join(OsStr::from_bytes(b"o\xffdd"));
    fs::create_dir(&odd).unwrap();
    let pass = odd.join(OsStr::from_bytes(b"p\xfe"));
    fs::write(&pass, PASSPHRASE).unwrap();
    let mut command = qvm_backup();
    command
        .arg("--root")
        .arg(place.path("root"))
        .args(["-y", "--recovery-text", "-p"])
        .arg(&pass);
    finish(command.arg(&odd).args(["dvm", "dom0"])).expect(0);
    let is_archive =
        |name: &&std::ffi::OsString| name.as_bytes().starts_with(b"pedos-") && !name.as_bytes().ends_with(b"txt");
    let archive = odd.join(names(&odd).iter().find(is_archive).unwrap());
    let run = |options: &[&OsStr]| finish(qvm_backup_restore().arg("-p").arg(&pass).args(options).arg(&archive));
    run(&["--list".as_ref()]).expect(0);
    let home = odd.join(OsStr::from_bytes(b"h\xfd"));
    run(&["--extract".as_ref(), "dom0".as_ref(), "-o".as_ref(), home.as_os_str()]).expect(0);
    assert!(home.is_dir());
    let root = odd.join("new");
    run(&[
        "--new-root".as_ref(),
        root.as_os_str(),
        "--ignore-username-mismatch".as_ref(),
    ])
    .expect(0);
    // A profile is text, and says so before the question.
    let mut command = qvm_backup();
    command
        .arg("--root")
        .arg(place.path("root"))
        .args(["--save-profile", "p", "-p"])
        .arg(&pass);
    let refused = finish(command.arg(&odd).arg("dvm")).expect(1);
    assert!(
        refused.stderr.contains("profile") && !refused.stdout.contains("proceed"),
        "{}",
        refused.said()
    );
}

#[test]
fn what_is_wrong_is_said_before_anything_is_asked_and_all_of_it() {
    let place = Workspace::new(&roots::small());
    let archive = archive(&place);
    let run = finish(
        place
            .backup()
            .arg(place.path("target"))
            .args(["wrok", "dvm", "valut", "wrok"]),
    )
    .expect(2);
    assert!(run.stderr.contains("no such domain: 'wrok', 'valut'"), "{}", run.stderr);
    let run = finish(reader(&place, &[], &archive).args(["wrok", "dvm", "valut"])).expect(2);
    assert!(run.stderr.contains("no such domain: 'wrok', 'valut'"), "{}", run.stderr);
    // Neither question nor passphrase: the input would have an answer for neither.
    let without = |mut command: Command| {
        finish(
            command
                .arg("--root")
                .arg(place.path("root"))
                .arg("-d")
                .args(["nosuch", "/x"]),
        )
    };
    for command in [qvm_backup(), qvm_backup_restore()] {
        let run = without(command).expect(1);
        assert!(run.stderr.contains("no such domain: 'nosuch'"), "{}", run.stderr);
        assert!(
            !run.said().contains("proceed") && !run.said().contains("passphrase"),
            "{}",
            run.said()
        );
    }
    let empty = place.path("empty");
    fs::write(&empty, "").unwrap();
    let mut command = qvm_backup_restore();
    let run = finish(command.arg("-p").arg(&empty).arg("--list").arg(&archive)).expect(1);
    assert!(
        run.stderr.contains("There is no passphrase in ") && run.stderr.contains("empty"),
        "{}",
        run.stderr
    );
    for (content, name) in [
        (&b"plain text\n"[..], "text"),
        (b"", "nothing"),
        (&[0; 20_000], "zeros"),
    ] {
        let file = place.path(name);
        fs::write(&file, content).unwrap();
        let run = finish(qvm_backup_restore().arg("--quick-look").arg(&file)).expect(6);
        assert!(run.stderr.contains("is not a backup of a PedOS"), "{}", run.said());
        assert!(!run.said().contains("damaged:"), "{}", run.said());
    }
    let cut = place.path("cut");
    let bytes = fs::read(&archive).unwrap();
    fs::write(&cut, &bytes[..bytes.len() - 30_000]).unwrap();
    let run = finish(qvm_backup_restore().arg("--quick-look").arg(&cut)).expect(6);
    assert!(run.said().contains("the rest of a member is missing"), "{}", run.said());
}

#[test]
fn a_program_that_waits_for_a_document_gets_one_of_every_failure() {
    let place = Workspace::new(&roots::small());
    let archive = archive(&place);
    let wrong = passfile(&place.path("root"), "wrong");
    for (options, job) in [
        (&["--list"][..], "list"),
        (&["--verify-only"], "verify"),
        (&["--extract", "work:private", "-o", "/nonexistent/x"], "extract"),
        (&["--new-root", "/nonexistent/new/x"], "restore"),
    ] {
        let mut command = qvm_backup_restore();
        command.arg("--json").args(options).arg("-p").arg(&wrong);
        let run = finish(command.arg(&archive));
        assert!(run.code != 0);
        let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(document["job"], job, "{}", run.stdout);
        assert_eq!(document["outcome"], "failed");
        let mut command = qvm_backup_restore();
        let run = finish(
            command
                .arg("--json")
                .args(options)
                .arg("-p")
                .arg(&place.pass)
                .arg("/nonexistent/backup"),
        );
        assert!(run.code != 0);
        let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert!(document["error"]["text"].is_string(), "{}", run.stdout);
    }
}

/// A passphrase with letters that have marks, which keyboards write in two ways.
#[test]
fn the_other_form_of_a_passphrase_opens_an_archive_too() {
    let place = Workspace::new(&roots::small());
    let (composed, decomposed) = ("s\u{fc}\u{df}e \u{c5}pfel 17", "su\u{308}\u{df}e A\u{30a}pfel 17");
    for (written, typed) in [(composed, decomposed), (decomposed, composed)] {
        let folder = place.path(&format!("of-{}", written.len()));
        fs::create_dir(&folder).unwrap();
        let out = folder.join("out");
        fs::create_dir(&out).unwrap();
        let mut command = qvm_backup();
        command
            .arg("--root")
            .arg(place.path("root"))
            .args(["-y", "--verify", "-p"]);
        finish(command.arg(passfile(&folder, written)).arg(&out).arg("dvm")).expect(0);
        let archive = only_archive(&out);
        let pass = passfile(&folder, typed);
        let run = |options: &[&str]| finish(qvm_backup_restore().arg("-p").arg(&pass).args(options).arg(&archive));
        run(&["--list", "--notes"]).expect(0);
        run(&["--new-root", folder.join("new").to_str().unwrap()]).expect(0);
        let pass = passfile(&folder, "susse Apfel 17");
        finish(qvm_backup_restore().arg("-p").arg(&pass).arg("--list").arg(&archive)).expect(5);
    }
}
