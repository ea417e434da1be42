// SPDX-License-Identifier: GPL-3.0-or-later
//! The cost of deriving a key, for the user and for an attacker who guesses.

use crate::units::GIB;

/// Makes keys cheap in builds for tests. A released program does not know it.
const WEAK_KEYS: &str = "PEDOS_BACKUP_TEST_WEAK_KEYS";

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

    /// The costs that a user can choose, with the words that profiles and command lines have for them.
    pub const NAMED: [(&'static str, Self); 2] = [("default", Self::DEFAULT), ("reference", Self::REFERENCE)];

    /// Returns the cost at which the keys of a new archive are derived: this one. Only in a build without optimisation for release, an
    /// environment variable makes them cheap, because the tests of the programs make thousands of keys.
    pub fn of_new_keys(self) -> Self {
        if cfg!(debug_assertions) && std::env::var_os(WEAK_KEYS).is_some() {
            return Self { log_n: 10, ..self };
        }
        self
    }

    /// The bytes of memory that one derivation needs, as far as N decides; `u64::MAX` where no number can say it.
    pub fn memory_bytes(self) -> u64 {
        1_u64
            .checked_shl(u32::from(self.log_n))
            .and_then(|n| n.checked_mul(128)?.checked_mul(u64::from(self.r)))
            .unwrap_or(u64::MAX)
    }

    /// The work of one derivation, N * r * p; `u64::MAX` where no number can say it.
    pub fn work(self) -> u64 {
        1_u64
            .checked_shl(u32::from(self.log_n))
            .and_then(|n| n.checked_mul(u64::from(self.r))?.checked_mul(u64::from(self.p)))
            .unwrap_or(u64::MAX)
    }
}

impl Default for KdfCost {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl std::fmt::Display for KdfCost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "N = 2^{}, r = {}, p = {}", self.log_n, self.r, self.p)
    }
}

/// The most that an archive may ask for before its passphrase has been proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KdfLimits {
    /// Bytes of memory of one derivation.
    pub max_memory_bytes: u64,
    /// N * r * p of one derivation.
    pub max_work: u64,
}

impl KdfLimits {
    /// What genuine archives stay below. The stock tool takes an eighth of the VM's memory and five seconds: N of
    /// 2^21 with r = 8 (2 GiB) is the most that was seen, and p up to 16; one doubling of both is room for the future.
    pub const DEFAULT: Self = Self {
        max_memory_bytes: 4 * GIB,
        max_work: 8 << 25,
    };

    /// The largest r * p: its blocks are memory too (128 bytes each), on top of what N decides. Genuine is 8 to 128.
    const MAX_R_P: u64 = 1 << 20;

    /// Whether such a derivation may be done at all.
    pub fn allow(&self, cost: KdfCost) -> bool {
        cost.log_n > 0
            && cost.r > 0
            && cost.p > 0
            && u64::from(cost.r) * u64::from(cost.p) <= Self::MAX_R_P
            && cost.memory_bytes() <= self.max_memory_bytes
            && cost.work() <= self.max_work
    }
}

impl Default for KdfLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(log_n: u8, r: u32, p: u32) -> bool {
        KdfLimits::DEFAULT.allow(KdfCost { log_n, r, p })
    }

    #[test]
    fn everything_that_the_stock_tool_chooses_is_allowed() {
        for (log_n, p) in [
            (10, 1),
            (16, 1),
            (17, 16),
            (18, 9),
            (19, 4),
            (20, 2),
            (21, 1),
            (21, 16),
            (22, 1),
        ] {
            assert!(allowed(log_n, 8, p), "{log_n} {p}");
        }
        // The most of each: memory, work, and blocks.
        assert!(allowed(22, 8, 1) && allowed(21, 8, 16) && allowed(1, 1, 1 << 20));
    }

    #[test]
    fn numbers_that_would_bring_the_vm_down_are_not() {
        for (log_n, r, p) in [
            (0, 8, 1),
            (18, 0, 1),
            (18, 8, 0),
            (23, 8, 1),
            (63, 8, 1),
            (64, 8, 1),
            (255, 8, 1),
            (1, u32::MAX, u32::MAX),
            (1, 1 << 16, 1 << 16),
            (21, 8, 17),
            (10, 1, 1 << 21),
            (1, 1, (1 << 20) + 1),
            // Little work, but 128 bytes of memory for each r * p.
            (1, 1, 1 << 26),
            (1, 1 << 26, 1),
        ] {
            assert!(!allowed(log_n, r, p), "{log_n} {r} {p}");
        }
    }
}
