// SPDX-License-Identifier: GPL-3.0-or-later
//! Where an archive is read from: a file, several files, a pipe, or the service of a running VM. All have members.

use std::sync::Arc;

use crate::{
    engine::{ArchiveError, CancelToken, EngineError},
    format::HEADER_MEMBER,
    host::{Service, Services},
    plan::Source,
};

use super::member::MemberInfo;

use file::{FileMembers, place_of};
use service::ServiceMembers;

mod errors;
mod file;
#[cfg(test)]
mod flaky;
mod joined;
mod pipe;
mod service;

/// The members of an archive, one after the other.
pub(super) struct Members {
    from: From,
    /// A member that was looked at and is the next one all the same.
    put_back: Option<MemberInfo>,
}

#[allow(clippy::large_enum_variant, reason = "an archive has one of them, or two")]
enum From {
    File(FileMembers),
    Service(ServiceMembers),
}

impl Members {
    /// Opens an archive. `prefixes` are the beginnings of the names of wanted members, for a source that can leave
    /// the others out; none means all. `services` is needed only where the archive comes from one.
    pub(super) fn open(
        source: &Source,
        prefixes: &[String],
        services: Option<&dyn Services>,
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
            Source::Service { vm, line } => {
                let request = format!("{}\n{}\n", line.trim(), prefixes.join(" "));
                From::Service(ServiceMembers::start(vm, Service::Restore, &request, services, cancel)?)
            }
            Source::Registered { vm, service } => {
                let service = Service::Registered(service.clone());
                let request = format!("{}\n", prefixes.join(" "));
                From::Service(ServiceMembers::start(vm, service, &request, services, cancel)?)
            }
        };
        Ok(Self { from, put_back: None })
    }

    /// Opens an archive that is a file, or several; `None` where it is not.
    pub(super) fn open_file(source: &Source) -> Result<Option<Self>, EngineError> {
        let paths = match source {
            Source::File(path) => std::slice::from_ref(path),
            Source::Parts(paths) => paths,
            Source::Pipe(_) | Source::Service { .. } | Source::Registered { .. } => return Ok(None),
        };
        Ok(Some(Self {
            from: From::File(FileMembers::open(paths)?),
            put_back: None,
        }))
    }

    /// Reads these members in this order from now on, where the source is a file; they were found in it before.
    pub(super) fn arrange(&mut self, order: Arc<[MemberInfo]>) {
        if let From::File(file) = &mut self.from {
            file.arrange(order);
        }
    }

    /// Whether the members behind one that cannot be read can still be reached.
    pub(super) fn survives_errors(&self) -> bool {
        match &self.from {
            From::File(file) => file.is_arranged(),
            From::Service(_) => false,
        }
    }

    /// The size of the archive, where it is a file.
    pub(super) fn archive_bytes(&self) -> Option<u64> {
        match &self.from {
            From::File(file) => file.bytes(),
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
            From::File(file) => file.read_into(buffer),
            From::Service(service) => service.read_into(buffer),
        }
    }

    /// Reads the first bytes of the member; the rest is passed over next. Returns whether it has so many.
    pub(super) fn read_head(&mut self, head: &mut [u8]) -> Result<bool, EngineError> {
        match &mut self.from {
            From::File(file) => file.read_head(head),
            // What was read of a service is gone for the reader.
            From::Service(_) => Ok(false),
        }
    }

    /// Reads bytes of the archive that belong to no member, from a position on; `None` where the source cannot go there.
    pub(super) fn read_at(&mut self, position: u64, bytes: usize) -> Result<Option<Vec<u8>>, EngineError> {
        match &mut self.from {
            From::File(file) => file.read_at(position, bytes),
            From::Service(_) => Ok(None),
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

    /// What is wrong between the members that were read, in the order of the archive.
    pub(super) fn flaws(&self) -> Vec<ArchiveError> {
        match &self.from {
            From::File(file) => file.flaws(),
            From::Service(_) => Vec::new(),
        }
    }

    /// The bytes without a member that the flaws name: where each run begins and ends.
    pub(super) fn lost(&self) -> Vec<(u64, u64)> {
        match &self.from {
            From::File(file) => file.lost(),
            From::Service(_) => Vec::new(),
        }
    }

    /// Where something begins that stands behind the end of the archive and is not part of it.
    pub(super) fn trailing(&self) -> Option<u64> {
        match &self.from {
            From::File(file) => file.trailing(),
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

/// Where an archive is, for display.
pub fn source_place(source: &Source) -> String {
    match source {
        Source::File(path) => path.display().to_string(),
        Source::Parts(paths) => place_of(paths),
        Source::Pipe(pipe) => pipe.path().display().to_string(),
        Source::Service { vm, line } => format!("{vm}:{line}"),
        Source::Registered { vm, service } => format!("{vm}:{service}"),
    }
}
