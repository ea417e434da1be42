// SPDX-License-Identifier: GPL-3.0-or-later
//! The keys of parts that are read: derived once, and ahead of their parts where these can be seen coming.

use std::sync::mpsc::Receiver;

use crate::{
    crypto::{ContainerError, ContainerHeader, KdfLimits, KeyCache, OpenKey},
    engine::workers::{Pending, Priority, Workers},
};

/// A key that is being derived, or why it cannot be.
pub(super) type PendingOpenKey = Pending<Result<OpenKey, ContainerError>>;

/// Orders the key of a container that exists, if it is not known.
pub(super) fn derive_open_key(
    workers: &Workers,
    known: &KeyCache,
    header: ContainerHeader,
    passphrase: &[u8],
    priority: Priority,
) -> PendingOpenKey {
    if let Some(key) = known.find(&header, passphrase) {
        return Pending::ready(Ok(key));
    }
    let derivation = match header.derivation(passphrase, &KdfLimits::default()) {
        Ok(derivation) => derivation,
        Err(error) => return Pending::ready(Err(error)),
    };
    let known = known.clone();
    workers.derive(derivation, priority, move |derivation, keys| {
        let key = header.accept(keys)?;
        known.keep(&header, derivation.passphrase(), &key);
        Ok(key)
    })
}

/// A key that was ordered before its part is read.
pub(super) struct Ahead {
    /// Where the part's member begins in the archive.
    pub(super) position: u64,
    /// What the key was derived for.
    pub(super) header: ContainerHeader,
    pub(super) key: PendingOpenKey,
}

/// The keys that were ordered ahead, in the order of the archive.
#[derive(Default)]
pub(super) struct KeysAhead {
    pub(super) coming: Option<Receiver<Ahead>>,
    /// One that belongs to a part further on.
    pub(super) next: Option<Ahead>,
}

impl KeysAhead {
    pub(super) fn new(coming: Receiver<Ahead>) -> Self {
        Self {
            coming: Some(coming),
            next: None,
        }
    }

    /// The key for the part at that position, if it was ordered for just the header that was read there. Keys of parts
    /// that were passed over are dropped.
    pub(super) fn take(&mut self, position: u64, header: &ContainerHeader) -> Option<PendingOpenKey> {
        loop {
            let ahead = self.next.take().or_else(|| self.coming.as_ref()?.recv().ok())?;
            if ahead.position > position {
                self.next = Some(ahead);
                return None;
            }
            if ahead.position == position {
                return (ahead.header == *header).then_some(ahead.key);
            }
        }
    }
}
