// SPDX-License-Identifier: GPL-3.0-or-later
//! What is found before a backup starts, in words.

use crate::plan::{BackupCure, BackupRemark, FindingGroup};

use super::{
    date,
    i18n::{gettext, gettext_f, ngettext_f},
    message::out_of_reach,
    sanitize, size,
};

/// Said of a backup that leaves out what has not changed.
pub fn only_changed() -> String {
    gettext(
        "This is not a whole backup: the VMs whose data have not changed are not in it. Keep the earlier backups that hold them.",
    )
}

/// A finding in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingText {
    /// What is the matter, a sentence. The VM is not named in it: it stands beside it.
    pub sentence: String,
    /// What can be done about it, where something can.
    pub hint: Option<String>,
}

/// Returns the names of the VMs that a group is about; empty if it is about none in particular.
pub fn finding_title(group: &FindingGroup) -> String {
    let names: Vec<String> = group.vms.iter().map(|name| sanitize(name)).collect();
    names.join(", ")
}

/// Returns what was found, once for all VMs of the group.
pub fn finding_group(group: &FindingGroup) -> FindingText {
    let count = group.vms.len() as u64;
    match &group.remark {
        BackupRemark::SavedStateIsOld { .. } if count > 1 => FindingText {
            sentence: ngettext_f(
                "{n} VM is running and will be saved as it was before its start.",
                "{n} VMs are running and will be saved as they were before their start.",
                count,
                &[],
            ),
            hint: Some(gettext("Shut them down first if what they hold now is to be saved.")),
        },
        remark => finding(remark),
    }
}

/// Returns the label of the button that does something about a finding.
pub fn backup_cure(cure: &BackupCure) -> String {
    match cure {
        BackupCure::LeaveOut { vms } if vms.len() > 1 => gettext("Leave them out"),
        BackupCure::LeaveOut { .. } => gettext("Leave it out"),
        BackupCure::SelectOthers => gettext("Change the selection"),
        BackupCure::ChooseDestination => gettext("Change the destination"),
    }
}

/// Returns the heading of the list of findings: how many prevent the backup, and how many are only to be known.
pub fn findings_heading(groups: &[FindingGroup]) -> String {
    let blocking = groups.iter().filter(|group| group.is_blocking).count() as u64;
    let others = groups.len() as u64 - blocking;
    let problems = || {
        ngettext_f(
            "{n} problem to solve first",
            "{n} problems to solve first",
            blocking,
            &[],
        )
    };
    let warnings = || ngettext_f("{n} warning", "{n} warnings", others, &[]);
    match (blocking, others) {
        (0, 0) => String::new(),
        (0, _) => warnings(),
        (_, 0) => problems(),
        // Translators: {problems} is "2 problems to solve first" and {warnings} "3 warnings".
        (_, _) => gettext_f(
            "{problems}, {warnings}",
            &[("problems", &problems()), ("warnings", &warnings())],
        ),
    }
}

/// Returns the label of the button that leaves out every VM that cannot be saved now.
pub fn leave_out_unready(count: usize) -> String {
    ngettext_f(
        "Leave out the {n} VM that cannot be saved",
        "Leave out the {n} VMs that cannot be saved",
        count as u64,
        &[],
    )
}

/// Returns what was found about one VM, or about the backup.
pub fn finding(remark: &BackupRemark) -> FindingText {
    let (sentence, hint) = match remark {
        BackupRemark::NothingSelected => (gettext("No VM is selected."), Some(gettext("Select at least one."))),
        BackupRemark::NoSuchVm => (
            gettext("This VM does not exist any more."),
            Some(gettext("Remove it from the selection.")),
        ),
        BackupRemark::CannotBeBackedUp => (
            gettext("A VM of this class has nothing that could be saved."),
            Some(gettext("Remove it from the selection.")),
        ),
        BackupRemark::NoHome => (
            gettext("dom0 has no home directory here that could be saved."),
            Some(gettext("Remove it from the selection.")),
        ),
        BackupRemark::HomeName { user } => (
            gettext_f(
                "The home directory of the user “{user}” cannot be saved: the name may have only letters without accents, digits and signs.",
                &[("user", &sanitize(user))],
            ),
            Some(gettext("Remove it from the selection.")),
        ),
        BackupRemark::NoRights => no_rights(),
        // What can be done is said in the sentence itself: nothing has to.
        BackupRemark::SavedStateIsOld { changed } => (saved_state(*changed), None),
        BackupRemark::NoSnapshot { volume } => no_snapshot(volume),
        BackupRemark::WrittenInPlace { volume, driver } => written_in_place(volume, driver),
        BackupRemark::VolumeMissing { volume } => (
            gettext_f(
                "The volume {volume} is not on the disk.",
                &[("volume", &sanitize(volume))],
            ),
            Some(gettext("Remove the VM from the selection; its data may be lost.")),
        ),
        BackupRemark::VolumeUnreadable { volume } => (
            gettext_f(
                "This user may not read the volume {volume}.",
                &[("volume", &sanitize(volume))],
            ),
            Some(gettext(
                "Start the program as a user who may read it, or remove the VM from the selection.",
            )),
        ),
        BackupRemark::OutOfReach { volume, pool, driver } => (
            gettext_f("The volume {volume} is out of reach.", &[("volume", &sanitize(volume))])
                + " "
                + &out_of_reach(pool, driver),
            Some(gettext("Remove the VM from the selection.")),
        ),
        BackupRemark::DestinationInsideHome => (
            gettext("The backup would be written into dom0's home, which is itself part of the backup."),
            Some(gettext(
                "Choose a destination elsewhere, or remove dom0 from the selection.",
            )),
        ),
        BackupRemark::FileTooLarge { needed, largest, .. } => (
            gettext_f(
                "The backup may need {needed}, and a file at the destination can have {largest} at most.",
                &[("needed", &size(*needed)), ("largest", &size(*largest))],
            ),
            Some(gettext(
                "Choose a destination with another file system than FAT, or select fewer VMs.",
            )),
        ),
        BackupRemark::TooLittleSpace { needed, free, .. } => (
            gettext_f(
                "The backup may need {needed}, and {free} are free at the destination.",
                &[("needed", &size(*needed)), ("free", &size(*free))],
            ),
            Some(gettext(
                "Make room there, choose another destination, or select fewer VMs.",
            )),
        ),
    };
    FindingText { sentence, hint }
}
/// Volumes are root's, and this user does not get the rights.
fn no_rights() -> (String, Option<String>) {
    (
        gettext(
            "This program may not read the volumes of VMs: that needs root, and neither pkexec nor sudo started its helper without a question.",
        ),
        Some(gettext(
            "Start the program with sudo, or let this user use sudo without a password.",
        )),
    )
}

