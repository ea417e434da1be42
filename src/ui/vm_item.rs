// SPDX-License-Identifier: GPL-3.0-or-later
//! A VM as the lists show it.

use super::Glyph;

/// A VM as the lists show it, all words ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VmItem {
    /// Its name.
    pub name: String,
    /// Its place among the others.
    pub position: usize,
    /// Its tile.
    pub glyph: Glyph,
    /// What kind it is and what else is worth a line.
    pub detail: String,
    /// Its size.
    pub value: String,
    /// Whether it runs, in a word; empty if not.
    pub state: String,
}
