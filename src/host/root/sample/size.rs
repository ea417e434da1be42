// SPDX-License-Identifier: GPL-3.0-or-later
//! How much data a sample has.

/// How much data a sample has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleSize {
    /// About 60 MiB in volumes of some 20 GiB: a backup of it can be watched.
    Full,
    /// A few MiB in volumes of some 300 MiB, for tests.
    Tiny,
}

impl SampleSize {
    /// By what the data of a volume is smaller than in a full sample.
    pub(super) fn data_divisor(self) -> u64 {
        match self {
            Self::Full => 1,
            Self::Tiny => 20,
        }
    }

    /// By what a volume is smaller than in a full sample.
    pub(super) fn volume_divisor(self) -> u64 {
        match self {
            Self::Full => 1,
            Self::Tiny => 64,
        }
    }
}
