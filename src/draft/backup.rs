// SPDX-License-Identifier: GPL-3.0-or-later
//! The draft of a backup: five pages, from the VMs to the run.

mod changed;
mod from_profile;
mod solving;

use std::{collections::BTreeSet, path::Path, sync::Arc};

use crate::{
    crypto::{Grade, KdfCost},
    engine::Resources,
    format::{Compression, Level},
    host::{DOM0, System, Vm},
    plan::{
        BackupPlan, Finding, InventoryScope, RecoveryText, RetentionPolicy, Room, Unverified, check_backup,
        default_selection, may_be_backed_up,
    },
    profile::{self, DEFAULT_NAME, Profile},
    schedule::Rhythm,
    transport::{Location, Probe, ProbeError, Purpose},
};

use super::{PassphraseDraft, PlaceDraft, Reason, Run, TypedPlace, WizardDraft};

/// The VM that holds the USB controllers, which is where backup disks are usually plugged in.
const USUAL_TARGET: &str = "sys-usb";

/// The pages in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum BackupPage {
    /// Which VMs, and how the archive is compressed.
    #[default]
    Vms,
    /// Where to.
    Destination,
    /// What protects it, and what happens before and after.
    Passphrase,
    /// Everything once more, with what speaks against it.
    Summary,
    /// The run and its result.
    Backup,
}

impl BackupPage {
    /// All of them in their order.
    pub const ALL: [Self; 5] = [
        Self::Vms,
        Self::Destination,
        Self::Passphrase,
        Self::Summary,
        Self::Backup,
    ];
}

/// Whether the computer is turned off after a backup that went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PowerOff {
    /// It stays on.
    #[default]
    No,
    /// It is turned off.
    Yes,
}

/// What the user has chosen so far.
#[derive(Debug, Default)]
pub struct BackupDraft {
    page: BackupPage,
    system: Option<Arc<System>>,
    /// What was counted last of dom0's home.
    home_bytes: Option<u64>,
    selected: BTreeSet<String>,
    place: PlaceDraft,
    has_chosen_target: bool,
    findings: Option<Vec<Finding>>,
    /// Whether the selection was narrowed to what has changed.
    is_of_changed: bool,
    run: Run,
    /// Whether a run has not succeeded since the place was looked at: something may be wrong there.
    doubts_place: bool,
    profile: Option<Profile>,
    /// The name of the profile that the draft began with, or is kept as.
    profile_name: String,
    unknown_in_profile: Vec<String>,
    recovery_text: Option<RecoveryText>,
    /// How hard the compression works.
    pub level: Level,
    /// How much of the VM the backup takes.
    pub resources: Resources,
    /// Whether the archive is compressed.
    pub is_compressed: bool,
    /// How it is compressed if it is.
    pub method: Compression,
    /// Which VMs the archive's inventory names.
    pub scope: InventoryScope,
    /// The passphrase.
    pub passphrase: PassphraseDraft,
    /// Whether every guess at the passphrase costs as much as with the stock tool, and the backup takes longer for it.
    pub is_costly_to_guess: bool,
    /// Whether the choices are kept as the default profile.
    pub saves_profile: bool,
    /// Whether the profile keeps the passphrase too, in plain text.
    pub saves_passphrase: bool,
    /// How often the backup of the profile is repeated after this one.
    pub rhythm: Option<Rhythm>,
    /// Whether the archive is to be read again after it was written, wherever that can be done.
    pub verifies: bool,
    /// Whether the computer is turned off at the end.
    pub power_off: PowerOff,
}

impl BackupDraft {
    /// A draft with the choices that the wizard begins with.
    pub fn new() -> Self {
        Self {
            is_compressed: true,
            verifies: true,
            profile_name: DEFAULT_NAME.to_owned(),
            place: PlaceDraft::new(Purpose::Write),
            ..Self::default()
        }
    }

    /// The page that is to be seen.
    pub fn page(&self) -> BackupPage {
        self.page
    }

    /// The VMs that can be chosen, in the host's order.
    pub fn candidates(&self) -> impl Iterator<Item = &Vm> {
        let vms = self.system.iter().flat_map(|system| &system.vms);
        vms.filter(|vm| may_be_backed_up(vm))
    }

