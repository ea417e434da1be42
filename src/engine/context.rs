// SPDX-License-Identifier: GPL-3.0-or-later
//! What every stage carries along: the way to stop it, and whom to tell how far it is.

use std::{
    fmt,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    cancel::CancelToken,
    engine::{Failure, Warning},
    transport::{Notice, Notices},
};

/// Hears what a job does. Called from the job's own threads; must return soon. These threads may be [confined](crate::confine), so
/// that they open no files and start no programs: an observer passes on what it hears.
pub trait Observer: Send + Sync {
    /// A new phase has begun.
    fn phase(&self, phase: Phase);
    /// How far the phase is; at most five a second.
    fn progress(&self, progress: Progress);
    /// A VM has changed its state.
    fn item(&self, vm: &str, state: ItemState);
    /// Something that does not stop the job but must be known.
    fn warning(&self, warning: Warning);
}

/// An observer that does not listen.
impl Observer for () {
    fn phase(&self, _: Phase) {}
    fn progress(&self, _: Progress) {}
    fn item(&self, _: &str, _: ItemState) {}
    fn warning(&self, _: Warning) {}
}

/// How much of the VM a job takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resources {
    /// How many processors work for it at a time; `None` for all that this process may use.
    pub jobs: Option<NonZeroUsize>,
    /// Whether it waits for everybody else: the lowest priority for processor and disk.
    pub is_gentle: bool,
}

/// What the stages of one job share.
#[derive(Clone)]
pub struct Context {
    /// How it is stopped.
    pub cancel: CancelToken,
    /// How much of the computer it takes.
    pub resources: Resources,
    /// Who listens.
    pub observer: Arc<dyn Observer>,
    warnings: Arc<Mutex<Vec<Warning>>>,
}

impl Context {
    /// The context of a new job.
    pub fn new(cancel: CancelToken, observer: Arc<dyn Observer>) -> Self {
        Self {
            cancel,
            resources: Resources::default(),
            observer,
            warnings: Arc::default(),
        }
    }

    /// The same with other resources than the usual ones.
    #[must_use]
    pub fn with_resources(self, resources: Resources) -> Self {
        Self { resources, ..self }
    }

    /// Returns what hears the notices of an end of an archive.
    pub(super) fn notices(&self) -> Notices {
        let context = self.clone();
        Arc::new(move |notice: Notice| context.warn(notice.into()))
    }

    /// Tells a warning, and keeps it for the report.
    pub(super) fn warn(&self, warning: Warning) {
        self.observer.warning(warning.clone());
        self.warnings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(warning);
    }

    /// Everything that was warned of so far.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Default for Context {
    fn default() -> Self {
        Self::new(CancelToken::default(), Arc::new(()))
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("cancel", &self.cancel)
            .finish_non_exhaustive()
    }
}

/// What a job is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// The plan is held against the host once more, sizes are taken.
    Preparing,
    /// Data goes from the host into the archive.
    BackingUp,
    /// The archive is made safe: synced, and given its name.
    Finishing,
    /// The archive is read and compared with its inventory; nothing is written.
    Verifying,
    /// Older archives of the series are removed.
    Removing,
    /// Another restore into the same host has to end first.
    AwaitingTurn,
    /// Header and inventory of an archive are read.
    Opening,
    /// VMs are created and their settings set.
    CreatingVms,
    /// Data goes from the archive into the host.
    Restoring,
    /// One file is got out of an archive.
    Extracting,
}

/// How far a phase is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// Bytes done.
    pub done_bytes: u64,
    /// Bytes in all; `None` when nobody can know.
    pub total_bytes: Option<u64>,
    /// The VM at work.
    pub vm: Option<Arc<str>>,
    /// Its volume or file at work.
    pub item: Option<Arc<str>>,
    /// Time since the phase began.
    pub elapsed: Duration,
    /// Bytes in a second, over the last while.
    pub bytes_per_second: f64,
    /// Time that the rest will take, once it can be told.
    pub remaining: Option<Duration>,
}

impl Progress {
    /// The part that is done, from 0 to 1.
    pub fn fraction(&self) -> Option<f64> {
        let total = self.total_bytes?;
        Some(if total == 0 {
            1.0
        } else {
            (self.done_bytes as f64 / total as f64).min(1.0)
        })
    }
}

/// How a VM stands in a running job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemState {
    /// It is to come.
    Waiting,
    /// Its data is moving.
    Working,
    /// It is whole.
    Done,
    /// It failed; the others may go on.
    Failed(Failure),
}
