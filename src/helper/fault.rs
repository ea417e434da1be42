// SPDX-License-Identifier: GPL-3.0-or-later
//! Why the helper did not do what was asked, in a form that can be sent.

use std::{io, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    adminapi::{AdminRequest, AnswerError, CallError, RequestError},
    schedule::ScheduleFault,
};

/// Why the helper did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HelperFault {
    /// A call of the daemon did not succeed.
    Call {
        /// What was called.
        service: String,
        /// The VM, or dom0.
        destination: String,
        /// Why.
        why: CallFault,
    },
    /// A file or device could not be opened.
    File {
        /// The file.
        path: PathBuf,
        /// The number of the operating system's answer.
        errno: i32,
    },
    /// The VM has no such volume that keeps data.
    NoSuchVolume,
    /// Volumes of this pool cannot be read.
    OutOfReach {
        /// The pool.
        pool: String,
        /// Its driver.
        driver: String,
    },
    /// The VM runs, and snapshots of the volume are disabled.
    NoSnapshot,
    /// The VM runs and, as all VMs in pools of this driver, writes to the only copy of the volume.
    WrittenInPlace,
    /// A VM that was to be created is there already.
    NameTaken,
    /// The VM does not carry the tag of one that is being restored.
    NotBeingRestored,
    /// What the daemon says of a volume names no place that a volume can have.
    Place {
        /// The name of the volume in its pool, or the path.
        name: String,
    },
    /// The folder could be changed by others than root, and the helper runs as root for somebody else.
    Untrusted {
        /// The folder.
        path: PathBuf,
    },
    /// A backup is not repeated, or goes on to be.
    Schedule(ScheduleFault),
    /// The message makes no sense.
    Message,
}

impl From<ScheduleFault> for HelperFault {
    fn from(fault: ScheduleFault) -> Self {
        Self::Schedule(fault)
    }
}

/// Why a call did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallFault {
    /// Nobody listens on the socket.
    Unreachable {
        /// The socket.
        socket: PathBuf,
        /// The number of the operating system's answer.
        errno: i32,
    },
    /// The daemon went away during the call.
    Lost,
    /// There was no answer in time.
    TimedOut {
        /// How many seconds it was waited for.
        seconds: u64,
    },
    /// The request cannot be sent.
    Request(RequestError),
    /// The answer makes no sense.
    Answer(AnswerError),
    /// The daemon says why not.
    Exception {
        /// The class of the exception.
        class: String,
        /// Its text, made safe and cut.
        text: String,
    },
    /// The daemon closed the connection without a word.
    Silence,
}

impl CallFault {
    fn of(error: &CallError) -> Self {
        match error {
            CallError::Unreachable { socket, source } => Self::Unreachable {
                socket: socket.clone(),
                errno: source.raw_os_error().unwrap_or_default(),
            },
            CallError::Lost | CallError::Cancelled(_) => Self::Lost,
            CallError::TimedOut { after } => Self::TimedOut {
                seconds: after.as_secs(),
            },
            CallError::Request(why) => Self::Request(why.clone()),
            CallError::Answer(why) => Self::Answer(why.clone()),
            CallError::Exception(exception) => Self::Exception {
                class: crate::adminapi::shown(&exception.class),
                text: exception.shown(),
            },
            CallError::Silence => Self::Silence,
        }
    }
}

impl HelperFault {
    /// The failure of a call.
    pub(super) fn call(request: &AdminRequest, error: &CallError) -> Self {
        Self::Call {
            service: request.service().to_owned(),
            destination: request.destination().to_owned(),
            why: CallFault::of(error),
        }
    }

    /// Returns whether the daemon was waited for in vain.
    pub fn is_of_an_absent_daemon(&self) -> bool {
        let is_absent = |why: &CallFault| matches!(why, CallFault::Unreachable { .. } | CallFault::Lost);
        matches!(self, Self::Call { why, .. } if is_absent(why))
    }

    /// The failure to open a file.
    pub(super) fn file(path: impl Into<PathBuf>, error: &io::Error) -> Self {
        Self::File {
            path: path.into(),
            errno: error.raw_os_error().unwrap_or_default(),
        }
    }
}
