// SPDX-License-Identifier: GPL-3.0-or-later
//! How the draft of a backup looks on its pages.

use crate::{
    draft::{BackupDraft, Meter, PowerOff, Reason, TypedPlace, WizardDraft},
    plan::Finding,
    profile,
    text::{self, finding, wizard as words},
    ui::{
        Glyph,
        flow::{Flow, label_color, vm_item},
        pages::{Choices, Keeping, SummaryFacts, SummaryLine},
    },
};

use super::BackupFlow;

impl BackupFlow {
    pub(super) fn show_vms(&self, draft: &BackupDraft) {
        self.vms
            .show_choices(draft.is_compressed, draft.method, draft.level, draft.scope);
        let Some(system) = draft.system() else { return };
        let vms = draft.candidates().enumerate();
        let items: Vec<_> = vms.map(|(position, vm)| vm_item(system, position, vm)).collect();
        self.vms.show_vms(&items, |name| draft.is_selected(name));
        self.vms.show_total(&total(draft));
        self.vms.show_may_select_changed(draft.has_unchanged());
        let mut notes: Vec<String> = self.profile_problem.borrow().iter().cloned().collect();
        notes.extend(words::unknown_in_profile(draft.unknown_in_profile()));
        let new = draft.new_since_profile();
        notes.extend(words::new_since_profile(&new));
        self.vms.show_profile_note(&notes.join("\n"));
        self.vms.show_new(&if new.is_empty() {
            String::new()
        } else {
            words::add_new(new.len())
        });
    }

    pub(super) fn show_destination(&self, draft: &BackupDraft) {
        let typed = draft.place().typed();
        self.show_place(&words::backup_place(typed, draft.place().state(), draft.total_bytes()));
        let is_local_and_good = typed.is_local() && draft.place().probe().is_some();
        let file = words::file_pattern();
        self.destination
            .show_file_name(is_local_and_good.then_some(file.as_str()));
        self.destination
            .show_recovery(draft.writes_recovery_text(), typed.is_local());
    }

    pub(super) fn show_passphrase(&self, draft: &BackupDraft) {
        let keeping = Keeping {
            file: self.profile_path(draft),
            can_repeat: self.shell.host.can_repeat(),
        };
        let choices = Choices {
            is_costly_to_guess: draft.is_costly_to_guess,
            saves_profile: draft.saves_profile && keeping.file.is_some(),
            profile_name: draft.profile_name().to_owned(),
            rhythm: draft.rhythm,
            saves_passphrase: draft.saves_passphrase,
            verifies: draft.will_verify(),
            is_gentle: draft.resources.is_gentle,
            powers_off: draft.power_off == PowerOff::Yes,
        };
        self.passphrase.show_choices(&choices, &keeping, draft.unverifiable());
        let kept = draft.passphrase.is_kept();
        let kept = kept.then(|| words::kept_passphrase(draft.passphrase.is_from_profile()));
        self.passphrase.show_kept(&kept.unwrap_or_default());
        self.passphrase
            .show_mismatch(draft.passphrase.check() == Err(Reason::PassphrasesDiffer));
        let judged = draft.passphrase.strength().zip(draft.grade());
        let said = judged.map(|(judged, grade)| (grade, words::strength_with_advice(judged, draft.kdf())));
        let strength = said.as_ref().map(|(grade, said)| (Meter::from(*grade), said.as_str()));
        let hints = words::passphrase_hints(&draft.passphrase.hints());
        self.passphrase.show_strength(strength, &hints);
    }

    pub(super) fn show_summary(&self, draft: &BackupDraft) {
        let findings = draft.findings().unwrap_or_default();
        let Some(system) = draft.system() else { return };
        let vms = draft.candidates().filter(|vm| draft.is_selected(&vm.name));
        let lines = vms.map(|vm| SummaryLine {
            glyph: Glyph::of(vm, label_color(system, &vm.label)),
            name: vm.name.clone(),
            class: text::class(&vm.class),
            size: words::vm_size(vm),
            remark: remarks(findings, &vm.name),
        });
        let left_out = draft.candidates().filter(|vm| !draft.is_selected(&vm.name));
        let left_out: Vec<&str> = left_out.map(|vm| vm.name.as_str()).collect();
        let profile = self.profile_path(draft).filter(|_| draft.saves_profile);
        let (protection, is_weak) = words::protection_of(draft);
        let facts = SummaryFacts {
            protection,
            is_weak,
            total: words::amount(draft.selected().len(), draft.total_bytes(), draft.is_counted()),
            destination: destination(draft.place().typed()),
            method: words::method(draft.compression(), draft.level),
            after: words::after(draft, profile.as_deref()),
            left_out: words::left_out(&left_out, draft.is_of_changed()),
        };
        self.summary.show_plan(&lines.collect::<Vec<_>>(), &facts);
        self.summary
            .show_findings(draft.finding_groups(), draft.unready_together());
    }

    /// The file of the profile, where one can be kept.
    fn profile_path(&self, draft: &BackupDraft) -> Option<std::path::PathBuf> {
        let folder = self.shell.host.profile_dir()?;
        // While its name is typed it may be none.
        let named = profile::path(folder.path(), draft.profile_name());
        Some(named.unwrap_or_else(|_| folder.path().to_owned()))
    }
}

fn total(draft: &BackupDraft) -> String {
    let (count, bytes) = (draft.selected().len(), draft.total_bytes());
    if draft.is_counted() {
        words::total(count, bytes)
    } else {
        words::total_so_far(count, bytes)
    }
}

fn remarks(findings: &[Finding], vm: &str) -> String {
    let about = findings.iter().filter(|found| found.vm.as_deref() == Some(vm));
    let sentences: Vec<String> = about.map(|found| finding(&found.remark).sentence).collect();
    sentences.join("\n")
}

fn destination(typed: &TypedPlace) -> String {
    let file = words::file_pattern();
    words::destination(typed, typed.is_local().then_some(file.as_str()))
}
