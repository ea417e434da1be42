// SPDX-License-Identifier: GPL-3.0-or-later
//! What the threads of a backup send to each other.

use std::io;

use crate::{
    crypto::{HEADER_BYTES, MAC_BYTES},
    engine::{EngineError, workers::Pending},
    units::MIB,
};

use super::keys::{FileKeys, PendingSealKey};

/// What goes to the thread that makes parts, in the order of the archive.
pub(super) enum PackMessage {
    /// A file begins.
    File {
        name: String,
        /// How many bytes its inner archive will have, as far as that is known.
        expected_bytes: u64,
        /// The keys of its first parts.
        keys: FileKeys,
    },
    /// More of it.
    Block {
        /// What it was before it was compressed.
        plain_bytes: u64,
        data: Pending<io::Result<Vec<u8>>>,
    },
    /// It is whole.
    FileEnd,
    /// Reading it failed; the part of it that was written is discarded.
    FileLost,
    /// A member as it is.
    Plain {
        member: String,
        data: Pending<Result<Vec<u8>, EngineError>>,
    },
    /// The archive is whole. Without this word it is given up.
    End,
}

/// Up to this size a part waits for its key here, in bytes, so that others can be made meanwhile.
pub(super) const SMALL_PART_BYTES: usize = MIB as usize;

/// What goes to the thread that writes.
pub(super) enum WriteMessage {
    /// The first part of a file comes next.
    FileBegin,
    /// The file that has begun cannot be read any further. It is taken back, so that it is missing rather than damaged:
    /// readers lose one file then and not their way.
    FileLost,
    /// A part begins, with the header of its container.
    Begin { member: String, header: [u8; HEADER_BYTES] },
    /// More of it, which is sealed.
    Data(Vec<u8>),
    /// It is whole.
    End { mac: [u8; MAC_BYTES] },
    /// A small part that is still to be sealed.
    Small {
        member: String,
        key: PendingSealKey,
        data: Vec<u8>,
    },
    /// A member as it is.
    Plain {
        member: String,
        data: Pending<Result<Vec<u8>, EngineError>>,
    },
    /// The archive is whole. Without this word it is given up.
    ArchiveEnd,
}

/// The writer ends early only with an error of its own, a cancel among them, and that one is told. For the thread that
/// feeds it this equals a cancel: the VM that is being read is not at fault.
pub(super) fn writer_gone() -> EngineError {
    EngineError::Cancelled
}
