// SPDX-License-Identifier: GPL-3.0-or-later
//! The draft of a restore: five pages, from the archive to the run.

mod choices;
mod inside;
mod resolved;
mod state;

pub use state::{NotesRead, QuickLook};

use std::{cell::RefCell, collections::BTreeSet, sync::Arc};

use crate::{
    engine::{EngineError, OpenedArchive, Resources},
    host::System,
    plan::{Access, RestoreChoices, RestorePlan, RestoreTable, backed_up_again},
    secret::Passphrase,
    transport::{Probe, ProbeError, Purpose, Source},
};

use self::resolved::Resolved;

use super::{PlaceDraft, Reason, Run, TypedPlace, WizardDraft, backup::targets};

/// The pages in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum RestorePage {
    /// Which archive, and by which rules.
    #[default]
    Source,
    /// What opens it.
    Passphrase,
    /// Which of its VMs.
    Vms,
    /// What happens to each of them.
    Summary,
    /// The run and its result.
    Restore,
}

impl RestorePage {
    /// All of them in their order.
    pub const ALL: [Self; 5] = [Self::Source, Self::Passphrase, Self::Vms, Self::Summary, Self::Restore];
}

/// How far the opening of the archive is.
#[derive(Debug, Clone, Default)]
pub enum Opening {
    /// It was not tried with what is typed now.
    #[default]
    NotTried,
    /// It is under way.
    Trying,
    /// It failed; everything that was typed is kept.
    Failed(EngineError),
    /// It is open.
    Opened(Arc<OpenedArchive>),
}

/// What the user has chosen so far.
#[derive(Debug, Default)]
pub struct RestoreDraft {
    page: RestorePage,
    system: Option<Arc<System>>,
    place: PlaceDraft,
    /// The archive at the place, for all jobs that read it: those that follow share its connection to a store.
    source: RefCell<Option<Source>>,
    /// The VM that the default profile sends backups to.
    profile_target: Option<String>,
    quick: QuickLook,
    notes: NotesRead,
    wants_to_look: bool,
    has_typed: bool,
    passphrase: Option<Arc<Passphrase>>,
    opening: Opening,
    selected: BTreeSet<String>,
    /// What was decided one by one; selection and rules are beside it.
    choices: RestoreChoices,
    resolved: RefCell<Option<Resolved>>,
    run: Run,
    /// Whether what is missing here (template, net VM, disposable template, kernel) is replaced by the default.
    pub ignores_missing: bool,
    /// Whether devices are dropped unless they are kept one by one.
    pub drops_devices: bool,
    /// Whether dom0's home is restored although its user has another name here.
    pub ignores_user_mismatch: bool,
    /// How much of the VM the restore takes.
    pub resources: Resources,
    /// Whether everything is read and nothing restored.
    pub verifies_only: bool,
    /// Whether an archive of an old format is taken for an encrypted one where its header does not say.
    pub is_encrypted: bool,
}

impl RestoreDraft {
    /// A draft with the choices that the wizard begins with.
    pub fn new() -> Self {
        Self {
            is_encrypted: true,
            place: PlaceDraft::new(Purpose::Read),
            ..Self::default()
        }
    }

    /// The page that is to be seen.
    pub fn page(&self) -> RestorePage {
        self.page
    }

    /// Takes what was chosen and typed for the source. Returns whether it has to be looked at. Another archive has to be
    /// opened again.
    pub fn set_typed_place(&mut self, typed: TypedPlace) -> bool {
        if !self.place.set_typed(typed, self.system.as_deref()) {
            return false;
        }
        self.quick = QuickLook::NotDone;
        self.notes = NotesRead::NotRead;
        self.opening = Opening::NotTried;
        self.choices = RestoreChoices::default();
        self.place.is_due()
    }

    /// Takes the VM that the default profile sends backups to: a likely source.
    pub fn set_profile_target(&mut self, vm: String) {
        self.profile_target = Some(vm);
    }

