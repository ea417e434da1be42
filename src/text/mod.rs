// SPDX-License-Identifier: GPL-3.0-or-later
//! Words: the one room that speaks to people, in their language.
//!
//! It turns the plain values of the rooms below it (errors, findings, progress, reports) into sentences that say what
//! happened and what can be done about it; every such match is exhaustive, so that a new value does not compile
//! without its words. It refuses to decide anything, and lets nothing through unsanitised that an archive or a
//! service chose.

pub mod i18n;
pub mod progress;
pub mod terminal;
pub mod wizard;

mod finding;
mod history;
mod message;
mod outcome;
mod quantity;
mod recovery;
mod reminder;
mod report;
mod restore;
mod sanitize;
mod schedule;
mod warning;

pub use crate::job::JobKind;
pub use finding::{
    FindingText, backup_cure, finding, finding_group, finding_title, findings_heading, leave_out_unready, only_changed,
};
pub use history::{RunLine, history_unreadable, past_run};
pub use message::{
    Message, anomaly, archive_error, destination_error, host_error, inventory_error, io_text, line_problem, message,
    name_fault, open_error, passphrase_error, profile_error, setting, source_error, store_error, unfit,
};
pub use outcome::{ItemLine, OutcomeView, Tone, VmLine, opened, outcome};
pub use progress::{ProgressView, phase};
pub use quantity::{
    class, clock, compression, compressions, date, duration, filter, kernel, netvm, protection, remaining, size, speed,
    within,
};
pub use recovery::recovery_text;
pub use reminder::reminder;
pub use report::{archive_lines, item_text, report_text, save_report, vm_table};
pub use restore::{restore_cure, restore_problem, restore_remark, shortage};
pub use sanitize::{sanitize, sanitize_lines};
pub use schedule::{profile_place, rhythm};
pub use warning::{unverified, warning};
