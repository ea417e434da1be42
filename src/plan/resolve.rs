// SPDX-License-Identifier: GPL-3.0-or-later
//! Works out the table of a restore.

use crate::{host::System, inventory::Inventory};

use super::{RestoreChoices, RestoreTable};

/// Works out what happens to each machine of the archive, from what the host has and what the user decided.
pub fn resolve(_inventory: &Inventory, _system: &System, _choices: &RestoreChoices) -> RestoreTable {
    RestoreTable::default()
}
