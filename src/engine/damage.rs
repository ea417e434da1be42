// SPDX-License-Identifier: GPL-3.0-or-later
//! What can be wrong with a member of an archive, from its authentication code up to what is in its inner archive. Each
//! layer's own reason is kept as it is; `text` has the words.

use std::{io, process::ExitStatus};

use crate::{
    crypto::{ContainerError, DecryptFault},
    format::{FormatError, FormatFault, MacError, MemberKind, Within},
    inventory::InventoryError,
    io_error::IoError,
    qfile::QfileFault,
};

/// What is wrong with a member, or with what is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The outer archive makes no sense there.
    #[error("{0}")]
    Outer(FormatFault),
    /// What the member holds makes no sense.
    #[error("byte {position} of its content: {fault}")]
    Inner {
        /// Where in the content, in bytes.
        position: u64,
        /// What is wrong there.
        fault: FormatFault,
    },
    /// What the member holds ends too early.
    #[error("its content ends at byte {position}, within {within}")]
    InnerCut {
        /// Where the content ends.
        position: u64,
        /// What was being read.
        within: Within,
    },
    /// Something stands there that no backup has.
    #[error("it is {0}")]
    Kind(MemberKind),
    /// Its name is none that a backup has.
    #[error("it has a name that no backup has")]
    Name,
    /// It is larger than any part.
    #[error("it has {bytes} bytes, more than any part")]
    PartSize {
        /// Its length.
        bytes: u64,
        /// The most that is read.
        limit: u64,
    },
    /// It is larger than any inventory.
    #[error("it has {bytes} bytes, more than any inventory")]
    InventorySize {
        /// Its length.
        bytes: u64,
        /// The most that is read.
        limit: u64,
    },
    /// Its header was read once, and cannot be read again.
    #[error("its header cannot be read again")]
    HeaderGone,
    /// Its tar header is damaged, and nothing can be read without it.
    #[error("its tar header is damaged, and without it nothing of the backup can be read")]
    FrontHeader,
    /// No authentication code follows it.
    #[error("its authentication code is missing")]
    MacMissing,
    /// The member that should hold an authentication code does not.
    #[error("{0}")]
    Mac(MacError),
    /// Its authentication code is another one.
    #[error("its authentication code is not that of its content")]
    MacMismatch,
    /// Its container does not open with the passphrase of this part of this backup.
    #[error("it was altered, or belongs to another place or another backup")]
    Misplaced,
    /// Its container is damaged.
    #[error("{0}")]
    Container(ContainerError),
    /// Another part was expected.
    #[error("part {number} of {file} was expected here")]
    OutOfOrder {
        /// The number of the expected part.
        number: u32,
        /// The file.
        file: String,
    },
    /// A file whose parts had come begins again.
    #[error("a file that had come already begins again")]
    BeginsAgain,
    /// A file comes after its VM was found whole.
    #[error("it stands apart from the files of its VM, which were whole without it")]
    Apart,
    /// Its inner archive has no entry.
    #[error("its inner archive is empty")]
    InnerEmpty,
    /// Its inner archive has another entry than the expected one.
    #[error("its inner archive holds {name:?} instead")]
    InnerOther {
        /// The entry.
        name: String,
    },
    /// Its inner archive has an entry besides the expected one.
    #[error("its inner archive holds {name:?} as well")]
    InnerMore {
        /// The entry.
        name: String,
    },
    /// Its inner archive has an entry a second time.
    #[error("its inner archive holds {name:?} twice")]
    InnerTwice {
        /// The entry.
        name: String,
    },
    /// Its inner archive has no end mark.
    #[error("its inner archive has no end")]
    InnerEndless,
    /// Its inner archive is not that of the inventory.
    #[error("its inner archive holds no inventory")]
    NoInventory,
    /// The inventory is not accepted.
    #[error(transparent)]
    Inventory(InventoryError),
    /// The stream of an old archive does not decrypt.
    #[error(transparent)]
    Decryption(DecryptFault),
    /// The program that decompresses failed.
    #[error(transparent)]
    Filter(FilterFault),
    /// The service of a VM sends something malformed.
    #[error("the service's answer is malformed: {0}")]
    Answer(QfileFault),
    /// The operating system kept the content from being read, as by a lack of memory.
    #[error("{0}")]
    System(IoError),
}

/// Why the program that decompresses an archive did not do it. `said` is what it printed, made safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterFault {
    /// It ended with an error.
    #[error("{program} failed ({status}): {said}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// What it printed.
        said: String,
    },
    /// It ended well, but complained.
    #[error("{program} complained: {said}")]
    Complained {
        /// The program.
        program: String,
        /// What it printed.
        said: String,
    },
    /// It ended before it had read its input.
    #[error("{program} ended before it had read everything")]
    Unread {
        /// The program.
        program: String,
    },
}

impl Damage {
    /// What an error means that came out of the stream of a member: the reason of the layer that it comes from.
    pub(super) fn in_stream(error: io::Error) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(damage) => return damage,
            Err(error) => error,
        };
        let error = match error.downcast::<FormatError>() {
            Ok(error) => return Self::in_content(error),
            Err(error) => error,
        };
        match error.downcast::<DecryptFault>() {
            Ok(fault) => Self::Decryption(fault),
            Err(error) => Self::System(error.into()),
        }
    }

    fn in_content(error: FormatError) -> Self {
        match error {
            FormatError::Truncated { position, within } => Self::InnerCut { position, within },
            FormatError::Damaged { position, fault } => Self::Inner { position, fault },
            FormatError::UnexpectedKind { kind, .. } => Self::Kind(kind),
            FormatError::MemberName { .. } => Self::Name,
            FormatError::Below { error, .. } | FormatError::Io(error) => Self::in_stream(error),
        }
    }
}

/// A reason as a stream tells it to the layer above.
impl From<Damage> for io::Error {
    fn from(damage: Damage) -> Self {
        Self::new(io::ErrorKind::InvalidData, damage)
    }
}

#[cfg(test)]
mod each;
