// SPDX-License-Identifier: GPL-3.0-or-later
//! Derives keys with scrypt, several at a time: PBKDF2 on both sides of `romix`, whose memory is used again for one key
//! after the other. Keys of an unusual shape (r other than 8) go to the `scrypt` crate.

use std::fmt;

use sha2::Sha256;
use zeroize::Zeroizing;

use crate::units::MIB;

use super::{
    Derivation, DeriveFailure, Derived, KdfCost, KdfLimits, Keys,
    romix::{BLOCK_BYTES, Memory, OutOfMemory, R},
    stack::leaving_nothing,
};

/// Memory for deriving keys. It is taken when the first key needs it, and wiped when it is given back.
pub struct Scratch(Memory);

impl Scratch {
    /// What one worker may take for keys as they are written by default, in bytes. That is half of what the table of a key
    /// takes that is kept whole, and an eighth of what those of four take.
    pub const USUAL_BYTES: u64 = 128 * MIB;

    /// Memory of at most so many bytes, as far as r = 8; of other keys nothing can be spared. For a costly key it is half of
    /// what its whole table takes, as long as that is more than usual and within the most.
    pub fn new(usual_bytes: u64, most_bytes: u64) -> Self {
        Self(Memory::new(usual_bytes, most_bytes))
    }

    /// The least memory in which a key of that cost can be derived, in bytes; `None` where nothing of it can be spared.
    pub fn least_bytes(cost: KdfCost) -> Option<u64> {
        is_ours(cost).then(|| Memory::least_bytes(1 << cost.log_n))
    }

    /// How many keys of that cost are best derived at a time: as many as fill the registers of this processor, as long as
    /// the memory is enough.
    pub fn keys_at_a_time(&self, cost: KdfCost) -> usize {
        let blocks_each = usize::try_from(cost.p).unwrap_or(usize::MAX).max(1);
        if is_ours(cost) {
            self.0.groups_at_a_time(1 << cost.log_n, blocks_each)
        } else {
            1
        }
    }

    /// Whether two keys can be derived at a time.
    pub fn go_together(one: KdfCost, other: KdfCost) -> bool {
        one == other && is_ours(one)
    }

    /// The memory that is taken now, in bytes.
    pub fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    /// Derives one key.
    ///
    /// # Errors
    /// When memory is missing, or the parameters of the cost make no sense.
    pub fn derive_one(&mut self, from: &Derivation) -> Derived {
        let mut keys = self.derive(&[from])?;
        keys.pop().ok_or(DeriveFailure::Parameters)
    }

    /// Derives several keys at a time, each of which [goes together](Self::go_together) with the first.
    ///
    /// # Errors
    /// As [`Scratch::derive_one`].
    pub fn derive(&mut self, from: &[&Derivation]) -> Result<Vec<Keys>, DeriveFailure> {
        let Some(first) = from.first() else {
            return Ok(Vec::new());
        };
        let secrets = from.iter().map(|from| (&from.passphrase[..], &from.salt[..]));
        self.derive_secrets(&secrets.collect::<Vec<_>>(), first.cost)
    }

