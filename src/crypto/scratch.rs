// SPDX-License-Identifier: GPL-3.0-or-later
//! The memory in which keys are derived, used again for one key after the other: asking the system for hundreds of
//! megabytes each time costs a third of the work.

use std::fmt;

use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::units::MIB;

use super::{
    KdfCost, KdfLimits,
    romix::{BLOCK_BYTES, Block, R, lanes, romix, table_blocks},
};

/// Why a key could not be derived.
pub(super) enum DeriveFailure {
    /// This machine has too little memory for it.
    Memory,
    /// Its parameters make no sense.
    Parameters,
}

/// Memory for deriving keys, one at a time. It is taken when the first key needs it, and wiped when it is given back.
pub struct Scratch {
    usual_bytes: u64,
    most_bytes: u64,
    table: Vec<Block>,
}

impl Scratch {
    /// What one worker may take for keys as they are written by default, in bytes: half of what the table takes that is
    /// kept whole, for which they take a twelfth longer.
    pub const USUAL_BYTES: u64 = 128 * MIB;

    /// Memory of at most so many bytes, as far as r = 8; of other keys nothing can be spared. For a costly key it is half of
    /// what its whole table takes, as long as that is more than usual and within the most.
    pub fn new(usual_bytes: u64, most_bytes: u64) -> Self {
        Self {
            usual_bytes,
            most_bytes: most_bytes.max(usual_bytes),
            table: Vec::new(),
        }
    }

    /// The least memory in which a key of that cost can be derived, in bytes; `None` where nothing of it can be spared.
    pub fn least_bytes(cost: KdfCost) -> Option<u64> {
        let lanes = lanes(usize::try_from(cost.p).unwrap_or(1)) as u64;
        is_ours(cost).then(|| (cost.memory_bytes() / MAX_EVERY as u64).saturating_mul(lanes))
    }

    /// The memory that is taken now, in bytes.
    pub fn bytes(&self) -> u64 {
        (self.table.capacity() * BLOCK_BYTES) as u64
    }

    pub(super) fn derive(
        &mut self,
        passphrase: &[u8],
        salt: &[u8],
        cost: KdfCost,
        keys: &mut [u8],
    ) -> Result<(), DeriveFailure> {
        if !is_ours(cost) {
            return derive_plainly(passphrase, salt, cost, keys);
        }
        let n = 1_usize << cost.log_n;
        let block_count = usize::try_from(cost.p).map_err(|_| DeriveFailure::Parameters)?;
        let lanes = lanes(block_count);
        let every = self.reserve(n, lanes, cost.memory_bytes() / 2)?;
        let mut blocks = Zeroizing::new(vec![0; block_count * BLOCK_BYTES]);
        pbkdf2(passphrase, salt, &mut blocks);
        romix(&mut blocks, &mut self.table, n, every, lanes);
        pbkdf2(passphrase, &blocks, keys);
        Ok(())
    }

    /// Makes room for the tables of so many lanes; gives every how many blocks one is kept.
    fn reserve(&mut self, n: usize, lanes: usize, half_bytes: u64) -> Result<usize, DeriveFailure> {
        let whole = (n * lanes * BLOCK_BYTES) as u64;
        let limit = half_bytes.clamp(self.usual_bytes, self.most_bytes).max(1);
        let every = usize::try_from(whole.div_ceil(limit)).map_err(|_| DeriveFailure::Memory)?;
        // Beyond that the work grows without end.
        let every = every.clamp(1, n.min(MAX_EVERY));
        let blocks = table_blocks(n, lanes, every);
        if self.table.len() < blocks {
            // What is in it is of no use any more, and need not be copied.
            self.table.zeroize();
            self.table = Vec::new();
            self.table
                .try_reserve_exact(blocks)
                .map_err(|_| DeriveFailure::Memory)?;
            self.table.resize(blocks, Block::ZERO);
        }
        Ok(every)
    }
}

/// Whether a key can be derived by [`romix`].
fn is_ours(cost: KdfCost) -> bool {
    cost.r == R && cost.log_n < 32
}

/// The largest gap in a table: it takes a sixteenth of the memory then, and nearly five times the work, most of which
/// stays in the cache.
const MAX_EVERY: usize = 16;

/// All the memory that an archive may ask for.
impl Default for Scratch {
    fn default() -> Self {
        Self::new(Self::USUAL_BYTES, KdfLimits::DEFAULT.max_memory_bytes)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.table.zeroize();
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scratch({} of {} bytes)", self.bytes(), self.most_bytes)
    }
}

fn pbkdf2(passphrase: &[u8], salt: &[u8], out: &mut [u8]) {
    pbkdf2::pbkdf2_hmac::<Sha256>(passphrase, salt, 1, out);
}

