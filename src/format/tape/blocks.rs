// SPDX-License-Identifier: GPL-3.0-or-later
//! A stream that is read in blocks and knows its place.

use std::io::{self, Read};

use crate::format::{FormatError, Within};

/// The unit of tar, in bytes.
pub(in crate::format) const BLOCK_BYTES: u64 = 512;
/// The same, for arrays.
pub(in crate::format) const BLOCK_SIZE: usize = 512;

/// How many bytes are missing behind a size to the next block.
pub(in crate::format) fn padding_after(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK_BYTES
}

/// Reads blocks and counts bytes.
pub(in crate::format) struct Blocks<R> {
    inner: R,
    position: u64,
    /// A block that was read and is the next one again.
    put_back: Option<[u8; BLOCK_SIZE]>,
}

impl<R: Read> Blocks<R> {
    pub(in crate::format) fn new(inner: R) -> Self {
        Self {
            inner,
            position: 0,
            put_back: None,
        }
    }

    /// Bytes read so far.
    pub(in crate::format) fn position(&self) -> u64 {
        self.position
    }

    /// Where the stream stands: behind a block that was put back.
    pub(in crate::format) fn position_of_stream(&self) -> u64 {
        self.position + self.put_back.map_or(0, |_| BLOCK_BYTES)
    }

    /// The next block; none where the stream ends before it.
    pub(in crate::format) fn next_block(&mut self) -> Result<Option<[u8; BLOCK_SIZE]>, FormatError> {
        if let Some(block) = self.put_back.take() {
            self.position += BLOCK_BYTES;
            return Ok(Some(block));
        }
        let mut block = [0; BLOCK_SIZE];
        let mut filled = 0;
        while filled < BLOCK_SIZE {
            match self.read_some(&mut block[filled..], Within::Header)? {
                0 if filled == 0 => return Ok(None),
                0 => {
                    return Err(FormatError::Truncated {
                        position: self.position,
                        within: Within::Header,
                    });
                }
                count => filled += count,
            }
        }
        Ok(Some(block))
    }

    /// Makes the block that was read last the next one again.
    pub(in crate::format) fn put_back(&mut self, block: [u8; BLOCK_SIZE]) {
        self.position -= BLOCK_BYTES;
        self.put_back = Some(block);
    }

    /// Fills the whole buffer.
    pub(in crate::format) fn read_exact(&mut self, mut buffer: &mut [u8], within: Within) -> Result<(), FormatError> {
        while !buffer.is_empty() {
            let count = self.read_some(buffer, within)?;
            if count == 0 {
                return Err(FormatError::Truncated {
                    position: self.position,
                    within,
                });
            }
            buffer = &mut buffer[count..];
        }
        Ok(())
    }

    /// Reads so many bytes and forgets them.
    pub(in crate::format) fn skip(&mut self, mut bytes: u64, within: Within) -> Result<(), FormatError> {
        let mut buffer = [0; 16 << 10];
        while bytes > 0 {
            let piece = usize::try_from(bytes).unwrap_or(usize::MAX).min(buffer.len());
            self.read_exact(&mut buffer[..piece], within)?;
            bytes -= piece as u64;
        }
        Ok(())
    }

    /// Reads what fills the last block behind content of a size.
    pub(in crate::format) fn read_padding(&mut self, size: u64, within: Within) -> Result<Vec<u8>, FormatError> {
        let mut padding = vec![0; usize::try_from(padding_after(size)).unwrap_or(0)];
        self.read_exact(&mut padding, within)?;
        Ok(padding)
    }

    /// Reads some bytes; none only at the end of the stream or into an empty buffer.
    pub(in crate::format) fn read_some(&mut self, buffer: &mut [u8], within: Within) -> Result<usize, FormatError> {
        loop {
            match self.inner.read(buffer) {
                Ok(count) => {
                    self.position += count as u64;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FormatError::from_read(error, self.position, within)),
            }
        }
    }

    pub(in crate::format) fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// Says that what is read from was moved to another place of its stream.
    pub(in crate::format) fn set_position(&mut self, position: u64) {
        self.position = position;
        self.put_back = None;
    }

    pub(in crate::format) fn into_inner(self) -> R {
        self.inner
    }
}
