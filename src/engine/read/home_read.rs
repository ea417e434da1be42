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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::HomeFault;

    #[test]
    fn so_many_entries_are_named_and_all_are_counted() {
        let context = Context::default();
        let mut home = HomeRead::default();
        for _ in 0..MOST_NAMED + 1 {
            home.refuse(PathBuf::from("x"), HomeRefusal::Fault(HomeFault::Outside), &context);
        }
        assert_eq!(context.warnings().len() as u64, MOST_NAMED);
        assert!(matches!(home.fault(), Some(ArchiveError::HomeEntries { count, .. }) if count == MOST_NAMED + 1));
    }
}
