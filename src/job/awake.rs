// SPDX-License-Identifier: GPL-3.0-or-later
//! Keeps the computer from falling asleep while a job runs.
//!
//! The system's login manager gives a lock on sleep that holds as long as a file is open. `systemd-inhibit` asks for it and
//! holds it while another program runs: here `cat`, on a pipe that nobody writes to. The other end of the pipe is ours, so
//! that the lock goes with this process however that ends, SIGKILL included. This needs no D-Bus client, which is
//! dozens of crates, in programs that are also linked to nothing. It is a favour: where there is no such manager or it refuses,
//! the job runs all the same, and nothing but a line of the log tells of it.

use std::{
    io::{self, Write},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

/// What asks the login manager for the lock.
const PROGRAM: &str = "systemd-inhibit";

/// Sleep that somebody asks for, and sleep because nobody is there. Not a shutdown: a job is stopped by it in good order.
/// Nor the lid, which a user closes to put the computer into a bag.
const WHAT: &str = "--what=sleep:idle";

/// Holds the computer awake as long as it lives, if that can be had.
#[derive(Debug)]
pub struct Awake(Option<Child>);

impl Awake {
    /// Begins; the lock is there a moment later, and nobody waits for it. `who` is the program, `why` a reason for people.
    pub fn hold(who: &str, why: &str) -> Self {
        Self(started(Command::new(PROGRAM), who, why))
    }
}

/// A lock that can still be taken when this program can start no others: a shell waits for the word.
#[derive(Debug)]
pub struct StandBy(Option<Child>);

impl StandBy {
    /// Gets ready. Nothing holds the computer awake yet.
    pub fn new(who: &str, why: &str) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", "read -r _ && exec \"$0\" \"$@\"", PROGRAM]);
        Self(started(shell, who, why))
    }

    /// Begins, as [`Awake::hold`] does.
    pub fn hold(mut self) -> Awake {
        // Where the shell has gone, nothing can be held.
        let begun = self
            .0
            .as_mut()
            .and_then(|shell| shell.stdin.as_mut())
            .map(|word| word.write_all(b"\n"));
        log::debug!("the word to keep the computer awake: {begun:?}");
        Awake(self.0.take())
    }
}

fn started(command: Command, who: &str, why: &str) -> Option<Child> {
    start(command, who, why)
        .inspect_err(|error| log::debug!("nothing keeps the computer awake: {PROGRAM}: {error}"))
        .ok()
}

fn start(mut command: Command, who: &str, why: &str) -> io::Result<Child> {
    command
        .args([WHAT, "--mode=block"])
        .arg(format!("--who={who}"))
        .arg(format!("--why={why}"))
        .args(["--", "cat"])
        // In a group of its own it does not hear a Ctrl-C, which a job may outlive while it puts things in order.
        .process_group(0)
        // It is not what keeps a disk from being unmounted.
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

impl Drop for Awake {
    fn drop(&mut self) {
        let Some(child) = &mut self.0 else { return };
        match child.try_wait() {
            Ok(Some(status)) => log::debug!("nothing kept the computer awake: {PROGRAM}: {status}"),
            // The lock goes with the first of the two processes, and the second one sees the end of the pipe. A confined
            // program cannot send the signal; then the end of the pipe ends both.
            _ => {
                if let Err(error) = child.kill().and_then(|()| child.wait()) {
                    log::debug!("{PROGRAM}: {error}");
                }
            }
        }
    }
}
