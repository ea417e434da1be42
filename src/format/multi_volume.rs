// SPDX-License-Identifier: GPL-3.0-or-later
//! Joins the volumes of a GNU multi-volume archive, into which format 2 cut each inner archive, to the one archive that they
//! were cut from.
//!
//! It follows the members as a reader does, so that it knows at each seam how the next volume has to begin, and refuses
//! volumes that are missing, repeated, or out of order, as far as seams can show it: one between two members does not.

mod continuation;
mod volumes;

use std::{
    fmt,
    io::{self, Read},
};

use self::{continuation::Continuation, volumes::Volumes};
use super::{
    FormatError, VolumeError,
    error::shown,
    limits,
    ustar::{BLOCK_SIZE, Blocks, Head, HeadReader, number, padding_after},
};

/// Reads the archive that the volumes hold, without the headers that stand where they were cut.
///
/// Errors are `UnexpectedEof` where volumes are missing at the end, `InvalidData` with a [`VolumeError`] where they do not
/// fit each other, and else those of the volumes. After an error there is nothing more to be had from it.
pub struct MultiVolume<V, F> {
    volumes: Volumes<V, F>,
    heads: HeadReader,
    state: State,
    /// Headers that have been read ahead and are given out before anything else, from `given` on.
    ahead: Vec<u8>,
    given: usize,
    member: Member,
}

/// What comes next.
#[derive(Clone, Copy)]
enum State {
    /// A member's headers, or the end of the archive.
    Headers,
    /// Another block of the map of a sparse file.
    Map,
    /// So many bytes of a member's data, and then its padding.
    Data { left: u64 },
    /// So many bytes of padding.
    Padding { left: u64 },
    /// Zeros.
    End,
    /// Nothing: there was an error.
    Broken,
}

/// What a seam within the current member is held against.
#[derive(Default)]
struct Member {
    name: Vec<u8>,
    stored_bytes: u64,
    /// With its holes.
    real_bytes: u64,
}

impl<V: Read, F: FnMut() -> io::Result<Option<V>>> MultiVolume<V, F> {
    /// Asks for one volume after the other, each of which ends where it ends; none behind the last.
    pub fn new(next: F) -> Self {
        Self {
            volumes: Volumes::new(next),
            // The archives have nothing there but long names.
            heads: HeadReader::new(false, limits::OUTER_EXTENSION_BYTES),
            state: State::Headers,
            ahead: Vec::new(),
            given: 0,
            member: Member::default(),
        }
    }

    /// Does one step; how many bytes of the buffer it filled, and whether there is another step.
    fn step(&mut self, buffer: &mut [u8]) -> io::Result<(usize, bool)> {
        match self.state {
            State::Headers => self.read_headers()?,
            State::Map => {
                self.forget_headers();
                let mut block = [0; BLOCK_SIZE];
                let mut ahead = Ahead {
                    volumes: &mut self.volumes,
                    read: &mut self.ahead,
                };
                ahead.read_exact(&mut block)?;
                self.enter_map_or_data(block[504] != 0);
            }
            State::Data { left: 0 } => {
                self.state = State::Padding {
                    left: padding_after(self.member.stored_bytes),
                };
            }
            State::Padding { left: 0 } => self.state = State::Headers,
            State::Data { left } => {
                let count = self.volumes.read(up_to(buffer, left))?;
                if count == 0 {
                    self.cross_within_data(left)?;
                }
                self.state = State::Data {
                    left: left - count as u64,
                };
                return Ok((count, true));
            }
            State::Padding { left } => {
                // A volume ends only where a block does.
                let count = self.volumes.read(up_to(buffer, left))?;
                self.state = State::Padding {
                    left: left - count as u64,
                };
                return Ok((count, true));
            }
            State::End => return self.read_end(buffer),
            // The error was told before.
            State::Broken => return Err(io::ErrorKind::InvalidData.into()),
        }
        Ok((0, true))
    }

    fn read_headers(&mut self) -> io::Result<()> {
        self.forget_headers();
        let ahead = Ahead {
            volumes: &mut self.volumes,
            read: &mut self.ahead,
        };
        match self.heads.next(&mut Blocks::new(ahead)) {
            Ok(Some(head)) => {
                self.enter(&head);
                Ok(())
            }
            Ok(None) => {
                self.state = State::End;
                match self.volumes.promise.take() {
                    Some(promise) => Err(self.unexpected(&promise).into()),
                    None => Ok(()),
                }
            }
            // The seam before says more than the nonsense behind it.
            Err(error) => Err(match (self.volumes.failure.take(), self.volumes.promise.take()) {
                (Some(failure), _) => failure.into(),
                (None, Some(promise)) if !matches!(error, FormatError::Io(_)) => self.unexpected(&promise).into(),
                _ => io_error(error),
            }),
        }
    }

