// SPDX-License-Identifier: GPL-3.0-or-later
//! A process at the other end of pipes: started in a group of its own, so that it can be ended with all that it has started.

use std::{
    ffi::OsStr,
    io,
    os::unix::process::{CommandExt, ExitStatusExt},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::{ServiceControl, ServiceProcess};

/// Starts a script with arguments, in that directory, which is its home as well.
pub(crate) fn start<'a>(
    script: &str,
    arguments: impl IntoIterator<Item = &'a OsStr>,
    home: &Path,
) -> io::Result<ServiceProcess> {
    start_command(shell(script, arguments, home))
}

/// Starts a program in a process group of its own.
pub(crate) fn start_command(mut command: Command) -> io::Result<ServiceProcess> {
    let mut child = command
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let control = Group::new(child);
    let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    Ok(ServiceProcess {
        stdin: Some(Box::new(stdin)),
        stdout: Box::new(stdout),
        stderr: Box::new(stderr),
        control: Arc::new(control),
    })
}

/// Returns the command that runs a script in a process group of its own, in that directory, which is its home as well.
pub(crate) fn shell<'a>(script: &str, arguments: impl IntoIterator<Item = &'a OsStr>, home: &Path) -> Command {
    let mut command = shell_here(script, arguments);
    command.current_dir(home).env("HOME", home);
    command
}

/// Returns the command that runs a script in a process group of its own, in the directory and environment of this process.
pub(crate) fn shell_here<'a>(script: &str, arguments: impl IntoIterator<Item = &'a OsStr>) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).args(arguments).process_group(0);
    command
}

/// A process with all that it has started. It does not outlive this value.
#[derive(Debug)]
pub(crate) struct Group {
    leader: Pid,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    child: Child,
    /// Once it has been reaped its number may belong to another process, which must not be killed.
    status: Option<ExitStatus>,
}

impl Group {
    pub(crate) fn new(child: Child) -> Self {
        Self {
            leader: Pid::from_child(&child),
            state: Mutex::new(State { child, status: None }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ServiceControl for Group {
    fn kill(&self) {
        let state = self.state();
        if state.status.is_none() {
            // The one failure is that all of them have ended already.
            let _ = kill_process_group(self.leader, Signal::KILL);
        }
    }

    fn wait(&self) -> io::Result<i32> {
        // Without the lock and without reaping: kill() may come meanwhile. Where another thread that waits has reaped it
        // already, there is no such child any more.
        let ended = loop {
            match waitid(WaitId::Pid(self.leader), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
                Err(rustix::io::Errno::INTR) => {}
                other => break other,
            }
        };
        match ended {
            Ok(_) | Err(rustix::io::Errno::CHILD) => {}
            Err(error) => return Err(error.into()),
        }
        let mut state = self.state();
        let status = match state.status {
            Some(status) => status,
            None => state.child.wait()?,
        };
        state.status = Some(status);
        let signal = || status.signal().map_or(125, |signal| 128 + signal);
        Ok(status.code().unwrap_or_else(signal))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        if let Err(error) = self.wait() {
            log::warn!("waiting for a service: {error}");
        }
    }
}
