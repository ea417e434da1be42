// SPDX-License-Identifier: GPL-3.0-or-later
//! The words around the history of the system.

use crate::text::i18n::{gettext, gettext_f, ngettext_f};

pub use crate::text::history::no_runs;

/// Returns the title of the window.
pub fn history_title() -> String {
    gettext("Last Backups and Restores")
}

/// Returns what is said until the history is read.
pub fn reading_history() -> String {
    gettext("Looking…")
}

/// The line that opens the list of the VMs of a run.
pub fn history_vms(count: usize) -> String {
    ngettext_f("{n} VM", "{n} VMs", count as u64, &[])
}

/// Opens the other wizard, which verifies the archive.
pub fn verify_again() -> String {
    gettext("_Verify Again…")
}

/// Opens the other wizard, which restores from the archive.
pub fn restore_from() -> String {
    gettext("_Restore…")
}

/// Said where the other wizard could not be started.
pub fn wizard_not_started(why: &str) -> String {
    gettext_f("The wizard could not be started: {why}", &[("why", why)])
}
