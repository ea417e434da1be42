// SPDX-License-Identifier: GPL-3.0-or-later
//! The words around the history of the system.

use crate::text::i18n::gettext;

pub use crate::text::history::no_runs;

/// Returns the title of the window.
pub fn history_title() -> String {
    gettext("Last Backups and Restores")
}

/// Returns what is said until the history is read.
pub fn reading_history() -> String {
    gettext("Looking…")
}
