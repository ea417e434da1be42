// SPDX-License-Identifier: GPL-3.0-or-later
//! Where an archive is read from.

mod files;
mod forward;
mod joined;
mod service;

use std::{
    fmt, fs,
    io::{self, Read, Seek},
    os::unix::fs::FileTypeExt,
    path::Path,
    sync::Arc,
};

use crate::{
    cancel::CancelToken,
    host::{Service, Services},
};

use super::{Location, SourceError, TransportError};

use files::OpenedFiles;
use forward::{Forward, ForwardReader};
use service::ServiceReader;

/// An archive that can be read. Clones share what was read of a stream that comes once.
#[derive(Clone)]
pub struct Source {
    location: Location,
    /// What was read of a stream that only goes forward.
    forward: Option<Arc<Forward>>,
}

/// What can be done with an archive that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadCapabilities {
    /// Whether every byte of it can be read at any time, so that members can be looked for and read twice.
    pub is_ranged: bool,
    /// Whether it can be opened any number of times.
    pub is_repeatable: bool,
    /// Whether the VM at the other end leaves out members that are not asked for.
    pub is_filtered: bool,
}

/// What is wanted of an archive.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The beginnings of the names of wanted members, for an end that can leave the others out; none means all.
    pub prefixes: &'a [String],
    /// How much of a stream that comes once is kept for whoever opens it next, in bytes; 0 where nobody will.
    pub kept_bytes: usize,
}

/// An archive as it comes.
pub enum Incoming {
    /// As its bytes.
    Bytes(Box<dyn ArchiveReader>),
    /// As members, which a VM took out of it.
    Members(Box<dyn MemberReader>),
}

/// The bytes of an archive. A reader that only goes forward takes a seek forward as reading.
pub trait ArchiveReader: Read + Seek + Send {
    /// Returns the size of the archive in bytes, where it is known.
    fn size_bytes(&self) -> Option<u64>;

    /// Returns access to every byte of the archive, where there is one.
    fn ranged(&self) -> Option<Box<dyn Ranged>>;
}

/// Access to every byte of an archive, beside a reader that goes through it.
pub trait Ranged: Send {
    /// Reads exactly so much from a position on.
    ///
    /// # Errors
    /// When there is not so much, or it cannot be read.
    fn read_exact_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()>;

    /// Has the system forget what it keeps of these bytes in memory, so that the next reading is one from the medium.
    fn forget(&self, position: u64, bytes: u64);
}

/// A member of the outer archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name, which may be anything.
    pub name: String,
    /// The size of its content in bytes.
    pub size: u64,
    /// Where it begins, in bytes from the start of what is read.
    pub position: u64,
}

/// The members that a VM sends.
pub trait MemberReader: Send {
    /// Returns the next member; what is left of the one before is passed over.
    ///
    /// # Errors
    /// When the stream broke off or makes no sense.
    fn next(&mut self) -> Result<Option<Member>, TransportError>;

    /// Reads the whole member into the buffer, whose old content goes.
    ///
    /// # Errors
    /// When the stream broke off.
    fn read_into(&mut self, buffer: &mut Vec<u8>) -> Result<(), TransportError>;

    /// Tells the VM that all has come, and hears whether it was all.
    ///
    /// # Errors
    /// When the VM ended badly.
    fn finish(self: Box<Self>) -> Result<(), TransportError>;
}

impl Source {
    /// An archive at that location.
    pub fn new(location: Location) -> Self {
        let is_pipe = |path: &Path| fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo());
        let comes_once = match &location {
            Location::Standard | Location::Command(_) => true,
            Location::File(path) => is_pipe(path),
            _ => false,
        };
        Self {
            location,
            forward: comes_once.then(Arc::default),
        }
    }

    /// Returns where it is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Returns what can be done with it.
    pub fn capabilities(&self) -> ReadCapabilities {
        let comes_once = self.forward.is_some();
        let is_of_vm = self.location.vm().is_some();
        ReadCapabilities {
            is_ranged: !comes_once && !is_of_vm,
            is_repeatable: !comes_once,
            is_filtered: is_of_vm,
        }
    }

    /// Reads a stream that comes once to its end, and hears whether what wrote it ended well.
    ///
    /// # Errors
    /// When it did not, or cannot be read.
    pub fn finish(&self) -> io::Result<()> {
        self.forward.as_ref().map_or(Ok(()), |forward| forward.finish())
    }
}

impl From<Location> for Source {
    fn from(location: Location) -> Self {
        Self::new(location)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.location).finish()
    }
}

/// Opens an archive.
///
/// # Errors
/// When there is nothing that could be read.
pub(crate) fn open_reader(
    source: &Source,
    request: Request<'_>,
    services: Option<&dyn Services>,
    cancel: &CancelToken,
) -> Result<Incoming, TransportError> {
    if let Some(forward) = &source.forward {
        let reader = ForwardReader::open(forward, &source.location, request.kept_bytes, cancel)?;
        return Ok(Incoming::Bytes(Box::new(reader)));
    }
    let prefixes = request.prefixes.join(" ");
    let (vm, service, request) = match &source.location {
        Location::File(path) | Location::Folder(path) => {
            return Ok(Incoming::Bytes(Box::new(OpenedFiles::open(std::slice::from_ref(
                path,
            ))?)));
        }
        Location::Files(paths) => return Ok(Incoming::Bytes(Box::new(OpenedFiles::open(paths)?))),
        Location::Vm { vm, line } => (vm, Service::Restore, format!("{}\n{prefixes}\n", line.trim())),
        Location::Registered { vm, service } => (vm, Service::Registered(service.clone()), format!("{prefixes}\n")),
        Location::Standard | Location::Command(_) => {
            let place = source.location.to_string();
            return Err(SourceError::ReadAlready { place }.into());
        }
    };
    let services = services.ok_or_else(|| SourceError::NoPedos { vm: vm.clone() })?;
    let reader = ServiceReader::start(vm, service, &request, services, cancel)?;
    Ok(Incoming::Members(Box::new(reader)))
}
