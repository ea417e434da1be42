// SPDX-License-Identifier: GPL-3.0-or-later
//! Reads the outer archive.

use std::io::{BufReader, Read, Seek, SeekFrom};

use crate::format::{
    FormatError, Limited, MemberKind, Within,
    error::shown,
    limits,
    ustar::{Blocks, FoundAnomaly, HeadReader, padding_after, too_large},
};

/// How much of a member is read at a time.
const STRIDE_BYTES: usize = 1 << 20;

/// A plain file in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name as it stands: nothing but its length and its characters (printable ASCII) has been checked.
    pub name: String,
    /// Its content in bytes.
    pub size: u64,
    /// Where its headers begin in the archive, in bytes.
    pub position: u64,
}

/// Reads member by member. After an error there is nothing more to be had from it.
pub struct Reader<R> {
    blocks: Blocks<R>,
    heads: HeadReader,
    /// Content of the current member that has not been read.
    unread: u64,
    /// The size of the current member until its padding has been read.
    padded: Option<u64>,
}

impl<R: Read> Reader<R> {
    /// Reads an archive from its beginning.
    pub fn new(inner: R) -> Self {
        Self {
            blocks: Blocks::new(inner),
            heads: HeadReader::new(true, limits::OUTER_EXTENSION_BYTES),
            unread: 0,
            padded: None,
        }
    }

    /// The next member, past what was not read of the one before; none at the end of the stream.
    ///
    /// # Errors
    /// When the stream ends within something, a header makes no sense, or the member is no plain file. Behind a member
    /// whose header could be read ([`Reader::has_member`]) the next call reads on.
    pub fn next_member(&mut self) -> Result<Option<Member>, FormatError> {
        self.skip()?;
        let Some(head) = self.heads.next(&mut self.blocks)? else {
            return Ok(None);
        };
        // Links, devices, folders and pipes have no content, whatever their size field says.
        let stored_bytes = match head.type_byte() {
            b'1'..=b'6' => 0,
            _ => head.stored_bytes,
        };
        (self.unread, self.padded) = (stored_bytes, Some(stored_bytes));
        if head.name.len() as u64 > limits::OUTER_NAME_BYTES {
            return Err(bad_name(head.position, &head.name));
        }
        if let Some(kind) = MemberKind::from_type(head.type_byte()) {
            return Err(FormatError::UnexpectedKind {
                position: head.position,
                name: shown(&head.name),
                kind,
            });
        }
        let name = match String::from_utf8(head.name) {
            Ok(name) if name.bytes().all(|byte| matches!(byte, b' '..=b'~')) => name,
            Ok(name) => return Err(bad_name(head.position, name.as_bytes())),
            Err(error) => return Err(bad_name(head.position, error.as_bytes())),
        };
        Ok(Some(Member {
            name,
            size: stored_bytes,
            position: head.position,
        }))
    }

    /// Whether a member's header was read whose content can be read or passed over.
    pub fn has_member(&self) -> bool {
        self.padded.is_some()
    }

    /// Replaces the buffer's content by what is left of the current member: all of it, or an error.
    ///
    /// # Errors
    /// When it is larger than any part is ([`limits::PART_CONTAINER_BYTES`]), or the stream ends within it.
    pub fn read_into(&mut self, buffer: &mut Vec<u8>) -> Result<(), FormatError> {
        let limit = limits::PART_CONTAINER_BYTES;
        let too_large = too_large(self.blocks.position(), Limited::Part, self.unread, limit);
        if self.unread > limit {
            buffer.clear();
            return Err(too_large);
        }
        let size = usize::try_from(self.unread).map_err(|_| too_large)?;
        let result = self.fill(buffer, size);
        if result.is_err() {
            // Half a member is none.
            buffer.clear();
        }
        result
    }

    /// Memory is touched only as content really comes, so that a claimed size alone costs nothing, and what a buffer
    /// holds from the member before is overwritten instead of cleared first.
    fn fill(&mut self, buffer: &mut Vec<u8>, size: usize) -> Result<(), FormatError> {
        buffer.truncate(size);
        buffer.reserve_exact(size - buffer.len());
        for start in (0..size).step_by(STRIDE_BYTES) {
            let end = size.min(start + STRIDE_BYTES);
            if buffer.len() < end {
                buffer.resize(end, 0);
            }
            self.blocks.read_exact(&mut buffer[start..end], Within::Member)?;
        }
        self.unread = 0;
        self.skip()
    }

