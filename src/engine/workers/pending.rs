// SPDX-License-Identifier: GPL-3.0-or-later
//! What another thread is making.

use std::{
    sync::{
        Arc, Weak,
        mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel},
    },
    time::Duration,
};

use crate::engine::{CancelToken, EngineError, Mistake};

/// How often a wait looks whether the job was cancelled.
pub(super) const CANCEL_CHECK: Duration = Duration::from_millis(100);

/// Something that another thread is making. When this is dropped, it is not even begun.
pub(in super::super) struct Pending<T> {
    result: Receiver<T>,
    _awaited: Arc<()>,
}

/// Whether anybody still waits for something.
pub(super) struct Awaited(Weak<()>);

impl Awaited {
    pub(super) fn is_so(&self) -> bool {
        self.0.strong_count() > 0
    }
}

impl<T> Pending<T> {
    /// Something that is to be made, and what its maker needs.
    pub(super) fn new() -> (Sender<T>, Awaited, Self) {
        let (reply, result) = channel();
        let awaited = Arc::new(());
        let watch = Awaited(Arc::downgrade(&awaited));
        let pending = Self {
            result,
            _awaited: awaited,
        };
        (reply, watch, pending)
    }

    /// Something that is there already.
    pub(in super::super) fn ready(value: T) -> Self {
        let (reply, _, pending) = Self::new();
        // The receiver is at hand, so this cannot fail.
        let _ = reply.send(value);
        pending
    }

    /// Waits for it, or for a cancel.
    pub(in super::super) fn wait(&self, cancel: &CancelToken) -> Result<T, EngineError> {
        loop {
            cancel.check()?;
            match self.result.recv_timeout(CANCEL_CHECK) {
                Ok(value) => return Ok(value),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(broken()),
            }
        }
    }

    /// Returns it if it is there.
    pub(in super::super) fn take_if_there(&self) -> Result<Option<T>, EngineError> {
        match self.result.try_recv() {
            Ok(value) => Ok(Some(value)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(broken()),
        }
    }
}

fn broken() -> EngineError {
    EngineError::Internal { what: Mistake::Worker }
}
