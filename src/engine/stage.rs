// SPDX-License-Identifier: GPL-3.0-or-later
//! How errors of the engine travel through `io::Read` and `io::Write`, on which compressors and tar layers are built.

use std::{any::Any, io, sync::Arc};

use crate::format::{FormatError, WriteError};

use super::{Damage, DestinationError, EngineError};

/// Wraps an engine's error so that it passes through layers that know only `io::Error`.
pub(super) fn into_io(error: EngineError) -> io::Error {
    io::Error::other(error)
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

/// What the standard library's panic begins with where the system has no more threads.
const NO_THREAD: &str = "failed to spawn thread";

/// The error that a panic of a thread is for whoever waits for it: a mistake of this program, with what the panic said, or
/// that there are no more threads.
pub(crate) fn of_panic(panic: &(dyn Any + Send)) -> EngineError {
    if is_thread_panic(panic) {
        return EngineError::NoThread;
    }
    let what = text_of(panic).unwrap_or("a stage broke").to_owned();
    EngineError::Internal { what }
}

/// Whether a panic says that the system has no more threads.
pub fn is_thread_panic(panic: &(dyn Any + Send)) -> bool {
    text_of(panic).is_some_and(|text| text.starts_with(NO_THREAD))
}

fn text_of(panic: &(dyn Any + Send)) -> Option<&str> {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
}

/// Takes an engine's error out again, or makes one of what the operating system said.
pub(super) fn from_io(error: io::Error, wrap: impl FnOnce(Arc<io::Error>) -> EngineError) -> EngineError {
    match error.downcast::<EngineError>() {
        Ok(engine) => engine,
        Err(error) => wrap(Arc::new(error)),
    }
}

/// Takes an engine's error out again, or makes one of what is wrong with the stream that was read.
pub(super) fn in_stream(error: io::Error, wrap: impl FnOnce(Damage) -> EngineError) -> EngineError {
    match error.downcast::<EngineError>() {
        Ok(engine) => engine,
        Err(error) => wrap(Damage::in_stream(error)),
    }
}

/// What an operating system's answer means for an archive that is being written.
pub(super) fn destination_error(place: &str, error: io::Error) -> EngineError {
    let place = place.to_owned();
    from_io(error, |source| {
        EngineError::Destination(match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DestinationError::Full { place },
            io::ErrorKind::FileTooLarge => DestinationError::FileTooLarge { place },
            _ => DestinationError::Io { place, source },
        })
    })
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
    fn a_lack_of_threads_is_told_from_mistakes() {
        let panic = "failed to spawn thread: Os { code: 11 }".to_owned();
        assert!(matches!(of_panic(&panic), EngineError::NoThread));
        assert!(matches!(of_panic(&"else"), EngineError::Internal { .. }));
    }

    #[test]
    fn a_full_disk_is_told_from_other_errors() {
        let full = destination_error("/x", io::Error::from(io::ErrorKind::StorageFull));
        assert!(matches!(full, EngineError::Destination(DestinationError::Full { .. })));
        let other = destination_error("/x", io::Error::from(io::ErrorKind::PermissionDenied));
        assert!(matches!(other, EngineError::Destination(DestinationError::Io { .. })));
    }
}
