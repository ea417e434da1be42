// SPDX-License-Identifier: GPL-3.0-or-later
//! Where an archive is read from: a file, or the service of a running machine, which both give members.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, Read, Write},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
};

use rustix::fs::OFlags;

use crate::{
    format::{FormatError, outer},
    host::{Host, Service, ServiceControl},
    plan::Source,
    qfile::{self, QfileError},
};

use super::{ArchiveError, CancelToken, EngineError, SourceError, destination::Said, stage::from_io};

/// How much of a file is read ahead, in bytes.
const BUFFER_BYTES: usize = 256 * 1024;

/// A member of the outer archive.
#[derive(Debug, Clone)]
pub(super) struct MemberInfo {
    pub(super) name: String,
    pub(super) size: u64,
    /// Where it begins, in bytes from the start of what is read.
    pub(super) position: u64,
}

/// The members of an archive, one after the other.
pub(super) enum Members {
    File {
        reader: outer::Reader<BufReader<File>>,
        place: String,
        bytes: u64,
    },
    Service(ServiceMembers),
}

impl Members {
    /// Opens an archive. `prefixes` are the beginnings of the names of wanted members, for a source that can leave
    /// the others out; none means all.
    pub(super) fn open(
        source: &Source,
        prefixes: &[String],
        host: &dyn Host,
        cancel: &CancelToken,
    ) -> Result<Self, EngineError> {
        match source {
            Source::File(path) => Self::open_file(path),
            Source::Service { machine, line } => {
                let request = format!("{}\n{}\n", line.trim(), prefixes.join(" "));
                ServiceMembers::start(machine, Service::Restore, &request, host, cancel).map(Self::Service)
            }
            Source::Registered { machine, service } => {
                let (service, request) = (
                    Service::Registered(service.clone()),
                    format!("{}\n", prefixes.join(" ")),
                );
                ServiceMembers::start(machine, service, &request, host, cancel).map(Self::Service)
            }
        }
    }

    fn open_file(path: &Path) -> Result<Self, EngineError> {
        let place = path.display().to_string();
        let io = |error| {
            from_io(error, |source| {
                SourceError::Io {
                    place: place.clone(),
                    source,
                }
                .into()
            })
        };
        // Without O_NONBLOCK a pipe that nobody writes to would be waited for, deaf to any cancel.
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(path)
            .map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        let kind = metadata.file_type();
        if !kind.is_file() && !kind.is_block_device() {
            let why = if kind.is_dir() {
                "it is a directory"
            } else {
                "it is a pipe, which can be read only once"
            };
            let why = why.to_owned();
            return Err(ArchiveError::NotABackup { place, why }.into());
        }
        let reader = outer::Reader::new(BufReader::with_capacity(BUFFER_BYTES, file));
        Ok(Self::File {
            reader,
            place,
            bytes: metadata.len(),
        })
    }

    /// The size of the archive, where it is a file.
    pub(super) fn archive_bytes(&self) -> Option<u64> {
        match self {
            Self::File { bytes, .. } => Some(*bytes),
            Self::Service(_) => None,
        }
    }

    /// The next member; what is left of the one before is passed over.
    pub(super) fn next(&mut self) -> Result<Option<MemberInfo>, EngineError> {
        match self {
            Self::File { reader, place, .. } => {
                let member = reader.next_member().map_err(|error| format_error(error, place))?;
                Ok(member.map(|member| MemberInfo {
                    name: member.name,
                    size: member.size,
                    position: member.position,
                }))
            }
            Self::Service(service) => service.next(),
        }
    }

    /// Reads the whole member into the buffer, whose old content goes.
    pub(super) fn read_into(&mut self, buffer: &mut Vec<u8>) -> Result<(), EngineError> {
        buffer.clear();
        match self {
            Self::File { reader, place, .. } => reader.read_into(buffer).map_err(|error| format_error(error, place)),
            Self::Service(service) => service.read_into(buffer),
        }
    }

    /// Passes the member over.
    pub(super) fn skip(&mut self) -> Result<(), EngineError> {
        match self {
            Self::File { reader, place, .. } => reader.skip().map_err(|error| format_error(error, place)),
            // The stream passes over what was not read of a file by itself.
            Self::Service(_) => Ok(()),
        }
    }

    /// Where the archive ended, once all of it has been read; a service may have left members out.
    pub(super) fn whole_archive_read(&self) -> Option<u64> {
        match self {
            Self::File { reader, .. } => Some(reader.position()),
            Self::Service(_) => None,
        }
    }

    /// Whether the archive ended with the mark that every writer sets.
    pub(super) fn has_end_mark(&self) -> bool {
        match self {
            Self::File { reader, .. } => reader.has_seen_end(),
            Self::Service(_) => true,
        }
    }

    /// Ends the conversation after the last member.
    pub(super) fn finish(self) -> Result<(), EngineError> {
        match self {
            Self::File { .. } => Ok(()),
            Self::Service(service) => service.finish(),
        }
    }
}

fn format_error(error: FormatError, place: &str) -> EngineError {
    match error {
        FormatError::Io(source) => from_io(source, |source| {
            SourceError::Io {
                place: place.to_owned(),
                source,
            }
            .into()
        }),
        FormatError::Truncated { position, what } => ArchiveError::Truncated {
            position,
            what: what.to_owned(),
        }
        .into(),
        FormatError::Damaged { position, what } => ArchiveError::Damaged {
            member: "the outer archive".to_owned(),
            position,
            what,
        }
        .into(),
        other => ArchiveError::NotABackup {
            place: place.to_owned(),
            why: other.to_string(),
        }
        .into(),
    }
}

/// The most entries that a service may send: far beyond the parts of any archive, so that a broken one comes to an end.
const MOST_ENTRIES: u64 = 10_000_000;

/// The `qubes.Restore` service of a running machine.
pub(super) struct ServiceMembers {
    machine: String,
    stdin: Option<Box<dyn Write + Send>>,
    stream: qfile::Reader<BufReader<Box<dyn Read + Send>>>,
    control: Arc<dyn ServiceControl>,
    said: Option<Said>,
    /// Bytes of members that have come.
    position: u64,
    size: u64,
    is_finished: bool,
}

impl ServiceMembers {
    fn start(
        machine: &str,
        service: Service,
        request: &str,
        host: &dyn Host,
        cancel: &CancelToken,
    ) -> Result<Self, EngineError> {
        let process = host.start_service(machine, service)?;
        let control = process.control.clone();
        cancel.on_cancel(move || control.kill());
        let mut members = Self {
            machine: machine.to_owned(),
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
        let place = format!("VM {}", self.machine);
        from_io(error, |source| SourceError::Io { place, source }.into())
    }

    fn next(&mut self) -> Result<Option<MemberInfo>, EngineError> {
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

    fn read_into(&mut self, buffer: &mut Vec<u8>) -> Result<(), EngineError> {
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
                    let what = "what the machine sent".to_owned();
                    ArchiveError::Truncated {
                        position: self.position,
                        what,
                    }
                    .into()
                }
                other => ArchiveError::Damaged {
                    member: format!("the answer of VM {}", self.machine),
                    position: self.position,
                    what: other.to_string(),
                }
                .into(),
            },
        }
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
            machine: self.machine.clone(),
            code,
            said,
        }
        .into())
    }

    /// Tells the service that all has come, and hears whether it was all.
    fn finish(mut self) -> Result<(), EngineError> {
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