    /// Says whether anything stands in the passphrase field; typing makes an earlier attempt worthless.
    pub fn set_typed(&mut self, has_typed: bool) {
        self.has_typed = has_typed;
        if matches!(self.opening, Opening::Failed(_)) && has_typed {
            self.opening = Opening::NotTried;
        }
    }

    /// Takes a passphrase over, to open the archive with it.
    pub fn set_passphrase(&mut self, passphrase: Arc<Passphrase>) {
        self.passphrase = Some(passphrase);
        self.opening = Opening::NotTried;
    }

    /// The passphrase that was taken over.
    pub fn passphrase(&self) -> Option<&Arc<Passphrase>> {
        self.passphrase.as_ref()
    }

    /// The archive at the place that was typed.
    pub fn source(&self) -> Source {
        let location = self.place.location();
        let mut known = self.source.borrow_mut();
        let source = known.take().filter(|source| *source.location() == location);
        known.insert(source.unwrap_or_else(|| Source::new(location))).clone()
    }

    /// The archive with what opens it, once something was typed.
    pub fn access(&self) -> Option<Access> {
        let passphrase = Arc::clone(self.passphrase.as_ref()?);
        Some(Access {
            is_encrypted: self.is_encrypted,
            ..Access::new(self.source(), passphrase)
        })
    }

    /// How far the opening is.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Notes that the archive is being opened, or that this was given up.
    pub fn set_opening(&mut self, is_trying: bool) {
        self.opening = if is_trying { Opening::Trying } else { Opening::NotTried };
    }

    /// Takes the answer of the opening. Choices for VMs that the archive does not have are dropped; a new archive
    /// begins with everything selected.
    pub fn set_opened(&mut self, answer: Result<Arc<OpenedArchive>, EngineError>) {
        let archive = match answer {
            Ok(archive) => archive,
            Err(error) => {
                self.opening = Opening::Failed(error);
                return;
            }
        };
        let domains = archive.inventory.domains();
        let held = domains.iter().filter(|domain| domain.content().is_some());
        let names: BTreeSet<String> = held.map(|domain| domain.name.clone()).collect();
        self.selected = names;
        self.choices = RestoreChoices::default();
        self.notes = NotesRead::NotRead;
        self.opening = Opening::Opened(archive);
        self.find_missing();
    }

    /// The archive, once it is open.
    pub fn archive(&self) -> Option<&Arc<OpenedArchive>> {
        match &self.opening {
            Opening::Opened(archive) => Some(archive),
            _ => None,
        }
    }

    /// If this system made the archive, whether it has made newer ones since. Somebody may have handed over an old one.
    pub fn newer_known(&self) -> Option<(usize, i64)> {
        let (archive, system) = (self.archive()?, self.system.as_ref()?);
        backed_up_again(archive.info.backup_id.as_deref()?, &archive.inventory, system)
    }

    fn check_place(&self) -> Result<(), Reason> {
        self.place.check()?;
        self.system.as_ref().map(drop).ok_or(Reason::StillReading)
    }

    fn check_passphrase(&self) -> Result<(), Reason> {
        match &self.opening {
            Opening::Trying => Err(Reason::StillOpening),
            Opening::Opened(_) => Ok(()),
            // What failed is tried again as it is unless it was the passphrase: then something else must be typed.
            Opening::NotTried | Opening::Failed(_) if self.has_typed => Ok(()),
            Opening::NotTried | Opening::Failed(_) => Err(Reason::NoPassphrase),
        }
    }

    fn check_vms(&self) -> Result<(), Reason> {
        if self.selected.is_empty() {
            Err(Reason::NothingSelected)
        } else {
            Ok(())
        }
    }

    fn check_table(&self) -> Result<(), Reason> {
        self.check_place()?;
        let table = self.table().ok_or(Reason::NotOpened)?;
        self.check_vms()?;
        match table.selected().filter(|row| !row.problems.is_empty()).count() {
            0 if table.is_ready() => Ok(()),
            0 => Err(Reason::NothingSelected),
            n => Err(Reason::Problems(n)),
        }
    }

