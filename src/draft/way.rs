// SPDX-License-Identifier: GPL-3.0-or-later
//! The ways on after a run has ended, other than closing the window.

use std::path::PathBuf;

use crate::{
    engine::{Degree, Report, VmResult},
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
    /// The desktop shows the directory of what was made.
    OpenFolder {
        /// The directory.
        folder: PathBuf,
    },
    /// The VM that holds the disk shows its file dialog, in which the disk can be unmounted.
    Unmount {
        /// The VM.
        vm: String,
    },
}

/// Returns the ways on after a run, the one first that most would take. `disk_vm` is the VM that holds the disk with the
/// archive, if another one than dom0 does.
pub fn ways_on(kind: JobKind, outcome: &Outcome, disk_vm: Option<&str>) -> Vec<Way> {
    let mut ways = Vec::new();
    if let Outcome::Done(report) = outcome {
        let vms = verified(report);
        if kind == JobKind::Verify && !vms.is_empty() {
            ways.push(Way::RestoreVerified { vms });
        }
    }
    // An extraction begins with the choice of its file, which its window leads back to.
    if outcome.degree(kind) != Degree::Complete && kind != JobKind::Extract {
        ways.push(Way::TryAgain);
    }
    if let Outcome::Done(report) = outcome {
        ways.extend(folder(kind, report).map(|folder| Way::OpenFolder { folder }));
    }
    ways.extend(disk_vm.map(|vm| Way::Unmount { vm: vm.to_owned() }));
    ways
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
        engine::{ArchiveError, EngineError, Failure, Partial, VmReport},
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
        assert_eq!(ways_on(JobKind::Verify, &found, None), [whole, Way::TryAgain]);
        let nothing = done(vec![vm("b", broken())], None);
        assert_eq!(ways_on(JobKind::Verify, &nothing, None), [Way::TryAgain]);
    }

    #[test]
    fn every_run_that_is_no_success_can_be_tried_again() {
        let failed = Outcome::Failed(EngineError::NoThread, Partial::default());
        let cancelled = Outcome::Cancelled(Partial::default());
        for kind in [JobKind::Backup, JobKind::Restore, JobKind::Verify] {
            assert_eq!(ways_on(kind, &failed, None), [Way::TryAgain], "{kind:?}");
            assert_eq!(ways_on(kind, &cancelled, None), [Way::TryAgain], "{kind:?}");
        }
    }

    #[test]
    fn the_folder_of_a_new_backup_can_be_opened() {
        let made = done(vec![vm("a", VmResult::Done)], Some("/mnt/disk/backup"));
        let folder = PathBuf::from("/mnt/disk");
        assert_eq!(ways_on(JobKind::Backup, &made, None), [Way::OpenFolder { folder }]);
        assert_eq!(
            ways_on(JobKind::Backup, &done(vec![vm("a", VmResult::Done)], None), None),
            []
        );
    }

    #[test]
    fn a_disk_in_another_vm_can_be_unmounted_after_every_run() {
        let unmount = Way::Unmount {
            vm: "sys-usb".to_owned(),
        };
        let made = done(vec![vm("a", VmResult::Done)], None);
        let after_success = ways_on(JobKind::Backup, &made, Some("sys-usb"));
        assert_eq!(after_success, std::slice::from_ref(&unmount));
        let failed = Outcome::Failed(EngineError::NoThread, Partial::default());
        // What most would take comes first.
        assert_eq!(
            ways_on(JobKind::Restore, &failed, Some("sys-usb")),
            [Way::TryAgain, unmount]
        );
    }
}
