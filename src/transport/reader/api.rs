// SPDX-License-Identifier: GPL-3.0-or-later
//! What is asked of an archive that is read, and what is answered.

use std::{
    io::{self, Read, Seek},
    ops::Range,
};

use super::super::TransportError;

/// What can be done with an archive that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadCapabilities {
    /// Whether every byte of it can be read at any time, so that members can be looked for and read twice.
    pub is_ranged: bool,
    /// Whether it can be opened any number of times.
    pub is_repeatable: bool,
    /// Whether the VM at the other end leaves out members that are not asked for.
    pub is_filtered: bool,
}

/// What is wanted of an archive.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The beginnings of the names of wanted members, for an end that can leave the others out; none means all.
    pub prefixes: &'a [String],
    /// How many bytes of a stream that comes only once are kept for the next opening; 0 where there is none.
    pub kept_bytes: usize,
}

/// An archive as it comes.
pub enum Incoming {
    /// As its bytes.
    Bytes(Box<dyn ArchiveReader>),
    /// As members, which a VM took out of it.
    Members(Box<dyn MemberReader>),
}

/// The bytes of an archive. A reader that only goes forward takes a seek forward as reading.
pub trait ArchiveReader: Read + Seek + Send {
    /// Returns the size of the archive in bytes, where it is known.
    fn size_bytes(&self) -> Option<u64>;

    /// Returns how much is best read at a time, in bytes, where each reading is costly and so is each byte that nobody wants.
    fn buffer_bytes(&self) -> Option<usize> {
        None
    }

    /// Takes which ranges of bytes will be read, in that order, so that they can be fetched before they are wanted.
    fn will_read(&mut self, _ranges: Vec<Range<u64>>) {}

    /// Returns access to every byte of the archive, where there is one.
    fn ranged(&self) -> Option<Box<dyn Ranged>>;
}

/// Access to every byte of an archive, beside a reader that goes through it.
pub trait Ranged: Send {
    /// Reads exactly so much from a position on.
    ///
    /// # Errors
    /// When there is not so much, or it cannot be read.
    fn read_exact_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()>;

    /// Has the system forget what it keeps of these bytes in memory, so that the next reading is one from the medium.
    fn forget(&self, position: u64, bytes: u64);
}

/// A member of the outer archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name, which may be anything.
    pub name: String,
    /// The size of its content in bytes.
    pub size: u64,
    /// Where it begins, in bytes from the start of what is read.
    pub position: u64,
}

/// The members that a VM sends.
pub trait MemberReader: Send {
    /// Returns the next member; what is left of the one before is passed over.
    ///
    /// # Errors
    /// When the stream broke off or makes no sense.
    fn next(&mut self) -> Result<Option<Member>, TransportError>;

    /// Reads the whole member into the buffer, whose old content goes.
    ///
    /// # Errors
    /// When the stream broke off.
    fn read_into(&mut self, buffer: &mut Vec<u8>) -> Result<(), TransportError>;

    /// Tells the VM that all has come, and hears whether it was all.
    ///
    /// # Errors
    /// When the VM ended badly.
    fn finish(self: Box<Self>) -> Result<(), TransportError>;
}