    /// Enters the next page. The passphrase page is left only with an open archive.
    ///
    /// # Errors
    /// What is missing; the page stays.
    pub fn advance(&mut self) -> Result<RestorePage, Reason> {
        self.may_continue()?;
        self.page = match self.page {
            RestorePage::Source => RestorePage::Passphrase,
            RestorePage::Passphrase => {
                self.archive().ok_or(Reason::NotOpened)?;
                RestorePage::Vms
            }
            RestorePage::Vms => RestorePage::Summary,
            RestorePage::Summary => {
                self.run = Run::Running;
                RestorePage::Restore
            }
            RestorePage::Restore => RestorePage::Restore,
        };
        Ok(self.page)
    }

    /// Goes back one page; no choice is lost.
    pub fn back(&mut self) -> RestorePage {
        if self.may_go_back() {
            self.wants_to_look = false;
            self.page = match self.page {
                RestorePage::Source | RestorePage::Passphrase => RestorePage::Source,
                RestorePage::Vms => RestorePage::Passphrase,
                RestorePage::Summary => RestorePage::Vms,
                RestorePage::Restore => RestorePage::Summary,
            };
            self.run = Run::NotBegun;
        }
        self.page
    }

    /// Goes on with a restore of these VMs. Returns whether a run has ended, after which alone that is possible.
    pub fn restore_only(&mut self, vms: &[String]) -> bool {
        let has_ended = self.try_again();
        if has_ended {
            self.verifies_only = false;
            self.select(vms.iter().cloned());
        }
        has_ended
    }

    /// The plan, for the page of the run.
    ///
    /// # Errors
    /// What is missing.
    pub fn finish(&self) -> Result<RestorePlan, Reason> {
        self.check_table()?;
        Ok(RestorePlan {
            access: self.access().ok_or(Reason::NoPassphrase)?,
            table: RestoreTable::clone(&*self.table().ok_or(Reason::NotOpened)?),
        })
    }
}

impl WizardDraft for RestoreDraft {
    fn system(&self) -> Option<&Arc<System>> {
        self.system.as_ref()
    }

    fn set_system(&mut self, system: Arc<System>) {
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
    }

    fn place_mut(&mut self) -> &mut PlaceDraft {
        &mut self.place
    }

    fn profile_target(&self) -> Option<&str> {
        self.profile_target.as_deref()
    }

    // Leaving the passphrase page is the opening, so there it is enough that there is something to try.
    fn may_continue(&self) -> Result<(), Reason> {
        match self.page {
            RestorePage::Source => self.check_place(),
            RestorePage::Passphrase => self.check_passphrase(),
            RestorePage::Vms => self.check_vms(),
            RestorePage::Summary => self.check_table(),
            RestorePage::Restore => match self.run {
                Run::Ended { .. } => Ok(()),
                _ => Err(Reason::Running),
            },
        }
    }

    fn next_starts_job(&self) -> bool {
        self.page == RestorePage::Summary
    }

    fn may_go_back(&self) -> bool {
        match self.page {
            RestorePage::Source => false,
            RestorePage::Passphrase | RestorePage::Vms | RestorePage::Summary => true,
            // However a run ended, everything that was chosen is kept for another one.
            RestorePage::Restore => self.run.has_ended(),
        }
    }

    fn resources(&self) -> Resources {
        self.resources
    }

    fn run(&self) -> Run {
        self.run
    }

    fn set_run(&mut self, run: Run) {
        self.run = run;
    }

    fn try_again(&mut self) -> bool {
        let has_ended = self.run.has_ended();
        if has_ended {
            self.page = RestorePage::Summary;
            self.run = Run::NotBegun;
        }
        has_ended
    }

    fn has_work(&self) -> bool {
        self.run.is_under_way() || (self.run == Run::NotBegun && self.page > RestorePage::Source)
    }
}

#[cfg(test)]
mod tests;
