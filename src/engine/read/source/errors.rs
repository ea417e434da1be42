// SPDX-License-Identifier: GPL-3.0-or-later
//! Errors that every kind of source has.

use crate::engine::{ArchiveError, EngineError, SourceError, io_errors::from_io};

/// An archive that ends within something.
pub(super) fn truncated(position: u64, within: &str) -> ArchiveError {
    let what = format!("the rest of {within} is missing");
    ArchiveError::Truncated { position, what }
}

pub(super) fn io_error(error: std::io::Error, place: &str) -> EngineError {
    let place = place.to_owned();
    from_io(error, |source| SourceError::Io { place, source }.into())
}