    /// Reads the first bytes of the current member, of which nothing was read yet; the rest can only be passed over. Returns
    /// whether it has so many, and reads nothing where it has not.
    ///
    /// # Errors
    /// When the stream ends within them.
    pub fn read_head(&mut self, head: &mut [u8]) -> Result<bool, FormatError> {
        if self.unread < head.len() as u64 {
            return Ok(false);
        }
        self.blocks.read_exact(head, Within::Member)?;
        self.unread -= head.len() as u64;
        Ok(true)
    }

    /// Passes over what is left of the current member.
    ///
    /// # Errors
    /// When the stream ends within it.
    pub fn skip(&mut self) -> Result<(), FormatError> {
        let rest = std::mem::take(&mut self.unread);
        self.blocks.skip(rest, Within::Member)?;
        self.end_member()
    }

    fn end_member(&mut self) -> Result<(), FormatError> {
        let Some(size) = self.padded.take() else { return Ok(()) };
        let position = self.blocks.position();
        let padding = self.blocks.read_padding(size, Within::Member)?;
        self.heads.anomalies.check_padding(&padding, position);
        Ok(())
    }

    /// The first thing in what was read so far that no writer would have left so, although it can be read.
    pub fn anomaly(&self) -> Option<FoundAnomaly> {
        self.heads.anomalies.first()
    }

    /// Bytes of the archive read so far.
    pub fn position(&self) -> u64 {
        self.blocks.position()
    }

    /// Whether zero blocks, the mark of an archive's end, stand behind the last member so far. The stock tools take
    /// archives without one, but a copy that was cut between two members looks the same.
    pub fn has_seen_end(&self) -> bool {
        self.heads.has_seen_end
    }

    /// How many zero blocks stand before the current position.
    pub(super) fn zero_blocks(&self) -> u64 {
        self.heads.zero_blocks
    }

    /// The blocks of the archive, for a search.
    pub(super) fn blocks(&mut self) -> &mut Blocks<R> {
        &mut self.blocks
    }

    /// Says what a search has passed over: how many zero blocks stand before the current position.
    pub(super) fn passed_over(&mut self, zero_blocks: u64) {
        (self.unread, self.padded) = (0, None);
        self.heads.zero_blocks = zero_blocks;
        self.heads.has_seen_end = zero_blocks > 0;
    }

    /// What it reads from. Who moves it moves the reader.
    pub(super) fn inner_mut(&mut self) -> &mut R {
        self.blocks.get_mut()
    }

    /// What it reads from.
    pub fn into_inner(self) -> R {
        self.blocks.into_inner()
    }
}

fn bad_name(position: u64, name: &[u8]) -> FormatError {
    let name = shown(name);
    FormatError::MemberName { position, name }
}

impl<R: Read + Seek> Reader<R> {
    /// Where the blocks of the current member end, in bytes from the start of the archive.
    pub(super) fn end_of_member(&self) -> u64 {
        let padding = self.padded.map_or(0, padding_after);
        self.blocks
            .position()
            .saturating_add(self.unread)
            .saturating_add(padding)
    }

    /// Passes over what is left of the current member without reading it. Whether the stream is that long shows when
    /// the next thing is read.
    ///
    /// # Errors
    /// When the stream cannot be moved, or ends at the member's last block.
    pub fn leap(&mut self) -> Result<(), FormatError> {
        let rest = std::mem::take(&mut self.unread);
        let position = self.blocks.position().saturating_add(rest);
        // Small steps stay within what has been read ahead.
        match i64::try_from(rest) {
            Ok(step) => self.blocks.get_mut().seek_relative(step)?,
            Err(_) => drop(self.blocks.get_mut().seek(SeekFrom::Start(position))?),
        }
        self.blocks.set_position(position);
        self.end_member()
    }

    /// Goes back to the beginning of a member, which is then the next one.
    ///
    /// # Errors
    /// When the stream cannot be moved.
    pub fn go_back(&mut self, member: &Member) -> Result<(), FormatError> {
        self.blocks.get_mut().seek(SeekFrom::Start(member.position))?;
        self.blocks.set_position(member.position);
        self.unread = 0;
        self.padded = None;
        Ok(())
    }
}

impl<S: Read + Seek> Reader<BufReader<S>> {
    /// Goes to the beginning of a member, which is then the next one; what was read ahead is used.
    ///
    /// # Errors
    /// When the stream cannot be moved.
    pub fn go_to(&mut self, member: &Member) -> Result<(), FormatError> {
        let here = i128::from(self.blocks.position_of_stream());
        match i64::try_from(i128::from(member.position) - here) {
            Ok(step) => self.blocks.get_mut().seek_relative(step)?,
            Err(_) => drop(self.blocks.get_mut().seek(SeekFrom::Start(member.position))?),
        }
        self.blocks.set_position(member.position);
        (self.unread, self.padded) = (0, None);
        Ok(())
    }
}
