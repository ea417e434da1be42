// SPDX-License-Identifier: GPL-3.0-or-later
//! The layers between the parts of a file and what its inner archive holds.

use std::io::{self, Read};

use crate::format::{Filter, inner};

use super::{
    super::{
        CancelToken, EngineError,
        dialect::Dialect,
        filter::decoded,
        stage::{format_to_io, into_io},
    },
    InnerReader,
};

/// Opens the layers above a stream and makes sure that all of them came to their end.
pub(in super::super) fn unpack<T>(
    dialect: &Dialect,
    filter: &Filter,
    stream: &mut (dyn Read + '_),
    cancel: &CancelToken,
    use_archive: impl FnOnce(&mut InnerReader<'_>) -> Result<T, EngineError>,
) -> io::Result<T> {
    let Dialect::Sealed { .. } = dialect;
    let mut archive = inner::Reader::new(decoded(filter, stream, cancel)?);
    let result = use_archive(&mut archive).map_err(into_io)?;
    let ending = archive.finish().map_err(format_to_io)?;
    if ending.has_mark {
        return Ok(result);
    }
    Err(io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "its inner archive has no end",
    ))
}
