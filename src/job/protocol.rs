// SPDX-License-Identifier: GPL-3.0-or-later
//! The whole vocabulary between a job and its watcher. Plain values only: no translated text, nothing of a window.

use crate::{
    engine::{EngineError, ItemState, Partial, Phase, Progress, Report, Warning},
    plan::{BackupPlan, RestorePlan},
};

/// What is to be done.
#[derive(Debug)]
pub enum Job {
    /// A backup (and a verification after it, if the plan says so).
    Backup(BackupPlan),
    /// A restore, or a verification if the plan says so.
    Restore(RestorePlan),
}

/// What a job says while it runs.
#[derive(Debug, Clone)]
pub enum Event {
    /// It has begun; the machines in their order.
    Started {
        /// By name in the archive.
        machines: Vec<String>,
    },
    /// A new phase.
    Phase(Phase),
    /// How far the phase is. The only event that may be left out when nobody keeps up with them.
    Progress(Progress),
    /// A machine's state changed.
    Item {
        /// The machine, by name in the archive.
        machine: String,
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
