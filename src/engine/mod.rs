// SPDX-License-Identifier: GPL-3.0-or-later
//! The pipeline: carries a plan out, from a host into an archive and back.
//!
//! Blocking, cancellable, with bounded memory and nothing spooled to disk. Errors of any stage end all stages, and
//! the first cause is the one that is reported. It refuses to know about windows, terminals and translations: what it
//! has to say goes to an [`Observer`] as plain values.
//!
//! Two wings that do not know each other: `write` makes an archive of VMs, `read` makes VMs of an archive, or verifies
//! it. What both need stands beside them. [`backup`] is above both, since it may verify what it wrote, and may remove what was
//! written before.

// What a job is told, and what it tells.
mod context;
mod damage;
mod degree;
mod error;
mod fault;
mod home_fault;
mod reason;
mod report;
mod warning;

// What both wings work with.
mod gentle;
mod io_errors;
mod memory;
mod meter;
mod names;
mod panics;
mod workers;

mod write;

mod read;

// After a backup.
mod retention;

pub mod backup;

use crate::cancel::CancelToken;

pub use context::{Context, ItemState, Observer, Phase, Progress, Resources};
pub use damage::{Damage, FilterFault};
pub use degree::Degree;
pub use error::{ArchiveError, EngineError, Failure};
pub use fault::{Mistake, PlanFault};
pub(crate) use gentle::give_way;
pub use home_fault::{HomeFault, HomeRefusal};
pub use panics::is_thread_panic;
pub(crate) use panics::of_panic;
pub use read::{
    Leftovers, Notes, Outline, OutlineFile, extract, held_files, open_archive, quick_look, read_notes, restore, verify,
    wait_for_turn,
};
pub use reason::{Cut, NotABackup};
pub use report::{
    ArchiveInfo, ItemReport, ItemResult, OpenedArchive, Partial, Protection, RemovedArchive, Report, SkipReason,
    VerifyVerdict, VmReport, VmResult,
};
pub use retention::{Foreseen, foresee};
pub use warning::{LeftOut, NotRemoved, SettingFault, Warning};