/// The VM runs, and snapshots are disabled.
fn no_snapshot(volume: &str) -> (String, Option<String>) {
    (
        gettext_f(
            "The VM is running and snapshots of its volume {volume} are disabled: it has no unchanging state that could be saved.",
            &[("volume", &sanitize(volume))],
        ),
        Some(gettext("Shut the VM down, or remove it from the selection.")),
    )
}

/// The VM runs, and its pool keeps no older state.
fn written_in_place(volume: &str, driver: &str) -> (String, Option<String>) {
    (
        gettext_f(
            "The VM is running and writes to the only copy of its volume {volume} (pool of driver {driver}): it has no unchanging state that could be saved.",
            &[("volume", &sanitize(volume)), ("driver", &sanitize(driver))],
        ),
        Some(gettext("Shut the VM down, or remove it from the selection.")),
    )
}

fn saved_state(changed: Option<i64>) -> String {
    let sentence = gettext("The VM is running, backup will contain its state from before its start!");
    match changed {
        Some(moment) => {
            // Translators: follows the sentence about a running VM; {date} is when its saved data last changed.
            sentence + " " + &gettext_f("That state is of {date}.", &[("date", &date(moment))])
        }
        None => sentence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_blocks_a_backup_says_how_to_unblock_it() {
        let volume = || "private".to_owned();
        let remarks = [
            BackupRemark::NothingSelected,
            BackupRemark::NoSuchVm,
            BackupRemark::CannotBeBackedUp,
            BackupRemark::NoHome,
            BackupRemark::HomeName { user: "a b".into() },
            BackupRemark::NoRights,
            BackupRemark::NoSnapshot { volume: volume() },
            BackupRemark::WrittenInPlace {
                volume: volume(),
                driver: volume(),
            },
            BackupRemark::VolumeMissing { volume: volume() },
            BackupRemark::VolumeUnreadable { volume: volume() },
            BackupRemark::OutOfReach {
                volume: volume(),
                pool: "vm-pool".into(),
                driver: "lvm_thin".into(),
            },
            BackupRemark::DestinationInsideHome,
            BackupRemark::TooLittleSpace {
                needed: 2048,
                free: 1024,
                is_certain: true,
            },
        ];
        for remark in remarks {
            assert!(finding(&remark).hint.is_some(), "{remark:?}");
        }
    }

    #[test]
    fn a_running_vm_is_said_to_be_saved_as_it_was() {
        let old = finding(&BackupRemark::SavedStateIsOld { changed: None });
        assert_eq!(
            old.sentence,
            "The VM is running, backup will contain its state from before its start!"
        );
        let dated = finding(&BackupRemark::SavedStateIsOld {
            changed: Some(1_700_000_000),
        });
        assert!(dated.sentence.contains("2023-11-1"), "{}", dated.sentence);
    }

    #[test]
    fn problems_and_warnings_are_counted_apart() {
        let group = |is_blocking, vms: &[&str]| FindingGroup {
            vms: vms.iter().map(|&name| name.to_owned()).collect(),
            remark: BackupRemark::SavedStateIsOld { changed: None },
            is_blocking,
            cures: Vec::new(),
        };
        let groups = [group(true, &["a"]), group(false, &["b", "c"]), group(false, &[])];
        assert_eq!(findings_heading(&groups), "1 problem to solve first, 2 warnings");
        assert_eq!(findings_heading(&groups[1..2]), "1 warning");
        assert_eq!(findings_heading(&[]), "");
        let said = finding_group(&groups[1]).sentence;
        assert_eq!(
            said,
            "2 VMs are running and will be saved as they were before their start."
        );
        assert_eq!(finding_title(&groups[1]), "b, c");
    }
}
