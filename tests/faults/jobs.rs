// SPDX-License-Identifier: GPL-3.0-or-later
//! The jobs, and what must hold after each of them, whatever went wrong.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::Command,
};

use pedos_backup::host::IN_PROGRESS_TAG;

use crate::{
    bench::VMS,
    support::{
        programs::{Run, finish, names, qvm_backup, qvm_backup_restore},
        roots,
    },
};

/// What a tool is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Job {
    /// A backup that is verified and then takes the place of the one before.
    Backup,
    Verify,
    Restore,
    NewRoot,
    Extract,
}

impl Job {
    pub(crate) const ALL: [Self; 5] = [Self::Backup, Self::Verify, Self::Restore, Self::NewRoot, Self::Extract];

    /// The command line, for a folder as [`crate::bench::Place`] has it.
    pub(crate) fn command(self, folder: &Path, archive: &Path) -> Command {
        let mut command = match self {
            Self::Backup => qvm_backup(),
            _ => qvm_backup_restore(),
        };
        // One thread of each kind: the calls then come in an order that hardly changes.
        command.args(["-j", "1", "-p"]).arg(folder.join("passphrase"));
        match self {
            Self::Backup => command
                .args(["-y", "--verify", "--keep-last", "1", "--root"])
                .arg(folder.join("root"))
                .arg(folder.join("target"))
                .args(VMS),
            Self::Verify => command.arg("--verify-only").arg(archive),
            Self::Restore => command
                .args(["--ignore-missing", "--root"])
                .arg(folder.join("here"))
                .arg(archive)
                .args(VMS),
            Self::NewRoot => command.arg("--new-root").arg(folder.join("new")).arg(archive),
            Self::Extract => command
                .args(["--extract", "work:private", "-o"])
                .arg(folder.join("volume"))
                .arg(archive),
        };
        command
    }

    /// Holds that nothing is lost and nothing looks whole that is not. `code` is how the tool ended; `None` where it was killed.
    pub(crate) fn check(self, folder: &Path, old: &str, code: Option<i32>) {
        let is_done = code == Some(0);
        match self {
            Self::Backup => check_archives(folder, old, code),
            Self::Verify => {}
            Self::Restore => check_restored(&folder.join("here"), folder, is_done),
            Self::NewRoot => check_new_root(folder, is_done),
            Self::Extract => {
                let volume = folder.join("volume");
                if is_done || volume.exists() {
                    let domains = roots::domains(&folder.join("root"));
                    let own = roots::volume_files(&folder.join("root"), &domains["work"]);
                    roots::expect_same_volume(&own["private"], &volume);
                }
            }
        }
        // Whatever happened to the job: what it read is as it was.
        if self != Self::Backup {
            verify(folder, &folder.join("target").join(old));
        }
    }

    /// Holds that the next run works and puts in order what this one left.
    pub(crate) fn check_next(self, folder: &Path, archive: &Path) {
        match self {
            Self::Backup => {
                finish(&mut self.command(folder, archive)).expect(0);
                let whole = archives(folder);
                assert!(!whole.is_empty(), "{whole:?}");
            }
            Self::Verify => drop(finish(&mut self.command(folder, archive)).expect(0)),
            Self::Restore => {
                let here = folder.join("here");
                let mut clean = qvm_backup_restore();
                finish(clean.args(["--clean-up", "--yes", "--root"]).arg(&here)).expect(0);
                assert_eq!(unfinished(&here), Vec::<String>::new());
                let there = roots::domains(&here);
                let missing: Vec<&str> = VMS.into_iter().filter(|vm| !there.contains_key(*vm)).collect();
                if missing.is_empty() {
                    return;
                }
                let mut command = qvm_backup_restore();
                command
                    .arg("--root")
                    .arg(&here)
                    .arg("-p")
                    .arg(folder.join("passphrase"));
                finish(command.arg("--ignore-missing").arg(archive).args(missing)).expect(0);
                VMS.iter()
                    .for_each(|vm| roots::expect_same(&folder.join("root"), vm, &here, vm));
            }
            Self::NewRoot | Self::Extract => {
                for made in ["new", "volume"].map(|name| folder.join(name)) {
                    let _ = fs::remove_dir_all(&made);
                    let _ = fs::remove_file(&made);
                }
                finish(&mut self.command(folder, archive)).expect(0);
            }
        }
    }
}

