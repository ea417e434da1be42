// SPDX-License-Identifier: GPL-3.0-or-later
//! Services of running VMs (qrexec): what the conversation looks like to the code above.

use std::{
    fmt,
    io::{self, PipeWriter, Read, Write},
    os::fd::{AsFd, BorrowedFd},
    process::ChildStdin,
    sync::Arc,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::ioctl_fionread,
};

use crate::cancel::CancelToken;

/// The services that a backup or a restore speaks with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Service {
    /// Takes a destination line and then an archive.
    Backup,
    /// Takes a source line and a line of member prefixes; returns the wanted members as a qfile stream.
    Restore,
    /// Lets the user pick a directory in the VM.
    SelectDirectory,
    /// Lets the user pick a file in the VM.
    SelectFile,
    /// A service that stands for one archive: takes a line of member prefixes only, and answers as [`Service::Restore`].
    /// Named by its whole name, with its argument (`qubes.RestoreById+ID`).
    Registered(String),
}

impl Service {
    /// The name on the wire.
    pub fn wire_name(&self) -> &str {
        match self {
            Self::Backup => "qubes.Backup",
            Self::Restore => "qubes.Restore",
            Self::SelectDirectory => "qubes.SelectDirectory",
            Self::SelectFile => "qubes.SelectFile",
            Self::Registered(name) => name,
        }
    }
}

/// A service that has been started: its three streams and a hold on its life.
pub struct ServiceProcess {
    /// What the service reads; dropping it is the end of its input.
    pub stdin: Option<Box<dyn ServiceInput>>,
    /// What the service answers.
    pub stdout: Box<dyn Read + Send>,
    /// What the service complains about.
    pub stderr: Box<dyn Read + Send>,
    /// Its life.
    pub control: Arc<dyn ServiceControl>,
}

/// How much a service has taken of what was written to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uptake {
    /// All of it.
    Whole,
    /// Not all of it yet.
    Pending,
    /// Not all of it, and the service reads no more.
    Broken,
    /// This cannot be told here.
    Unknown,
}

/// The way into a service.
pub trait ServiceInput: Write + Send {
    /// How much of what was written so far the service has taken. A pipe keeps what its reader left unread, and no write
    /// tells of it.
    fn uptake(&self) -> Uptake {
        Uptake::Unknown
    }
}

impl ServiceInput for ChildStdin {
    fn uptake(&self) -> Uptake {
        pipe_uptake(self.as_fd())
    }
}

impl ServiceInput for PipeWriter {
    fn uptake(&self) -> Uptake {
        pipe_uptake(self.as_fd())
    }
}

fn pipe_uptake(pipe: BorrowedFd<'_>) -> Uptake {
    let is_empty = || ioctl_fionread(pipe).map(|unread| unread == 0);
    match is_empty() {
        Ok(true) => return Uptake::Whole,
        Ok(false) => {}
        Err(_) => return Uptake::Unknown,
    }
    let mut ends = [PollFd::from_borrowed_fd(pipe, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let has_reader = match poll(&mut ends, Some(&now)) {
        Ok(_) => !ends[0].revents().contains(PollFlags::ERR),
        Err(_) => true,
    };
    if has_reader {
        return Uptake::Pending;
    }
    // It may have taken the rest between the two questions, and ended.
    match is_empty() {
        Ok(true) => Uptake::Whole,
        Ok(false) | Err(_) => Uptake::Broken,
    }
}

impl ServiceProcess {
    /// Returns the same service, which ends when the token is cancelled, whichever thread waits for it.
    #[must_use]
    pub fn ended_by(self, cancel: &CancelToken) -> Self {
        let control = Arc::clone(&self.control);
        cancel.on_cancel(move || control.kill());
        self
    }
}

impl fmt::Debug for ServiceProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceProcess")
    }
}

/// Ends a service or waits for its end; usable from another thread than the one that speaks with it.
pub trait ServiceControl: Send + Sync {
    /// Ends the service at once; reads and writes that hang on it return. Harmless when it has ended already.
    fn kill(&self);

    /// Waits for the end and gives the exit code (128+N for signal N, 125 to 127 for trouble on the way there).
    ///
    /// # Errors
    /// When its end cannot be learned.
    fn wait(&self) -> io::Result<i32>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_tells_whether_its_reader_has_taken_everything() {
        let (mut reader, mut writer) = io::pipe().unwrap();
        assert_eq!(writer.uptake(), Uptake::Whole);
        writer.write_all(b"abc").unwrap();
        assert_eq!(writer.uptake(), Uptake::Pending);
        reader.read_exact(&mut [0; 2]).unwrap();
        assert_eq!(writer.uptake(), Uptake::Pending);
        drop(reader);
        assert_eq!(writer.uptake(), Uptake::Broken);
        let (mut reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"abc").unwrap();
        reader.read_exact(&mut [0; 3]).unwrap();
        drop(reader);
        assert_eq!(writer.uptake(), Uptake::Whole);
    }
}
