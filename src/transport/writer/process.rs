// SPDX-License-Identifier: GPL-3.0-or-later
//! An archive that goes to a process: the service of a running VM, or a command of this computer. It counts as written
//! when the process has taken all of it and has ended well; what it has made of it cannot be seen from here.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use crate::{
    cancel::CancelToken,
    host::{Service, ServiceControl, ServiceInput, Services, Uptake},
};

use super::{
    super::{DestinationError, Location, Notice, Notices, ProcessOutput, TransportError, command},
    api::{ArchiveWriter, WriteCapabilities},
    stall::{self, StallWatch},
};

/// How long is waited before the process is asked again whether it has taken everything: most have at once.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// A process that takes an archive.
pub(super) struct ProcessWriter {
    location: Location,
    cancel: CancelToken,
    notices: Option<Notices>,
    stdin: Option<Box<dyn ServiceInput>>,
    stall: StallWatch,
    control: Arc<dyn ServiceControl>,
    output: Option<ProcessOutput>,
    is_finished: bool,
    /// Whether all of the archive was taken.
    is_whole: bool,
    /// Whether the service may keep the archive as a file, and the file of which it has said so.
    may_keep_a_file: bool,
    kept: Option<String>,
}

/// What the stock service says before it creates a file.
const COPYING: &str = "Copying STDIN data to ";

/// How `dd` complains about a file that it could not create.
const NOT_CREATED: &str = "failed to open";

impl ProcessWriter {
    /// Starts a command of this computer.
    pub(super) fn of_command(command: &str, cancel: &CancelToken) -> Result<Self, TransportError> {
        let started = command::start_sink(command, cancel);
        let (stdin, running) = started.map_err(|error| DestinationError::of(command, error.into()))?;
        let control: Arc<dyn ServiceControl> = running.group;
        Ok(Self {
            // Nobody hears it, and the user sees that nothing moves.
            stall: StallWatch::start(Arc::clone(&control), || {}),
            location: Location::Command(command.to_owned()),
            cancel: cancel.clone(),
            notices: None,
            stdin: Some(Box::new(stdin)),
            control,
            output: Some(running.output),
            is_finished: false,
            is_whole: false,
            may_keep_a_file: false,
            kept: None,
        })
    }

    /// Starts the service of a VM with that line. `notices` receives what stays there after a failure.
    pub(super) fn of_service(
        vm: &str,
        line: &str,
        services: &dyn Services,
        cancel: &CancelToken,
        notices: &Notices,
    ) -> Result<Self, TransportError> {
        let location = Location::Vm {
            vm: vm.to_owned(),
            line: line.trim().to_owned(),
        };
        Self::start(
            location,
            line.trim(),
            (Some(notices.clone()), notices),
            services,
            cancel,
        )
    }

    /// The line was not known to be a command: the service may keep the archive as a file under a final name.
    pub(super) fn may_keep_a_file(mut self) -> Self {
        self.may_keep_a_file = true;
        self
    }

    /// Starts the service of a VM with another line than the one that the user knows.
    pub(super) fn of_script(
        location: Location,
        script: &str,
        services: &dyn Services,
        cancel: &CancelToken,
        notices: &Notices,
    ) -> Result<Self, TransportError> {
        // What becomes of the file is for the script's own user to tell.
        Self::start(location, script, (None, notices), services, cancel)
    }

    fn start(
        location: Location,
        line: &str,
        (notices, stall_notices): (Option<Notices>, &Notices),
        services: &dyn Services,
        cancel: &CancelToken,
    ) -> Result<Self, TransportError> {
        let vm = location.vm().unwrap_or_default();
        let process = services.start_service(vm, Service::Backup)?.ended_by(cancel);
        let (hears, place) = (Arc::clone(stall_notices), vm.to_owned());
        let tell = move || hears(Notice::TakesNothing { place });
        let mut writer = Self {
            stall: StallWatch::start(Arc::clone(&process.control), tell),
            location,
            cancel: cancel.clone(),
            notices,
            stdin: process.stdin,
            control: process.control,
            output: Some(ProcessOutput::listen([process.stdout, process.stderr])),
            is_finished: false,
            is_whole: false,
            may_keep_a_file: false,
            kept: None,
        };
        match writer.write_all(format!("{line}\n").as_bytes()) {
            Ok(()) => Ok(writer),
            Err(error) => {
                let place = format!("VM {}", writer.location.vm().unwrap_or_default());
                let error = DestinationError::of(&place, error.into()).into();
                Err(Box::new(writer).abandon().unwrap_or(error))
            }
        }
    }

