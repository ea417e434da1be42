// SPDX-License-Identifier: GPL-3.0-or-later
//! An archive that comes once and in order: a named pipe, standard input, or what a command prints.
//!
//! An archive is opened before its data is read, so what was read to open it is kept until then.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::{
        fd::AsFd,
        unix::fs::{FileTypeExt, OpenOptionsExt},
    },
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::OFlags,
    io::Errno,
};

use crate::{cancel::CancelToken, host::ServiceControl};

use super::{
    super::{
        Location, ProcessOutput, SourceError, TransportError,
        command::{self, Running},
    },
    api::{ArchiveReader, Ranged},
};

/// How often it is looked whether the job was cancelled, in nanoseconds.
const LOOK_UP_NANOSECONDS: i64 = 100_000_000;

/// How much is passed over at a time, in bytes.
const STRIDE_BYTES: u64 = 64 * 1024;

/// What is left of a stream that comes once.
#[derive(Default)]
pub(super) struct Forward(Mutex<State>);

#[derive(Default)]
struct State {
    /// The stream, once it was opened.
    file: Option<File>,
    /// The command that prints it, until its end is known.
    running: Option<Running>,
    command: Option<String>,
    /// The bytes read so far; a new pass reads them again.
    kept: Vec<u8>,
    /// More was read than was kept: nobody can begin anew.
    is_spent: bool,
}

impl Forward {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what a command still prints, and hears how it ended.
    pub(super) fn finish(&self, cancel: &CancelToken) -> io::Result<()> {
        let mut state = self.state();
        let mut buffer = vec![0; STRIDE_BYTES as usize];
        while state.running.is_some() {
            check(cancel)?;
            if state.file.as_ref().is_none_or(is_ready) {
                match state.read(&mut buffer, cancel) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    result => drop(result?),
                }
            }
        }
        Ok(())
    }
}

fn check(cancel: &CancelToken) -> io::Result<()> {
    cancel
        .check()
        .map_err(|stopped| io::Error::other(TransportError::from(stopped)))
}

impl State {
    fn open(&mut self, location: &Location) -> io::Result<()> {
        let file = match location {
            Location::Command(line) => {
                let (file, running) = command::start_source(line)?;
                self.running = Some(running);
                self.command = Some(line.clone());
                file
            }
            Location::File(path) => {
                let flags = OFlags::NONBLOCK.bits().cast_signed();
                let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
                // It may have become something else meanwhile, which would be read by another way.
                if !file.metadata()?.file_type().is_fifo() {
                    return Err(io::ErrorKind::InvalidInput.into());
                }
                file
            }
            _ => File::from(io::stdin().as_fd().try_clone_to_owned()?),
        };
        self.file = Some(file);
        Ok(())
    }

    /// Reads on. Behind the last byte of a command stands how it ended.
    fn read(&mut self, buffer: &mut [u8], cancel: &CancelToken) -> io::Result<usize> {
        let Some(file) = &mut self.file else { return Ok(0) };
        let count = file.read(buffer)?;
        if count == 0
            && let Some(running) = self.running.take()
        {
            let killed = Arc::clone(&running.group);
            cancel.on_cancel(move || killed.kill());
            let code = running.group.wait()?;
            if code != 0 {
                let error = SourceError::Command {
                    command: self.command.clone().unwrap_or_default(),
                    code,
                    said: ProcessOutput::text(running.output),
                };
                return Err(io::Error::other(TransportError::from(error)));
            }
        }
        Ok(count)
    }
}

/// Reads a stream from the beginning, for as long as that is kept.
pub(super) struct ForwardReader {
    forward: Arc<Forward>,
    position: u64,
    /// How much of what is read is kept for another reader, in bytes; 0 for the last one.
    kept_bytes: usize,
    cancel: CancelToken,
}

impl ForwardReader {
    /// Begins at the beginning. Where nothing is kept this is the last reader.
    pub(super) fn open(
        forward: &Arc<Forward>,
        location: &Location,
        kept_bytes: usize,
        cancel: &CancelToken,
    ) -> Result<Self, TransportError> {
        let place = || location.to_string();
        let mut state = forward.state();
        if state.is_spent {
            return Err(SourceError::ReadAlready { place: place() }.into());
        }
        if state.file.is_none() {
            state.open(location).map_err(|error| SourceError::Io {
                place: place(),
                source: error.into(),
            })?;
        }
        Ok(Self {
            forward: Arc::clone(forward),
            position: 0,
            kept_bytes,
            cancel: cancel.clone(),
        })
    }

    /// Takes what was kept, or reads on. `None` where the stream has nothing yet.
    fn fetch(&self, state: &mut State, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let at = usize::try_from(self.position).unwrap_or(usize::MAX);
        if let Some(kept) = state.kept.get(at..).filter(|kept| !kept.is_empty()) {
            let count = kept.len().min(buffer.len());
            buffer[..count].copy_from_slice(&kept[..count]);
            return Ok(Some(count));
        }
        if !state.file.as_ref().is_none_or(is_ready) {
            return Ok(None);
        }
        if self.kept_bytes == 0 {
            // From here on nobody can begin anew.
            state.is_spent = true;
            state.kept = Vec::new();
        }
        let count = match state.read(buffer, &self.cancel) {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                return Ok(None);
            }
            result => result?,
        };
        if self.kept_bytes > 0 {
            if state.kept.len() + count > self.kept_bytes {
                state.is_spent = true;
            } else {
                state.kept.extend_from_slice(&buffer[..count]);
            }
        }
        Ok(Some(count))
    }
}

impl Read for ForwardReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            check(&self.cancel)?;
            let taken = self.fetch(&mut self.forward.state(), buffer)?;
            if let Some(count) = taken {
                check(&self.cancel)?;
                self.position += count as u64;
                return Ok(count);
            }
        }
    }
}

impl ArchiveReader for ForwardReader {
    fn size_bytes(&self) -> Option<u64> {
        None
    }

    fn ranged(&self) -> Option<Box<dyn Ranged>> {
        None
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

/// Goes forward by reading. Whether the stream had so much shows when the next thing is read.
impl Seek for ForwardReader {
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
