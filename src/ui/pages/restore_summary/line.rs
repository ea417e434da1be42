// SPDX-License-Identifier: GPL-3.0-or-later
//! One finding above the table of a restore, all words ready.

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The VM that it is about, if it is one.
    pub(super) vm: Option<String>,
    /// What is found.
    pub(super) text: String,
    /// Whether it keeps the VM from being restored.
    pub(super) is_blocking: bool,
}