/// What is rare takes the crate's own way, with all of the memory.
fn derive_plainly(passphrase: &[u8], salt: &[u8], cost: KdfCost, keys: &mut [u8]) -> Result<(), DeriveFailure> {
    let parameters = scrypt::Params::new(cost.log_n, cost.r, cost.p).map_err(|_| DeriveFailure::Parameters)?;
    // The derivation itself aborts the program where the memory is refused; asking first makes that an error.
    let bytes = usize::try_from(cost.memory_bytes()).map_err(|_| DeriveFailure::Memory)?;
    Vec::<u8>::new()
        .try_reserve_exact(bytes)
        .map_err(|_| DeriveFailure::Memory)?;
    scrypt::scrypt(passphrase, salt, &parameters, keys).map_err(|_| DeriveFailure::Parameters)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn derived(scratch: &mut Scratch, passphrase: &[u8], salt: &[u8], cost: KdfCost) -> [u8; 64] {
        let mut keys = [0; 64];
        assert!(scratch.derive(passphrase, salt, cost, &mut keys).is_ok());
        keys
    }

    fn by_the_crate(passphrase: &[u8], salt: &[u8], cost: KdfCost) -> [u8; 64] {
        let mut keys = [0; 64];
        let parameters = scrypt::Params::new(cost.log_n, cost.r, cost.p).unwrap();
        scrypt::scrypt(passphrase, salt, &parameters, &mut keys).unwrap();
        keys
    }

    proptest! {
        #[test]
        fn it_derives_what_the_crate_derives_in_whatever_memory(
            passphrase in prop::collection::vec(any::<u8>(), 0..80),
            salt in prop::collection::vec(any::<u8>(), 0..40),
            log_n in 1..9_u8,
            r in prop_oneof![4 => Just(8_u32), 1 => 1..10_u32],
            p in 1..11_u32,
            limit_kib in 0..600_u64,
        ) {
            let cost = KdfCost { log_n, r, p };
            let mut scratch = Scratch::new(limit_kib << 10, limit_kib << 10);
            prop_assert_eq!(derived(&mut scratch, &passphrase, &salt, cost), by_the_crate(&passphrase, &salt, cost));
        }
    }

    #[test]
    fn the_vector_of_the_standard_comes_out() {
        // RFC 7914, section 12.
        let cost = KdfCost { log_n: 14, r: 8, p: 1 };
        let keys = derived(&mut Scratch::default(), b"pleaseletmein", b"SodiumChloride", cost);
        assert_eq!(keys[..8], [0x70, 0x23, 0xbd, 0xcb, 0x3a, 0xfd, 0x73, 0x48]);
        assert_eq!(keys[60..], [0x45, 0x57, 0x58, 0x87]);
    }

    #[test]
    fn a_costly_key_takes_more_than_usual_and_no_more_than_it_may() {
        let cost = |log_n| KdfCost { log_n, r: 8, p: 1 };
        let usual = cost(10).memory_bytes() / 2;
        for (log_n, expected) in [(9, 1), (10, 1), (11, 2), (12, 4), (13, 4), (14, 4)] {
            let mut scratch = Scratch::new(usual, 4 * usual);
            let keys = derived(&mut scratch, b"x", b"y", cost(log_n));
            assert_eq!(scratch.bytes(), expected * usual, "{log_n}");
            assert_eq!(keys, by_the_crate(b"x", b"y", cost(log_n)));
        }
    }

    #[test]
    fn the_least_memory_is_what_a_worker_with_none_takes() {
        for p in [1, 2, 3, 4, 9] {
            let cost = KdfCost { log_n: 10, r: 8, p };
            let mut scratch = Scratch::new(0, 0);
            derived(&mut scratch, b"x", b"y", cost);
            assert_eq!(Scratch::least_bytes(cost), Some(scratch.bytes()), "{p}");
        }
        assert_eq!(Scratch::least_bytes(KdfCost { log_n: 10, r: 4, p: 1 }), None);
    }

    #[test]
    fn it_keeps_to_its_limit_and_is_used_again() {
        let cost = KdfCost { log_n: 10, r: 8, p: 4 };
        let limit = cost.memory_bytes() / 3;
        let mut scratch = Scratch::new(limit, limit);
        let first = derived(&mut scratch, b"x", b"y", cost);
        let taken = scratch.bytes();
        assert!(taken > 0 && taken <= limit, "{taken} of {limit}");
        assert_eq!(derived(&mut scratch, b"x", b"y", cost), first);
        assert_ne!(derived(&mut scratch, b"x", b"z", cost), first);
        assert_eq!(scratch.bytes(), taken);
    }
}
