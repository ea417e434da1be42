// SPDX-License-Identifier: GPL-3.0-or-later
//! What speaks against a backup, gathered as a person wants to read it: worst first, what is the same of several VMs once,
//! and with what can be done about it.

use super::{BackupRemark, Finding};

/// What can be done about a finding, without leaving the program.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BackupCure {
    /// These VMs leave the selection.
    LeaveOut {
        /// Their names.
        vms: Vec<String>,
    },
    /// Other VMs are selected.
    SelectOthers,
    /// Another destination is chosen.
    ChooseDestination,
}

/// One or several findings that are read as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingGroup {
    /// The VMs that it is about, in the order of the findings; empty if it is about none in particular.
    pub vms: Vec<String>,
    /// What was found; of several, that of the first VM.
    pub remark: BackupRemark,
    /// Whether the backup cannot begin before something is done about it.
    pub is_blocking: bool,
    /// What can be done about it, the best first.
    pub cures: Vec<BackupCure>,
}

/// Gathers findings: what prevents the backup first, then what is about the backup as a whole, then single VMs.
pub fn gather(findings: &[Finding]) -> Vec<FindingGroup> {
    let mut groups: Vec<FindingGroup> = Vec::new();
    for finding in findings {
        let is_like = |group: &&mut FindingGroup| group.remark.is_read_together_with(&finding.remark);
        match groups.iter_mut().find(is_like) {
            Some(group) => group.vms.extend(finding.vm.clone()),
            None => groups.push(FindingGroup {
                vms: finding.vm.iter().cloned().collect(),
                remark: finding.remark.clone(),
                is_blocking: finding.is_blocking(),
                cures: Vec::new(),
            }),
        }
    }
    for group in &mut groups {
        group.cures = cures(group);
    }
    groups.sort_by_key(|group| (!group.is_blocking, !group.vms.is_empty()));
    groups
}

/// Returns the selected VMs that cannot be saved now, each once; leaving them out lets the others be saved.
pub fn unready_vms(findings: &[Finding]) -> Vec<String> {
    let mut vms: Vec<String> = Vec::new();
    for name in findings.iter().filter_map(Finding::unready_vm) {
        if !vms.iter().any(|known| known == name) {
            vms.push(name.to_owned());
        }
    }
    vms
}

fn cures(group: &FindingGroup) -> Vec<BackupCure> {
    let leave_out = || BackupCure::LeaveOut { vms: group.vms.clone() };
    match group.remark {
        BackupRemark::NothingSelected => vec![BackupCure::SelectOthers],
        // What helps is outside this program.
        BackupRemark::NoRights => Vec::new(),
        BackupRemark::NoSuchVm
        | BackupRemark::CannotBeBackedUp
        | BackupRemark::NoHome
        | BackupRemark::HomeName { .. }
        | BackupRemark::SavedStateIsOld { .. }
        | BackupRemark::NoSnapshot { .. }
        | BackupRemark::WrittenInPlace { .. }
        | BackupRemark::VolumeMissing { .. }
        | BackupRemark::VolumeUnreadable { .. }
        | BackupRemark::OutOfReach { .. } => vec![leave_out()],
        BackupRemark::DestinationInsideHome => vec![BackupCure::ChooseDestination, leave_out()],
        BackupRemark::TooLittleSpace { .. } | BackupRemark::FileTooLarge { .. } => {
            vec![BackupCure::ChooseDestination, BackupCure::SelectOthers]
        }
    }
}

impl BackupRemark {
    /// Returns whether this and the same of another VM are said in one sentence.
    fn is_read_together_with(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::SavedStateIsOld { .. }, Self::SavedStateIsOld { .. })
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vm: &str, remark: BackupRemark) -> Finding {
        Finding {
            vm: (!vm.is_empty()).then(|| vm.to_owned()),
            remark,
        }
    }

    fn old() -> BackupRemark {
        BackupRemark::SavedStateIsOld { changed: None }
    }

    fn missing(volume: &str) -> BackupRemark {
        BackupRemark::VolumeMissing {
            volume: volume.to_owned(),
        }
    }

    fn little(is_certain: bool) -> BackupRemark {
        BackupRemark::TooLittleSpace {
            needed: 57,
            free: 20,
            is_certain,
        }
    }

    #[test]
    fn what_prevents_the_backup_comes_first_and_running_vms_are_said_once() {
        let findings = [
            of("a", old()),
            of("b", missing("root")),
            of("c", old()),
            of("", little(false)),
        ];
        let groups = gather(&findings);
        let read: Vec<(bool, String)> = groups
            .iter()
            .map(|group| (group.is_blocking, group.vms.join(" ")))
            .collect();
        let expected = [(true, "b"), (false, ""), (false, "a c")];
        assert_eq!(read, expected.map(|(blocks, vms)| (blocks, vms.to_owned())));
    }

    #[test]
    fn every_finding_is_in_a_group_with_something_to_do_about_it() {
        let findings = [
            of("", BackupRemark::NothingSelected),
            of("a", old()),
            of("", little(true)),
            of("dom0", BackupRemark::DestinationInsideHome),
        ];
        let groups = gather(&findings);
        assert_eq!(groups.len(), findings.len());
        assert!(groups.iter().all(|group| !group.cures.is_empty()), "{groups:?}");
        let of_old = groups.iter().find(|group| group.remark == old());
        let leave_out = BackupCure::LeaveOut {
            vms: vec!["a".to_owned()],
        };
        assert_eq!(of_old.map(|group| group.cures.clone()), Some(vec![leave_out]));
    }

    #[test]
    fn a_vm_with_two_missing_volumes_is_left_out_once() {
        let findings = [of("a", missing("root")), of("a", missing("private")), of("b", old())];
        assert_eq!(unready_vms(&findings), ["a"]);
    }
}
