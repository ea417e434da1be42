// SPDX-License-Identifier: GPL-3.0-or-later
//! Which archive something is, by the identifier in its header. No passphrase is asked for, so nothing that it says is
//! believed beyond that: it tells an archive that was made here from a file that took its place.

use std::io::{self, Read};

use crate::{
    cancel::CancelToken,
    engine::{EngineError, io_errors::source_error},
    format::{BackupId, FormatError, HEADER_MEMBER, Header, limits, outer},
    host::Services,
    transport::{Incoming, Location, MemberReader, Request, Source, open_reader},
};

/// How much is read of a file at most, in bytes: the header stands at its beginning.
const FRONT_BYTES: u64 = 2 * limits::OUTER_EXTENSION_BYTES;

/// Returns the identifier in the header of the archive at a location; `None` where what is there does not begin with a header
/// that has one.
///
/// # Errors
/// When it cannot be read.
pub(in crate::engine) fn backup_id_at(
    location: &Location,
    services: Option<&dyn Services>,
    cancel: &CancelToken,
) -> Result<Option<BackupId>, EngineError> {
    let prefixes = [HEADER_MEMBER.to_owned()];
    let request = Request {
        prefixes: &prefixes,
        kept_bytes: 0,
    };
    let source = Source::new(location.clone());
    let content = match open_reader(&source, request, services, cancel)? {
        Incoming::Bytes(reader) => {
            first_of_file(reader.take(FRONT_BYTES)).map_err(|error| source_error(&location.to_string(), error))?
        }
        Incoming::Members(mut reader) => first_of_service(reader.as_mut())?,
    };
    let header = content.and_then(|content| Header::parse(&content).ok());
    Ok(header.and_then(|header| header.backup_id))
}

/// The content of the header, if it is the first member of a file. What makes no sense is another file; what cannot be read is none.
fn first_of_file(front: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut reader = outer::Reader::new(front);
    let mut content = Vec::new();
    let read = match reader.next_member() {
        Ok(Some(member)) if is_header(&member.name, member.size) => reader.read_into(&mut content),
        Ok(_) => return Ok(None),
        Err(error) => Err(error),
    };
    match read {
        Ok(()) => Ok(Some(content)),
        Err(FormatError::Io(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// The same of what a VM sends. Dropping the reader ends its service.
fn first_of_service(reader: &mut dyn MemberReader) -> Result<Option<Vec<u8>>, EngineError> {
    let Some(member) = reader.next()? else {
        return Ok(None);
    };
    if !is_header(&member.name, member.size) {
        return Ok(None);
    }
    let mut content = Vec::new();
    reader.read_into(&mut content)?;
    Ok(Some(content))
}

fn is_header(name: &str, size: u64) -> bool {
    name == HEADER_MEMBER && size <= limits::HEADER_BYTES
}