/// The archives under final names.
fn archives(folder: &Path) -> Vec<PathBuf> {
    let target = folder.join("target");
    let names = names(&target).into_iter();
    let whole = names.filter(|name| !name.to_string_lossy().ends_with(".part"));
    whole
        .map(|name| target.join(name))
        .filter(|path| path.extension().is_none_or(|end| end != "txt"))
        .collect()
}

fn verified(folder: &Path, archive: &Path) -> Run {
    let mut command = qvm_backup_restore();
    command.args(["--verify-only", "-p"]).arg(folder.join("passphrase"));
    finish(command.arg(archive))
}

#[track_caller]
fn verify(folder: &Path, archive: &Path) {
    verified(folder, archive).expect(0);
}

fn is_good(folder: &Path, archive: &Path) -> bool {
    verified(folder, archive).code == 0
}

/// An archive under a final name is whole. Only a backup that failed and said so may leave one that lacks a VM whose source could not
/// be read; then the one before stays.
fn check_archives(folder: &Path, old: &str, code: Option<i32>) {
    let old = folder.join("target").join(old);
    let (older, newer): (Vec<_>, Vec<_>) = archives(folder).into_iter().partition(|archive| *archive == old);
    older.iter().for_each(|archive| verify(folder, archive));
    let is_failure = code.is_some_and(|code| code != 0);
    if is_failure {
        assert!(
            !older.is_empty() || newer.iter().any(|archive| is_good(folder, archive)),
            "the old archive is gone"
        );
        return;
    }
    newer.iter().for_each(|archive| verify(folder, archive));
    assert!(
        !(older.is_empty() && newer.is_empty()),
        "the old archive is gone, and there is no new one"
    );
    assert!(
        code.is_none() || !newer.is_empty(),
        "it says that there is a new archive"
    );
}

/// The VMs that carry the tag of an unfinished restore.
fn unfinished(here: &Path) -> Vec<String> {
    let domains = roots::domains(here);
    let tagged = domains
        .iter()
        .filter(|(_, domain)| domain.tags.iter().any(|tag| tag == IN_PROGRESS_TAG));
    tagged.map(|(name, _)| name.clone()).collect()
}

fn is_whole(folder: &Path, here: &Path, vm: &str) -> bool {
    catch_unwind(AssertUnwindSafe(|| {
        roots::expect_same(&folder.join("root"), vm, here, vm);
    }))
    .is_ok()
}

fn check_restored(here: &Path, folder: &Path, is_done: bool) {
    let (there, unfinished) = (roots::domains(here), unfinished(here));
    for vm in VMS.into_iter().filter(|vm| there.contains_key(*vm)) {
        let is_named = unfinished.iter().any(|name| name == vm);
        assert!(
            is_named || is_whole(folder, here, vm),
            "{vm} is not whole and does not say so"
        );
        assert!(!(is_named && is_done), "{vm} is not finished");
        check_volumes(folder, here, vm);
    }
    assert!(
        !is_done || VMS.iter().all(|vm| there.contains_key(*vm)),
        "it says that all VMs are there"
    );
    assert!(
        there.contains_key("own") || !here.ends_with("here"),
        "a VM that was there is gone"
    );
}

/// A volume is in place whole or not at all.
fn check_volumes(folder: &Path, here: &Path, vm: &str) {
    let (from, to) = (roots::domains(&folder.join("root")), roots::domains(here));
    let own = roots::volume_files(&folder.join("root"), &from[vm]);
    for (volume, path) in roots::volume_files(here, &to[vm]) {
        // A new volume may have gigabytes, and no block; or zeros, after a power cut.
        let Ok(found) = path.metadata() else { continue };
        let is_whole = || {
            let bytes = fs::read(&path).unwrap();
            bytes.iter().all(|byte| *byte == 0) || bytes == fs::read(&own[&volume]).unwrap()
        };
        assert!(found.blocks() == 0 || is_whole(), "half a volume: {}", path.display());
    }
}

fn check_new_root(folder: &Path, is_done: bool) {
    let new = folder.join("new");
    if new.join("var/lib/qubes/qubes.xml").exists() {
        check_restored(&new, folder, is_done);
    } else {
        assert!(!is_done, "it says that there is a new PedOS");
    }
}
