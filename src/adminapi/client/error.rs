// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a call did not succeed.

use std::{io, path::PathBuf, time::Duration};

use crate::{
    adminapi::{AnswerError, Exception, RequestError},
    cancel::Cancelled,
    io_error::IoError,
};

/// Why a call did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The request cannot be sent; nothing was.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Nobody listens on the socket; nothing was sent.
    #[error("{}: {source}", socket.display())]
    Unreachable {
        /// The socket.
        socket: PathBuf,
        /// The operating system's answer.
        source: IoError,
    },
    /// The daemon went away before it had answered. Whether the call was carried out is not known.
    #[error("the daemon went away during the call")]
    Lost,
    /// There was no answer in time. Whether the call was carried out is not known.
    #[error("no answer within {} seconds", after.as_secs())]
    TimedOut {
        /// How long the answer was waited for.
        after: Duration,
    },
    /// The answer makes no sense.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// The daemon says why it did not do what was asked.
    #[error("{}", .0.shown())]
    Exception(Exception),
    /// The daemon closed the connection without a word, and still listens: older ones refuse like that.
    #[error("the daemon refused without a word")]
    Silence,
    /// The token of the client was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl CallError {
    /// Returns whether the daemon was away, so that the call may succeed once it is back.
    pub(super) fn is_of_the_connection(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Lost)
    }

    pub(super) fn unreachable(socket: impl Into<PathBuf>, source: impl Into<io::Error>) -> Self {
        Self::Unreachable {
            socket: socket.into(),
            source: source.into().into(),
        }
    }
}
