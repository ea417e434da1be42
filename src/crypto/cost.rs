// SPDX-License-Identifier: GPL-3.0-or-later
//! What deriving a key costs, on our side and for whoever guesses.

/// The cost parameters of scrypt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KdfCost {
    /// Binary logarithm of N.
    pub log_n: u8,
    /// Block size factor.
    pub r: u32,
    /// How often the work is done again.
    pub p: u32,
}

impl KdfCost {
    /// N = 2^18, r = 8, p = 1: 256 MiB, which every stock `scrypt dec` accepts. Three bits below what the stock tool
    /// nominally chooses, three bits and more above the weakest part that its speed estimate leaves in a large archive.
    pub const DEFAULT: Self = Self { log_n: 18, r: 8, p: 1 };

    /// N = 2^17, r = 8, p = 16: the work that the stock tool nominally chooses, with half of its memory.
    pub const REFERENCE: Self = Self { log_n: 17, r: 8, p: 16 };
}

impl Default for KdfCost {
    fn default() -> Self {
        Self::DEFAULT
    }
}
