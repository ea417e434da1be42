// SPDX-License-Identifier: GPL-3.0-or-later
//! The ways on after a run has ended, other than closing the window.

use std::path::PathBuf;

use crate::{
    engine::{Degree, Report, VmReport, VmResult},
    job::{JobKind, Outcome},
};

/// A way on after a run has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// The same once more, with everything that was chosen.
    TryAgain,
    /// The VMs are restored that a verification found whole.
    RestoreVerified {
        /// Their names in the archive.
        vms: Vec<String>,
    },
    /// The VMs are restored that a restore has not brought here; those that are here are left alone.
    RestoreMissing {
        /// Their names in the archive.
        vms: Vec<String>,
    },
    /// The desktop shows the directory of what was made.
    OpenFolder {
        /// The directory.
        folder: PathBuf,
    },
    /// The backup is repeated by itself from now on.
    Repeat,
    /// The VM that holds the disk shows its file dialog, in which the disk can be unmounted.
    Unmount {
        /// The VM.
        vm: String,
    },
}

/// Returns the ways on after a run, the one first that most would take. `disk_vm` is the VM that holds the disk with the
/// archive, if another one than dom0 does; `may_repeat` says that a backup can be repeated and is not yet.
pub fn ways_on(kind: JobKind, outcome: &Outcome, disk_vm: Option<&str>, may_repeat: bool) -> Vec<Way> {
    let mut ways = Vec::new();
    if let Outcome::Done(report) = outcome {
        let vms = verified(report);
        if kind == JobKind::Verify && !vms.is_empty() {
            ways.push(Way::RestoreVerified { vms });
        }
    }
    // An extraction begins with the choice of its file, which its window leads back to.
    if outcome.degree(kind) != Degree::Complete && kind != JobKind::Extract {
        ways.push(missing(kind, outcome).unwrap_or(Way::TryAgain));
    }
    if let Outcome::Done(report) = outcome {
        ways.extend(folder(kind, report).map(|folder| Way::OpenFolder { folder }));
    }
    if may_repeat && kind == JobKind::Backup && outcome.degree(kind) == Degree::Complete {
        ways.push(Way::Repeat);
    }
    ways.extend(disk_vm.map(|vm| Way::Unmount { vm: vm.to_owned() }));
    ways
}

/// The way to restore the rest, after a restore that has brought some VMs here and others not.
fn missing(kind: JobKind, outcome: &Outcome) -> Option<Way> {
    let vms = match outcome {
        Outcome::Done(report) => &report.vms,
        Outcome::Cancelled(partial) | Outcome::Failed(_, partial) => &partial.vms,
    };
    let is_missing = |vm: &&VmReport| matches!(vm.result, VmResult::Failed(_) | VmResult::NotReached);
    let missing: Vec<String> = vms.iter().filter(is_missing).map(|vm| vm.name.clone()).collect();
    let has_brought = vms.iter().any(|vm| vm.result.is_there());
    (kind == JobKind::Restore && has_brought && !missing.is_empty()).then_some(Way::RestoreMissing { vms: missing })
}

fn verified(report: &Report) -> Vec<String> {
    let whole = report.vms.iter().filter(|vm| vm.result == VmResult::Done);
    whole.map(|vm| vm.name.clone()).collect()
}

