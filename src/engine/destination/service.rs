// SPDX-License-Identifier: GPL-3.0-or-later
//! An archive that goes to a service of a running VM. It counts as written when the service has taken all of it and has
//! ended well; what the service has made of it cannot be seen from here.

use std::{
    io::{self, Write},
    sync::Arc,
    thread::{self},
    time::Duration,
};

use crate::{
    engine::{CancelToken, Context, DestinationError, EngineError, Warning, io_errors::destination_error},
    host::{Service, ServiceControl, ServiceInput, Services, Uptake},
};

use super::output::Said;

/// How long is waited before the service is asked again whether it has taken everything: most have at once.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// The `qubes.Backup` service of a running VM.
pub(in super::super) struct ServiceSink {
    vm: String,
    line: String,
    cancel: CancelToken,
    stdin: Option<Box<dyn ServiceInput>>,
    control: Arc<dyn ServiceControl>,
    said: Option<Said>,
    is_finished: bool,
}

impl ServiceSink {
    pub(super) fn start(
        vm: &str,
        line: &str,
        services: &dyn Services,
        cancel: &CancelToken,
    ) -> Result<Self, EngineError> {
        let process = services.start_service(vm, Service::Backup)?.ended_by(cancel);
        let mut sink = Self {
            vm: vm.to_owned(),
            line: line.trim().to_owned(),
            cancel: cancel.clone(),
            stdin: process.stdin,
            control: process.control,
            said: Some(Said::listen([process.stdout, process.stderr])),
            is_finished: false,
        };
        let first_line = format!("{}\n", sink.line);
        let written = match &mut sink.stdin {
            Some(stdin) => stdin.write_all(first_line.as_bytes()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        match written {
            Ok(()) => Ok(sink),
            Err(error) => {
                let place = format!("VM {vm}");
                Err(sink.abandon(destination_error(&place, error)))
            }
        }
    }

    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.vm, self.line)
    }

    pub(super) fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match &mut self.stdin {
            Some(stdin) => stdin.write(data),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.stdin.as_mut().map_or(Ok(()), |stdin| stdin.flush())
    }

    /// Ends the archive. What a pipe still holds when its reader goes away is lost without an error of any write, so the
    /// end of input comes only once everything was taken.
    pub(super) fn finish(mut self, context: &Context) -> Result<(), EngineError> {
        match self.wait_until_taken()? {
            Uptake::Whole => {}
            Uptake::Unknown => context.warn(Warning::UptakeUnknown { vm: self.vm.clone() }),
            Uptake::Pending | Uptake::Broken => {
                let place = self.place();
                return Err(self.abandon(destination_error(&place, io::ErrorKind::BrokenPipe.into())));
            }
        }
        self.stdin = None;
        self.result()
    }

    /// Waits until the service has taken everything that was written, or it is clear that it never will.
    fn wait_until_taken(&self) -> Result<Uptake, EngineError> {
        let Some(stdin) = &self.stdin else {
            return Ok(Uptake::Broken);
        };
        let mut pause = SHORTEST_PAUSE;
        loop {
            self.cancel.check()?;
            match stdin.uptake() {
                Uptake::Pending => thread::sleep(pause),
                other => return Ok(other),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Waits for the service's own verdict.
    fn result(&mut self) -> Result<(), EngineError> {
        let code = self
            .control
            .wait()
            .map_err(|error| destination_error(&self.vm, error))?;
        self.is_finished = true;
        let said = self.said.take().map(Said::text).unwrap_or_default();
        if code == 0 {
            return Ok(());
        }
        Err(DestinationError::Service {
            vm: self.vm.clone(),
            code,
            said,
        }
        .into())
    }

    /// A service that ended by itself knows the cause; a pipe that broke is only how it showed here.
    pub(super) fn abandon(mut self, error: EngineError) -> EngineError {
        let is_pipe = matches!(&error, EngineError::Destination(DestinationError::Io { source, .. })
            if source.kind() == io::ErrorKind::BrokenPipe);
        if !is_pipe {
            return error;
        }
        self.stdin = None;
        let said = "it ended before it had taken the whole backup".to_owned();
        let vm = self.vm.clone();
        match self.result() {
            Ok(()) => DestinationError::Service { vm, code: 0, said }.into(),
            Err(cause) => cause,
        }
    }
}

impl Drop for ServiceSink {
    fn drop(&mut self) {
        // Killed before its input ends: an end of input would look to it like a whole archive.
        if !self.is_finished {
            self.control.kill();
        }
    }
}