    fn enter(&mut self, head: &Head) {
        const IN_HEADER_GOES_ON: usize = 482;
        const REAL_SIZE: std::ops::Range<usize> = 483..495;
        let block = head.header.as_bytes();
        let is_sparse = head.type_byte() == b'S';
        let real = number(&block[REAL_SIZE]).filter(|_| is_sparse);
        self.member = Member {
            name: head.name.clone(),
            stored_bytes: head.stored_bytes,
            real_bytes: real.unwrap_or(head.stored_bytes),
        };
        self.enter_map_or_data(is_sparse && block[IN_HEADER_GOES_ON] != 0);
    }

    fn enter_map_or_data(&mut self, map_goes_on: bool) {
        if map_goes_on {
            self.state = State::Map;
            return;
        }
        let left = self.member.stored_bytes;
        self.state = State::Data { left };
        // Other members may come before the one that was promised.
        self.volumes
            .promise
            .take_if(|promise| self.member.goes_on_with(promise, left));
    }

    fn cross_within_data(&mut self, left: u64) -> io::Result<()> {
        self.volumes.promise = None;
        if !self.volumes.advance()? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match self.volumes.promise.take() {
            Some(found) if self.member.goes_on_with(&found, left) => Ok(()),
            _ => Err(VolumeError::DoesNotFit {
                volume: self.volumes.number(),
                name: shown(&self.member.name),
                left,
            }
            .into()),
        }
    }

    /// Behind the archive's end there are zeros to the end of its last volume. The mark itself may be cut.
    fn read_end(&mut self, buffer: &mut [u8]) -> io::Result<(usize, bool)> {
        let count = self.volumes.read(buffer)?;
        if count > 0 || !self.volumes.advance()? {
            return Ok((count, count > 0));
        }
        if self.volumes.promise.is_some() || !self.volumes.begins_with_zeros() {
            return Err(VolumeError::BehindTheEnd {
                volume: self.volumes.number(),
            }
            .into());
        }
        Ok((0, true))
    }

    fn forget_headers(&mut self) {
        self.ahead.clear();
        self.given = 0;
    }

    fn unexpected(&self, promise: &Continuation) -> VolumeError {
        VolumeError::Unexpected {
            volume: self.volumes.number(),
            name: shown(&promise.name),
        }
    }
}

impl<V: Read, F: FnMut() -> io::Result<Option<V>>> Read for MultiVolume<V, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let ready = &self.ahead[self.given..];
            if !ready.is_empty() {
                let count = ready.len().min(buffer.len());
                buffer[..count].copy_from_slice(&ready[..count]);
                self.given += count;
                return Ok(count);
            }
            match self.step(buffer) {
                Ok((0, true)) => {}
                Ok((count, _)) => return Ok(count),
                Err(error) => {
                    if error.kind() != io::ErrorKind::Interrupted {
                        self.state = State::Broken;
                        self.forget_headers();
                    }
                    return Err(error);
                }
            }
        }
    }
}

impl<V, F> fmt::Debug for MultiVolume<V, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MultiVolume(…)")
    }
}

impl Member {
    /// Whether a volume that begins so goes on with this member where so much of it is left.
    fn goes_on_with(&self, found: &Continuation, left: u64) -> bool {
        // GNU tar counts the offset back from the end of the file with its holes.
        let fits = |total: u64| found.offset.checked_add(found.left) == Some(total);
        let name = &self.name[..self.name.len().min(volumes::NAME_BYTES)];
        found.left == left && found.name == name && (fits(self.real_bytes) || fits(self.stored_bytes))
    }
}

/// Reads over seams, and keeps what it reads.
struct Ahead<'a, V, F> {
    volumes: &'a mut Volumes<V, F>,
    read: &'a mut Vec<u8>,
}

impl<V: Read, F: FnMut() -> io::Result<Option<V>>> Read for Ahead<'_, V, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let count = self.volumes.read(buffer)?;
            self.read.extend_from_slice(&buffer[..count]);
            if count > 0 || !self.volumes.advance()? {
                return Ok(count);
            }
        }
    }
}

fn up_to(buffer: &mut [u8], bytes: u64) -> &mut [u8] {
    let count = buffer.len().min(usize::try_from(bytes).unwrap_or(usize::MAX));
    &mut buffer[..count]
}

/// Wraps an error for `Read`; the reader of the outer archive adds the position.
fn io_error(error: FormatError) -> io::Error {
    match error {
        FormatError::Io(error) | FormatError::Below { error, .. } => error,
        FormatError::Truncated { .. } => io::ErrorKind::UnexpectedEof.into(),
        FormatError::Damaged { fault, .. } => fault.into(),
        // These two are handled by the reader of the outer archive.
        other @ (FormatError::UnexpectedKind { .. } | FormatError::MemberName { .. }) => {
            io::Error::new(io::ErrorKind::InvalidData, other)
        }
    }
}
