// SPDX-License-Identifier: GPL-3.0-or-later
//! One thread, one job: between the pipeline and the program that shows its progress.
//!
//! A job speaks through one bounded channel, so there is one order of events, and its last word is said exactly once,
//! also after a cancel and after a panic. Dropping the handle cancels the job.

mod awake;
mod handle;
mod overall;
mod protocol;
mod task;
mod worker;

pub use awake::{Awake, StandBy};
pub use handle::JobHandle;
pub use overall::Overall;
pub use protocol::{Ended, Event, Job, JobKind, Outcome};
pub use task::Task;
pub use worker::{spawn, spawn_noted};
