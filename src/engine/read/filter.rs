// SPDX-License-Identifier: GPL-3.0-or-later
//! What decompresses the stream of a file: a method that is built in, or a program that the user has chosen.
//!
//! A program is run as `PROGRAM -d`, as the existing tools run it: no shell sees its name, and no name from an archive ever
//! comes here. It is believed only when it has taken all of its input, ends with 0 and complains of nothing.

use std::{
    io::{self, Read, Write},
    ops::Range,
    os::{fd::AsFd, unix::process::CommandExt},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
    process::{Pid, Signal, kill_process_group},
};

use crate::{
    engine::{CancelToken, Damage, FilterFault, io_errors::into_io},
    format::Filter,
    transport::SourceError,
    units::KIB,
};

use super::isolated::decompressed;

/// How much is given to a program at once, in bytes.
const INPUT_BYTES: usize = 64 * KIB as usize;

/// How much of what a program says is kept, in bytes: the beginning, where the cause stands.
const SAID_BYTES: usize = KIB as usize;

/// How long a program that does nothing keeps us from looking at the cancel token. A cancel has to work within two
/// seconds.
const PATIENCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};

/// How long to wait between two looks at a program that has closed its output and not ended yet.
const PAUSE: Duration = Duration::from_millis(5);

/// The plain content of a stream.
///
/// # Errors
/// When the program cannot be started. What is wrong with the stream is said while it is read.
pub(super) fn decoded<'a>(
    filter: &Filter,
    stream: &'a mut (dyn Read + 'a),
    cancel: &CancelToken,
) -> io::Result<Box<dyn Read + 'a>> {
    match filter {
        Filter::BuiltIn(method) => decompressed(*method, stream),
        Filter::Program(program) => Ok(Box::new(Program::start(program, stream, cancel)?)),
    }
}

/// A running program. Each read of it serves all three of its pipes, so that none of them can block another. The program
/// does not outlive this value.
struct Program<'a> {
    name: String,
    stream: &'a mut (dyn Read + 'a),
    cancel: CancelToken,
    child: Child,
    status: Option<ExitStatus>,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    stderr: Option<ChildStderr>,
    input: Box<[u8]>,
    /// What of `input` is still to be given.
    rest: Range<usize>,
    said: Vec<u8>,
    has_refused_input: bool,
}

impl<'a> Program<'a> {
    fn start(program: &str, stream: &'a mut (dyn Read + 'a), cancel: &CancelToken) -> io::Result<Self> {
        let started = Command::new(program)
            .arg("-d")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: it can be ended with all that it has started.
            .process_group(0)
            .spawn();
        let mut child = started.map_err(|error| cannot_run(program, error))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let Some(stdout) = stdout else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let this = Self {
            name: program.escape_debug().to_string(),
            stream,
            cancel: cancel.clone(),
            child,
            status: None,
            stdin,
            stdout,
            stderr,
            input: vec![0; INPUT_BYTES].into(),
            rest: 0..0,
            said: Vec::new(),
            has_refused_input: false,
        };
        never_wait(&this.stdout)?;
        this.stdin.as_ref().map_or(Ok(()), never_wait)?;
        this.stderr.as_ref().map_or(Ok(()), never_wait)?;
        Ok(this)
    }

    /// Makes sure that there is something to give, or ends the program's input.
    fn refill(&mut self) -> io::Result<()> {
        if self.stdin.is_some() && self.rest.is_empty() {
            let count = self.stream.read(&mut self.input)?;
            self.rest = 0..count;
            if count == 0 {
                self.stdin = None;
            }
        }
        Ok(())
    }

    /// Waits until one of the pipes can be used, or a while.
    fn wait(&self) -> io::Result<()> {
        let mut pipes = vec![PollFd::new(&self.stdout, PollFlags::IN)];
        pipes.extend(self.stdin.iter().map(|pipe| PollFd::new(pipe, PollFlags::OUT)));
        pipes.extend(self.stderr.iter().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        match poll(&mut pipes, Some(&PATIENCE)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn feed(&mut self) -> io::Result<()> {
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        match unless_busy(stdin.write(&self.input[self.rest.clone()])) {
            Ok(count) => self.rest.start += count.unwrap_or(0),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                // It says why, or its end is too early.
                self.stdin = None;
                self.has_refused_input = true;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Hears all that there is to hear by now.
    fn listen(&mut self) -> io::Result<()> {
        let mut buffer = [0; 512];
        while let Some(stderr) = &mut self.stderr {
            match unless_busy(stderr.read(&mut buffer))? {
                None => break,
                Some(0) => self.stderr = None,
                Some(count) => {
                    let room = SAID_BYTES.saturating_sub(self.said.len());
                    self.said.extend_from_slice(&buffer[..count.min(room)]);
                }
            }
        }
        Ok(())
    }

    /// Waits for the end of a program that has closed its output, and hears how it went.
    fn end(&mut self) -> io::Result<()> {
        let status = loop {
            self.cancel.check().map_err(into_io)?;
            self.listen()?;
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            thread::sleep(PAUSE);
        };
        self.status = Some(status);
        self.listen()?;
        let said = printable(&self.said);
        let program = self.name.clone();
        let fault = if !status.success() {
            FilterFault::Failed { program, status, said }
        } else if !said.is_empty() {
            FilterFault::Complained { program, said }
        } else if self.has_refused_input || self.stdin.is_some() {
            FilterFault::Unread { program }
        } else {
            return Ok(());
        };
        Err(Damage::Filter(fault).into())
    }
}

impl Read for Program<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.status.is_some() {
            return Ok(0);
        }
        loop {
            self.cancel.check().map_err(into_io)?;
            self.refill()?;
            self.wait()?;
            self.listen()?;
            self.feed()?;
            match unless_busy(self.stdout.read(buffer))? {
                None => {}
                Some(0) => return self.end().map(|()| 0),
                Some(count) => return Ok(count),
            }
        }
    }
}

impl Drop for Program<'_> {
    fn drop(&mut self) {
        if self.status.is_some() {
            return;
        }
        // The one failure is that all of them have ended already.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        if let Err(error) = self.child.wait() {
            log::warn!("waiting for a program: {error}");
        }
    }
}

fn cannot_run(program: &str, error: io::Error) -> io::Error {
    let program = program.to_owned();
    let source = error.into();
    into_io(SourceError::Program { program, source })
}

/// Makes a pipe one that never waits; only our end of it.
fn never_wait(pipe: &impl AsFd) -> io::Result<()> {
    let flags = fcntl_getfl(pipe)?;
    Ok(fcntl_setfl(pipe, flags | OFlags::NONBLOCK)?)
}

/// The answer of a pipe that never waits; none where it would have waited.
fn unless_busy(answer: io::Result<usize>) -> io::Result<Option<usize>> {
    match answer {
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(None),
        other => other.map(Some),
    }
}

/// What a program said, in printable ASCII on one line.
fn printable(said: &[u8]) -> String {
    let shown = |byte: &u8| {
        if byte.is_ascii_graphic() {
            char::from(*byte)
        } else {
            ' '
        }
    };
    let text: String = said.iter().map(shown).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
