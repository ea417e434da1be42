// SPDX-License-Identifier: GPL-3.0-or-later
//! `qubes.Restore`: is told an archive and member names, sends the members as a qfile stream, waits for the verdict.
//!
//! It is a thread between the archive (a file of the VM, or what a command prints) and the caller's pipes. Nothing in
//! it can hang once it is told to end, and a command ends with it.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Component, Path, PathBuf},
    process::Stdio,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
};

use super::{
    files::VmFiles,
    stoppable::{Brake, Stop, Stoppable, brake},
    unpack::unpack,
};
use crate::{
    host::{
        ServiceControl, ServiceProcess,
        process::{Group, shell},
    },
    qfile,
};

/// The longest line that is read, in bytes; names of VMs' folders are far shorter together.
const LONGEST_LINE_BYTES: usize = 64 * 1024;
/// The service's own exit codes.
const FAILED: i32 = 1;
const NO_SUCH_SOURCE: i32 = 2;
/// What a process that was killed reports: 128 + SIGKILL.
const KILLED: i32 = 137;

/// Runs a line as one simple command, as the real service does; its argument is the line.
const COMMAND: &str = r#"
eval "set -- $1"
"$@"
"#;

/// Whether the first word of a line is a command; its argument is the word.
const IS_COMMAND: &str = r#"
case $1 in
    */*) [ -f "$1" ] && [ -x "$1" ] ;;
    *) [ -n "$1" ] && command -v "$1" >/dev/null 2>&1 ;;
esac
"#;

/// Starts the service.
pub(super) fn start(files: VmFiles) -> io::Result<ServiceProcess> {
    let (brake, stop) = brake()?;
    let (their_input, stdin) = io::pipe()?;
    let (stdout, their_output) = io::pipe()?;
    let (stderr, their_errors) = io::pipe()?;
    let mut conversation = Conversation {
        files,
        input: stop.guard(their_input)?,
        output: stop.guard(their_output)?,
        errors: stop.guard(their_errors)?,
        stop,
    };
    let end = Arc::new(End::default());
    let control = Control {
        brake,
        end: Arc::clone(&end),
    };
    thread::Builder::new().name("qubes.Restore".to_owned()).spawn(move || {
        let code = conversation.hold();
        // The pipes close before the end is known, as with a process.
        drop(conversation);
        end.reach(code);
    })?;
    Ok(ServiceProcess {
        stdin: Some(Box::new(stdin)),
        stdout: Box::new(stdout),
        stderr: Box::new(stderr),
        control: Arc::new(control),
    })
}

/// The end of the service, once it is reached.
#[derive(Debug, Default)]
struct End {
    code: Mutex<Option<i32>>,
    reached: Condvar,
}

impl End {
    fn reach(&self, code: i32) {
        *self.code.lock().unwrap_or_else(PoisonError::into_inner) = Some(code);
        self.reached.notify_all();
    }
}

#[derive(Debug)]
struct Control {
    brake: Brake,
    end: Arc<End>,
}

impl ServiceControl for Control {
    fn kill(&self) {
        self.brake.pull();
    }

    fn wait(&self) -> io::Result<i32> {
        let mut code = self.end.code.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(code) = *code {
                return Ok(code);
            }
            code = self.end.reached.wait(code).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The archive, and the command that prints it.
struct Archive {
    stream: Stoppable,
    /// Ends when this is dropped.
    _command: Option<Group>,
}

struct Conversation {
    files: VmFiles,
    input: Stoppable,
    output: Stoppable,
    errors: Stoppable,
    stop: Stop,
}

impl Conversation {
    fn hold(&mut self) -> i32 {
        match self.try_hold() {
            Ok(code) => code,
            Err(error) => {
                // Told as far as anybody listens.
                let told = writeln!(self.errors, "qubes.Restore: {error}");
                if told.is_err() { KILLED } else { FAILED }
            }
        }
    }

    fn try_hold(&mut self) -> io::Result<i32> {
        let source = read_line(&mut self.input)?;
        let prefixes = read_line(&mut self.input)?;
        let prefixes: Vec<String> = prefixes.split_ascii_whitespace().map(str::to_owned).collect();
        let Some(mut archive) = self.open(source.trim_matches([' ', '\t']))? else {
            writeln!(self.errors, "qubes.Restore: neither a file nor a command: {source}")?;
            return Ok(NO_SUCH_SOURCE);
        };
        let crc = unpack(&mut archive.stream, &prefixes, &mut self.output)?;
        drop(archive);
        let mut verdict = [0; qfile::VERDICT_BYTES];
        self.input.read_exact(&mut verdict)?;
        let (code, received) = qfile::parse_verdict(verdict);
        if received != u64::from(crc) {
            writeln!(
                self.errors,
                "qubes.Restore: the receiver got something else than was sent"
            )?;
            return Ok(FAILED);
        }
        Ok(match code {
            qfile::FINE | qfile::ENOUGH => 0,
            _ => FAILED,
        })
    }

    /// Opens the file of that name, or starts the command; `None` when it is neither.
    fn open(&mut self, line: &str) -> io::Result<Option<Archive>> {
        if let Some(path) = self.file(line) {
            // A pipe is opened without waiting for its other end; reading waits for that.
            let file = File::options()
                .read(true)
                .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
                .open(path)?;
            return Ok(Some(Archive {
                stream: self.stop.guard(file)?,
                _command: None,
            }));
        }
        let word = line.split([' ', '\t']).next().unwrap_or_default();
        let found = shell(IS_COMMAND, [word.as_ref()], &self.files.home)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        if !found.success() {
            return Ok(None);
        }
        let errors = self.errors.pipe_for_child()?;
        let mut child = shell(COMMAND, [line.as_ref()], &self.files.home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()?;
        let stdout = child.stdout.take();
        let command = Group::new(child);
        let stdout = stdout.ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Some(Archive {
            stream: self.stop.guard(stdout)?,
            _command: Some(command),
        }))
    }

    /// The VM's file of that name.
    fn file(&self, line: &str) -> Option<PathBuf> {
        let path = Path::new(line);
        let inside = path.strip_prefix("/").unwrap_or(path);
        let goes_down = inside
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if line.is_empty() || !goes_down {
            return None;
        }
        let base = if path.is_absolute() {
            &self.files.root
        } else {
            &self.files.home
        };
        let file = base.join(inside);
        let kind = file.metadata().ok()?;
        (!kind.is_dir()).then_some(file)
    }
}

/// Reads a line byte by byte, because what comes behind it is for others.
fn read_line(input: &mut impl Read) -> io::Result<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() <= LONGEST_LINE_BYTES {
        input.read_exact(&mut byte)?;
        if byte[0] == b'\n' {
            return String::from_utf8(line).map_err(|_| io::ErrorKind::InvalidData.into());
        }
        line.push(byte[0]);
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "a line that is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_up_to_its_longest() {
        let read = |bytes: usize| read_line(&mut format!("{}\n", "x".repeat(bytes)).as_bytes());
        assert_eq!(read(LONGEST_LINE_BYTES).unwrap().len(), LONGEST_LINE_BYTES);
        assert!(read(LONGEST_LINE_BYTES + 1).is_err());
    }
}