    /// The same of passphrases and salts.
    fn derive_secrets(&mut self, secrets: &[Secret<'_>], cost: KdfCost) -> Result<Vec<Keys>, DeriveFailure> {
        if !is_ours(cost) {
            return secrets.iter().map(|secret| derive_plainly(*secret, cost)).collect();
        }
        let n = 1_usize << cost.log_n;
        let key_bytes = usize::try_from(cost.p)
            .ok()
            .and_then(|blocks| blocks.checked_mul(BLOCK_BYTES))
            .ok_or(DeriveFailure::Parameters)?;
        let mut blocks = Zeroizing::new(vec![0; secrets.len() * key_bytes]);
        for ((passphrase, salt), blocks) in secrets.iter().zip(blocks.chunks_exact_mut(key_bytes)) {
            pbkdf2(passphrase, salt, blocks);
        }
        self.0
            .mix(&mut blocks, n)
            .map_err(|OutOfMemory| DeriveFailure::Memory)?;
        let each = secrets.iter().zip(blocks.chunks_exact(key_bytes));
        let key = |((passphrase, _), blocks): (&Secret<'_>, &[u8])| {
            Keys::write(|keys| {
                pbkdf2(passphrase, blocks, keys);
                Ok(())
            })
        };
        each.map(key).collect()
    }
}

/// A passphrase and a salt.
type Secret<'a> = (&'a [u8], &'a [u8]);

/// Whether `romix` can derive a key.
fn is_ours(cost: KdfCost) -> bool {
    cost.r == R && cost.log_n < 32
}

/// All the memory that an archive may ask for.
impl Default for Scratch {
    fn default() -> Self {
        Self::new(Self::USUAL_BYTES, KdfLimits::DEFAULT.max_memory_bytes)
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scratch({} of {} bytes)", self.bytes(), self.0.most_bytes())
    }
}

fn pbkdf2(passphrase: &[u8], salt: &[u8], out: &mut [u8]) {
    leaving_nothing(|| pbkdf2::pbkdf2_hmac::<Sha256>(passphrase, salt, 1, out));
}

/// What is rare takes the crate's own way, with all of the memory.
fn derive_plainly((passphrase, salt): Secret<'_>, cost: KdfCost) -> Derived {
    let parameters = scrypt::Params::new(cost.log_n, cost.r, cost.p).map_err(|_| DeriveFailure::Parameters)?;
    // The derivation itself aborts the program where the memory is refused; asking first makes that an error.
    let bytes = usize::try_from(cost.memory_bytes()).map_err(|_| DeriveFailure::Memory)?;
    Vec::<u8>::new()
        .try_reserve_exact(bytes)
        .map_err(|_| DeriveFailure::Memory)?;
    Keys::write(|keys| scrypt::scrypt(passphrase, salt, &parameters, keys).map_err(|_| DeriveFailure::Parameters))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::crypto::romix::most_lanes;

    use super::*;

    fn derived(scratch: &mut Scratch, passphrase: &[u8], salt: &[u8], cost: KdfCost) -> [u8; 64] {
        scratch.derive_secrets(&[(passphrase, salt)], cost).unwrap()[0]
            .bytes()
            .try_into()
            .unwrap()
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
    fn keys_that_are_derived_at_a_time_are_those_that_are_derived_apart() {
        for (log_n, r, p) in [(5, 8, 1), (5, 8, 2), (5, 8, 3), (5, 8, 5), (4, 1, 2)] {
            let cost = KdfCost { log_n, r, p };
            for count in 1..=9_u8 {
                for limit in [0, 10 << 10, 1 << 20] {
                    let salts: Vec<[u8; 1]> = (0..count).map(|number| [number]).collect();
                    let secrets: Vec<Secret<'_>> = salts.iter().map(|salt| (&b"x"[..], &salt[..])).collect();
                    let keys = Scratch::new(limit, limit).derive_secrets(&secrets, cost).unwrap();
                    assert_eq!(keys.len(), secrets.len());
                    for (keys, (passphrase, salt)) in keys.iter().zip(secrets) {
                        assert_eq!(keys.bytes(), by_the_crate(passphrase, salt, cost));
                    }
                }
            }
        }
    }

    #[test]
    fn as_many_keys_go_together_as_there_are_registers_and_memory_for() {
        let keys = |scratch: &Scratch, log_n, p| scratch.keys_at_a_time(KdfCost { log_n, r: 8, p });
        let scratch = Scratch::default();
        assert_eq!(keys(&scratch, 18, 1), most_lanes());
        assert_eq!(keys(&scratch, 18, 16), 1);
        // A sixteenth of one table is all that there is memory for.
        let poor = Scratch::new(0, KdfCost { log_n: 18, r: 8, p: 1 }.memory_bytes() / 16);
        assert_eq!(keys(&poor, 18, 1), 1);
        assert_eq!(keys(&poor, 17, 1), most_lanes().min(2));
        assert_eq!(scratch.keys_at_a_time(KdfCost { log_n: 18, r: 1, p: 1 }), 1);
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
