// SPDX-License-Identifier: GPL-3.0-or-later
//! The pipeline: carries a plan out, from a host into an archive and back.
//!
//! Blocking, cancellable, with bounded memory and nothing spooled to disk. Errors of any stage end all stages, and
//! the first cause is the one that is reported. It refuses to know about windows, terminals and translations: what it
//! has to say goes to an [`Observer`] as plain values.

mod ahead;
mod blocks;
mod contents;
mod context;
mod damage;
mod data;
mod degree;
mod destination;
mod dialect;
mod error;
mod filter;
mod home;
mod index;
mod keys;
mod leftovers;
mod memory;
mod meter;
mod notes;
mod open;
mod parts;
mod priority;
mod quick;
mod read_ahead;
mod reader;
mod reason;
mod recovery;
mod report;
mod rules;
mod settings;
mod source;
mod stage;
mod unpack;
mod workers;
mod writing;

pub mod backup;
pub mod extract;
pub mod restore;
pub mod verify;

pub use context::{CancelToken, Context, ItemState, Observer, Phase, Progress, Resources, Warning};
pub use damage::{Damage, FilterFault};
pub use degree::Degree;
pub use error::{ArchiveError, DestinationError, EngineError, SourceError};
pub use home::{HomeFault, HomeRefusal};
pub use leftovers::{Leftovers, wait_for_turn};
pub use notes::{Notes, read_notes};
pub use open::{open_archive, source_place};
pub(crate) use priority::give_way;
pub use quick::{Outline, OutlineFile, quick_look};
pub use reason::{Cut, NotABackup};
pub use report::{
    ArchiveInfo, Failure, ItemReport, ItemResult, OpenedArchive, Partial, Protection, Report, SkipReason,
    VerifyVerdict, VmReport, VmResult,
};
pub use stage::is_thread_panic;
pub(crate) use stage::of_panic;
