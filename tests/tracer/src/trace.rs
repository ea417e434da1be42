// SPDX-License-Identifier: GPL-3.0-or-later
//! Follows a program from call to call.

use std::{
    collections::HashMap,
    ffi::c_void,
    fs, io,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::{
        ptrace::{self, Options},
        signal::{Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

use crate::{
    calls::{Arguments, Kind, Named, amount, classify, is_of_all_files, takes_room},
    disk::Disk,
};

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not made, and answers with this error.
    Error(i32),
    /// It reads or writes one byte, and says so.
    Short,
    /// The program is killed instead of it.
    Kill,
    /// The disk is gone: this call and every later one in the folder fail with `EIO`.
    Gone,
    /// The disk is full: every call from this one on that takes room fails with `ENOSPC`.
    Full,
}

/// The call that a fault is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Its kind; every kind where nothing is said.
    pub kind: Option<Kind>,
    /// Which of them, counted from 1.
    pub number: u64,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With this exit code.
    Exited(i32),
    /// By this signal.
    Signal(i32),
    /// It did not end in time, and was killed.
    Hung,
}

/// What was seen of a program.
#[derive(Debug)]
pub struct Trace {
    /// How it ended.
    pub end: End,
    /// The calls that counted, by their kind.
    pub calls: HashMap<Kind, u64>,
    /// What the fault was for, if it came to that: the call's kind and file.
    pub hit: Option<(Kind, PathBuf)>,
}

/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs a program with its standard input closed and its outputs in the files `stdout` and `stderr` of the folder `outputs`. Calls count
/// where they concern something in `folder`, and where they write to one of the outputs. What is synced is noted in `disk`.
///
/// # Errors
/// When it cannot be started or traced.
pub fn run(
    command: &Command,
    (folder, outputs): (&Path, &Path),
    fault: Option<(Call, Fault)>,
    disk: Option<&mut Disk>,
) -> io::Result<Trace> {
    let mut child = start(command, outputs)?;
    let leader = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    ptrace::seize(leader, options)?;
    ptrace::interrupt(leader)?;
    let mut tracer = Tracer {
        leader,
        folder,
        outputs,
        fault,
        disk,
        counts: HashMap::new(),
        total: 0,
        inside: HashMap::new(),
        hit: None,
    };
    // The shell waits for a line before it becomes the program.
    drop(
        child
            .stdin
            .take()
            .map(|mut word| io::Write::write_all(&mut word, b"\n")),
    );
    let end = tracer.follow();
    // Of what it started nothing is left behind, either.
    let _ = child.try_wait();
    Ok(Trace {
        end: end?,
        calls: tracer.counts,
        hit: tracer.hit,
    })
}

/// Starts a shell that waits for a line, and then becomes the program.
fn start(command: &Command, outputs: &Path) -> io::Result<Child> {
    let mut shell = Command::new("sh");
    shell.args(["-c", "read -r _; exec \"$0\" \"$@\" </dev/null"]);
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    // The outputs go to files, so that no pipe can fill up.
    shell.stdout(fs::File::create(outputs.join("stdout"))?);
    shell.stderr(fs::File::create(outputs.join("stderr"))?);
    shell.stdin(Stdio::piped());
    shell.spawn()
}

/// What is to be done when a call returns.
#[derive(Debug, Clone)]
enum AtReturn {
    Nothing,
    Answer(i32),
    Synced(PathBuf),
    AllSynced,
}

struct Tracer<'a> {
    leader: Pid,
    folder: &'a Path,
    outputs: &'a Path,
    fault: Option<(Call, Fault)>,
    disk: Option<&'a mut Disk>,
    counts: HashMap<Kind, u64>,
    total: u64,
    /// The threads that are inside a call.
    inside: HashMap<Pid, AtReturn>,
    hit: Option<(Kind, PathBuf)>,
}

