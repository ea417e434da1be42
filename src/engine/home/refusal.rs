// SPDX-License-Identifier: GPL-3.0-or-later
//! What came of a home that was read, and which of its entries are left out for what reason.

use std::{fmt, io, path::PathBuf, sync::Arc};

use super::super::{ArchiveError, Context, Warning};
use super::judge::HomeFault;

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

/// Why an entry of a home is left out.
#[derive(Debug, Clone)]
pub enum HomeRefusal {
    /// No system takes it.
    Fault(HomeFault),
    /// This system does not take it.
    System(Arc<io::Error>),
}

impl fmt::Display for HomeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => write!(f, "{fault}"),
            Self::System(error) => write!(f, "{error}"),
        }
    }
}

impl PartialEq for HomeRefusal {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for HomeRefusal {}