    /// Whether a VM is selected.
    pub fn is_selected(&self, name: &str) -> bool {
        self.selected.contains(name)
    }

    /// The names of the selected VMs, in the host's order; one that is gone stands at the end.
    pub fn selected(&self) -> Vec<String> {
        let order = |name: &String| {
            let vms = self.system.iter().flat_map(|system| &system.vms);
            vms.into_iter().position(|vm| vm.name == *name).unwrap_or(usize::MAX)
        };
        let mut names: Vec<String> = self.selected.iter().cloned().collect();
        names.sort_by_key(order);
        names
    }

    /// Replaces the selection.
    pub fn select(&mut self, names: impl IntoIterator<Item = String>) {
        self.selected = names.into_iter().collect();
        self.findings = None;
    }

    /// Returns what a backup of the selected VMs reads, in bytes, as far as that was counted.
    pub fn total_bytes(&self) -> u64 {
        let selected = self.candidates().filter(|vm| self.is_selected(&vm.name));
        selected.filter_map(|vm| vm.backup_bytes).sum()
    }

    /// Returns whether everything of the selected VMs was counted: dom0's home takes its time.
    pub fn is_counted(&self) -> bool {
        let mut selected = self.candidates().filter(|vm| self.is_selected(&vm.name));
        selected.all(|vm| vm.backup_bytes.is_some())
    }

    /// Takes what was counted of dom0's home. It holds for every later reading of the host, until it is counted again.
    pub fn set_home_bytes(&mut self, bytes: u64) {
        self.home_bytes = Some(bytes);
        if let Some(system) = self.system.take() {
            self.system = Some(self.with_home(system));
        }
    }

    fn with_home(&self, mut system: Arc<System>) -> Arc<System> {
        if let Some(bytes) = self.home_bytes {
            Arc::make_mut(&mut system).set_home_bytes(bytes);
        }
        system
    }

    /// Takes what was chosen and typed for the destination. Returns whether it has to be looked at.
    pub fn set_typed_place(&mut self, typed: TypedPlace) -> bool {
        self.has_chosen_target = true;
        let is_other = self.place.set_typed(typed, self.system.as_deref());
        if is_other {
            self.findings = None;
        }
        is_other && self.place.is_due()
    }

    /// Returns where the archive goes, once the place will do.
    pub fn destination(&self) -> Option<Location> {
        self.place.probe().map(|_| self.place.location())
    }

    /// How the archive is compressed.
    pub fn compression(&self) -> Compression {
        if self.is_compressed {
            self.method
        } else {
            Compression::None
        }
    }

    /// Whether a text will stand beside the archive on how to open it without this program: if it is wanted, and the
    /// archive goes to a directory of dom0.
    pub fn writes_recovery_text(&self) -> bool {
        self.recovery_text.is_some() && self.place.typed().is_local()
    }

    /// Takes what composes that text, or `None` where it is not wanted. The choice outlasts a change of the destination.
    pub fn set_recovery_text(&mut self, text: Option<RecoveryText>) {
        self.recovery_text = text;
    }

    /// Why the archive cannot be read again where it goes; `None` where it can be.
    pub fn unverifiable(&self) -> Option<Unverified> {
        let probe = self.place.probe()?;
        (!probe.is_readable_again).then(|| Unverified::of(&self.place.location()))
    }

    /// Whether the archive will be read again after it was written.
    pub fn will_verify(&self) -> bool {
        self.verifies && self.unverifiable().is_none()
    }

    /// Takes whether the archive is to be read again. Where it cannot be, the choice stays what it was.
    pub fn set_verifies(&mut self, verifies: bool) {
        if self.unverifiable().is_none() {
            self.verifies = verifies;
        }
    }

    /// What a guess at the passphrase costs.
    pub fn kdf(&self) -> KdfCost {
        if self.is_costly_to_guess {
            KdfCost::REFERENCE
        } else {
            KdfCost::DEFAULT
        }
    }

    /// How long the passphrase holds; `None` as long as there is none.
    pub fn grade(&self) -> Option<Grade> {
        Some(self.passphrase.strength()?.grade(self.kdf()))
    }