impl Tracer<'_> {
    fn follow(&mut self) -> io::Result<End> {
        let start = Instant::now();
        let leader = self.leader;
        let (_ended, hangs) = channel::<()>();
        thread::spawn(move || {
            if hangs.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let _ = kill(leader, Signal::SIGKILL);
            }
        });
        // Threads of the same tracer only: several programs may be traced at a time.
        let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        loop {
            let status = match waitpid(None, Some(flags)) {
                Ok(status) => status,
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            };
            let end = match status {
                WaitStatus::Exited(pid, code) if pid == leader => End::Exited(code),
                WaitStatus::Signaled(pid, signal, _) if pid == leader => End::Signal(signal as i32),
                WaitStatus::PtraceSyscall(thread) => {
                    self.at_call(thread);
                    continue;
                }
                WaitStatus::Stopped(thread, signal) => {
                    let _ = ptrace::syscall(thread, Some(signal));
                    continue;
                }
                WaitStatus::PtraceEvent(thread, ..) => {
                    let _ = ptrace::syscall(thread, None);
                    continue;
                }
                _ => continue,
            };
            return Ok(if start.elapsed() >= PATIENCE { End::Hung } else { end });
        }
    }

    /// A thread stands before or behind a call. What fails here fails because the thread has gone.
    fn at_call(&mut self, thread: Pid) {
        let done = match self.inside.remove(&thread) {
            Some(at_return) => self.returns(thread, at_return),
            None => self.enters(thread),
        };
        match done {
            Ok(true) => {}
            _ => {
                let _ = ptrace::syscall(thread, None);
            }
        }
    }

    /// Returns whether the program was killed.
    fn enters(&mut self, thread: Pid) -> nix::Result<bool> {
        let mut registers = ptrace::getregs(thread)?;
        self.inside.insert(thread, AtReturn::Nothing);
        let number = registers.orig_rax;
        let arguments = [
            registers.rdi,
            registers.rsi,
            registers.rdx,
            registers.r10,
            registers.r8,
            registers.r9,
        ];
        let Some((kind, file)) = self.what(thread, number, &arguments) else {
            return Ok(false);
        };
        self.total += 1;
        *self.counts.entry(kind).or_default() += 1;
        if kind == Kind::Sync {
            let synced = match is_of_all_files(number) {
                true => AtReturn::AllSynced,
                false => AtReturn::Synced(file.clone()),
            };
            self.inside.insert(thread, synced);
        }
        let Some(fault) = self.due(kind, takes_room(number, kind, &arguments)) else {
            return Ok(false);
        };
        self.hit.get_or_insert((kind, file));
        let error = match fault {
            Fault::Kill => {
                let _ = kill(self.leader, Signal::SIGKILL);
                return Ok(true);
            }
            Fault::Short => {
                let argument = match amount(number) {
                    2 => &mut registers.rdx,
                    3 => &mut registers.r10,
                    _ => &mut registers.r8,
                };
                *argument = (*argument).min(1);
                ptrace::setregs(thread, registers)?;
                return Ok(false);
            }
            Fault::Error(error) => error,
            Fault::Gone => libc::EIO,
            Fault::Full => libc::ENOSPC,
        };
        // No such call: the kernel does nothing, and the answer is put in its place at the return.
        registers.orig_rax = u64::MAX;
        ptrace::setregs(thread, registers)?;
        self.inside.insert(thread, AtReturn::Answer(-error));
        Ok(false)
    }

    /// What a call is for and which file it concerns, if it counts.
    fn what(&self, thread: Pid, number: u64, arguments: &Arguments) -> Option<(Kind, PathBuf)> {
        let (kind, named) = classify(number, arguments)?;
        let file = file(thread, named, arguments)?;
        if file.starts_with(self.folder) {
            return Some((kind, file));
        }
        let is_output = kind == Kind::Write && file.parent() == Some(self.outputs);
        is_output.then_some((Kind::Say, file))
    }

    /// Returns the fault for a call that has just been counted.
    fn due(&self, kind: Kind, takes_room: bool) -> Option<Fault> {
        let (call, fault) = self.fault?;
        let number = match call.kind {
            None => self.total,
            Some(wanted) if wanted == kind => self.counts[&kind],
            Some(_) => return None,
        };
        let is_due = match fault {
            Fault::Gone => number >= call.number && kind != Kind::Say,
            Fault::Full => number >= call.number && takes_room && kind != Kind::Say,
            _ => number == call.number,
        };
        is_due.then_some(fault)
    }

    fn returns(&mut self, thread: Pid, at_return: AtReturn) -> nix::Result<bool> {
        match at_return {
            AtReturn::Nothing => {}
            AtReturn::Answer(answer) => {
                let mut registers = ptrace::getregs(thread)?;
                registers.rax = i64::from(answer).cast_unsigned();
                ptrace::setregs(thread, registers)?;
            }
            AtReturn::Synced(_) | AtReturn::AllSynced => {
                let registers = ptrace::getregs(thread)?;
                let disk = self.disk.as_deref_mut().filter(|_| registers.rax == 0);
                match (at_return, disk) {
                    (AtReturn::Synced(file), Some(disk)) => disk.synced(&file),
                    (_, Some(disk)) => disk.all_synced(),
                    (_, None) => {}
                }
            }
        }
        Ok(false)
    }
}

/// The file that a call concerns.
fn file(thread: Pid, named: Named, arguments: &Arguments) -> Option<PathBuf> {
    let path_of = |what: &str| fs::read_link(format!("/proc/{thread}/{what}")).ok();
    let descriptor = |argument: u64| {
        // Half of the register counts.
        let number = argument as u32 as i32;
        if number == libc::AT_FDCWD {
            path_of("cwd")
        } else {
            path_of(&format!("fd/{number}"))
        }
    };
    match named {
        Named::Descriptor(at) => descriptor(arguments[at]),
        Named::Path(at) => Some(path_of("cwd")?.join(text(thread, arguments[at])?)),
        Named::At(at) => {
            let path = text(thread, arguments[at + 1])?;
            if path.is_absolute() {
                return Some(path);
            }
            let folder = descriptor(arguments[at])?;
            Some(if path.as_os_str().is_empty() {
                folder
            } else {
                folder.join(path)
            })
        }
    }
}

/// The text at an address of a thread, up to the zero behind it.
fn text(thread: Pid, address: u64) -> Option<PathBuf> {
    let mut bytes = Vec::new();
    let mut at = address;
    loop {
        let word = ptrace::read(thread, at as *mut c_void).ok()?;
        for byte in word.to_ne_bytes() {
            if byte == 0 {
                return Some(PathBuf::from(std::ffi::OsString::from_vec(bytes)));
            }
            bytes.push(byte);
        }
        if bytes.len() > 4096 {
            return None;
        }
        at += 8;
    }
}
