// SPDX-License-Identifier: GPL-3.0-or-later
//! What can be asked of an end that an archive is written to.

use std::io::{self, Write};

use super::super::{Location, TransportError};

/// What an end can do with an archive that is written to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteCapabilities {
    /// Whether bytes that were written can be written anew and cut off.
    pub is_correctable: bool,
    /// Whether the archive gets its name only when it is whole.
    pub is_named_when_whole: bool,
    /// Whether the archive can be read again once it has its name.
    pub is_readable_again: bool,
}

/// An archive that is being written. One that is dropped before [`ArchiveWriter::commit`] leaves nothing under a final
/// name, as far as the end is capable of that.
pub trait ArchiveWriter: Write + Send {
    /// Returns what this end can do.
    fn capabilities(&self) -> WriteCapabilities;

    /// Returns where the archive is going to be. The name may still change at the end.
    fn location(&self) -> Location;

    /// Writes over what was written before at a position.
    ///
    /// # Errors
    /// When it cannot be written, or nothing is correctable here.
    fn correct(&mut self, _position: u64, _data: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::NotSeekable.into())
    }

    /// Cuts everything off from a position on.
    ///
    /// # Errors
    /// When it cannot be cut, or nothing is correctable here.
    fn take_back(&mut self, _position: u64) -> io::Result<()> {
        Err(io::ErrorKind::NotSeekable.into())
    }

    /// Makes the archive safe and gives it its name. Returns where it is. An error that comes after that is a notice: the
    /// archive is whole.
    ///
    /// # Errors
    /// When it is not safe, or did not get its name.
    fn commit(self: Box<Self>) -> Result<Location, TransportError>;

    /// Abandons the archive after a failed write. Returns why the other end ended, if it knows more than that its pipe
    /// broke.
    fn abandon(self: Box<Self>) -> Option<TransportError> {
        None
    }
}
