// SPDX-License-Identifier: GPL-3.0-or-later
//! What can be wrong with the bytes of an archive, as far as its reader can tell the cases apart.

use std::io;

/// Why bytes are not what they should be. Positions are byte offsets in the stream that was being read.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The stream ends within something.
    #[error("the stream ends at byte {position}, within {what}")]
    Truncated {
        /// Where it ends.
        position: u64,
        /// What was being read.
        what: &'static str,
    },
    /// Bytes that mean nothing, or contradict each other.
    #[error("damaged at byte {position}: {what}")]
    Damaged {
        /// Where the piece begins that makes no sense.
        position: u64,
        /// What is wrong with it, with nothing from the archive in it that was not made safe to show.
        what: String,
    },
    /// A number in the archive is beyond every genuine one.
    #[error("{what} of {found} is beyond the limit of {limit}")]
    TooLarge {
        /// The thing, in words.
        what: &'static str,
        /// The number.
        found: u64,
        /// The most that is read.
        limit: u64,
    },
    /// An archive member is neither file nor header: a link, a device, a folder.
    #[error("the member {name} at byte {position} is {kind}, where only plain files may stand")]
    UnexpectedKind {
        /// Where its header begins.
        position: u64,
        /// Its name, made safe to show.
        name: String,
        /// What it is.
        kind: MemberKind,
    },
    /// The header of the backup is none.
    #[error("not a backup header: {what}")]
    NotABackup {
        /// What is wrong or missing.
        what: String,
    },
    /// A format that this program does not read.
    #[error("backup format version {version} is not supported")]
    UnsupportedVersion {
        /// The version as the header has it, made safe to show; empty where it has none.
        version: String,
    },
    /// A name cannot stand in an archive.
    #[error("the name {name} cannot be used in a backup: {why}")]
    BadName {
        /// The name, made safe to show.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A value does not fit the format when writing.
    #[error("{what} cannot be written: {why}")]
    Unwritable {
        /// The thing, in words.
        what: String,
        /// Why it does not fit.
        why: &'static str,
    },
    /// Whatever lies below the format failed. Its early ends (`UnexpectedEof`) and what could not be decoded
    /// (`InvalidData`) come as [`FormatError::Truncated`] and [`FormatError::Damaged`] instead.
    #[error(transparent)]
    Io(io::Error),
}

impl FormatError {
    /// Takes an error of a lower layer: an early end and undecodable data are the archive's fault, the rest is not.
    pub(super) fn from_read(error: io::Error, position: u64, what: &'static str) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated { position, what },
            io::ErrorKind::InvalidData => Self::Damaged {
                position,
                what: error.to_string(),
            },
            _ => Self::Io(error),
        }
    }

    pub(super) fn damaged(position: u64, what: impl Into<String>) -> Self {
        Self::Damaged {
            position,
            what: what.into(),
        }
    }
}

impl From<io::Error> for FormatError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What a member of a tar archive is, apart from a plain file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberKind {
    /// A second name of an earlier member.
    HardLink,
    /// A symbolic link.
    Symlink,
    /// A character or block device.
    Device,
    /// A folder.
    Directory,
    /// A named pipe.
    Fifo,
    /// A file with holes, in the old GNU manner.
    Sparse,
    /// Any other type byte.
    Other(u8),
}

impl MemberKind {
    /// The kind behind a type byte; none for plain files.
    pub(super) fn from_type(byte: u8) -> Option<Self> {
        Some(match byte {
            // '7' asks for contiguous storage, which every reader takes for a plain file.
            b'0' | 0 | b'7' => return None,
            b'1' => Self::HardLink,
            b'2' => Self::Symlink,
            b'3' | b'4' => Self::Device,
            b'5' => Self::Directory,
            b'6' => Self::Fifo,
            b'S' => Self::Sparse,
            other => Self::Other(other),
        })
    }
}

impl std::fmt::Display for MemberKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::HardLink => f.write_str("a hard link"),
            Self::Symlink => f.write_str("a symbolic link"),
            Self::Device => f.write_str("a device"),
            Self::Directory => f.write_str("a directory"),
            Self::Fifo => f.write_str("a named pipe"),
            Self::Sparse => f.write_str("a sparse file"),
            Self::Other(byte) => write!(f, "of type {:?}", char::from(*byte)),
        }
    }
}

/// A name from an archive, made safe to show: printable ASCII stays, everything else is escaped, and it ends somewhere.
pub(super) fn shown(untrusted: &[u8]) -> String {
    const LONGEST: usize = 200;
    let mut text = untrusted[..untrusted.len().min(LONGEST)].escape_ascii().to_string();
    if untrusted.len() > LONGEST {
        text.push('…');
    }
    text
}
