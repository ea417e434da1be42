// SPDX-License-Identifier: GPL-3.0-or-later
//! What the drafts of both wizards share: a place, why a page cannot be left, and how the run on the last page stands.

use std::sync::Arc;

use crate::{
    engine::Resources,
    host::{DOM0, System},
    transport::{Probe, ProbeError},
};

use super::{PlaceDraft, Reason, TypedPlace};

/// How the run on the last page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Run {
    /// It has not begun: everything can still be changed.
    #[default]
    NotBegun,
    /// It runs.
    Running,
    /// It was asked to stop and has not answered yet.
    Stopping,
    /// It has said its last word.
    Ended {
        /// Whether everything went well.
        is_success: bool,
    },
}

impl Run {
    /// Whether something moves.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Running | Self::Stopping)
    }

    /// Returns whether a run has ended, in whatever way.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Ended { .. })
    }
}

/// What the drafts of both wizards can be asked and told alike.
pub trait WizardDraft {
    /// The host as it was last read.
    fn system(&self) -> Option<&Arc<System>>;

    /// Takes the host as it is now.
    fn set_system(&mut self, system: Arc<System>);

    /// The VMs that an archive can go to or come from: dom0 and whatever runs. The chosen one is among them even
    /// when it has been stopped, so that the choice is not lost silently, and so is that of the profile.
    fn targets(&self) -> Vec<String>;

    /// The VM that the profile sends backups to.
    fn profile_target(&self) -> Option<&str>;

    /// The VM that the profile sends backups to, if it is there and does not run.
    fn absent_target(&self) -> Option<&str> {
        let wanted = self.profile_target()?;
        let vm = self.system()?.vm(wanted)?;
        (!vm.is_running && wanted != DOM0).then_some(wanted)
    }

    /// Returns the place of the archive.
    fn place(&self) -> &PlaceDraft;

    /// The same, for what changes only itself.
    fn place_mut(&mut self) -> &mut PlaceDraft;

    /// Takes what was found at a place; an answer to an older question is left alone.
    fn set_probe(&mut self, asked: &TypedPlace, answer: Result<Probe, ProbeError>);

    /// Takes how something ended that was done at a place, such as making a directory.
    fn set_place_changed(&mut self, asked: &TypedPlace, result: Result<(), ProbeError>);

    /// Whether the next page may be entered.
    ///
    /// # Errors
    /// What is missing.
    fn may_continue(&self) -> Result<(), Reason>;

    /// Whether the next page starts the job, so that Enter in a field must not lead there.
    fn next_starts_job(&self) -> bool;

    /// Whether there is a way back: not once something has been written.
    fn may_go_back(&self) -> bool;

    /// How much of the VM the run takes.
    fn resources(&self) -> Resources;

    /// How the run stands.
    fn run(&self) -> Run;

    /// Takes how the run stands.
    fn set_run(&mut self, run: Run);

    /// Whether leaving now would lose something that the user did.
    fn has_work(&self) -> bool;

    /// Makes ready for another run with everything that was chosen, if one has ended. Returns whether one has.
    fn try_again(&mut self) -> bool;
}
