// SPDX-License-Identifier: GPL-3.0-or-later
//! Older backups after a new one: which are removed, and that nothing else ever is.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{
    programs::{Run, finish, names, qvm_backup, verify},
    roots, tools,
    workspace::Workspace,
};

/// A backup of `vault` into the folder for archives, verified, with these options.
fn back_up(place: &Workspace, options: &[&str]) -> Run {
    finish(
        place
            .backup()
            .arg(place.path("target"))
            .args(["vault", "--verify"])
            .args(options),
    )
}

/// Everything below a folder with its content.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for name in names(folder) {
        let path = folder.join(name);
        if path.is_symlink() {
            let target = fs::read_link(&path).unwrap();
            found.insert(path, target.into_os_string().into_encoded_bytes());
        } else if path.is_dir() {
            found.extend(tree(&path));
        } else {
            let content = fs::read(&path).unwrap();
            found.insert(path, content);
        }
    }
    found
}

fn archives(place: &Workspace) -> Vec<PathBuf> {
    let target = place.path("target");
    names(&target).into_iter().map(|name| target.join(name)).collect()
}

/// What was added to a folder since it was looked at.
#[track_caller]
fn added(before: &[PathBuf], after: &[PathBuf]) -> PathBuf {
    let new: Vec<&PathBuf> = after.iter().filter(|path| !before.contains(path)).collect();
    assert_eq!(new.len(), 1, "{before:?} {after:?}");
    new[0].clone()
}

fn list(place: &Workspace) -> PathBuf {
    place.path("root/etc/qubes/backup/pedos-backup.made")
}

fn lines(place: &Workspace) -> usize {
    fs::read_to_string(list(place)).unwrap().lines().count()
}

#[test]
fn of_three_backups_in_a_row_the_last_one_stays_and_what_is_not_theirs() {
    let place = Workspace::new(&roots::small());
    let target = place.path("target");
    // Of another system, of another profile, of other VMs, in another directory, and no backup at all.
    let elsewhere = Workspace::new(&roots::small());
    back_up(&elsewhere, &[]).expect(0);
    let foreign = target
        .join(archives(&elsewhere)[0].file_name().unwrap())
        .with_extension("foreign");
    fs::copy(&archives(&elsewhere)[0], &foreign).unwrap();
    fs::write(target.join("letter"), "mine").unwrap();
    back_up(&place, &["--save-profile", "other"]).expect(0);
    finish(place.backup().arg(&target).args(["dvm", "--verify"])).expect(0);
    fs::create_dir(place.path("second")).unwrap();
    finish(place.backup().arg(place.path("second")).args(["vault", "--verify"])).expect(0);
    let others = archives(&place);
    assert_eq!(others.len(), 4, "{others:?}");
    let mut last: Option<PathBuf> = None;
    for round in 0..3 {
        let run = back_up(&place, &["--keep-last", "1", "--recovery-text"]).expect(0);
        let text = |path: &Path| PathBuf::from(format!("{}.recovery.txt", path.display()));
        let mut now = archives(&place);
        now.retain(|path| path.extension().is_none_or(|end| end != "txt"));
        let new = added(&others, &now);
        assert!(text(&new).exists());
        if let Some(old) = &last {
            assert!(
                run.stdout.contains(&format!("Removed: {}", old.display())),
                "{}",
                run.said()
            );
            assert!(!text(old).exists());
        }
        assert_eq!(archives(&place).len(), others.len() + 2, "round {round}");
        last = Some(new);
    }
    verify(&place.path("root"), &place.pass, &last.unwrap()).expect(0);
    assert!(others.iter().all(|path| path.exists()));
    assert_eq!(names(&place.path("second")).len(), 1);
    // The list has the one of the profile, of the other VM, of the other directory, and the last one.
    assert_eq!(lines(&place), 4);
}

#[test]
fn without_rules_nothing_is_removed() {
    let place = Workspace::new(&roots::small());
    for _ in 0..3 {
        let run = back_up(&place, &[]).expect(0);
        assert!(!run.said().contains("Removed"), "{}", run.said());
    }
    assert_eq!((archives(&place).len(), lines(&place)), (3, 3));
}

