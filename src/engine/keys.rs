// SPDX-License-Identifier: GPL-3.0-or-later
//! The keys of coming parts: derived ahead, because a key takes longer than the data of most files.

use std::sync::Arc;

use crate::{
    crypto::{CryptoError, KdfCost, SealKey, part_passphrase},
    secret::Passphrase,
};

use super::{
    EngineError,
    workers::{ToCome, Workers},
};

/// A key that is being made.
pub(super) type SealKeyToCome = ToCome<Result<SealKey, EngineError>>;

/// Orders the keys of an archive that is being written.
pub(super) struct KeyMaker<'a> {
    pub(super) workers: &'a Workers,
    pub(super) backup_id: String,
    pub(super) passphrase: Arc<Passphrase>,
    pub(super) cost: KdfCost,
}

impl KeyMaker<'_> {
    /// Orders the key of a member (by its name without `.enc`).
    pub(super) fn order(&self, name: &str) -> SealKeyToCome {
        self.order_with(part_passphrase(&self.backup_id, name, self.passphrase.as_bytes()))
    }

    /// Orders a key for another passphrase.
    pub(super) fn order_with(&self, passphrase: impl AsRef<[u8]> + Send + 'static) -> SealKeyToCome {
        let cost = self.cost;
        self.workers.derive(move |scratch| {
            SealKey::derive_in(scratch, passphrase.as_ref(), cost).map_err(|error| not_derived(&error))
        })
    }
}

fn not_derived(error: &CryptoError) -> EngineError {
    EngineError::Internal {
        what: format!("deriving a key: {error}"),
    }
}
