// SPDX-License-Identifier: GPL-3.0-or-later
//! A command of this computer at the other end of a pipe.

use std::{
    ffi::OsStr,
    fs::File,
    io,
    os::fd::OwnedFd,
    process::{ChildStdin, Stdio},
    sync::Arc,
};

use crate::{
    cancel::CancelToken,
    host::{
        ServiceControl,
        process::{Group, shell_here},
    },
};

use super::ProcessOutput;

/// Runs the command, as a login shell's user would have written it; its argument is the command.
pub(super) const RUN: &str = r#"eval "$1""#;

/// A command that runs in a process group of its own. It does not outlive this value.
pub(super) struct Running {
    pub(super) group: Arc<Group>,
    pub(super) output: ProcessOutput,
}

/// Starts a command that takes an archive.
pub(super) fn start_sink(command: &str, cancel: &CancelToken) -> io::Result<(ChildStdin, Running)> {
    // What it prints is no part of the archive, and standard output may be wanted for the report.
    let mut child = shell_here(RUN, [OsStr::new(command)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let group = Arc::new(Group::new(child));
    let killed = Arc::clone(&group);
    cancel.on_cancel(move || killed.kill());
    let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    let output = ProcessOutput::listen([Box::new(stdout), Box::new(stderr)]);
    Ok((stdin, Running { group, output }))
}

/// Starts a command that prints an archive. It outlives the job that started it: the next one reads on.
pub(super) fn start_source(command: &str) -> io::Result<(File, Running)> {
    let mut child = shell_here(RUN, [OsStr::new(command)])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let group = Arc::new(Group::new(child));
    let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    let output = ProcessOutput::listen([Box::new(stderr)]);
    Ok((File::from(OwnedFd::from(stdout)), Running { group, output }))
}
