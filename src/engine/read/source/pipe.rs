// SPDX-License-Identifier: GPL-3.0-or-later
//! Reads an archive from a pipe, which can only go on.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::{
        fd::AsFd,
        unix::fs::{FileTypeExt, OpenOptionsExt},
    },
    sync::Arc,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::OFlags,
    io::Errno,
};

use crate::{
    engine::{ArchiveError, CancelToken, EngineError, NotABackup, io_errors::into_io},
    format::limits,
    plan::{Pipe, PipeState},
};

use super::{super::member::BUFFER_BYTES, errors::io_error};

/// The most that is kept of a pipe for the second reading: what stands before the data, with room for what is read ahead.
const MOST_KEPT_BYTES: usize = (limits::INVENTORY_CONTAINER_BYTES as usize) + 4 * BUFFER_BYTES;

/// How often it is looked whether the job was cancelled, in nanoseconds.
const LOOK_UP_NANOSECONDS: i64 = 100_000_000;

/// How much is passed over at a time, in bytes.
const STRIDE_BYTES: u64 = 64 * 1024;

/// Reads a pipe from the beginning, for as long as that is kept.
pub(super) struct PipeReader {
    pipe: Arc<Pipe>,
    position: u64,
    /// Whether what is read is kept for another reader.
    keeps: bool,
    cancel: CancelToken,
}

impl PipeReader {
    /// Begins at the beginning. Where `keeps` is not set this is the last reader.
    pub(super) fn open(pipe: &Arc<Pipe>, keeps: bool, cancel: &CancelToken) -> Result<Self, EngineError> {
        let opened = pipe.with(|state| -> io::Result<bool> {
            if state.file.is_none() {
                let flags = OFlags::NONBLOCK.bits().cast_signed();
                let file = OpenOptions::new().read(true).custom_flags(flags).open(pipe.path())?;
                // It may have become something else meanwhile, which would be read by another way.
                if !file.metadata()?.file_type().is_fifo() {
                    return Err(io::ErrorKind::InvalidInput.into());
                }
                state.file = Some(file);
            }
            Ok(!state.is_spent)
        });
        let place = pipe.path().display().to_string();
        let is_fresh = opened.map_err(|source| io_error(source, &place))?;
        if !is_fresh {
            let why = NotABackup::SpentPipe;
            return Err(ArchiveError::NotABackup { place, why }.into());
        }
        Ok(Self {
            pipe: Arc::clone(pipe),
            position: 0,
            keeps,
            cancel: cancel.clone(),
        })
    }

    /// Takes what was kept, or reads on. `None` where the pipe has nothing yet.
    fn fetch(&self, state: &mut PipeState, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let at = usize::try_from(self.position).unwrap_or(usize::MAX);
        if let Some(kept) = state.kept.get(at..).filter(|kept| !kept.is_empty()) {
            let count = kept.len().min(buffer.len());
            buffer[..count].copy_from_slice(&kept[..count]);
            return Ok(Some(count));
        }
        if !self.keeps {
            // From here on nobody can begin anew.
            state.is_spent = true;
            state.kept = Vec::new();
        }
        let Some(file) = &mut state.file else {
            return Ok(Some(0));
        };
        let count = match file.read(buffer) {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                return Ok(None);
            }
            result => result?,
        };
        if self.keeps {
            if state.kept.len() + count > MOST_KEPT_BYTES {
                state.is_spent = true;
            } else {
                state.kept.extend_from_slice(&buffer[..count]);
            }
        }
        Ok(Some(count))
    }
}

impl Read for PipeReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            self.cancel.check().map_err(into_io)?;
            let pipe = Arc::clone(&self.pipe);
            let taken = pipe.with(|state| {
                let at = usize::try_from(self.position).unwrap_or(usize::MAX);
                if state.kept.len() <= at && !state.file.as_ref().is_none_or(is_ready) {
                    return Ok(None);
                }
                self.fetch(state, buffer)
            })?;
            if let Some(count) = taken {
                self.position += count as u64;
                return Ok(count);
            }
        }
    }
}

/// Whether there is something to read within a moment: data or the end.
fn is_ready(file: &File) -> bool {
    let mut wanted = [PollFd::from_borrowed_fd(file.as_fd(), PollFlags::IN)];
    let patience = Timespec {
        tv_sec: 0,
        tv_nsec: LOOK_UP_NANOSECONDS,
    };
    match poll(&mut wanted, Some(&patience)) {
        Ok(0) | Err(Errno::INTR) => false,
        // The read says what is wrong.
        Ok(_) | Err(_) => true,
    }
}

/// Goes forward by reading. Whether the pipe had so much shows when the next thing is read.
impl Seek for PipeReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(step) => self.position.checked_add_signed(step),
            SeekFrom::End(_) => None,
        };
        let Some(mut left) = target.and_then(|target| target.checked_sub(self.position)) else {
            return Err(io::ErrorKind::NotSeekable.into());
        };
        let mut buffer = vec![0; left.min(STRIDE_BYTES) as usize];
        while left > 0 {
            let count = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            match self.read(&mut buffer[..count])? {
                0 => break,
                count => left -= count as u64,
            }
        }
        Ok(self.position)
    }
}
