// SPDX-License-Identifier: GPL-3.0-or-later
//! The keys of parts: derived ahead and several at a time, because a key takes longer than the data of most files.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    crypto::{Derivation, Derived, KdfCost, SealKey, header_passphrase, part_passphrase},
    engine::{
        EngineError, PlanFault,
        workers::{Pending, Priority, Workers},
    },
    format::{PartName, limits::PART_CONTENT_BYTES},
    secret::Passphrase,
};

/// How many keys are ordered ahead of their parts where so many parts are known to come: four at a time when few are left.
pub(super) const KEYS_AHEAD: usize = 6;

/// More are ordered when so few are left, so that they come in groups and are derived side by side.
pub(super) const FEW_KEYS: usize = 2;

/// A key that is being made.
pub(super) type PendingSealKey = Pending<Result<SealKey, EngineError>>;

/// Orders the keys of an archive that is being written.
pub(super) struct KeyMaker<'a> {
    pub(super) workers: &'a Workers,
    pub(super) backup_id: String,
    pub(super) passphrase: Arc<Passphrase>,
    pub(super) cost: KdfCost,
}

impl KeyMaker<'_> {
    /// Orders the key of a member (by its name without `.enc`).
    pub(super) fn order(&self, name: &str) -> PendingSealKey {
        let passphrase = part_passphrase(&self.backup_id, name, self.passphrase.as_bytes());
        self.derive(&passphrase, Priority::Later, |key| key)
    }

    /// Puts the header of the archive into its container.
    pub(super) fn seal_header(&self, mut header: Vec<u8>) -> Pending<Result<Vec<u8>, EngineError>> {
        let passphrase = header_passphrase(self.passphrase.as_bytes());
        self.derive(&passphrase, Priority::Urgent, move |key| {
            let sealed = key?.seal(&mut header);
            Ok([&sealed.header[..], &header, &sealed.mac].concat())
        })
    }

    fn derive<T: Send + 'static>(
        &self,
        passphrase: &[u8],
        priority: Priority,
        then: impl FnOnce(Result<SealKey, EngineError>) -> T + Send + 'static,
    ) -> Pending<T> {
        let made =
            |derivation: &Derivation, keys: Derived| SealKey::derived(derivation, keys).map_err(EngineError::Key);
        match SealKey::derivation(passphrase, self.cost) {
            Ok(derivation) => self.workers.derive(derivation, priority, move |derivation, keys| {
                then(made(derivation, keys))
            }),
            Err(error) => Pending::ready(then(Err(EngineError::Key(error)))),
        }
    }
}

/// The keys of the parts of one file, in their order.
pub(super) type FileKeys = VecDeque<PendingSealKey>;

/// The keys of all parts that are sure to be needed before anything is known of how well the data is compressed: that of
/// each file's first part, and some more of large files.
pub(super) struct SureKeys<'a> {
    maker: &'a KeyMaker<'a>,
    /// The files whose keys are not ordered yet, and how many parts of each are sure.
    to_order: VecDeque<(String, u32)>,
    ordered: VecDeque<(String, FileKeys)>,
}

impl<'a> SureKeys<'a> {
    /// The keys of these files, in the order of the archive, each with a number of bytes that it will take at least.
    pub(super) fn new(maker: &'a KeyMaker<'a>, files: impl IntoIterator<Item = (String, u64)>) -> Self {
        let most_behind_first = KEYS_AHEAD as u64 / 2 - 1;
        let parts = |least_bytes: u64| 1 + (least_bytes / PART_CONTENT_BYTES).min(most_behind_first) as u32;
        Self {
            maker,
            to_order: files.into_iter().map(|(name, least)| (name, parts(least))).collect(),
            ordered: VecDeque::new(),
        }
    }

    /// The keys of the next file's first parts, one at least.
    pub(super) fn take(&mut self, file: &str) -> Result<FileKeys, EngineError> {
        if self.ahead() <= FEW_KEYS {
            while self.ahead() < KEYS_AHEAD
                && let Some((name, parts)) = self.to_order.pop_front()
            {
                let keys = self.order(&name, parts)?;
                self.ordered.push_back((name, keys));
            }
        }
        while let Some((expected, keys)) = self.ordered.pop_front() {
            if expected == file {
                return Ok(keys);
            }
        }
        self.order(file, 1)
    }

    fn ahead(&self) -> usize {
        self.ordered.iter().map(|(_, keys)| keys.len()).sum()
    }

    fn order(&self, file: &str, parts: u32) -> Result<FileKeys, EngineError> {
        let part = |number| {
            PartName::new(file, number).map_err(|error| EngineError::Plan {
                why: PlanFault::Name(error),
            })
        };
        let key = |number| Ok(self.maker.order(&part(number)?.to_string()));
        (0..parts).map(key).collect()
    }
}
