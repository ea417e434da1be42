// SPDX-License-Identifier: GPL-3.0-or-later
//! The notes of the machines in an archive: small members, of which each costs one key.

use std::collections::BTreeMap;

use super::EngineError;

/// The notes of machines, by their names in the archive. A machine without any is not among them.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    by_machine: BTreeMap<String, Result<String, EngineError>>,
    /// Why the archive could not be read to its end, if it could not: notes of further machines may be missing then.
    pub broken: Option<EngineError>,
}

impl Notes {
    /// The notes of a machine, or why they could not be read.
    pub fn of(&self, machine: &str) -> Option<&Result<String, EngineError>> {
        self.by_machine.get(machine)
    }
}
