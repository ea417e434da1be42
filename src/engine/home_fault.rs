// SPDX-License-Identifier: GPL-3.0-or-later
//! Why an entry of dom0's home cannot be restored.

use std::{fmt, io};

use crate::io_error::IoError;

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
    /// It is a second name that leads through a symbolic link.
    #[error("the link leads through another link")]
    LinkThroughLink,
    /// It is larger than any file.
    #[error("it is larger than any file can be")]
    TooLarge,
    /// It is neither a file nor a folder, link or named pipe.
    #[error("it is a device")]
    Device,
}

/// Why an entry of a home is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HomeRefusal {
    /// No system takes it.
    Fault(HomeFault),
    /// This system does not take it.
    System(IoError),
}

impl From<io::Error> for HomeRefusal {
    fn from(error: io::Error) -> Self {
        Self::System(error.into())
    }
}

#[cfg(test)]
impl HomeFault {
    one_of_each! { Outside, NameTooLong, BelowAFile, Twice, LinkToNothing, LinkThroughLink, TooLarge, Device }
}

impl fmt::Display for HomeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => write!(f, "{fault}"),
            Self::System(error) => write!(f, "{error}"),
        }
    }
}