    /// Whether the user has to be asked before the run, because of a passphrase that is too weak for a backup.
    pub fn has_to_ask(&self) -> bool {
        self.grade().is_some_and(Grade::is_weak) && !self.passphrase.is_weakness_accepted()
    }

    /// A question that [`BackupDraft::set_findings`] takes the answer of; it touches the disk.
    pub fn ask_findings(&self) -> Option<impl FnOnce() -> Vec<Finding> + Send + 'static> {
        let system = self.system.clone()?;
        let (selected, destination) = (self.selected(), self.destination());
        let compression = self.compression();
        let room = self
            .place
            .probe()
            .map_or_else(Room::default, |probe| Room::of(probe, compression));
        Some(move || check_backup(&system, &selected, destination.as_ref(), room))
    }

    /// Takes what speaks against the backup.
    pub fn set_findings(&mut self, findings: Vec<Finding>) {
        self.findings = Some(findings);
    }

    /// What speaks against the backup or should be known; `None` while that is being found out.
    pub fn findings(&self) -> Option<&[Finding]> {
        self.findings.as_deref()
    }

    /// A name that cannot be that of a profile is one only where the settings are kept.
    fn check_name(&self) -> Result<(), Reason> {
        let is_fine = !self.saves_profile || profile::path(Path::new(""), &self.profile_name).is_ok();
        is_fine.then_some(()).ok_or(Reason::BadProfileName)
    }

    fn check_vms(&self) -> Result<(), Reason> {
        match (&self.system, self.selected.is_empty()) {
            (None, _) => Err(Reason::StillReading),
            (Some(_), true) => Err(Reason::NothingSelected),
            (Some(_), false) => Ok(()),
        }
    }

    fn check_all(&self) -> Result<(), Reason> {
        self.check_vms()?;
        self.place.check()?;
        self.passphrase.check()?;
        self.check_name()?;
        let findings = self.findings.as_ref().ok_or(Reason::StillReading)?;
        match findings.iter().filter(|finding| finding.is_blocking()).count() {
            0 => Ok(()),
            n => Err(Reason::Problems(n)),
        }
    }

    /// Enters the next page. From the summary that is the run, which [`BackupDraft::finish`] gives the plan for.
    ///
    /// # Errors
    /// What is missing; the page stays.
    pub fn advance(&mut self) -> Result<BackupPage, Reason> {
        self.may_continue()?;
        self.page = match self.page {
            BackupPage::Vms => BackupPage::Destination,
            BackupPage::Destination => BackupPage::Passphrase,
            BackupPage::Passphrase => {
                self.passphrase.take_over()?;
                self.findings = None;
                BackupPage::Summary
            }
            BackupPage::Summary => {
                self.run = Run::Running;
                BackupPage::Backup
            }
            BackupPage::Backup => BackupPage::Backup,
        };
        Ok(self.page)
    }

    /// Goes back one page; no choice is lost.
    pub fn back(&mut self) -> BackupPage {
        if self.may_go_back() {
            self.page = match self.page {
                BackupPage::Vms | BackupPage::Destination => BackupPage::Vms,
                BackupPage::Passphrase => BackupPage::Destination,
                BackupPage::Summary => BackupPage::Passphrase,
                BackupPage::Backup => BackupPage::Summary,
            };
            self.run = Run::NotBegun;
        }
        if self.page == BackupPage::Destination && std::mem::take(&mut self.doubts_place) {
            self.place.look_again();
        }
        self.page
    }

    /// The plan, for the page of the run.
    ///
    /// # Errors
    /// What is missing.
    pub fn finish(&self) -> Result<BackupPlan, Reason> {
        self.check_all()?;
        Ok(BackupPlan {
            vms: self.selected(),
            destination: self.destination().ok_or(Reason::NoPlace)?,
            device: self.place.probe().and_then(|probe| probe.device),
            compression: self.compression(),
            level: self.level,
            scope: self.scope,
            kdf: self.kdf(),
            verify: self.will_verify(),
            recovery_text: self.recovery_text.filter(|_| self.place.typed().is_local()),
            passphrase: Arc::clone(self.passphrase.kept().ok_or(Reason::NoPassphrase)?),
            series: self.series(),
            retention: RetentionPolicy::default(),
        })
    }
}