#[test]
fn what_took_the_place_of_a_backup_stays() {
    let place = Workspace::new(&roots::small());
    let elsewhere = Workspace::new(&roots::small());
    back_up(&elsewhere, &[]).expect(0);
    let other = fs::read(&archives(&elsewhere)[0]).unwrap();
    let letter = place.path("letter");
    fs::write(&letter, "mine").unwrap();
    let mut made = Vec::new();
    for _ in 0..4 {
        let before = archives(&place);
        back_up(&place, &[]).expect(0);
        made.push(added(&before, &archives(&place)));
    }
    fs::write(&made[0], &other).unwrap();
    fs::write(&made[1], "no backup at all").unwrap();
    fs::remove_file(&made[2]).unwrap();
    std::os::unix::fs::symlink(&letter, &made[2]).unwrap();
    // A text of that name that is about another backup.
    let text = PathBuf::from(format!("{}.recovery.txt", made[3].display()));
    fs::write(&text, "    backup_id=20200101T000000-1\n").unwrap();
    let run = back_up(&place, &["--keep-last", "1"]).expect(0);
    for (path, why) in made.iter().zip(["another file", "another file", "a link"]) {
        let said = format!("{} (", path.display());
        let line = run.stderr.lines().find(|line| line.contains(&said)).unwrap_or_default();
        assert!(line.contains("was not removed") && line.contains(why), "{}", run.said());
    }
    assert_eq!(fs::read(&made[0]).unwrap(), other);
    assert_eq!(fs::read(&made[1]).unwrap(), b"no backup at all");
    assert!(made[2].is_symlink() && letter.exists());
    assert!(!made[3].exists() && text.exists(), "{}", run.said());
}

#[test]
fn a_backup_that_is_not_whole_removes_nothing() {
    let place = Workspace::new(&roots::small());
    let both = |options: &[&str]| {
        let mut command = place.backup();
        finish(
            command
                .arg(place.path("target"))
                .args(["vault", "work", "--verify"])
                .args(options),
        )
    };
    both(&[]).expect(0);
    fs::remove_file(place.path("root/var/lib/qubes/appvms/work/private.img")).unwrap();
    let run = both(&["--keep-last", "1"]).expect(3);
    assert!(run.stderr.contains("no older backup was removed"), "{}", run.said());
    assert_eq!(archives(&place).len(), 2);
}

#[test]
fn rules_without_a_verification_are_refused_and_remove_nothing() {
    let place = Workspace::new(&roots::small());
    back_up(&place, &["--save-profile", "kept", "--keep-last", "1"]).expect(0);
    let profile = place.path("root/etc/qubes/backup/kept.conf");
    let text = fs::read_to_string(&profile).unwrap();
    assert!(text.contains("\n  keep_last: 1\n"), "{text}");
    let refused = |command: &mut Command| {
        let run = finish(command).expect_failure(&[2]);
        assert!(run.stderr.contains("--verify"), "{}", run.stderr);
        assert_eq!(archives(&place).len(), 1);
    };
    refused(
        place
            .backup()
            .arg(place.path("target"))
            .args(["vault", "--keep-daily", "7"]),
    );
    let with_profile = |options: &[&str]| {
        let mut command = qvm_backup();
        command
            .arg("--root")
            .arg(place.path("root"))
            .args(["-y", "--profile", "kept"])
            .args(options);
        command
    };
    refused(&mut with_profile(&["--no-verify"]));
    fs::write(&profile, text.replace("verify: true", "verify: false")).unwrap();
    refused(&mut with_profile(&[]));
    // Where it cannot be verified it cannot be removed either.
    let run = finish(
        place
            .backup()
            .args(["-d", "net", "sh -c 'cat >x'", "vault", "--verify", "--keep-last", "1"]),
    );
    let run = run.expect_failure(&[2]);
    assert!(run.stderr.contains("cannot be verified"), "{}", run.stderr);
    assert!(!place.net_home().join("x").exists());
    // As the profile says; the number of the line goes first.
    fs::write(&profile, &text).unwrap();
    finish(&mut with_profile(&["--keep-last", "2"])).expect(0);
    assert_eq!(archives(&place).len(), 2);
    finish(&mut with_profile(&[])).expect(0);
    assert_eq!(archives(&place).len(), 1);
}

#[test]
fn a_dry_run_says_what_would_stay_and_go_and_touches_nothing() {
    let place = Workspace::new(&roots::small());
    let dry_run = |options: &[&str]| {
        let mut command = qvm_backup();
        command
            .arg("--root")
            .arg(place.path("root"))
            .arg(place.path("target"))
            .args(["vault", "--dry-run"]);
        let before = tree(&place.path(""));
        let run = finish(command.args(options)).expect(0);
        assert_eq!(tree(&place.path("")), before);
        run.stdout
    };
    let said = dry_run(&["--keep-last", "1", "--verify"]);
    assert!(said.contains("the new backup  (one of the last, new"), "{said}");
    assert!(said.contains("No backup would be removed."), "{said}");
    back_up(&place, &[]).expect(0);
    let old = archives(&place)[0].display().to_string();
    back_up(&place, &[]).expect(0);
    let said = dry_run(&["--keep-last", "2", "--keep-monthly", "1", "--verify"]);
    let (staying, leaving) = said.split_once("These backups would be removed:").unwrap();
    // Its name is the beginning of that of one that was made in the same second.
    let is_named = |text: &str| text.lines().any(|line| line.split_whitespace().any(|word| word == old));
    assert!(is_named(leaving) && !is_named(staying), "{said}");
    assert_eq!(staying.matches("(one of the last").count(), 2, "{said}");
    let said = dry_run(&[]);
    assert_eq!(said.matches("there is no rule").count(), 3, "{said}");
    // The rules need a verification here too, so that what is shown is what would happen.
    let line = ["--dry-run", "--keep-last", "1"];
    finish(place.backup().arg(place.path("target")).args(line)).expect_failure(&[2]);
}

