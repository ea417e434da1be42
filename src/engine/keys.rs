// SPDX-License-Identifier: GPL-3.0-or-later
//! Derives the keys of coming members on a thread of its own, because a key takes longer than the data of most files.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use crate::{
    crypto::{KdfCost, SealKey, part_passphrase},
    secret::Passphrase,
};

use super::{CancelToken, EngineError};

/// Orders for keys that may wait. The names of members are known ahead, so a few suffice to keep the thread busy.
const KEYS_AHEAD: usize = 4;

/// How often a wait for a key looks whether the job was cancelled.
const CANCEL_CHECK: Duration = Duration::from_millis(100);

/// A key that is being made.
pub(super) type KeyToCome<K> = Receiver<Result<K, EngineError>>;

/// Takes orders for the keys of new members.
pub(super) struct KeyMaker {
    orders: SyncSender<Order>,
}

struct Order {
    name: String,
    reply: SyncSender<Result<SealKey, EngineError>>,
}

impl KeyMaker {
    /// Starts the thread. It ends by itself after the maker is dropped; nobody waits for it, since a costly key in the
    /// making would hold a cancel up for seconds.
    pub(super) fn start(backup_id: String, passphrase: Arc<Passphrase>, cost: KdfCost, cancel: CancelToken) -> Self {
        let (orders, receiver) = sync_channel::<Order>(KEYS_AHEAD);
        thread::spawn(move || {
            for order in receiver {
                let key = cancel.check().and_then(|()| {
                    let passphrase = part_passphrase(&backup_id, &order.name, passphrase.as_bytes());
                    SealKey::derive(&passphrase, cost).map_err(|error| not_derived(&error))
                });
                // Whoever ordered it may have given up meanwhile.
                let _ = order.reply.send(key);
            }
        });
        Self { orders }
    }

    /// Orders the key of a member (by its name without `.enc`).
    pub(super) fn order(&self, name: &str) -> KeyToCome<SealKey> {
        let (reply, key) = sync_channel(1);
        // If the thread is gone, the receiver says so when the key is wanted.
        let _ = self.orders.send(Order {
            name: name.to_owned(),
            reply,
        });
        key
    }
}

pub(super) fn not_derived(error: &crate::crypto::CryptoError) -> EngineError {
    EngineError::Internal {
        what: format!("deriving a key: {error}"),
    }
}

/// Makes one key on a thread of its own, to be waited for with [`wait_for`].
pub(super) fn make<K: Send + 'static>(
    derive: impl FnOnce() -> Result<K, EngineError> + Send + 'static,
) -> KeyToCome<K> {
    let (reply, key) = sync_channel(1);
    // Whoever ordered it may have given up meanwhile.
    thread::spawn(move || drop(reply.send(derive())));
    key
}

/// Waits for a key, or for a cancel.
pub(super) fn wait_for<K>(key: &KeyToCome<K>, cancel: &CancelToken) -> Result<K, EngineError> {
    loop {
        cancel.check()?;
        match key.recv_timeout(CANCEL_CHECK) {
            Ok(key) => return key,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(EngineError::Internal {
                    what: "the key thread ended".to_owned(),
                });
            }
        }
    }
}
