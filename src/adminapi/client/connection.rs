// SPDX-License-Identifier: GPL-3.0-or-later
//! One connection to the daemon: a request goes out whole, then an answer comes in until the daemon closes it.

use std::{
    fs::File,
    io::{self, ErrorKind, Read, Write},
    net::Shutdown,
    os::{
        fd::AsRawFd,
        unix::{ffi::OsStrExt, net::UnixStream},
    },
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{Mode, OFlags, open},
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with, sockopt::socket_peercred},
    process::Pid,
};

use super::error::CallError;
use crate::{adminapi::LONGEST_ANSWER_BYTES, cancel::CancelToken};

/// How long the daemon may take for a call that only asks or sets something.
pub(super) const USUAL_DEADLINE: Duration = Duration::from_secs(30);
/// How long a try to connect to a daemon whose queue is full waits for the next.
const FULL_QUEUE_PAUSE: Duration = Duration::from_millis(10);
/// How often a wait looks whether it was cancelled.
const CANCEL_CHECK: Duration = Duration::from_millis(50);
const CHUNK_BYTES: usize = 64 << 10;

/// The process that listens on the socket, as far as the system tells: another one has another number.
pub(super) type Daemon = Option<Pid>;

/// One connection.
pub(super) struct Connection {
    stream: UnixStream,
    daemon: Daemon,
    started: Instant,
    until: Option<Instant>,
    cancel: CancelToken,
}

impl Connection {
    /// Connects. All that follows has to be over at that time.
    pub(super) fn open(path: &Path, until: Option<Instant>, cancel: &CancelToken) -> Result<Self, CallError> {
        let started = Instant::now();
        let unreachable = |error: Errno| CallError::unreachable(path, error);
        // The folder has to stay open until the connection stands.
        let (address, _folder) = address(path).map_err(unreachable)?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).map_err(unreachable)?;
        while let Err(error) = connect(&socket, &address) {
            cancel.check()?;
            // The queue of the daemon is full.
            if error != Errno::AGAIN || until.is_some_and(|until| Instant::now() >= until) {
                return Err(unreachable(error));
            }
            thread::sleep(FULL_QUEUE_PAUSE);
        }
        let daemon = socket_peercred(&socket).ok().map(|daemon| daemon.pid);
        Ok(Self {
            stream: UnixStream::from(socket),
            daemon,
            started,
            until,
            cancel: cancel.clone(),
        })
    }

    /// The process at the other end.
    pub(super) fn daemon(&self) -> Daemon {
        self.daemon
    }

    /// Lifts the deadline.
    pub(super) fn without_deadline(mut self) -> Self {
        self.until = None;
        self
    }

    /// Sends a request and closes this half of the connection: only then the daemon begins.
    pub(super) fn send(&mut self, mut request: &[u8]) -> Result<(), CallError> {
        while !request.is_empty() {
            match self.stream.write(request) {
                Ok(count) => request = &request[count..],
                Err(error) => self.after(&error, PollFlags::OUT)?,
            }
        }
        self.stream.shutdown(Shutdown::Write).map_err(|_| CallError::Lost)
    }

    /// Returns everything that comes until the daemon closes the connection; of an answer that is longer than any may be, its
    /// beginning.
    pub(super) fn receive(&mut self) -> Result<Vec<u8>, CallError> {
        let mut answer = Vec::new();
        let mut chunk = vec![0; CHUNK_BYTES];
        while answer.len() <= LONGEST_ANSWER_BYTES {
            match self.stream.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => answer.extend_from_slice(&chunk[..count]),
                // Some daemons refuse like that. Without an answer it counts as silence, in which the caller looks further.
                Err(error) if error.kind() == ErrorKind::ConnectionReset && answer.is_empty() => break,
                Err(error) => self.after(&error, PollFlags::IN)?,
            }
        }
        Ok(answer)
    }

    /// Returns bytes that came, nothing if none came in that time.
    pub(super) fn next_bytes(&mut self, timeout: Duration) -> Result<Option<Vec<u8>>, CallError> {
        let end = Instant::now() + timeout;
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(CallError::Lost),
                Ok(count) => {
                    chunk.truncate(count);
                    return Ok(Some(chunk));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() >= end => return Ok(None),
                Err(error) => {
                    let left = end.saturating_duration_since(Instant::now());
                    self.after_at_most(&error, PollFlags::IN, left)?;
                }
            }
        }
    }

    /// Waits after an operation that could not go on; returns the error if it was another one.
    fn after(&self, error: &io::Error, wanted: PollFlags) -> Result<(), CallError> {
        self.after_at_most(error, wanted, CANCEL_CHECK)
    }

    fn after_at_most(&self, error: &io::Error, wanted: PollFlags, most: Duration) -> Result<(), CallError> {
        match error.kind() {
            ErrorKind::WouldBlock => self.wait(wanted, most.min(CANCEL_CHECK)),
            ErrorKind::Interrupted => Ok(()),
            _ => Err(CallError::Lost),
        }
    }

    fn wait(&self, wanted: PollFlags, time: Duration) -> Result<(), CallError> {
        self.cancel.check()?;
        if self.until.is_some_and(|until| Instant::now() >= until) {
            let after = self.started.elapsed();
            return Err(CallError::TimedOut { after });
        }
        let time = Timespec {
            tv_sec: 0,
            tv_nsec: time.subsec_nanos().into(),
        };
        // That it was interrupted or is over is seen by the next try.
        let _ = poll(&mut [PollFd::new(&self.stream, wanted)], Some(&time));
        Ok(())
    }
}

/// The address of a socket. A path that is too long for one is taken from its folder, which is opened for that.
fn address(path: &Path) -> Result<(SocketAddrUnix, Option<File>), Errno> {
    match SocketAddrUnix::new(path) {
        Err(Errno::NAMETOOLONG) => {}
        address => return Ok((address?, None)),
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Errno::NAMETOOLONG);
    };
    let folder = File::from(open(folder, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?);
    let mut short = format!("/proc/self/fd/{}/", folder.as_raw_fd()).into_bytes();
    short.extend_from_slice(name.as_bytes());
    Ok((SocketAddrUnix::new(short)?, Some(folder)))
}
