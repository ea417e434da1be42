// SPDX-License-Identifier: GPL-3.0-or-later
//! The keys of coming parts: derived ahead, because a key takes longer than the data of most files.

use std::sync::Arc;

use crate::{
    crypto::{CryptoError, KdfCost, SealKey, header_passphrase, part_passphrase},
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
        let cost = self.cost;
        let passphrase = part_passphrase(&self.backup_id, name, self.passphrase.as_bytes());
        self.workers
            .derive(move |scratch| SealKey::derive_in(scratch, &passphrase, cost).map_err(|error| not_derived(&error)))
    }

    /// Puts the header of the archive into its container.
    pub(super) fn seal_header(&self, mut header: Vec<u8>) -> ToCome<Result<Vec<u8>, EngineError>> {
        let cost = self.cost;
        let passphrase = header_passphrase(self.passphrase.as_bytes());
        self.workers.derive(move |scratch| {
            let key = SealKey::derive_in(scratch, &passphrase, cost).map_err(|error| not_derived(&error))?;
            let sealed = key.seal(&mut header);
            Ok([&sealed.header[..], &header, &sealed.mac].concat())
        })
    }
}

fn not_derived(error: &CryptoError) -> EngineError {
    EngineError::Internal {
        what: format!("deriving a key: {error}"),
    }
}
