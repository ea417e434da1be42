// SPDX-License-Identifier: GPL-3.0-or-later
//! How errors of the engine travel through `io::Read` and `io::Write`, on which compressors and tar layers are built.

use std::{io, path::Path};

use crate::{
    cancel::Cancelled,
    format::{FormatError, WriteError},
    host::HostError,
    io_error::IoError,
    transport::{DestinationError, SourceError, TransportError},
};

use super::{Damage, EngineError, Mistake};

/// Wraps an engine's error so that it passes through layers that know only `io::Error`.
pub(super) fn into_io(error: impl Into<EngineError>) -> io::Error {
    io::Error::other(error.into())
}

/// Takes an error of a format layer, which may hold one of the engine.
pub(super) fn format_to_io(error: FormatError) -> io::Error {
    match error {
        FormatError::Io(error) | FormatError::Below { error, .. } => error,
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}

/// Takes an error of a writer of the format, which may hold one of the engine.
pub(super) fn write_to_io(error: WriteError) -> io::Error {
    match error {
        WriteError::Io(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidInput, other),
    }
}

/// Takes an engine's error out again, or makes one of what the operating system said.
pub(super) fn from_io(error: io::Error, wrap: impl FnOnce(IoError) -> EngineError) -> EngineError {
    match error.downcast::<EngineError>() {
        Ok(engine) => engine,
        Err(error) => match error.downcast::<TransportError>() {
            Ok(transport) => transport.into(),
            Err(error) => match error.downcast::<HostError>() {
                Ok(host) => host.into(),
                Err(error) => match error.downcast::<Cancelled>() {
                    Ok(cancelled) => cancelled.into(),
                    Err(error) => wrap(error.into()),
                },
            },
        },
    }
}

/// Takes an engine's error out again, or makes one of what is wrong with the stream that was read.
pub(super) fn in_stream(error: io::Error, wrap: impl FnOnce(Damage) -> EngineError) -> EngineError {
    match error.downcast::<EngineError>() {
        Ok(engine) => engine,
        Err(error) => wrap(Damage::in_stream(error)),
    }
}

/// What an operating system's answer means for an archive that is being read.
pub(super) fn source_error(place: &str, error: io::Error) -> EngineError {
    let place = place.to_owned();
    from_io(error, |source| SourceError::Io { place, source }.into())
}

/// What an operating system's answer means for an archive that is being written.
pub(super) fn destination_error(place: &str, error: io::Error) -> EngineError {
    from_io(error, |source| DestinationError::of(place, source).into())
}

pub(super) fn home_error(path: &Path, error: io::Error) -> EngineError {
    from_io(error, |source: IoError| EngineError::Home {
        path: path.to_owned(),
        source,
    })
}

/// Below the inner archive there is only memory: what goes wrong there comes from another stage, or is our mistake.
pub(super) fn internal(error: io::Error) -> EngineError {
    from_io(error, |source| EngineError::Internal {
        what: Mistake::Memory(source),
    })
}

/// The same of what the writer of the inner archive says.
pub(super) fn format_internal(error: WriteError) -> EngineError {
    let what = match error {
        WriteError::Io(error) => return internal(error),
        WriteError::Name(error) => Mistake::PartName(error),
        WriteError::Unwritable { name, fault } => Mistake::Unwritable { name, fault },
    };
    EngineError::Internal { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_error_comes_out_as_it_went_in() {
        let error = from_io(into_io(EngineError::Cancelled), |_| unreachable!());
        assert!(matches!(error, EngineError::Cancelled));
    }

    #[test]
    fn a_full_disk_is_told_from_other_errors() {
        let full = destination_error("/x", io::Error::from(io::ErrorKind::StorageFull));
        assert!(matches!(full, EngineError::Destination(DestinationError::Full { .. })));
        let other = destination_error("/x", io::Error::from(io::ErrorKind::PermissionDenied));
        assert!(matches!(other, EngineError::Destination(DestinationError::Io { .. })));
    }
}
