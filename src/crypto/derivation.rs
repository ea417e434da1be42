// SPDX-License-Identifier: GPL-3.0-or-later
//! What a key is derived from, and what comes of it: apart from each other, so that several can be derived side by side.

use std::{fmt, sync::Arc};

use aes::Aes256;
use ctr::{Ctr64BE, cipher::KeyIvInit};
use hmac::{Hmac, KeyInit};
use sha2::Sha256;
use zeroize::Zeroize;

use crate::secret::Locked;

use super::KdfCost;

/// Bytes of the salt of a container.
pub(super) const SALT_BYTES: usize = 32;

/// What the keys of one container are derived from.
pub struct Derivation {
    pub(super) passphrase: Locked,
    pub(super) salt: [u8; SALT_BYTES],
    pub(super) cost: KdfCost,
}

impl Derivation {
    pub(super) fn new(passphrase: &[u8], salt: [u8; SALT_BYTES], cost: KdfCost) -> Self {
        Self {
            passphrase: Locked::of(passphrase),
            salt,
            cost,
        }
    }

    /// The whole passphrase, which names backup and part.
    pub fn passphrase(&self) -> &[u8] {
        &self.passphrase
    }

    /// What it costs.
    pub fn cost(&self) -> KdfCost {
        self.cost
    }
}

impl fmt::Debug for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Derivation({})", self.cost)
    }
}

/// Why keys could not be derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeriveFailure {
    /// this computer has too little memory for it.
    Memory,
    /// Its parameters make no sense.
    Parameters,
}

/// What comes of a derivation.
pub type Derived = Result<Keys, DeriveFailure>;

/// What a derivation makes: the key of the cipher and that of the MAC, 32 bytes each.
pub(super) const KEYS_BYTES: usize = 64;

/// The two keys that come out of one derivation, in memory for secrets.
#[derive(Clone)]
pub struct Keys(Arc<Locked>);

impl Keys {
    /// Lets them be written where they stay: keys that are moved leave copies behind.
    pub(super) fn write<E>(write: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut keys = Locked::zeroed(KEYS_BYTES);
        write(&mut keys)?;
        Ok(Self(Arc::new(keys)))
    }

    /// Copies keys that were kept.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Arc::new(Locked::of(bytes)))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn cipher(&self) -> Ctr64BE<Aes256> {
        let mut key = aes::cipher::Key::<Aes256>::default();
        key.copy_from_slice(&self.0[..32]);
        let cipher = Ctr64BE::<Aes256>::new(&key, &Default::default());
        key.as_mut_slice().zeroize();
        cipher
    }

    pub(super) fn mac(&self) -> Hmac<Sha256> {
        Hmac::new_from_slice(&self.0[32..]).expect("HMAC takes keys of every length")
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}
