// SPDX-License-Identifier: GPL-3.0-or-later
//! The layers between the parts of a file and what its inner archive holds.

use std::io::{self, Read};

use crate::format::{Filter, decoder, inner};

use super::{
    super::{
        EngineError,
        dialect::Dialect,
        stage::{format_to_io, into_io},
    },
    InnerReader,
};

/// Opens the layers above a stream and makes sure that all of them came to their end.
pub(in super::super) fn unpack<T>(
    dialect: &Dialect,
    filter: &Filter,
    stream: &mut (dyn Read + '_),
    use_archive: impl FnOnce(&mut InnerReader<'_>) -> Result<T, EngineError>,
) -> io::Result<T> {
    let Dialect::Sealed { .. } = dialect;
    let Filter::BuiltIn(compression) = filter else {
        return Err(io::Error::from(io::ErrorKind::Unsupported));
    };
    let mut archive = inner::Reader::new(decoder(*compression, stream));
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
