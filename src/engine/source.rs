// SPDX-License-Identifier: GPL-3.0-or-later
//! Where an archive is read from: a file, or the service of a running machine, which both give members.

use std::{fs::File, io::BufReader, path::Path};

use crate::{
    format::{FormatError, outer},
    host::Host,
    plan::Source,
};

use super::{ArchiveError, CancelToken, EngineError, SourceError, stage::from_io};

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
                let _ = (machine, line, prefixes, host, cancel);
                Ok(Self::Service(ServiceMembers {}))
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
        let file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if metadata.is_dir() {
            let why = "it is a directory".to_owned();
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
            Self::Service(_) => Ok(None),
        }
    }

    /// Reads the whole member into the buffer, whose old content goes.
    pub(super) fn read_into(&mut self, buffer: &mut Vec<u8>) -> Result<(), EngineError> {
        buffer.clear();
        match self {
            Self::File { reader, place, .. } => reader.read_into(buffer).map_err(|error| format_error(error, place)),
            Self::Service(_) => Ok(()),
        }
    }

    /// Passes the member over.
    pub(super) fn skip(&mut self) -> Result<(), EngineError> {
        match self {
            Self::File { reader, place, .. } => reader.skip().map_err(|error| format_error(error, place)),
            Self::Service(_) => Ok(()),
        }
    }

    /// Ends the conversation before the last member, because what was wanted has been read.
    pub(super) fn abandon(self) {
        if let Self::Service(service) = self {
            let _ = service;
        }
    }

    /// Ends the conversation after the last member.
    pub(super) fn finish(self) -> Result<(), EngineError> {
        match self {
            Self::File { .. } => Ok(()),
            Self::Service(_) => Ok(()),
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

/// The `qubes.Restore` service of a running machine.
pub(super) struct ServiceMembers {}
