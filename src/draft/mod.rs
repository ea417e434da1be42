// SPDX-License-Identifier: GPL-3.0-or-later
//! What the user of a wizard has chosen so far, and every rule about it.
//!
//! A draft knows its page, whether the next one may be entered and if not why, and becomes a plan at the end. It holds
//! values only: no window, no thread and no text for people, so that each rule can be tried without a screen.

mod backup;
mod passphrase;
mod pick;
mod place;
mod reach;
mod reason;
mod restore;
mod steps;
mod way;

pub use crate::format::Compression;

pub use backup::{BackupDraft, BackupPage, PowerOff};
pub use passphrase::{Meter, PassphraseDraft};
pub use pick::pick;
pub use place::{PlaceDraft, PlaceProblem, PlaceState, TypedPlace};
pub use reach::ReachKind;
pub use reason::Reason;
pub use restore::{NotesRead, Opening, QuickLook, RestoreDraft, RestorePage};
pub use steps::{Run, WizardDraft};
pub use way::{Way, ways_on};
