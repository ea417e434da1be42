// SPDX-License-Identifier: GPL-3.0-or-later
//! A helper that runs.

use std::{
    io::{self, ErrorKind},
    os::fd::OwnedFd,
    path::Path,
    process::Child,
    thread,
    time::{Duration, Instant},
};

use super::{super::answer, way};
use crate::{
    cancel::CancelToken,
    helper::{Answer, Channel, ChannelError, Question},
    host::{HostError, Operation},
};

/// How often a wait looks whether it was cancelled.
const CANCEL_CHECK: Duration = Duration::from_millis(100);
/// How long the helper may take to start. Nobody is asked anything meanwhile.
const START: Duration = Duration::from_secs(30);

/// A helper that runs. When this is dropped the channel closes: the helper puts in order what is left, and ends.
#[derive(Debug)]
pub(super) struct Running {
    channel: Channel,
    /// Nothing once it is left to itself.
    child: Option<Child>,
    /// How many answers are still to come whose asker did not wait for them.
    unheard: usize,
}

impl Running {
    /// Starts the helper in the first way that this user has.
    pub(super) fn start(root: &Path, cancel: &CancelToken) -> Result<Self, HostError> {
        for command in way::commands(root) {
            if let Some(running) = Self::start_as(command, cancel)? {
                return Ok(running);
            }
        }
        Err(HostError::NoPrivilege)
    }

    /// Starts the helper by that command; returns nothing where the command does not start it.
    fn start_as(mut command: std::process::Command, cancel: &CancelToken) -> Result<Option<Self>, HostError> {
        let failed = |error: io::Error| HostError::io(Operation::StartHelper, error);
        let (channel, other) = Channel::pair().map_err(failed)?;
        let spawned = command.stdin(other).spawn();
        // It holds the other end of the channel, whose end must be seen here.
        drop(command);
        let child = match spawned {
            Ok(child) => child,
            // Also said of a program that is nowhere, where a folder of the search path may not be looked into.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut started = Self {
            channel,
            child: Some(child),
            unheard: 0,
        };
        let begin = Instant::now();
        loop {
            cancel.check()?;
            match started.channel.receive::<Answer>(Some(CANCEL_CHECK)) {
                Ok(Some((Answer::Ready, _))) => return Ok(Some(started)),
                Ok(Some((Answer::Failed(fault), _))) => return Err(answer::of_helper_start(fault)),
                Ok(None) if begin.elapsed() < START => {}
                Ok(_) | Err(_) => {
                    let _ = started.child.as_mut().map(Child::kill);
                    return Ok(None);
                }
            }
        }
    }

    /// Says something whose answer nobody waits for.
    pub(super) fn tell(&mut self, question: &Question) -> Result<(), HostError> {
        self.channel.send(question, None).map_err(|_| HostError::HelperGone)?;
        self.unheard += 1;
        Ok(())
    }

    /// Asks a question and waits for its answer, or for a cancel.
    pub(super) fn ask(
        &mut self,
        question: &Question,
        cancel: &CancelToken,
    ) -> Result<(Answer, Option<OwnedFd>), HostError> {
        let gone = |_: ChannelError| HostError::HelperGone;
        self.tell(question)?;
        loop {
            cancel.check()?;
            if let Some((answer, descriptor)) = self.channel.receive(Some(CANCEL_CHECK)).map_err(gone)? {
                self.unheard -= 1;
                // The answers to earlier questions come first, and nobody waits for them any more.
                if self.unheard == 0 {
                    return Ok((answer, descriptor));
                }
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have much to put in order, for which nobody waits here. It leaves no zombie in a program that goes on.
        if let Some(mut child) = self.child.take()
            && matches!(child.try_wait(), Ok(None))
        {
            let _ = thread::Builder::new().spawn(move || child.wait());
        }
    }
}
