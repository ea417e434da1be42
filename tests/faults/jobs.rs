// SPDX-License-Identifier: GPL-3.0-or-later
//! The jobs, and the run that follows each of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    bench::{ALL, VMS},
    state::{self, archives, home_lacks, restored, unfinished, verify},
    support::{
        programs::{finish, names, qvm_backup, qvm_backup_restore},
        roots,
    },
};

/// What a tool is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Job {
    /// A backup that is verified and then takes the place of the one before.
    Backup,
    Verify,
    /// A verification of an archive in which a bit was flipped.
    VerifyDamaged,
    Restore,
    NewRoot,
    Extract,
}

impl Job {
    pub(crate) const ALL: [Self; 6] = [
        Self::Restore,
        Self::NewRoot,
        Self::Extract,
        Self::Backup,
        Self::Verify,
        Self::VerifyDamaged,
    ];

    /// How it ends where nothing goes wrong.
    pub(crate) fn code(self) -> i32 {
        match self {
            Self::VerifyDamaged => 6,
            _ => 0,
        }
    }

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
                .args(ALL),
            Self::Verify => command.arg("--verify-only").arg(archive),
            Self::VerifyDamaged => command.arg("--verify-only").arg(folder.join("damaged")),
            Self::Restore => command
                .args(["--ignore-missing", "--root"])
                .arg(folder.join("here"))
                .arg(archive)
                .args(ALL),
            Self::NewRoot => command.arg("--new-root").arg(folder.join("new")).arg(archive),
            Self::Extract => command
                .args(["--extract", "work:private", "-o"])
                .arg(folder.join("volume"))
                .arg(archive),
        };
        command
    }

    /// Holds that nothing is lost and nothing looks whole that is not. `code` is how the tool ended and `said` its words; there is no code
    /// where it was killed.
    pub(crate) fn check(self, folder: &Path, old: &str, (code, said): (Option<i32>, &str)) {
        let is_done = code == Some(0);
        match self {
            Self::Backup => state::check_archives(folder, old, code, said),
            Self::Verify | Self::VerifyDamaged => {}
            Self::Restore => state::check_restored(&folder.join("here"), folder, is_done, said),
            Self::NewRoot => state::check_new_root(folder, is_done, said),
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
        let mut again = self.command(folder, archive);
        match self {
            Self::Backup => {
                let left = parts(&folder.join("target"));
                let said = finish(&mut again).expect(0).said();
                for part in left {
                    let name = part.file_name().unwrap().to_string_lossy().into_owned();
                    assert!(said.contains(&name), "{name} is not named:\n{said}");
                }
                let whole = archives(folder);
                assert!(!whole.is_empty(), "{whole:?}");
                whole.iter().for_each(|archive| verify(folder, archive));
            }
            Self::Verify | Self::VerifyDamaged => drop(finish(&mut again).expect(self.code())),
            Self::Restore => go_on(folder, &folder.join("here"), archive),
            Self::NewRoot => {
                let new = folder.join("new");
                let run = finish(&mut again);
                if run.code == 0 {
                    state::check_new_root(folder, true, "");
                } else if restored(&new) {
                    go_on(folder, &new, archive);
                } else {
                    // What a killed run has left holds no PedOS: it is named, and its user removes it.
                    let said = run.said();
                    assert!(said.contains("new is not empty"), "{said}");
                    fs::remove_dir_all(&new).unwrap();
                    finish(&mut again).expect(0);
                    state::check_new_root(folder, true, "");
                }
            }
            Self::Extract => {
                if folder.join("volume").exists() {
                    let said = finish(&mut again).expect(1).said();
                    assert!(said.contains("exists already"), "{said}");
                    fs::remove_file(folder.join("volume")).unwrap();
                }
                finish(&mut again).expect(0);
                assert_eq!(parts(folder), Vec::<PathBuf>::new());
            }
        }
    }
}

/// The unfinished files in a folder.
fn parts(folder: &Path) -> Vec<PathBuf> {
    let found = names(folder).into_iter().map(|name| folder.join(name));
    found
        .filter(|path| path.extension().is_some_and(|end| end == "part"))
        .collect()
}

/// Removes what a restore has left unfinished, and restores what is missing.
fn go_on(folder: &Path, here: &Path, archive: &Path) {
    let mut clean = qvm_backup_restore();
    finish(clean.args(["--clean-up", "--yes", "--root"]).arg(here)).expect(0);
    assert_eq!(unfinished(here), Vec::<String>::new());
    assert_eq!(parts(&here.join("home/user")), Vec::<PathBuf>::new());
    let there = roots::domains(here);
    let mut missing: Vec<&str> = VMS.into_iter().filter(|vm| !there.contains_key(*vm)).collect();
    if home_lacks(folder, here) != Some(Vec::new()) {
        missing.push("dom0");
    }
    if !missing.is_empty() {
        let mut command = qvm_backup_restore();
        command.arg("--root").arg(here).arg("-p").arg(folder.join("passphrase"));
        finish(command.arg("--ignore-missing").arg(archive).args(missing)).expect(0);
    }
    state::check_restored(here, folder, true, "");
}
