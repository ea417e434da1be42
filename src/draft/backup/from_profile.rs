// SPDX-License-Identifier: GPL-3.0-or-later
//! Between the draft of a backup and the default profile: what it begins with, and what it is kept as.

use std::sync::Arc;

use crate::{
    crypto::KdfCost,
    draft::{ReachKind, TypedPlace},
    engine::Resources,
    format::Compression,
    plan::{RecoveryText, default_selection, may_be_backed_up},
    profile::{Extras, PassphraseSource, Profile, select},
};

use super::BackupDraft;

impl BackupDraft {
    /// The name of the profile that the draft began with, or is kept as.
    pub fn profile_name(&self) -> &str {
        &self.profile_name
    }

    /// Takes the name under which the settings are to be kept.
    pub fn set_profile_name(&mut self, name: &str) {
        self.profile_name = name.trim().to_owned();
    }

    /// Begins with what the profile of that name says; `compose` writes a recovery text, if the profile wants one. Comes before the
    /// host is known for the first time.
    pub fn set_profile(&mut self, name: &str, profile: Profile, compose: RecoveryText) {
        name.clone_into(&mut self.profile_name);
        self.is_compressed = profile.compression != Compression::None;
        if self.is_compressed {
            self.method = profile.compression;
        }
        if let PassphraseSource::Text(passphrase) = &profile.passphrase {
            self.passphrase.keep(Arc::clone(passphrase));
            self.saves_passphrase = true;
        }
        let extras = profile.extras.clone();
        self.level = extras.level.unwrap_or(self.level);
        self.scope = extras.scope.unwrap_or(self.scope);
        self.is_costly_to_guess = extras
            .kdf
            .map_or(self.is_costly_to_guess, |cost| cost == KdfCost::REFERENCE);
        self.verifies = extras.verify.unwrap_or(self.verifies);
        self.resources = Resources {
            jobs: extras.jobs.or(self.resources.jobs),
            is_gentle: extras.is_gentle.unwrap_or(self.resources.is_gentle),
        };
        if let Some(is_wanted) = extras.recovery_text {
            self.recovery_text = is_wanted.then_some(compose);
        }
        let store = extras.store.as_deref().map(ReachKind::of_program);
        let (kind, reach) = store.unwrap_or_default();
        self.set_typed_place(TypedPlace {
            target: profile.destination_vm.clone(),
            kind,
            reach,
            text: profile.destination_path.clone(),
        });
        self.profile = Some(profile);
    }

    /// What the profile names that is not there.
    pub fn unknown_in_profile(&self) -> &[String] {
        &self.unknown_in_profile
    }

    /// Returns the VMs that are backed up by default and have come since the profile was saved, as far as they are not
    /// selected. A profile that does not say what there was knows of none.
    pub fn new_since_profile(&self) -> Vec<String> {
        let known = self
            .profile
            .as_ref()
            .and_then(|profile| profile.extras.known_vms.as_ref());
        let (Some(known), Some(system)) = (known, &self.system) else {
            return Vec::new();
        };
        let is_new = |name: &String| !known.contains(name) && !self.is_selected(name);
        default_selection(system).into_iter().filter(is_new).collect()
    }

    /// Selects those too that are new since the profile was saved.
    pub fn select_new(&mut self) {
        let names = [self.selected(), self.new_since_profile()].concat();
        self.select(names);
    }

    /// The choices as a profile.
    pub fn to_profile(&self) -> Profile {
        let passphrase = match (self.saves_passphrase, self.passphrase.kept(), &self.profile) {
            (true, Some(passphrase), _) => PassphraseSource::Text(Arc::clone(passphrase)),
            (
                false,
                _,
                Some(Profile {
                    passphrase: PassphraseSource::Vm(vm),
                    ..
                }),
            ) => PassphraseSource::Vm(vm.clone()),
            _ => PassphraseSource::Ask,
        };
        Profile {
            // A profile is for whole backups.
            include: Some(if self.is_of_changed() {
                self.whole()
            } else {
                self.selected()
            }),
            exclude: Vec::new(),
            destination_vm: self.place.typed().target.clone(),
            destination_path: self.place.typed().text.trim().to_owned(),
            compression: self.compression(),
            passphrase,
            extras: self.to_extras(),
        }
    }

