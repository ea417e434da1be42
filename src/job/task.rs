// SPDX-License-Identifier: GPL-3.0-or-later
//! A single question to the worker side: list the VMs, open an archive, look at a folder.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use crate::{
    cancel::CancelToken,
    engine::{Context, EngineError, of_panic},
};

/// The answer to come from a thread of its own. Dropping it cancels the work.
#[derive(Debug)]
pub struct Task<T> {
    answer: async_channel::Receiver<Result<T, EngineError>>,
    cancel: CancelToken,
}

impl<T: Send + 'static> Task<T> {
    /// Runs `work` on a thread of its own.
    pub fn spawn(work: impl FnOnce(&Context) -> Result<T, EngineError> + Send + 'static) -> Self {
        let (sender, answer) = async_channel::bounded(1);
        let context = Context::default();
        let cancel = context.cancel.clone();
        let unheard = sender.clone();
        let spawned = thread::Builder::new().spawn(move || {
            let result =
                catch_unwind(AssertUnwindSafe(|| work(&context))).unwrap_or_else(|panic| Err(of_panic(panic.as_ref())));
            // Whatever went wrong after a cancel went wrong because of it.
            let result = result.map_err(|error| {
                if context.cancel.is_cancelled() {
                    EngineError::Cancelled
                } else {
                    error
                }
            });
            // Nobody waits for the answer any more: the task was dropped, which is how it is cancelled.
            let _ = sender.send_blocking(result);
        });
        if spawned.is_err() {
            // There is room for one answer in an empty channel, and its receiver is at hand.
            let _ = unheard.try_send(Err(EngineError::NoThread));
        }
        Self { answer, cancel }
    }

    /// Waits for the answer.
    ///
    /// # Errors
    /// What the work said, [`EngineError::Internal`] if it broke.
    pub async fn answer(&self) -> Result<T, EngineError> {
        self.answer.recv().await.unwrap_or(Err(EngineError::Cancelled))
    }

    /// Waits for the answer, for a caller that may block.
    ///
    /// # Errors
    /// As [`Task::answer`].
    pub fn answer_blocking(&self) -> Result<T, EngineError> {
        self.answer.recv_blocking().unwrap_or(Err(EngineError::Cancelled))
    }

    /// Stops the work.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// The token itself.
    pub fn cancel_token(&self) -> CancelToken {
        self.cancel.clone()
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}