impl WizardDraft for BackupDraft {
    fn system(&self) -> Option<&Arc<System>> {
        self.system.as_ref()
    }

    // The first time, the selection is made from it; later the choices stay, but a VM that is gone leaves the selection
    // while that page can be seen.
    fn set_system(&mut self, system: Arc<System>) {
        let system = self.with_home(system);
        if self.system.is_none() && self.selected.is_empty() {
            self.selected = default_selection(&system).into_iter().collect();
            self.system = Some(Arc::clone(&system));
            self.select_from_profile();
        }
        if self.page == BackupPage::Vms {
            self.selected
                .retain(|name| system.vm(name).is_some_and(may_be_backed_up));
        }
        let is_usual_there = system.vm(USUAL_TARGET).is_some_and(|vm| vm.is_running);
        if !self.has_chosen_target && is_usual_there {
            let typed = TypedPlace {
                target: USUAL_TARGET.to_owned(),
                ..self.place.typed().clone()
            };
            self.place.set_typed(typed, Some(&system));
        }
        // The old findings stay until new ones replace them, so that Next works in between and no key press is lost.
        self.place.set_system(&system);
        self.system = Some(system);
    }

    fn targets(&self) -> Vec<String> {
        targets(
            self.system.as_deref(),
            &self.place.typed().target,
            self.profile_target(),
        )
    }

    fn place(&self) -> &PlaceDraft {
        &self.place
    }

    fn set_probe(&mut self, asked: &TypedPlace, answer: Result<Probe, ProbeError>) {
        self.place.set_answer(asked, answer);
    }

    fn set_place_changed(&mut self, asked: &TypedPlace, result: Result<(), ProbeError>) {
        self.place.set_changed(asked, result);
        self.findings = None;
    }

    fn place_mut(&mut self) -> &mut PlaceDraft {
        &mut self.place
    }

    fn profile_target(&self) -> Option<&str> {
        Some(&self.profile.as_ref()?.destination_vm)
    }

    fn may_continue(&self) -> Result<(), Reason> {
        match self.page {
            BackupPage::Vms => self.check_vms(),
            BackupPage::Destination => self.place.check(),
            BackupPage::Passphrase => self.passphrase.check().and(self.check_name()),
            BackupPage::Summary => self.check_all(),
            BackupPage::Backup => match self.run {
                Run::Ended { .. } => Ok(()),
                _ => Err(Reason::Running),
            },
        }
    }

    fn next_starts_job(&self) -> bool {
        self.page == BackupPage::Summary
    }

    fn may_go_back(&self) -> bool {
        match self.page {
            BackupPage::Vms => false,
            BackupPage::Destination | BackupPage::Passphrase | BackupPage::Summary => true,
            // However a run ended, everything that was chosen is kept for another one.
            BackupPage::Backup => self.run.has_ended(),
        }
    }

    fn resources(&self) -> Resources {
        self.resources
    }

    fn run(&self) -> Run {
        self.run
    }

    fn set_run(&mut self, run: Run) {
        self.doubts_place |= matches!(run, Run::Ended { is_success: false });
        self.run = run;
    }

    fn try_again(&mut self) -> bool {
        let has_ended = self.run.has_ended();
        if has_ended {
            self.page = BackupPage::Summary;
            self.run = Run::NotBegun;
        }
        has_ended
    }

    fn has_work(&self) -> bool {
        self.run.is_under_way() || (self.run == Run::NotBegun && self.page > BackupPage::Vms)
    }
}

/// dom0, whatever runs, the one that is chosen, and that of the profile.
pub(super) fn targets(system: Option<&System>, chosen: &str, of_profile: Option<&str>) -> Vec<String> {
    let mut names = vec![DOM0.to_owned()];
    let vms = system.iter().flat_map(|system| &system.vms);
    let is_listed = |vm: &&Vm| vm.is_running && may_be_backed_up(vm) || of_profile == Some(&vm.name);
    let listed = vms.filter(|vm| is_listed(vm) && vm.name != DOM0);
    names.extend(listed.map(|vm| vm.name.clone()));
    if !names.iter().any(|name| name == chosen) {
        names.push(chosen.to_owned());
    }
    names
}

#[cfg(test)]
mod tests;
