// SPDX-License-Identifier: GPL-3.0-or-later
//! Where an archive is read from: a file, or the service of a running machine, which both give members.

#[cfg(test)]
mod flaky;
mod service;

use std::{
    fs::{File, OpenOptions},
    io::{BufReader, Read, Seek, SeekFrom},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::Path,
};

use rustix::fs::{Advice, OFlags, fadvise};

use crate::{
    format::{FormatError, outer},
    host::{Host, Service},
    plan::Source,
};

use super::{ArchiveError, CancelToken, EngineError, SourceError, stage::from_io};
use service::ServiceMembers;

/// How much of a file is read ahead, in bytes.
const BUFFER_BYTES: usize = 256 * 1024;

/// A whole archive is a multiple of this many bytes, the unit of tar.
const BLOCK_BYTES: u64 = 512;

/// A member of the outer archive.
#[derive(Debug, Clone)]
pub(super) struct MemberInfo {
    pub(super) name: String,
    pub(super) size: u64,
    /// Where it begins, in bytes from the start of what is read.
    pub(super) position: u64,
}

/// The members of an archive, one after the other.
pub(super) struct Members {
    from: From,
    /// A member that was looked at and is the next one all the same.
    put_back: Option<MemberInfo>,
}

enum From {
    File(FileMembers),
    Service(ServiceMembers),
}

/// What an archive in a file is read through.
trait Stream: Read + Seek + Send {}

impl<S: Read + Seek + Send> Stream for S {}

struct FileMembers {
    reader: outer::Reader<BufReader<Box<dyn Stream>>>,
    /// The same file, to be told that what the system keeps of it is of no use.
    file: File,
    place: String,
    bytes: u64,
    is_regular: bool,
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
        let from = match source {
            Source::File(path) => From::File(FileMembers::open(path)?),
            Source::Service { machine, line } => {
                let request = format!("{}\n{}\n", line.trim(), prefixes.join(" "));
                From::Service(ServiceMembers::start(
                    machine,
                    Service::Restore,
                    &request,
                    host,
                    cancel,
                )?)
            }
            Source::Registered { machine, service } => {
                let service = Service::Registered(service.clone());
                let request = format!("{}\n", prefixes.join(" "));
                From::Service(ServiceMembers::start(machine, service, &request, host, cancel)?)
            }
        };
        Ok(Self { from, put_back: None })
    }

    /// The size of the archive, where it is a file.
    pub(super) fn archive_bytes(&self) -> Option<u64> {
        match &self.from {
            From::File(file) => Some(file.bytes),
            From::Service(_) => None,
        }
    }

    /// The next member; what is left of the one before is passed over.
    pub(super) fn next(&mut self) -> Result<Option<MemberInfo>, EngineError> {
        if let Some(member) = self.put_back.take() {
            return Ok(Some(member));
        }
        match &mut self.from {
            From::File(file) => file.next(),
            From::Service(service) => service.next(),
        }
    }

    /// Makes a member of which nothing was read the next one again.
    pub(super) fn put_back(&mut self, member: MemberInfo) {
        self.put_back = Some(member);
    }

    /// Reads the whole member into the buffer, whose old content goes.
    pub(super) fn read_into(&mut self, buffer: &mut Vec<u8>) -> Result<(), EngineError> {
        match &mut self.from {
            From::File(file) => {
                let read = file.reader.read_into(buffer);
                read.map_err(|error| format_error(error, &file.place))
            }
            From::Service(service) => service.read_into(buffer),
        }
    }

    /// Reads the first bytes of the member; the rest is passed over next. Gives whether it has so many.
    pub(super) fn read_head(&mut self, head: &mut [u8]) -> Result<bool, EngineError> {
        match &mut self.from {
            From::File(file) => {
                let read = file.reader.read_head(head);
                read.map_err(|error| format_error(error, &file.place))
            }
            // What was read of a service is gone for the reader.
            From::Service(_) => Ok(false),
        }
    }

    /// Passes the member over.
    pub(super) fn skip(&mut self) -> Result<(), EngineError> {
        match &mut self.from {
            From::File(file) => file.skip(),
            // The stream passes over what was not read of a file by itself.
            From::Service(_) => Ok(()),
        }
    }

    /// Goes back to a member, past whatever the system has kept of the file in memory. Gives whether this source can:
    /// then the member is the next one.
    pub(super) fn go_back(&mut self, member: &MemberInfo) -> Result<bool, EngineError> {
        self.put_back = None;
        match &mut self.from {
            From::File(file) => file.go_back(member).map(|()| true),
            From::Service(_) => Ok(false),
        }
    }

    /// Where the archive ended, once all of it has been read; a service may have left members out.
    pub(super) fn whole_archive_read(&self) -> Option<u64> {
        match &self.from {
            From::File(file) => Some(file.reader.position()),
            From::Service(_) => None,
        }
    }

    /// Whether the archive ended with the mark that every writer sets.
    pub(super) fn has_end_mark(&self) -> bool {
        match &self.from {
            From::File(file) => file.reader.has_seen_end(),
            From::Service(_) => true,
        }
    }

    /// What is not as any writer leaves it between the members that were read, although they could be read.
    pub(super) fn oddity(&self) -> Option<EngineError> {
        match &self.from {
            From::File(file) => file.oddity(),
            From::Service(_) => None,
        }
    }

    /// Ends the conversation after the last member.
    pub(super) fn finish(self) -> Result<(), EngineError> {
        match self.from {
            From::File(_) => Ok(()),
            From::Service(service) => service.finish(),
        }
    }
}

