// SPDX-License-Identifier: GPL-3.0-or-later
//! Errors that every kind of source has.

use crate::{
    engine::{ArchiveError, Cut, EngineError, SourceError, io_errors::from_io},
    format::Within,
};

/// An archive that ends within something.
pub(super) fn truncated(position: u64, within: Within) -> ArchiveError {
    let cut = Cut::Within(within);
    ArchiveError::Truncated { position, cut }
}

pub(super) fn io_error(error: std::io::Error, place: &str) -> EngineError {
    let place = place.to_owned();
    from_io(error, |source| SourceError::Io { place, source }.into())
}