#[test]
fn what_will_be_removed_is_said_before_the_question() {
    let place = Workspace::new(&roots::small());
    back_up(&place, &[]).expect(0);
    let old = archives(&place)[0].display().to_string();
    let mut command = place.with_root(qvm_backup(), &[]);
    command
        .arg(place.path("target"))
        .args(["vault", "--verify", "--keep-last", "1"]);
    let run = finish(&mut command);
    let (before, _) = run.stdout.split_once("Do you want to proceed?").unwrap();
    assert!(
        before.contains("will be removed") && before.contains(&old),
        "{}",
        run.said()
    );
    assert_ne!(run.code, 0);
    assert_eq!(archives(&place).len(), 1);
}

#[test]
fn backups_in_a_directory_of_a_vm_are_removed_there() {
    let place = Workspace::new(&roots::small());
    let folder = place.net_home().join("my backups");
    fs::create_dir_all(&folder).unwrap();
    let back_up = |options: &[&str]| {
        let line = ["-d", "net", "/home/user/my backups/", "vault", "--verify"];
        finish(place.backup().args(line).args(options)).expect(0)
    };
    back_up(&[]);
    let first = folder.join(&names(&folder)[0]);
    back_up(&[]);
    let broken = folder.join(&names(&folder)[1]);
    // One has the name of another one now, and one is no archive.
    fs::copy(&broken, &first).unwrap();
    fs::write(&broken, "of the VM").unwrap();
    back_up(&[]);
    fs::write(folder.join("other"), "of the VM too").unwrap();
    let before = names(&folder);
    let run = back_up(&["--keep-last", "1"]);
    assert!(
        run.stdout.contains("Removed: net:/home/user/my backups/"),
        "{}",
        run.said()
    );
    assert_eq!(run.stdout.matches("Removed: ").count(), 1, "{}", run.said());
    assert!(run.stderr.contains("another file"), "{}", run.said());
    assert_eq!(run.stderr.matches("was not removed").count(), 2, "{}", run.said());
    let after = names(&folder);
    assert_eq!(after.len(), before.len(), "{before:?} {after:?}");
    assert!(first.exists() && folder.join("other").exists());
    assert_eq!(fs::read(&broken).unwrap(), b"of the VM");
}

#[test]
fn backups_in_a_store_are_removed_there() {
    const SERVER: &str = "/usr/lib/openssh/sftp-server";
    if !tools::have(&[SERVER]) {
        return;
    }
    let place = Workspace::new(&roots::small());
    let target = place.path("target");
    let back_up = |options: &[&str]| {
        let mut command = place.backup();
        command
            .args(["--store", SERVER])
            .arg(&target)
            .args(["vault", "--verify"]);
        finish(command.args(options)).expect(0)
    };
    back_up(&[]);
    let replaced = archives(&place)[0].clone();
    fs::write(&replaced, "of the store").unwrap();
    back_up(&[]);
    // The same directory without the store is another series.
    finish(place.backup().arg(&target).args(["vault", "--verify"])).expect(0);
    let run = back_up(&["--keep-last", "1"]);
    let said = format!("Removed: {SERVER}:{}/", target.display());
    assert_eq!(run.stdout.matches(&said).count(), 1, "{}", run.said());
    assert!(run.stderr.contains("another file"), "{}", run.said());
    assert_eq!(archives(&place).len(), 3);
    assert_eq!(fs::read(&replaced).unwrap(), b"of the store");
}

#[test]
fn a_backup_on_a_disk_that_is_not_there_counts_for_nobody_and_is_not_forgotten() {
    let place = Workspace::new(&roots::small());
    let (target, disk) = (place.path("target"), place.path("disk"));
    back_up(&place, &[]).expect(0);
    // Another disk in the place of the first one.
    fs::rename(&target, &disk).unwrap();
    fs::create_dir(&target).unwrap();
    for _ in 0..2 {
        let run = back_up(&place, &["--keep-last", "1"]).expect(0);
        assert!(!run.stderr.contains("warning"), "{}", run.said());
        assert_eq!(archives(&place).len(), 1);
    }
    assert_eq!(names(&disk).len(), 1);
}