    /// Ends the archive. What a pipe still holds when its reader goes away is lost without an error of any write, so the
    /// end of input comes only once everything was taken.
    pub(super) fn end(&mut self) -> Result<(), TransportError> {
        match self.stall.over(|| self.wait_until_taken())? {
            Uptake::Whole => {}
            Uptake::Unknown => {
                if let (Some(notices), Some(vm)) = (&self.notices, self.location.vm()) {
                    notices(Notice::UptakeUnknown { vm: vm.to_owned() });
                }
            }
            Uptake::Pending | Uptake::Broken => {
                let broken = io::Error::from(io::ErrorKind::BrokenPipe);
                let error = DestinationError::of(&self.location.to_string(), broken.into());
                return Err(self.cause().unwrap_or_else(|| error.into()));
            }
        }
        self.stdin = None;
        self.result()?;
        self.is_whole = true;
        Ok(())
    }

    /// Waits until the process has taken everything that was written, or it is clear that it never will.
    fn wait_until_taken(&self) -> Result<Uptake, TransportError> {
        let Some(stdin) = &self.stdin else {
            return Ok(Uptake::Broken);
        };
        let mut pause = SHORTEST_PAUSE;
        loop {
            self.cancel.check()?;
            match stdin.uptake() {
                Uptake::Pending => self.cancel.sleep(pause)?,
                other => return Ok(other),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Waits for the process's own verdict.
    fn result(&mut self) -> Result<(), TransportError> {
        let code = self.control.wait();
        let code = code.map_err(|error| DestinationError::of(&self.location.to_string(), error.into()))?;
        self.is_finished = true;
        let mut said = String::new();
        if let Some(mut output) = self.output.take() {
            output.hear_out();
            self.kept = output.line_after(COPYING);
            said = output.text();
            if said.contains(NOT_CREATED) {
                self.kept = None;
            }
        }
        self.cancel.check()?;
        if code == 0 { Ok(()) } else { Err(self.ended(code, said)) }
    }

    fn ended(&self, code: i32, said: String) -> TransportError {
        if self.stall.has_ended_it() {
            let place = self
                .location
                .vm()
                .map_or_else(|| self.location.to_string(), str::to_owned);
            let after = stall::ENDED_AFTER;
            return DestinationError::Stalled { place, after }.into();
        }
        match &self.location {
            Location::Command(command) => DestinationError::Command {
                command: command.clone(),
                code,
                said,
            },
            other => DestinationError::Service {
                vm: other.vm().unwrap_or_default().to_owned(),
                code,
                said,
            },
        }
        .into()
    }

    /// Returns why the process ended before it had taken everything.
    fn cause(&mut self) -> Option<TransportError> {
        self.stdin = None;
        let said = "it ended before it had taken the whole backup".to_owned();
        Some(match self.result() {
            Ok(()) => self.ended(0, said),
            Err(cause) => cause,
        })
    }
}

impl Write for ProcessWriter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match &mut self.stdin {
            Some(stdin) => self.stall.over(|| stdin.write(data)),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdin.as_mut().map_or(Ok(()), |stdin| stdin.flush())
    }
}

impl ArchiveWriter for ProcessWriter {
    fn capabilities(&self) -> WriteCapabilities {
        WriteCapabilities {
            is_correctable: false,
            is_named_when_whole: false,
            is_readable_again: false,
        }
    }

    fn location(&self) -> Location {
        self.location.clone()
    }

    fn commit(mut self: Box<Self>) -> Result<Location, TransportError> {
        self.end()?;
        Ok(self.location.clone())
    }

    fn abandon(mut self: Box<Self>) -> Option<TransportError> {
        self.cause()
    }
}

impl Drop for ProcessWriter {
    fn drop(&mut self) {
        if !self.is_finished {
            // Killed before its input ends: an end of input would look to it like a whole archive.
            self.control.kill();
        }
        if self.is_whole || !self.may_keep_a_file {
            return;
        }
        // The stock service wrote under the final name from the first byte, and has said where.
        let kept = self.kept.take().or_else(|| self.output.as_ref()?.line_after(COPYING));
        if let (Some(path), Some(notices), Some(vm)) = (kept, &self.notices, self.location.vm()) {
            let place = format!("{vm}:{path}");
            notices(Notice::LeftBehind { place });
        }
    }
}