fn folder(kind: JobKind, report: &Report) -> Option<PathBuf> {
    match kind {
        JobKind::Backup => Some(report.archive.as_ref()?.parent()?.to_owned()),
        JobKind::Restore => report.home_folder.clone(),
        JobKind::Extract => Some(report.extracted.as_ref()?.parent()?.to_owned()),
        JobKind::Verify => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::{ArchiveError, EngineError, Failure, Partial},
        host::DOM0,
    };

    fn vm(name: &str, result: VmResult) -> VmReport {
        VmReport {
            name: name.to_owned(),
            name_here: name.to_owned(),
            items: Vec::new(),
            result,
        }
    }

    fn broken() -> VmResult {
        VmResult::Failed(Failure(EngineError::from(ArchiveError::WrongPassphrase)))
    }

    fn done(vms: Vec<VmReport>, archive: Option<&str>) -> Outcome {
        Outcome::Done(Box::new(Report {
            vms,
            archive: archive.map(PathBuf::from),
            ..Report::default()
        }))
    }

    #[test]
    fn what_was_found_whole_can_be_restored_at_once() {
        let found = done(
            vec![vm("a", VmResult::Done), vm("b", broken()), vm(DOM0, VmResult::Done)],
            None,
        );
        let whole = Way::RestoreVerified {
            vms: vec!["a".to_owned(), DOM0.to_owned()],
        };
        assert_eq!(ways_on(JobKind::Verify, &found, None, false), [whole, Way::TryAgain]);
        let nothing = done(vec![vm("b", broken())], None);
        assert_eq!(ways_on(JobKind::Verify, &nothing, None, false), [Way::TryAgain]);
    }

    #[test]
    fn every_run_that_is_no_success_can_be_tried_again() {
        let failed = Outcome::Failed(EngineError::NoThread, Partial::default());
        let cancelled = Outcome::Cancelled(Partial::default());
        for kind in [JobKind::Backup, JobKind::Restore, JobKind::Verify] {
            assert_eq!(ways_on(kind, &failed, None, false), [Way::TryAgain], "{kind:?}");
            assert_eq!(ways_on(kind, &cancelled, None, false), [Way::TryAgain], "{kind:?}");
        }
    }

    #[test]
    fn what_a_restore_has_brought_here_is_not_restored_again() {
        let vms = || {
            vec![
                vm("a", VmResult::Done),
                vm("b", broken()),
                vm("c", VmResult::NotReached),
            ]
        };
        let rest = Way::RestoreMissing {
            vms: vec!["b".to_owned(), "c".to_owned()],
        };
        let partial = Partial {
            vms: vms(),
            ..Partial::default()
        };
        for outcome in [done(vms(), None), Outcome::Cancelled(partial)] {
            assert_eq!(
                ways_on(JobKind::Restore, &outcome, None, false),
                std::slice::from_ref(&rest)
            );
        }
        let nothing = done(vec![vm("b", broken())], None);
        assert_eq!(ways_on(JobKind::Restore, &nothing, None, false), [Way::TryAgain]);
    }

    #[test]
    fn the_folder_of_a_new_backup_can_be_opened() {
        let made = done(vec![vm("a", VmResult::Done)], Some("/mnt/disk/backup"));
        let folder = PathBuf::from("/mnt/disk");
        assert_eq!(
            ways_on(JobKind::Backup, &made, None, false),
            [Way::OpenFolder { folder }]
        );
        assert_eq!(
            ways_on(JobKind::Backup, &done(vec![vm("a", VmResult::Done)], None), None, false),
            []
        );
    }

    #[test]
    fn a_disk_in_another_vm_can_be_unmounted_after_every_run() {
        let unmount = Way::Unmount {
            vm: "sys-usb".to_owned(),
        };
        let made = done(vec![vm("a", VmResult::Done)], None);
        let after_success = ways_on(JobKind::Backup, &made, Some("sys-usb"), false);
        assert_eq!(after_success, std::slice::from_ref(&unmount));
        let failed = Outcome::Failed(EngineError::NoThread, Partial::default());
        // What most would take comes first.
        assert_eq!(
            ways_on(JobKind::Restore, &failed, Some("sys-usb"), false),
            [Way::TryAgain, unmount]
        );
    }

    #[test]
    fn only_a_backup_that_went_well_can_be_repeated() {
        let made = done(vec![vm("a", VmResult::Done)], None);
        assert_eq!(ways_on(JobKind::Backup, &made, None, true), [Way::Repeat]);
        assert_eq!(ways_on(JobKind::Restore, &made, None, true), []);
        let failed = Outcome::Failed(EngineError::NoThread, Partial::default());
        assert_eq!(ways_on(JobKind::Backup, &failed, None, true), [Way::TryAgain]);
    }
}
