// SPDX-License-Identifier: GPL-3.0-or-later
//! Pipes and files whose reading and writing ends at once when it is told to, from another thread.
//!
//! Every read and write waits for its own file and for a stop pipe together; the stop pipe speaks when its writing end is
//! dropped.

use std::{
    fs::File,
    io::{self, PipeReader, PipeWriter, Read, Seek, SeekFrom, Write},
    os::fd::{AsFd, AsRawFd, OwnedFd},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
};

/// The hand that stops; dropping it stops as well.
#[derive(Debug)]
pub(super) struct Brake(Mutex<Option<PipeWriter>>);

impl Brake {
    pub(super) fn pull(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// What is stopped by it.
#[derive(Debug, Clone)]
pub(super) struct Stop(Arc<PipeReader>);

/// A brake and what it stops.
pub(super) fn brake() -> io::Result<(Brake, Stop)> {
    let (reader, writer) = io::pipe()?;
    Ok((Brake(Mutex::new(Some(writer))), Stop(Arc::new(reader))))
}

impl Stop {
    /// Takes a file whose reads and writes shall end when the brake is pulled.
    pub(super) fn guard(&self, file: impl Into<OwnedFd>) -> io::Result<Stoppable> {
        let file = File::from(file.into());
        let flags = fcntl_getfl(&file)?;
        fcntl_setfl(&file, flags | OFlags::NONBLOCK)?;
        Ok(Stoppable {
            file,
            stop: self.clone(),
        })
    }
}

/// A file that does not hang.
#[derive(Debug)]
pub(super) struct Stoppable {
    file: File,
    stop: Stop,
}

impl Stoppable {
    /// Reads past so many bytes, by a jump where the file can do that.
    pub(super) fn skip(&mut self, bytes: u64) -> io::Result<()> {
        if self.file.metadata()?.is_file() {
            let jump = i64::try_from(bytes).map_err(|_| io::ErrorKind::InvalidData)?;
            self.file.seek(SeekFrom::Current(jump))?;
            return Ok(());
        }
        io::copy(&mut self.take(bytes), &mut io::sink())?;
        Ok(())
    }

    /// The same pipe for a process, which must be able to wait on it.
    pub(super) fn pipe_for_child(&self) -> io::Result<Stdio> {
        // A pipe that is opened anew has flags of its own.
        let path = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        let file = File::options().append(true).open(path)?;
        Ok(Stdio::from(file))
    }

    fn wait(&self, wanted: PollFlags) -> io::Result<()> {
        let mut both = [
            PollFd::new(&*self.stop.0, PollFlags::IN),
            PollFd::from_borrowed_fd(self.file.as_fd(), wanted),
        ];
        match poll(&mut both, None) {
            Ok(_) if !both[0].revents().is_empty() => Err(io::Error::other("stopped")),
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until the file is ready and tries, again and again.
    fn attempt<T>(&mut self, wanted: PollFlags, mut act: impl FnMut(&mut File) -> io::Result<T>) -> io::Result<T> {
        loop {
            self.wait(wanted)?;
            match act(&mut self.file) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                other => return other,
            }
        }
    }
}

impl Read for Stoppable {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.attempt(PollFlags::IN, |file| file.read(buffer))
    }
}

impl Write for Stoppable {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(PollFlags::OUT, |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
