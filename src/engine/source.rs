// SPDX-License-Identifier: GPL-3.0-or-later
//! Where an archive is read from: a file, several files, a pipe, or the service of a running machine. All have members.

#[cfg(test)]
mod flaky;
mod joined;
mod pipe;
mod service;

use std::{
    fs::{File, FileType, OpenOptions},
    io::{self, BufReader, Read, Seek},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::OFlags;

use crate::{
    format::{FormatError, HEADER_MEMBER, outer},
    host::{Host, Service},
    plan::{Pipe, Source},
};

use super::{ArchiveError, CancelToken, EngineError, SourceError, stage::from_io};
use joined::Joined;
use pipe::PipeReader;
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
    /// The same files, to be told that what the system keeps of them is of no use; none of a pipe, which only goes on.
    files: Option<Joined>,
    place: String,
    /// The size of the archive; not known of a pipe.
    bytes: Option<u64>,
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
            Source::File(path) => From::File(FileMembers::open(std::slice::from_ref(path))?),
            Source::Parts(paths) => From::File(FileMembers::open(paths)?),
            Source::Pipe(pipe) => {
                // Whoever opens an archive is followed by somebody who reads it.
                let keeps = prefixes.iter().any(|prefix| prefix == HEADER_MEMBER);
                From::File(FileMembers::follow(pipe, keeps, cancel)?)
            }
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
            From::File(file) => file.bytes,
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
            From::File(file) => file.go_back(member),
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
    /// Opens files that are one archive in this order.
    fn open(paths: &[PathBuf]) -> Result<Self, EngineError> {
        let place = place_of(paths);
        let mut is_regular = true;
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let (file, kind) = open_file(path)?;
            is_regular &= kind.is_file();
            files.push(file);
        }
        let files = Joined::new(files).map_err(|error| io_error(&place, error))?;
        let stream: Box<dyn Stream> = Box::new(files.try_clone().map_err(|error| io_error(&place, error))?);
        Ok(Self {
            reader: outer::Reader::new(BufReader::with_capacity(BUFFER_BYTES, stream)),
            bytes: Some(files.length()),
            files: Some(files),
            place,
            is_regular,
        })
    }

    /// Reads a pipe from its beginning.
    fn follow(pipe: &Arc<Pipe>, keeps: bool, cancel: &CancelToken) -> Result<Self, EngineError> {
        let stream: Box<dyn Stream> = Box::new(PipeReader::open(pipe, keeps, cancel)?);
        Ok(Self {
            reader: outer::Reader::new(BufReader::with_capacity(BUFFER_BYTES, stream)),
            files: None,
            place: pipe.path().display().to_string(),
            bytes: None,
            is_regular: false,
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
        match self.bytes {
            Some(position) if position < self.reader.position() => Err(truncated(position, "an archive member")),
            _ => Ok(()),
        }
    }

    fn go_back(&mut self, member: &MemberInfo) -> Result<bool, EngineError> {
        let Some(files) = &self.files else { return Ok(false) };
        files.forget(member.position, member.size);
        let member = outer::Member {
            name: member.name.clone(),
            size: member.size,
            position: member.position,
        };
        self.reader
            .go_back(&member)
            .map_err(|error| format_error(error, &self.place))?;
        Ok(true)
    }

    fn oddity(&self) -> Option<EngineError> {
        let altered = |position, what: &str| {
            let what = what.to_owned();
            Some(ArchiveError::Altered { position, what }.into())
        };
        if let Some(oddity) = self.reader.oddity() {
            return altered(oddity.position, oddity.what);
        }
        match self.bytes {
            Some(bytes) if self.is_regular && !bytes.is_multiple_of(BLOCK_BYTES) => {
                altered(bytes, "its size is not that of a whole archive")
            }
            _ => None,
        }
    }
}

/// Where an archive of several files is, for display.
pub(super) fn place_of(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    names.join(" + ")
}

/// Opens one file that an archive or a piece of one is in.
fn open_file(path: &Path) -> Result<(File, FileType), EngineError> {
    let place = path.display().to_string();
    // Without O_NONBLOCK a pipe that nobody writes to would be waited for, deaf to any cancel.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let opened = opened.and_then(|file| Ok((file.metadata()?.file_type(), file)));
    let (kind, file) = opened.map_err(|error| io_error(&place, error))?;
    if kind.is_file() || kind.is_block_device() {
        return Ok((file, kind));
    }
    let why = if kind.is_dir() {
        "it is a directory"
    } else if kind.is_fifo() {
        "it is a pipe, which can be read only once and by itself"
    } else {
        "it is neither a file nor a disk nor a pipe"
    };
    let why = why.to_owned();
    Err(ArchiveError::NotABackup { place, why }.into())
}

fn io_error(place: &str, error: io::Error) -> EngineError {
    from_io(error, |source| {
        let place = place.to_owned();
        SourceError::Io { place, source }.into()
    })
}

/// An archive that ends within something.
fn truncated(position: u64, within: &str) -> EngineError {
    let what = format!("the rest of {within} is missing");
    ArchiveError::Truncated { position, what }.into()
}

fn format_error(error: FormatError, place: &str) -> EngineError {
    match error {
        FormatError::Io(source) => io_error(place, source),
        FormatError::Truncated { position, what } => truncated(position, what),
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
