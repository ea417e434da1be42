// SPDX-License-Identifier: GPL-3.0-or-later
//! Where an archive is read from.

mod api;
mod files;
mod forward;
mod joined;
mod service;
mod store;

use std::{fmt, fs, io, os::unix::fs::FileTypeExt, path::Path, sync::Arc};

use crate::{
    cancel::CancelToken,
    confine::Rules,
    host::{Service, Services},
};

use super::{Location, SourceError, TransportError, store::Shared};

pub use api::{ArchiveReader, Incoming, Member, MemberReader, Ranged, ReadCapabilities, Request};
use files::OpenedFiles;
use forward::{Forward, ForwardReader};
use service::ServiceReader;
use store::StoreReader;

/// An archive that can be read. Clones share what was read of a stream that comes once.
#[derive(Clone)]
pub struct Source {
    location: Location,
    /// What was read of a stream that only goes forward.
    forward: Option<Arc<Forward>>,
    /// The connection to the store that holds it.
    shared: Arc<Shared>,
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
            shared: Arc::default(),
        }
    }

    /// Returns where it is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Returns what can be done with it.
    pub fn capabilities(&self) -> ReadCapabilities {
        let comes_once = self.forward.is_some();
        let is_of_vm = matches!(self.location, Location::Vm { .. } | Location::Registered { .. });
        ReadCapabilities {
            is_ranged: !comes_once && !is_of_vm,
            is_repeatable: !comes_once,
            is_filtered: is_of_vm,
        }
    }

    /// Returns what its reader needs of the system, where it needs no other program and no connection.
    pub fn confinement(&self) -> Option<Rules> {
        let none = Rules::default();
        match &self.location {
            Location::File(path) | Location::Folder(path) => Some(none.reads(path)),
            Location::Files(paths) => Some(paths.iter().fold(none, |rules, path| rules.reads(path))),
            Location::Standard => Some(none),
            Location::Command(_) | Location::Vm { .. } | Location::Registered { .. } | Location::Store { .. } => None,
        }
    }

    /// Takes what reaches the VM, for who opens the archive without it. A file needs none.
    pub(crate) fn reached_by(&self, services: Arc<dyn Services>) {
        self.shared.reached_by(services);
    }

    /// Reads a stream that comes once to its end, and hears whether what wrote it ended well.
    ///
    /// # Errors
    /// When it did not, or cannot be read.
    pub fn finish(&self, cancel: &CancelToken) -> io::Result<()> {
        self.forward.as_ref().map_or(Ok(()), |forward| forward.finish(cancel))
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
        Location::Store { reach, path } => {
            let reader = StoreReader::open(reach, path, &source.shared, services, cancel)?;
            return Ok(Incoming::Bytes(Box::new(reader)));
        }
        Location::Standard | Location::Command(_) => {
            let place = source.location.to_string();
            return Err(SourceError::ReadAlready { place }.into());
        }
    };
    let services = services.ok_or_else(|| SourceError::NoPedos { vm: vm.clone() })?;
    let reader = ServiceReader::start(vm, service, &request, services, cancel)?;
    Ok(Incoming::Members(Box::new(reader)))
}
