// SPDX-License-Identifier: GPL-3.0-or-later
//! The watcher's end of a job.

use crate::cancel::CancelToken;

use super::Event;

/// The watcher's end of a job. Dropping it cancels the job.
#[derive(Debug)]
pub struct JobHandle {
    pub(super) events: async_channel::Receiver<Event>,
    pub(super) cancel: CancelToken,
}

impl JobHandle {
    /// The next event; `None` after the last word.
    pub async fn recv(&self) -> Option<Event> {
        self.events.recv().await.ok()
    }

    /// The next event, for a caller that may block.
    pub fn recv_blocking(&self) -> Option<Event> {
        self.events.recv_blocking().ok()
    }

    /// Asks the job to stop. It answers with its last word.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Tells, also when this handle is elsewhere, whether the job has come to its end.
    pub fn is_over(&self) -> impl Fn() -> bool + Send + use<> {
        let events = self.events.clone();
        move || events.is_closed()
    }

    /// Returns the token itself, for code that stops the job from elsewhere (a signal handler).
    pub fn cancel_token(&self) -> CancelToken {
        self.cancel.clone()
    }
}

impl Drop for JobHandle {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}
