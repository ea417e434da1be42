// SPDX-License-Identifier: GPL-3.0-or-later
//! The volumes one behind the other, each without the header that says with which member it goes on.

use std::io::{self, Read};

use crate::format::{
    VolumeError,
    error::shown,
    ustar::{BLOCK_BYTES, BLOCK_SIZE, has_right_checksum, number},
};

use super::continuation::Continuation;

/// What a continuation header has of a name; the rest of a longer one is cut off.
pub(super) const NAME_BYTES: usize = 100;

/// Reads one volume at a time.
pub(super) struct Volumes<V, F> {
    next: F,
    current: Option<V>,
    /// Volumes begun.
    number: u32,
    /// Bytes read of the current one.
    bytes: u64,
    /// Its first block, where that is no continuation header, from `first_at` on.
    first: [u8; BLOCK_SIZE],
    first_at: usize,
    /// What the last seam said, until somebody takes it. GNU tar says it also ahead of a member whose own headers it has
    /// not written yet.
    pub(super) promise: Option<Continuation>,
    /// The last error of this layer. The layers above keep only the words of an error; this keeps its type.
    pub(super) failure: Option<VolumeError>,
}

impl<V: Read, F: FnMut() -> io::Result<Option<V>>> Volumes<V, F> {
    pub(super) fn new(next: F) -> Self {
        Self {
            next,
            current: None,
            number: 0,
            bytes: 0,
            first: [0; BLOCK_SIZE],
            first_at: BLOCK_SIZE,
            promise: None,
            failure: None,
        }
    }

    /// The number of the current volume, from one.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Whether the first block of the current volume is all zeros, as in the end of an archive.
    pub(super) fn begins_with_zeros(&self) -> bool {
        self.first == [0; BLOCK_SIZE]
    }

    /// Reads from the current volume; nothing at its end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.first_at < BLOCK_SIZE {
            let count = buffer.len().min(BLOCK_SIZE - self.first_at);
            buffer[..count].copy_from_slice(&self.first[self.first_at..self.first_at + count]);
            self.first_at += count;
            return Ok(count);
        }
        let Some(volume) = &mut self.current else {
            return Ok(0);
        };
        let count = volume.read(buffer)?;
        self.bytes += count as u64;
        if count == 0 && !buffer.is_empty() && !self.bytes.is_multiple_of(BLOCK_BYTES) {
            return Err(self.fail(self.cut()));
        }
        Ok(count)
    }

    /// Goes on to the next volume; whether there is one.
    pub(super) fn advance(&mut self) -> io::Result<bool> {
        self.current = (self.next)()?;
        let Some(volume) = &mut self.current else {
            return Ok(false);
        };
        self.number = self.number.saturating_add(1);
        self.bytes = 0;
        let mut filled = 0;
        while filled < BLOCK_SIZE {
            match volume.read(&mut self.first[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes = filled as u64;
        if filled < BLOCK_SIZE {
            return Err(self.fail(self.cut()));
        }
        let Some(found) = continuation(&self.first) else {
            self.first_at = 0;
            return Ok(true);
        };
        if self.number == 1 {
            let name = shown(&found.name);
            return Err(self.fail(VolumeError::NoBeginning { name }));
        }
        self.promise = Some(found);
        Ok(true)
    }

    fn fail(&mut self, error: VolumeError) -> io::Error {
        self.failure = Some(error.clone());
        error.into()
    }

    fn cut(&self) -> VolumeError {
        VolumeError::Cut {
            volume: self.number,
            bytes: self.bytes,
        }
    }
}

/// Reads a block as a continuation header; none where it is anything else.
fn continuation(block: &[u8; BLOCK_SIZE]) -> Option<Continuation> {
    const SIZE: std::ops::Range<usize> = 124..136;
    const TYPE: usize = 156;
    const OFFSET: std::ops::Range<usize> = 369..381;
    if block[TYPE] != b'M' || !has_right_checksum(block) {
        return None;
    }
    let name = &block[..NAME_BYTES];
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(NAME_BYTES);
    Some(Continuation {
        name: name[..end].to_vec(),
        left: number(&block[SIZE])?,
        offset: number(&block[OFFSET])?,
    })
}
