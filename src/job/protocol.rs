// SPDX-License-Identifier: GPL-3.0-or-later
//! The whole vocabulary between a job and its watcher. Plain values only: no translated text, nothing of a window.

use std::{sync::Arc, time::SystemTime};

use crate::{
    engine::{ArchiveInfo, Degree, EngineError, ItemState, Partial, Phase, Progress, Report, VmResult, Warning},
    host::Host,
    plan::{BackupPlan, ExtractPlan, RestorePlan, VerifyPlan},
};

/// What is to be done, and with which PedOS. A job that only reads an archive needs a PedOS only when the
/// archive is in a VM.
pub enum Job {
    /// A backup (and a verification after it, if the plan says so).
    Backup(BackupPlan, Arc<dyn Host>),
    /// A restore.
    Restore(RestorePlan, Arc<dyn Host>),
    /// A verification.
    Verify(VerifyPlan, Option<Arc<dyn Host>>),
    /// One file of an archive.
    Extract(ExtractPlan, Option<Arc<dyn Host>>),
}

impl Job {
    /// Returns the profile by which a backup is made.
    pub fn profile(&self) -> Option<&str> {
        match self {
            Self::Backup(plan, _) => plan.series.profile.as_deref(),
            Self::Restore(..) | Self::Verify(..) | Self::Extract(..) => None,
        }
    }
}

/// What a job was there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// Writing an archive.
    Backup,
    /// Bringing VMs back.
    Restore,
    /// Reading an archive to its end.
    Verify,
    /// Getting one file out of an archive.
    Extract,
}

/// What a job says while it runs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// It has begun; the VMs in their order.
    Started {
        /// By name in the archive.
        vms: Vec<String>,
    },
    /// A new phase.
    Phase(Phase),
    /// How far the phase is. The only event that may be left out when nobody keeps up with them.
    Progress(Progress),
    /// A VM's state changed.
    Item {
        /// The VM, by name in the archive.
        vm: String,
        /// Its state.
        state: ItemState,
    },
    /// Something that does not stop it.
    Warning(Warning),
    /// The last word, said exactly once.
    Finished(Outcome),
}

/// How a job ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It came to its end. Whether everything is well is for the report to say.
    Done(Box<Report>),
    /// Its user stopped it; nothing of it is left under a final name.
    Cancelled(Partial),
    /// It could not go on.
    Failed(EngineError, Partial),
}

impl Outcome {
    /// Returns the degree of success. Words, display, exit code and power-off all use this value.
    pub fn degree(&self, kind: JobKind) -> Degree {
        match self {
            Self::Done(report) => match (kind, report.degree()) {
                // A verification has one subject, the archive: it is whole or it is not.
                (JobKind::Verify, Degree::Partial) => Degree::Failed,
                (_, degree) => degree,
            },
            Self::Cancelled(_) => Degree::Cancelled,
            Self::Failed(_, partial) => {
                let has_done = partial.vms.iter().any(|vm| vm.result == VmResult::Done);
                // Of the other jobs nothing is left that could be relied on.
                if kind == JobKind::Restore && has_done {
                    Degree::Partial
                } else {
                    Degree::Failed
                }
            }
        }
    }
}

/// A job that has ended, with everything that a report of it names.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// What it was there for.
    pub kind: JobKind,
    /// How it ended.
    pub outcome: &'a Outcome,
    /// Where the archive is, for display.
    pub place: &'a str,
    /// What the archive says of itself, where it was opened.
    pub archive: Option<&'a ArchiveInfo>,
    /// The profile by which a backup was made.
    pub profile: Option<&'a str>,
    /// When it ended.
    pub at: SystemTime,
}
