// SPDX-License-Identifier: GPL-3.0-or-later
//! What a backup that was not verified leaves alone, and what a program learns of what was removed.

use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use pedos_backup::{
    cancel::CancelToken,
    engine::{self, Context, ItemState, Observer, Phase, Progress, Report, VerifyVerdict, Warning},
    plan::{BackupPlan, RetentionPolicy, RetentionRule},
    transport::Location,
};

use crate::support::{jobs, roots};

/// Does something when a phase begins: on a thread of its own, because those of the job are confined.
struct At {
    phase: Phase,
    begins: SyncSender<()>,
    done: Mutex<Receiver<()>>,
}

impl At {
    fn new(phase: Phase, action: impl Fn() + Send + 'static) -> Self {
        let (begins, begun) = sync_channel(0);
        let (finished, done) = sync_channel(0);
        thread::spawn(move || {
            while begun.recv().is_ok() {
                action();
                finished.send(()).unwrap();
            }
        });
        let done = Mutex::new(done);
        Self { phase, begins, done }
    }
}

impl Observer for At {
    fn phase(&self, phase: Phase) {
        if phase == self.phase {
            self.begins.send(()).unwrap();
            self.done.lock().unwrap().recv().unwrap();
        }
    }
    fn progress(&self, _: Progress) {}
    fn item(&self, _: &str, _: ItemState) {}
    fn warning(&self, _: Warning) {}
}

fn plan(archive: &Path) -> BackupPlan {
    let one = std::num::NonZeroU32::new(1);
    BackupPlan {
        verify: true,
        retention: RetentionPolicy::default().with(RetentionRule::Last, one),
        ..jobs::backup_plan(&["vault"], Location::File(archive.to_owned()))
    }
}

fn run(root: &Path, archive: &Path, context: &Context) -> Report {
    engine::backup::run(&plan(archive), jobs::host(root).as_ref(), context).unwrap()
}

/// A job that is cancelled when a phase begins.
fn cancelled_at(phase: Phase) -> Context {
    let cancel = CancelToken::default();
    let stop = {
        let cancel = cancel.clone();
        move || cancel.cancel()
    };
    Context::new(cancel, Arc::new(At::new(phase, stop)))
}

/// A root, and an archive of it that the next backup may remove.
fn begin(folder: &Path) -> (PathBuf, PathBuf) {
    let (root, old) = (folder.join("root"), folder.join("old"));
    roots::make(&root, &roots::small());
    assert!(run(&root, &old, &Context::default()).is_success());
    (root, old)
}

#[test]
fn a_backup_that_verifies_removes_the_one_before_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (root, old) = begin(folder.path());
    let report = run(&root, &folder.path().join("new"), &Context::default());
    assert!(report.is_success() && report.warnings.is_empty(), "{report:?}");
    assert_eq!(report.removed.len(), 1);
    assert_eq!(report.removed[0].place, old.to_string_lossy());
    assert!(!old.exists() && folder.path().join("new").exists());
}

#[test]
fn a_verification_that_fails_removes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (root, old) = begin(folder.path());
    let new = folder.path().join("new");
    let damage = {
        let new = new.clone();
        move || {
            let file = fs::File::options().write(true).open(&new).unwrap();
            let middle = file.metadata().unwrap().len() / 2;
            file.write_all_at(&[0x55; 64], middle).unwrap();
        }
    };
    let observer = Arc::new(At::new(Phase::Verifying, damage));
    let report = run(&root, &new, &Context::new(CancelToken::default(), observer));
    assert!(matches!(report.verdict, VerifyVerdict::Bad(_)), "{report:?}");
    assert!(
        report.removed.is_empty() && report.warnings.contains(&Warning::OlderKept),
        "{report:?}"
    );
    assert!(old.exists());
    // What is bad is no backup of the list, and keeps nobody's place.
    let list = fs::read_to_string(root.join("etc/qubes/backup/pedos-backup.made")).unwrap();
    assert_eq!(list.lines().count(), 1, "{list}");
}

#[test]
fn a_verification_that_is_cancelled_removes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (root, old) = begin(folder.path());
    let report = run(&root, &folder.path().join("new"), &cancelled_at(Phase::Verifying));
    assert!(matches!(report.verdict, VerifyVerdict::Omitted(_)), "{report:?}");
    assert!(
        report.removed.is_empty() && report.warnings.contains(&Warning::OlderKept),
        "{report:?}"
    );
    assert!(old.exists());
}

#[test]
fn a_cancel_after_the_verification_keeps_the_new_backup_and_the_rest_of_the_old_ones() {
    let folder = tempfile::tempdir().unwrap();
    let (root, old) = begin(folder.path());
    let report = run(&root, &folder.path().join("new"), &cancelled_at(Phase::Removing));
    assert_eq!(report.verdict, VerifyVerdict::Good);
    assert!(
        matches!(&report.warnings[..], [Warning::ArchiveNotRemoved { place, why: engine::NotRemoved::Cancelled }] if *place == old.to_string_lossy()),
        "{report:?}"
    );
    assert!(old.exists() && report.removed.is_empty() && report.is_success());
}

#[test]
fn a_list_that_cannot_be_written_removes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (root, old) = begin(folder.path());
    let list = root.join("etc/qubes/backup/pedos-backup.made");
    fs::create_dir(list.with_extension("made.tmp")).unwrap();
    let report = run(&root, &folder.path().join("new"), &Context::default());
    assert!(
        matches!(&report.warnings[..], [Warning::NotRemembered { .. }]),
        "{report:?}"
    );
    assert!(old.exists() && report.is_success());
}
