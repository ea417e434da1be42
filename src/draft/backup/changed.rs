// SPDX-License-Identifier: GPL-3.0-or-later
//! A backup of what has changed: which VMs that are, and the series that keeps it apart from whole backups.

use crate::{
    plan::{Series, changed_of, default_selection, may_have_changed},
    profile,
};

use super::BackupDraft;

impl BackupDraft {
    /// Selects of the VMs that the profile names, or that are backed up by default, those that may have changed since they were last
    /// backed up.
    pub fn select_changed(&mut self) {
        let Some(system) = self.system.clone() else { return };
        let changed = changed_of(&system, self.whole());
        self.select(changed);
        self.is_of_changed = true;
    }

    /// Whether some of these VMs have not changed.
    pub fn has_unchanged(&self) -> bool {
        !self.unchanged().is_empty()
    }

    /// Whether the backup is one of what has changed: an earlier one is then needed beside it.
    pub fn is_of_changed(&self) -> bool {
        self.is_of_changed && self.unchanged().iter().any(|name| !self.is_selected(name))
    }

    fn unchanged(&self) -> Vec<String> {
        let has_not_changed = |name: &String| {
            let vm = self.system.as_ref().and_then(|system| system.vm(name));
            vm.is_some_and(|vm| !may_have_changed(vm))
        };
        self.whole().into_iter().filter(has_not_changed).collect()
    }

    /// What a whole backup takes.
    pub(super) fn whole(&self) -> Vec<String> {
        match (&self.system, &self.profile) {
            (None, _) => Vec::new(),
            (Some(system), None) => default_selection(system),
            (Some(system), Some(profile)) => profile::select(profile, system).vms,
        }
    }

    /// Only what a profile says is made again by the same profile.
    pub(super) fn series(&self) -> Series {
        let is_of_profile = self.profile.is_some() || self.saves_profile;
        let series = match (is_of_profile, self.is_of_changed()) {
            (true, _) => Series::of_profile(&self.profile_name),
            (false, true) => Series::of_selection(&[], &[]),
            (false, false) => Series::of_selection(&self.selected(), &[]),
        };
        if self.is_of_changed() {
            series.of_changed()
        } else {
            series
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        draft::WizardDraft,
        host::{System, Vm, VolumeInfo, VolumeState},
        profile::Profile,
    };

    fn vm(name: &str, changed: i64) -> Vm {
        Vm {
            name: name.to_owned(),
            include_in_backups: true,
            last_backup: Some(100),
            volumes: vec![VolumeInfo {
                name: "private".to_owned(),
                pool: "varlibqubes".to_owned(),
                size_bytes: 1,
                used_bytes: 1,
                state: VolumeState::Ready { changed: Some(changed) },
            }],
            ..Vm::default()
        }
    }

    fn draft() -> BackupDraft {
        let mut draft = BackupDraft::new();
        draft.set_system(Arc::new(System {
            vms: vec![vm("bank", 50), vm("mail", 150), vm("work", 99)],
            ..System::default()
        }));
        draft
    }

    #[test]
    fn what_changed_is_selected_and_kept_apart_from_whole_backups() {
        let mut draft = draft();
        assert!(draft.has_unchanged() && !draft.is_of_changed());
        assert_eq!(draft.series(), Series::of_selection(&draft.selected(), &[]));
        draft.select_changed();
        assert_eq!(draft.selected(), ["mail"]);
        assert!(draft.is_of_changed());
        assert_eq!(draft.series(), Series::default().of_changed());
        // A profile that is kept now is one for whole backups.
        assert_eq!(draft.to_profile().include.unwrap(), ["bank", "mail", "work"]);
        // Who adds the others has a whole backup again.
        draft.select(["bank", "mail", "work"].map(str::to_owned));
        assert!(!draft.is_of_changed());
    }

    #[test]
    fn a_profile_says_what_a_whole_backup_is() {
        let text = "include: [bank, mail]\ndestination_vm: dom0\ndestination_path: /mnt\n";
        let profile = Profile::parse(text).unwrap().profile;
        let mut draft = BackupDraft::new();
        draft.set_profile("night", profile, |_| String::new());
        draft.set_system(Arc::new(System {
            vms: vec![vm("bank", 50), vm("mail", 150), vm("work", 150)],
            ..System::default()
        }));
        draft.select_changed();
        assert_eq!(draft.selected(), ["mail"]);
        assert_eq!(draft.series(), Series::of_profile("night").of_changed());
    }
}
