// SPDX-License-Identifier: GPL-3.0-or-later
//! Why an entry of dom0's home cannot be restored.

use std::{fmt, io, sync::Arc};

/// Why an entry of a home cannot be restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HomeFault {
    /// Its name does not lie within the home.
    #[error("its name leads out of the home")]
    Outside,
    /// A name in its path, or the path, is longer than any file system takes.
    #[error("its name is longer than any file system takes")]
    NameTooLong,
    /// Something above it is a file.
    #[error("it lies below something that is not a directory")]
    BelowAFile,
    /// It is in the archive already.
    #[error("the backup holds it twice, and the first one is kept")]
    Twice,
    /// It is a second name of something that is not in the home or not in the archive.
    #[error("it is a second name of something that is not in the backup")]
    LinkToNothing,
    /// It is larger than any file.
    #[error("it is larger than any file can be")]
    TooLarge,
    /// It is neither a file nor a folder, link or named pipe.
    #[error("it is a device")]
    Device,
}

/// Why an entry of a home is left out.
#[derive(Debug, Clone)]
pub enum HomeRefusal {
    /// No system takes it.
    Fault(HomeFault),
    /// This system does not take it.
    System(Arc<io::Error>),
}

impl fmt::Display for HomeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => write!(f, "{fault}"),
            Self::System(error) => write!(f, "{error}"),
        }
    }
}

impl PartialEq for HomeRefusal {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for HomeRefusal {}
