// SPDX-License-Identifier: GPL-3.0-or-later
//! Why archives cannot be read or written, one type for each reader and for the writers.

use std::io;

use super::{CompressionFault, FormatFault, VolumeError, Within};

/// Why an archive cannot be read. Positions are byte offsets in the stream that was being read.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The stream ends within something.
    #[error("the stream ends at byte {position}, within {within}")]
    Truncated {
        /// Where it ends.
        position: u64,
        /// What was being read.
        within: Within,
    },
    /// Bytes that mean nothing, contradict each other, or are beyond a limit.
    #[error("damaged at byte {position}: {fault}")]
    Damaged {
        /// Where the piece begins that makes no sense.
        position: u64,
        /// What is wrong with it.
        fault: FormatFault,
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
    /// An archive member has a name that is too long or not plain ASCII.
    #[error("the member {name} at byte {position} has a name that no backup has")]
    MemberName {
        /// Where its header begins.
        position: u64,
        /// Its name, made safe to show and cut.
        name: String,
    },
    /// A layer below the archive could not make sense of its data (`InvalidData`), for a reason that is its own: it is in
    /// the error.
    #[error("damaged at byte {position}: {error}")]
    Below {
        /// How far the archive was read.
        position: u64,
        /// What the layer said.
        error: io::Error,
    },
    /// Whatever lies below the format failed. Its early ends (`UnexpectedEof`) and what could not be decoded
    /// (`InvalidData`) come as other variants instead.
    #[error(transparent)]
    Io(io::Error),
}

impl FormatError {
    /// Takes an error of a lower layer: an early end and undecodable data are the archive's fault, the rest is not.
    pub(super) fn from_read(error: io::Error, position: u64, within: Within) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated { position, within },
            io::ErrorKind::InvalidData => match error.downcast() {
                Ok(fault) => Self::Damaged { position, fault },
                Err(error) => Self::Below { position, error },
            },
            _ => Self::Io(error),
        }
    }

    pub(super) fn damaged(position: u64, fault: impl Into<FormatFault>) -> Self {
        let fault = fault.into();
        Self::Damaged { position, fault }
    }
}

impl From<io::Error> for FormatError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A reason as a stream tells it to the layer above.
impl From<FormatFault> for io::Error {
    fn from(fault: FormatFault) -> Self {
        Self::new(io::ErrorKind::InvalidData, fault)
    }
}

impl From<CompressionFault> for io::Error {
    fn from(fault: CompressionFault) -> Self {
        FormatFault::from(fault).into()
    }
}

impl From<VolumeError> for io::Error {
    fn from(error: VolumeError) -> Self {
        FormatFault::from(error).into()
    }
}

/// Why the header of a backup is not accepted. Keys are as they stand in headers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// It is longer than any header.
    #[error("the header has {bytes} bytes, more than {limit}")]
    TooLong {
        /// Its length.
        bytes: u64,
        /// The most that is read.
        limit: u64,
    },
    /// It has other characters than plain ASCII.
    #[error("the header is not plain ASCII")]
    NotAscii,
    /// A line is not of the form `key=value`.
    #[error("the header has the line \"{line}\"")]
    Line {
        /// The line, made safe to show.
        line: String,
    },
    /// A key stands in it a second time.
    #[error("{key} stands in the header twice")]
    Twice {
        /// The key.
        key: &'static str,
    },
    /// A value has other characters than letters, digits and dashes.
    #[error("{key} in the header is \"{value}\"")]
    Value {
        /// The key.
        key: &'static str,
        /// The value, made safe to show.
        value: String,
    },
    /// A key is missing.
    #[error("the header lacks {key}")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// The version is not read.
    #[error("backup format version {version} is not supported")]
    UnsupportedVersion {
        /// The version as the header has it.
        version: String,
    },
}

/// Why a name cannot stand in an archive, or is not that of a part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the name {name} cannot be used in a backup: {fault}")]
pub struct PartNameError {
    /// The name, made safe to show.
    pub name: String,
    /// What is wrong with it.
    pub fault: PartNameFault,
}

/// What is wrong with the name of a file or of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartNameFault {
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// It has a character that names in archives cannot have.
    #[error("only plain ASCII characters can be used, without ! and \\")]
    Characters,
    /// It is absolute, or has a segment that is empty, `.` or `..`.
    #[error("it is not a plain relative name")]
    NotRelative,
    /// The name of a part does not end in `.enc`.
    #[error("it does not end in .enc")]
    NotEncrypted,
    /// The name of a part does not end in a number.
    #[error("it does not end in a part number")]
    NotNumbered,
    /// The file has more parts than can be numbered.
    #[error("it has too many parts")]
    TooManyParts,
}

/// Why a member that holds an authentication code cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MacError {
    /// It is longer than any.
    #[error("it has {bytes} bytes, more than {limit}")]
    TooLong {
        /// Its length.
        bytes: u64,
        /// The most that is read.
        limit: u64,
    },
    /// It holds something else.
    #[error("it holds no authentication code")]
    NotACode,
}

/// Why something cannot be written into an archive.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A name cannot stand in an archive.
    #[error(transparent)]
    Name(#[from] PartNameError),
    /// A member does not fit the format.
    #[error("{name} cannot be written: {fault}")]
    Unwritable {
        /// The member, made safe to show.
        name: String,
        /// Why it does not fit.
        fault: WriteFault,
    },
    /// What it is written to failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Why a member does not fit the format. All but the first five are mistakes of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WriteFault {
    /// It has 8 GiB or more, which no part has.
    #[error("it has 8 GiB or more")]
    TooLarge,
    /// Its time is beyond the last that a header holds.
    #[error("its time is beyond the year 2242")]
    Time,
    /// Its name does not fit a header.
    #[error("its name is too long")]
    NameTooLong,
    /// Its name is empty, or the name or a link's target contains NUL.
    #[error("a name that is empty or contains NUL")]
    Name,
    /// It is not a file, folder, link or pipe.
    #[error("it is not a file, folder, link or pipe")]
    Kind,
    /// Something else than a file was given content.
    #[error("only files have content")]
    Content,
    /// Something else than a file was given holes.
    #[error("only a file with a proper name can have holes")]
    Holes,
    /// Its extents are empty, out of order or beyond its end.
    #[error("its extents are empty, out of order or beyond its end")]
    Extents,
    /// Its extents are not whole blocks.
    #[error("its extents are not whole blocks")]
    BrokenExtents,
    /// The member before it has not ended.
    #[error("the member before it has not ended")]
    Unended,
    /// It got less data than announced.
    #[error("it got less data than announced")]
    Short,
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

#[cfg(test)]
impl MemberKind {
    one_of_each! { HardLink, Symlink, Device, Directory, Fifo, Sparse, Other { 0: 65 } }
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

#[cfg(test)]
mod each;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_up_to_a_length() {
        let whole = "x".repeat(200);
        assert_eq!(shown(whole.as_bytes()), whole);
        assert_eq!(shown(format!("{whole}y").as_bytes()), format!("{whole}…"));
    }
}