    /// Nothing can be written beside an archive in a VM. A wish for that is not kept with such a destination: the tools would have to refuse what nobody can have.
    fn to_extras(&self) -> Extras {
        let can_be_told = |is_wished: bool| (self.place.typed().is_local() || !is_wished).then_some(is_wished);
        Extras {
            level: Some(self.level),
            scope: Some(self.scope),
            kdf: Some(self.kdf()),
            verify: Some(self.verifies),
            recovery_text: can_be_told(self.recovery_text.is_some()),
            is_gentle: Some(self.resources.is_gentle),
            jobs: self.resources.jobs,
            store: self.place.typed().kind.program(&self.place.typed().reach),
            known_vms: self
                .system
                .as_ref()
                .map(|_| self.candidates().map(|vm| vm.name.clone()).collect()),
            overdue_days: self.profile.as_ref().and_then(|profile| profile.extras.overdue_days),
            // A profile that was written by hand or by a tool keeps its rules.
            retention: self
                .profile
                .as_ref()
                .map_or_else(Default::default, |profile| profile.extras.retention),
        }
    }

    /// The selection that the draft begins with, if a profile says so.
    pub(super) fn select_from_profile(&mut self) {
        let (Some(profile), Some(system)) = (&self.profile, &self.system) else {
            return;
        };
        let meant = select(profile, system);
        let is_candidate = |name: &String| system.vm(name).is_some_and(may_be_backed_up);
        self.selected = meant.vms.into_iter().filter(is_candidate).collect();
        self.unknown_in_profile = meant.unknown;
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use proptest::prelude::*;

    use super::*;
    use crate::draft::WizardDraft;
    use crate::{
        draft::{PlaceProblem, PlaceState, Reason},
        format::Level,
        host::{System, Vm},
        plan::{InventoryScope, RecoveryFacts},
        profile::DEFAULT_NAME,
    };

    fn profile() -> Profile {
        let text = "include: [work, gone]\ndestination_vm: sys-usb\ndestination_path: /mnt\ncompression: false\npassphrase_text: open sesame\n";
        Profile::parse(text).unwrap().profile
    }

    fn compose(_: &RecoveryFacts<'_>) -> String {
        String::new()
    }

    fn system(is_running: bool) -> Arc<System> {
        let vm = |name: &str, is_running| Vm {
            name: name.to_owned(),
            is_running,
            include_in_backups: true,
            ..Vm::default()
        };
        Arc::new(System {
            vms: vec![vm("dom0", true), vm("sys-usb", is_running), vm("work", false)],
            ..System::default()
        })
    }

    #[test]
    fn a_profile_sets_everything_that_it_knows() {
        let mut draft = BackupDraft::new();
        draft.set_profile(DEFAULT_NAME, profile(), compose);
        draft.set_system(system(true));
        assert_eq!(draft.selected(), ["work"]);
        assert_eq!(draft.unknown_in_profile(), ["gone"]);
        assert_eq!(
            (
                draft.place().typed().target.as_str(),
                draft.place().typed().text.as_str()
            ),
            ("sys-usb", "/mnt")
        );
        assert_eq!(draft.compression(), Compression::None);
        assert!(draft.passphrase.is_kept() && draft.saves_passphrase);
        assert!(draft.passphrase.is_from_profile());
        assert!(!draft.saves_profile, "a profile is replaced only by who says so");
        assert_eq!(draft.absent_target(), None);
    }

    #[test]
    fn a_target_that_does_not_run_stays_chosen_and_is_named() {
        let mut draft = BackupDraft::new();
        draft.set_profile(DEFAULT_NAME, profile(), compose);
        draft.set_system(system(false));
        assert_eq!(draft.absent_target(), Some("sys-usb"));
        assert!(matches!(
            draft.place().state(),
            PlaceState::Bad(PlaceProblem::NotRunning { .. })
        ));
    }

    #[test]
    fn vms_that_came_after_the_profile_are_named_and_can_be_selected() {
        let mut before = BackupDraft::new();
        before.set_system(system(false));
        before.select(["dom0".to_owned()]);
        let saved = Profile::parse(&before.to_profile().print()).unwrap().profile;
        let mut later = (*system(false)).clone();
        later.vms.extend(["bank", "mail"].map(|name| Vm {
            name: name.to_owned(),
            include_in_backups: name == "bank",
            ..Vm::default()
        }));
        let mut draft = BackupDraft::new();
        draft.set_profile(DEFAULT_NAME, saved, compose);
        draft.set_system(Arc::new(later));
        // "work" was there and was left out; "mail" is not backed up by default.
        assert_eq!(
            (draft.selected(), draft.new_since_profile()),
            (vec!["dom0".to_owned()], vec!["bank".to_owned()])
        );
        draft.select_new();
        assert_eq!(draft.selected(), ["dom0", "bank"]);
        assert!(draft.new_since_profile().is_empty());
        let mut old = BackupDraft::new();
        old.set_profile(DEFAULT_NAME, profile(), compose);
        old.set_system(system(false));
        assert!(
            old.new_since_profile().is_empty(),
            "a profile of an existing tool does not say"
        );
    }

    /// What a draft can be told, as it comes back from the profile that it is kept as.
    fn come_back(draft: &BackupDraft) -> BackupDraft {
        let mut again = BackupDraft::new();
        again.set_profile(
            DEFAULT_NAME,
            Profile::parse(&draft.to_profile().print()).unwrap().profile,
            compose,
        );
        again.set_system(system(true));
        again
    }

    proptest! {
        #[test]
        fn every_choice_comes_back(
            level in prop::sample::select(vec![Level::Fast, Level::Balanced, Level::Small, Level::Exact(3)]),
            switches in any::<[bool; 6]>(),
            jobs in 0_usize..9,
        ) {
            let [is_reduced, is_costly, verifies, is_gentle, has_text, is_local] = switches;
            let mut draft = BackupDraft::new();
            draft.set_system(system(true));
            draft.set_typed_place(TypedPlace {
                target: if is_local { "dom0" } else { "sys-usb" }.to_owned(),
                text: "/mnt".to_owned(),
                ..TypedPlace::default()
            });
            draft.level = level;
            draft.scope = if is_reduced { InventoryScope::SelectedOnly } else { InventoryScope::WholeHost };
            draft.is_costly_to_guess = is_costly;
            draft.verifies = verifies;
            draft.resources = Resources { jobs: NonZeroUsize::new(jobs), is_gentle };
            draft.set_recovery_text(has_text.then_some(compose));
            let again = come_back(&draft);
            prop_assert_eq!(again.level, draft.level);
            prop_assert_eq!(again.scope, draft.scope);
            prop_assert_eq!(again.kdf(), draft.kdf());
            prop_assert_eq!(again.verifies, draft.verifies);
            prop_assert_eq!(again.will_verify(), draft.will_verify());
            prop_assert_eq!(again.resources, draft.resources);
            prop_assert_eq!(again.writes_recovery_text(), draft.writes_recovery_text());
        }
    }

    #[test]
    fn a_profile_keeps_the_passphrase_only_where_that_was_wished() {
        let mut draft = BackupDraft::new();
        draft.set_profile(DEFAULT_NAME, profile(), compose);
        draft.set_system(system(true));
        assert!(matches!(draft.to_profile().passphrase, PassphraseSource::Text(_)));
        draft.saves_passphrase = false;
        assert!(matches!(draft.to_profile().passphrase, PassphraseSource::Ask));
        assert_eq!(draft.to_profile().include.unwrap(), ["work"]);
    }

    #[test]
    fn the_name_of_a_profile_makes_the_series_and_has_to_be_one() {
        let mut draft = BackupDraft::new();
        assert_eq!(draft.profile_name(), DEFAULT_NAME);
        draft.set_profile("night", profile(), compose);
        assert_eq!(draft.profile_name(), "night");
        for bad in ["", " ", ".x", "a/b"] {
            draft.set_profile_name(bad);
            draft.saves_profile = false;
            assert_eq!(draft.check_name(), Ok(()), "what is not kept needs no name");
            draft.saves_profile = true;
            assert_eq!(draft.check_name(), Err(Reason::BadProfileName), "{bad:?}");
        }
        draft.set_profile_name(" my disk ");
        assert_eq!((draft.check_name(), draft.profile_name()), (Ok(()), "my disk"));
    }
}
