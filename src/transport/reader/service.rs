// SPDX-License-Identifier: GPL-3.0-or-later
//! Members that the `qubes.Restore` service of a running VM sends.

use std::{
    io::{self, BufReader, Read, Write},
    sync::Arc,
};

use crate::{
    cancel::CancelToken,
    host::{Service, ServiceControl, ServiceInput, Services},
    qfile::{self, QfileError},
};

use super::{
    super::{ProcessOutput, SourceError, TransportError},
    api::{Member, MemberReader},
};

/// How much is read ahead, in bytes.
const BUFFER_BYTES: usize = 256 * 1024;

/// The most entries that a service may send: far beyond the parts of any archive, so that a broken one comes to an end.
const MOST_ENTRIES: u64 = 10_000_000;

/// The `qubes.Restore` service of a running VM.
pub(super) struct ServiceReader {
    vm: String,
    stdin: Option<Box<dyn ServiceInput>>,
    stream: qfile::Reader<BufReader<Box<dyn Read + Send>>>,
    control: Arc<dyn ServiceControl>,
    output: Option<ProcessOutput>,
    /// Bytes of members that have come.
    position: u64,
    size: u64,
    is_finished: bool,
}

impl ServiceReader {
    pub(super) fn start(
        vm: &str,
        service: Service,
        request: &str,
        services: &dyn Services,
        cancel: &CancelToken,
    ) -> Result<Self, TransportError> {
        let process = services.start_service(vm, service)?.ended_by(cancel);
        let mut members = Self {
            vm: vm.to_owned(),
            stdin: process.stdin,
            stream: qfile::Reader::new(BufReader::with_capacity(BUFFER_BYTES, process.stdout), MOST_ENTRIES),
            control: process.control,
            output: Some(ProcessOutput::listen([process.stderr])),
            position: 0,
            size: 0,
            is_finished: false,
        };
        members.send(request.as_bytes())?;
        Ok(members)
    }

    /// A service that has ended says why when its answer is read, so a broken pipe is no error here.
    fn send(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        match stdin.write_all(bytes).and_then(|()| stdin.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(self.io_error(error)),
            _ => Ok(()),
        }
    }

    fn io_error(&self, error: io::Error) -> TransportError {
        let (place, source) = (format!("VM {}", self.vm), error.into());
        SourceError::Io { place, source }.into()
    }

    /// A stream that breaks off has a reason, which the service itself knows best.
    fn stream_error(&mut self, error: QfileError) -> TransportError {
        self.stdin = None;
        match self.verdict_of_service() {
            Err(cause @ TransportError::Source(SourceError::Service { .. })) => cause,
            _ => match error {
                QfileError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => self.io_error(error),
                QfileError::Io(_) | QfileError::Truncated => SourceError::BrokenOff {
                    vm: self.vm.clone(),
                    position: self.position,
                }
                .into(),
                QfileError::Malformed(fault) => SourceError::NotAStream {
                    vm: self.vm.clone(),
                    position: self.position,
                    fault,
                }
                .into(),
            },
        }
    }

    /// Waits for the end of the service, which is near: its input has ended.
    fn verdict_of_service(&mut self) -> Result<(), TransportError> {
        if self.is_finished {
            return Ok(());
        }
        let code = self.control.wait().map_err(|error| self.io_error(error))?;
        self.is_finished = true;
        let said = self.output.take().map(ProcessOutput::text).unwrap_or_default();
        if code == 0 {
            return Ok(());
        }
        Err(SourceError::Service {
            vm: self.vm.clone(),
            code,
            said,
        }
        .into())
    }
}

impl MemberReader for ServiceReader {
    fn next(&mut self) -> Result<Option<Member>, TransportError> {
        let file = self.stream.next_file();
        let Some(file) = file.map_err(|error| self.stream_error(error))? else {
            return Ok(None);
        };
        let member = Member {
            name: file.untrusted_name,
            size: file.size_bytes,
            position: self.position,
        };
        self.position += member.size;
        self.size = member.size;
        Ok(Some(member))
    }

    fn read_into(&mut self, buffer: &mut Vec<u8>) -> Result<(), TransportError> {
        buffer.clear();
        let read = (&mut self.stream).take(self.size).read_to_end(buffer);
        read.map(drop).map_err(|error| self.stream_error(QfileError::Io(error)))
    }

    fn finish(mut self: Box<Self>) -> Result<(), TransportError> {
        let verdict = self.stream.verdict(qfile::FINE);
        self.send(&verdict)?;
        self.stdin = None;
        self.verdict_of_service()
    }
}

impl Drop for ServiceReader {
    fn drop(&mut self) {
        if !self.is_finished {
            self.control.kill();
        }
    }
}