impl FileMembers {
    fn open(path: &Path) -> Result<Self, EngineError> {
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
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(path)
            .map_err(io)?;
        let kind = file.metadata().map_err(io)?.file_type();
        if !kind.is_file() && !kind.is_block_device() {
            let why = if kind.is_dir() {
                "it is a directory"
            } else {
                "it is a pipe, which can be read only once"
            };
            let why = why.to_owned();
            return Err(ArchiveError::NotABackup { place, why }.into());
        }
        // A device has no length but its end.
        let bytes = file.seek(SeekFrom::End(0)).map_err(io)?;
        file.rewind().map_err(io)?;
        let stream: Box<dyn Stream> = Box::new(file.try_clone().map_err(io)?);
        Ok(Self {
            reader: outer::Reader::new(BufReader::with_capacity(BUFFER_BYTES, stream)),
            file,
            place,
            bytes,
            is_regular: kind.is_file(),
        })
    }

    fn next(&mut self) -> Result<Option<MemberInfo>, EngineError> {
        let member = self.reader.next_member();
        let member = member.map_err(|error| format_error(error, &self.place))?;
        Ok(member.map(|member| MemberInfo {
            name: member.name,
            size: member.size,
            position: member.position,
        }))
    }

    fn skip(&mut self) -> Result<(), EngineError> {
        self.reader.leap().map_err(|error| format_error(error, &self.place))?;
        if self.reader.position() <= self.bytes {
            return Ok(());
        }
        let what = "an archive member".to_owned();
        let position = self.bytes;
        Err(ArchiveError::Truncated { position, what }.into())
    }

    fn go_back(&mut self, member: &MemberInfo) -> Result<(), EngineError> {
        // That the system does not forget is no reason not to try.
        let _ = fadvise(
            &self.file,
            member.position,
            std::num::NonZeroU64::new(member.size),
            Advice::DontNeed,
        );
        let member = outer::Member {
            name: member.name.clone(),
            size: member.size,
            position: member.position,
        };
        self.reader
            .go_back(&member)
            .map_err(|error| format_error(error, &self.place))
    }

    fn oddity(&self) -> Option<EngineError> {
        let altered = |position, what: &str| {
            let what = what.to_owned();
            Some(ArchiveError::Altered { position, what }.into())
        };
        if let Some(oddity) = self.reader.oddity() {
            return altered(oddity.position, oddity.what);
        }
        if self.is_regular && !self.bytes.is_multiple_of(BLOCK_BYTES) {
            return altered(self.bytes, "its size is not that of a whole archive");
        }
        None
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
