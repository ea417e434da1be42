// SPDX-License-Identifier: GPL-3.0-or-later
//! What came of a home that was read, and which of its entries are left out for what reason.

use std::path::PathBuf;

use crate::engine::{ArchiveError, Context, HomeRefusal, Warning};

/// How many entries that cannot be restored are named one by one.
const MOST_NAMED: u64 = 100;

/// What came of a home.
#[derive(Debug, Default)]
pub(in super::super) struct HomeRead {
    /// The bytes of its files.
    pub(in super::super) bytes: u64,
    /// The first entry that cannot be restored, and how many there are.
    pub(in super::super) refused: Option<(PathBuf, u64)>,
}

impl HomeRead {
    /// Names an entry that is left out.
    pub(super) fn refuse(&mut self, path: PathBuf, why: HomeRefusal, context: &Context) {
        let (_, count) = self.refused.get_or_insert_with(|| (path.clone(), 0));
        *count += 1;
        if *count <= MOST_NAMED {
            context.warn(Warning::HomeEntryRefused { path, why });
        }
    }

    /// What is to be said of the home as a whole.
    pub(in super::super) fn fault(&self) -> Option<ArchiveError> {
        let (path, count) = self.refused.clone()?;
        Some(ArchiveError::HomeEntries { path, count })
    }
}
