// SPDX-License-Identifier: GPL-3.0-or-later
//! The members of an archive: found in its bytes, or sent one by one by a VM.

use std::{ops::Range, sync::Arc};

use crate::{
    engine::{ArchiveError, CancelToken, EngineError, io_errors::source_error},
    format::{HEADER_MEMBER, limits},
    host::Services,
    transport::{Incoming, MemberReader, Request, Source, open_reader},
};

use super::member::{BUFFER_BYTES, MemberInfo};

use file::FileMembers;

mod file;
#[cfg(test)]
mod flaky;

/// The most that is kept of a stream that comes once, in bytes: what stands before the data, with room for what is read
/// ahead.
const MOST_KEPT_BYTES: usize = (limits::INVENTORY_CONTAINER_BYTES as usize) + 4 * BUFFER_BYTES;

/// The members of an archive, one after the other.
pub(super) struct Members {
    from: From,
    source: Source,
    /// A member that was looked at and is the next one all the same.
    put_back: Option<MemberInfo>,
}

#[allow(clippy::large_enum_variant, reason = "an archive has one of them, or two")]
enum From {
    File(FileMembers),
    Service(Box<dyn MemberReader>),
}

impl Members {
    /// Opens an archive. `prefixes` are the beginnings of the names of wanted members, for a source that can leave
    /// the others out; none means all. `services` is needed only where the archive comes from a VM.
    pub(super) fn open(
        source: &Source,
        prefixes: &[String],
        services: Option<&dyn Services>,
        cancel: &CancelToken,
    ) -> Result<Self, EngineError> {
        // Opening reads only the front of an archive; the run that follows reads the same stream again.
        let is_for_front = prefixes.iter().any(|prefix| prefix == HEADER_MEMBER);
        let request = Request {
            prefixes,
            kept_bytes: if is_for_front { MOST_KEPT_BYTES } else { 0 },
        };
        let from = match open_reader(source, request, services, cancel)? {
            Incoming::Bytes(reader) => From::File(FileMembers::new(reader, source.location().to_string())),
            Incoming::Members(reader) => From::Service(reader),
        };
        Ok(Self {
            from,
            source: source.clone(),
            put_back: None,
        })
    }

    /// Opens an archive of which every byte can be read at any time; `None` where it is not one of those.
    pub(super) fn open_ranged(source: &Source, cancel: &CancelToken) -> Result<Option<Self>, EngineError> {
        if source.capabilities().is_ranged {
            Self::open(source, &[], None, cancel).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Reads these members in this order from now on, where the source is a file; they were found in it before.
    pub(super) fn arrange(&mut self, order: Arc<[MemberInfo]>) {
        if let From::File(file) = &mut self.from {
            file.arrange(order);
        }
    }

    /// Takes which bytes of a file will be read, in that order.
    pub(super) fn will_read(&mut self, ranges: Vec<Range<u64>>) {
        if let From::File(file) = &mut self.from {
            file.will_read(ranges);
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
            From::Service(service) => Ok(service.next()?),
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
            From::Service(service) => Ok(service.read_into(buffer)?),
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

    /// Goes back to a member, past whatever the system has kept of the file in memory. Returns whether this source can:
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
    pub(super) fn finish(self, cancel: &CancelToken) -> Result<(), EngineError> {
        match self.from {
            From::File(_) => self
                .source
                .finish(cancel)
                .map_err(|error| source_error(&self.source.location().to_string(), error)),
            From::Service(service) => Ok(service.finish()?),
        }
    }
}
