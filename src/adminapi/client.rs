// SPDX-License-Identifier: GPL-3.0-or-later
//! Calls to the daemon over its socket: each on a connection of its own, with a deadline, ended soon by a cancel, and
//! made again when the daemon was restarted meanwhile.

mod connection;
mod error;
mod stream;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use self::connection::{Connection, Daemon, USUAL_DEADLINE};
pub use self::{error::CallError, stream::EventStream};
use super::{AdminRequest, Response};
use crate::cancel::CancelToken;

/// How long a daemon may be away before a call gives up. The system restarts one that died within seconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a call waits before it tries again to reach the daemon.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// How long an answer is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// Half a minute, which is plenty for a call that asks or sets something.
    Usual,
    /// As long as the connection stands: for calls that start or remove a VM, or complete an import.
    Unlimited,
}

/// A way to a daemon. It holds no connection, so it outlives a restart of the daemon.
#[derive(Debug, Clone)]
pub struct AdminClient {
    socket: PathBuf,
    patience: Duration,
    /// Whether a call has waited for the daemon in vain. Until one succeeds again, no other waits.
    is_given_up: Arc<AtomicBool>,
    cancel: CancelToken,
}

impl AdminClient {
    /// Returns a client of the daemon that listens on that socket. Nothing is sent yet.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
            patience: PATIENCE,
            is_given_up: Arc::default(),
            cancel: CancelToken::default(),
        }
    }

    /// Returns a client of the same daemon whose calls end with [`CallError::Cancelled`] soon after the token was cancelled.
    #[must_use]
    pub fn with_cancel(&self, cancel: &CancelToken) -> Self {
        let cancel = cancel.clone();
        Self { cancel, ..self.clone() }
    }

    /// Returns a client of the same daemon that waits so long for a daemon that is away.
    #[must_use]
    pub fn with_patience(&self, patience: Duration) -> Self {
        Self {
            patience,
            ..self.clone()
        }
    }

    /// Returns a client of another socket of the same daemon.
    #[must_use]
    pub fn beside(&self, socket: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
            ..self.clone()
        }
    }

    /// Hears from somebody else that the daemon was waited for in vain.
    pub fn give_up(&self) {
        self.is_given_up.store(true, Ordering::SeqCst);
    }

    /// Returns the path of the socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Makes a call that changes nothing and returns the content of its answer. If the daemon goes away meanwhile, the call
    /// is made again once it is back.
    ///
    /// # Errors
    /// When the daemon refuses, or cannot be reached, or does not answer in time, or its answer makes no sense.
    pub fn ask(&self, request: &AdminRequest) -> Result<Vec<u8>, CallError> {
        self.change(request, Deadline::Usual, || Ok(None))
    }

    /// Makes a call that changes something. If the daemon goes away meanwhile, nobody knows whether it was carried out:
    /// once the daemon is back, `done` looks that up. It returns the content of the answer that was lost if the call was carried
    /// out, and nothing if it has to be made again.
    ///
    /// # Errors
    /// As [`AdminClient::ask`], and what `done` fails with.
    pub fn change(
        &self,
        request: &AdminRequest,
        deadline: Deadline,
        done: impl Fn() -> Result<Option<Vec<u8>>, CallError>,
    ) -> Result<Vec<u8>, CallError> {
        let bytes = request.encode()?;
        let mut lost_since = None;
        loop {
            let error = match self.call_once(&bytes, deadline) {
                Err(error) if error.is_of_the_connection() => error,
                result => {
                    self.is_given_up.store(false, Ordering::SeqCst);
                    return result;
                }
            };
            let since: Instant = *lost_since.get_or_insert_with(Instant::now);
            let was_sent = matches!(error, CallError::Lost);
            self.wait_for_daemon(since, error)?;
            if was_sent && let Some(content) = done()? {
                return Ok(content);
            }
        }
    }

    /// Makes a call once.
    fn call_once(&self, request: &[u8], deadline: Deadline) -> Result<Vec<u8>, CallError> {
        let until = match deadline {
            Deadline::Usual => Some(Instant::now() + USUAL_DEADLINE),
            Deadline::Unlimited => None,
        };
        let mut connection = Connection::open(&self.socket, until, &self.cancel)?;
        connection.send(request)?;
        let answer = connection.receive()?;
        match Response::decode(answer)? {
            Response::Success(content) => Ok(content),
            Response::Exception(exception) => Err(CallError::Exception(exception)),
            Response::Silence if self.is_still_there(connection.daemon()) => Err(CallError::Silence),
            Response::Silence => Err(CallError::Lost),
        }
    }

    /// Returns whether the daemon that was spoken to still listens: a daemon that died closes its connections without a word
    /// as well.
    fn is_still_there(&self, daemon: Daemon) -> bool {
        let until = Some(Instant::now() + RETRY_PAUSE);
        Connection::open(&self.socket, until, &self.cancel).is_ok_and(|now| now.daemon() == daemon)
    }

    /// Waits until the daemon can be reached. Gives up with the error that the wait began with; after that no other call
    /// waits, so that a job with much to put in order comes to its end.
    fn wait_for_daemon(&self, since: Instant, error: CallError) -> Result<(), CallError> {
        loop {
            if since.elapsed() >= self.patience || self.is_given_up.load(Ordering::SeqCst) {
                self.give_up();
                return Err(error);
            }
            self.cancel.sleep(RETRY_PAUSE)?;
            let until = Some(Instant::now() + RETRY_PAUSE);
            match Connection::open(&self.socket, until, &self.cancel) {
                Ok(_) => return Ok(()),
                Err(CallError::Cancelled(cancelled)) => return Err(cancelled.into()),
                Err(_) => {}
            }
        }
    }

    /// Begins to listen to the events of the whole system.
    ///
    /// # Errors
    /// When the daemon cannot be reached or does not confirm. Nothing is tried again.
    pub fn events(&self) -> Result<EventStream, CallError> {
        EventStream::open(&self.socket, &self.cancel)
    }
}
