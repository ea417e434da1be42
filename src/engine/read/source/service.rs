// SPDX-License-Identifier: GPL-3.0-or-later
//! Members that the `qubes.Restore` service of a running VM sends.

use std::{
    io::{self, BufReader, Read, Write},
    sync::Arc,
};

use crate::{
    engine::{ArchiveError, CancelToken, Cut, Damage, EngineError, SourceError, destination::Said, io_errors::from_io},
    host::{Service, ServiceControl, ServiceInput, Services},
    qfile::{self, QfileError},
};

use super::super::member::{BUFFER_BYTES, MemberInfo};

/// The most entries that a service may send: far beyond the parts of any archive, so that a broken one comes to an end.
const MOST_ENTRIES: u64 = 10_000_000;

/// The `qubes.Restore` service of a running VM.
pub(super) struct ServiceMembers {
    vm: String,
    stdin: Option<Box<dyn ServiceInput>>,
    stream: qfile::Reader<BufReader<Box<dyn Read + Send>>>,
    control: Arc<dyn ServiceControl>,
    said: Option<Said>,
    /// Bytes of members that have come.
    position: u64,
    size: u64,
    is_finished: bool,
}

impl ServiceMembers {
    pub(super) fn start(
        vm: &str,
        service: Service,
        request: &str,
        services: Option<&dyn Services>,
        cancel: &CancelToken,
    ) -> Result<Self, EngineError> {
        let services = services.ok_or_else(|| SourceError::NoPedos { vm: vm.to_owned() })?;
        let process = services.start_service(vm, service)?.ended_by(cancel);
        let mut members = Self {
            vm: vm.to_owned(),
            stdin: process.stdin,
            stream: qfile::Reader::new(BufReader::with_capacity(BUFFER_BYTES, process.stdout), MOST_ENTRIES),
            control: process.control,
            said: Some(Said::listen([process.stderr])),
            position: 0,
            size: 0,
            is_finished: false,
        };
        members.send(request.as_bytes())?;
        Ok(members)
    }

    /// A service that has ended says why when its answer is read, so a broken pipe is no error here.
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        match stdin.write_all(bytes).and_then(|()| stdin.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(self.io_error(error)),
            _ => Ok(()),
        }
    }

    fn io_error(&self, error: io::Error) -> EngineError {
        let place = format!("VM {}", self.vm);
        from_io(error, |source| SourceError::Io { place, source }.into())
    }

    pub(super) fn next(&mut self) -> Result<Option<MemberInfo>, EngineError> {
        let file = self.stream.next_file();
        let Some(file) = file.map_err(|error| self.stream_error(error))? else {
            return Ok(None);
        };
        let member = MemberInfo {
            name: file.untrusted_name,
            size: file.size_bytes,
            position: self.position,
        };
        self.position += member.size;
        self.size = member.size;
        Ok(Some(member))
    }

    pub(super) fn read_into(&mut self, buffer: &mut Vec<u8>) -> Result<(), EngineError> {
        buffer.clear();
        let read = (&mut self.stream).take(self.size).read_to_end(buffer);
        read.map(drop).map_err(|error| self.stream_error(QfileError::Io(error)))
    }

    /// A stream that breaks off has a reason, which the service itself knows best.
    fn stream_error(&mut self, error: QfileError) -> EngineError {
        self.stdin = None;
        match self.verdict_of_service() {
            Err(cause @ EngineError::Source(SourceError::Service { .. })) => cause,
            _ => match error {
                QfileError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => self.io_error(error),
                QfileError::Io(_) | QfileError::Truncated => {
                    let (position, cut) = (self.position, Cut::Answer);
                    ArchiveError::Truncated { position, cut }.into()
                }
                QfileError::Malformed(fault) => self.damaged(Damage::Answer(fault)),
                QfileError::TooManyFiles(limit) => self.damaged(Damage::TooManyFiles { limit }),
            },
        }
    }

    fn damaged(&self, why: Damage) -> EngineError {
        ArchiveError::Damaged {
            member: None,
            position: self.position,
            why,
        }
        .into()
    }

    /// Waits for the end of the service, which is near: its input has ended.
    fn verdict_of_service(&mut self) -> Result<(), EngineError> {
        if self.is_finished {
            return Ok(());
        }
        let code = self.control.wait().map_err(|error| self.io_error(error))?;
        self.is_finished = true;
        let said = self.said.take().map(Said::text).unwrap_or_default();
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

    /// Tells the service that all has come, and hears whether it was all.
    pub(super) fn finish(mut self) -> Result<(), EngineError> {
        let verdict = self.stream.verdict(qfile::FINE);
        self.send(&verdict)?;
        self.stdin = None;
        self.verdict_of_service()
    }
}

impl Drop for ServiceMembers {
    fn drop(&mut self) {
        if !self.is_finished {
            self.control.kill();
        }
    }
}
