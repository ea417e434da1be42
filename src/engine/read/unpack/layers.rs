// SPDX-License-Identifier: GPL-3.0-or-later
//! The layers between the parts of a file and what its inner archive holds.

use std::{
    io::{self, Read},
    ops::Range,
};

use crate::{
    crypto::{Decryptor, OldCipher},
    engine::{
        CancelToken, Damage, EngineError,
        io_errors::{format_to_io, into_io},
    },
    format::{Filter, MultiVolume, inner, sniffed},
};

use super::{
    super::{filter::decoded, isolated::Isolated, part_format::PartFormat, target::InnerReader},
    parts::{Part, Parts},
    segments::SegmentStream,
};

/// A file that has one part, which is in memory.
pub(in super::super) struct OnePart(Option<Part>);

impl OnePart {
    pub(in super::super) fn new(buffer: Vec<u8>, plain: Range<usize>) -> Self {
        Self(Some(Part { buffer, plain }))
    }
}

impl Parts for OnePart {
    fn take_part(&mut self) -> io::Result<Option<Part>> {
        Ok(self.0.take())
    }
}

impl Read for OnePart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(part) = &mut self.0 else { return Ok(0) };
        let count = buffer.len().min(part.plain.len());
        buffer[..count].copy_from_slice(&part.buffer[part.plain.start..][..count]);
        part.plain.start += count;
        Ok(count)
    }
}

/// Opens the layers above the parts of a file and makes sure that all of them came to their end.
pub(in super::super) fn unpack<T>(
    part_format: &PartFormat,
    filter: &Filter,
    parts: &mut (dyn Parts + '_),
    cancel: &CancelToken,
    use_archive: impl FnOnce(&mut InnerReader<'_>) -> Result<T, EngineError>,
) -> io::Result<T> {
    let mut parts: &mut (dyn Parts + '_) = parts;
    let Some(hmac) = part_format.as_hmac() else {
        let stream = match filter {
            Filter::BuiltIn(method) => Box::new(SegmentStream::new(*method, parts, &part_format.workers, cancel)),
            Filter::Program(_) => decoded(filter, &mut parts, cancel)?,
        };
        return read_archive(stream, use_archive);
    };
    let passphrase = part_format.passphrase.as_bytes();
    match hmac.cipher {
        cipher if hmac.is_in_volumes => {
            let next = || match parts.take_part()? {
                Some(part) => {
                    parts.count(part.plain.len() as u64)?;
                    volume(part, cipher, passphrase).map(Some)
                }
                None => Ok(None),
            };
            read_archive(Box::new(MultiVolume::new(next)), use_archive)
        }
        Some(cipher) => {
            let mut plain = Decryptor::new(cipher, passphrase, parts);
            read_archive(decoded(filter, &mut plain, cancel)?, use_archive)
        }
        None => read_archive(decoded(filter, &mut parts, cancel)?, use_archive),
    }
}

/// A volume of an archive of format 2, which is encrypted and compressed by itself.
fn volume(part: Part, cipher: Option<OldCipher>, passphrase: &[u8]) -> io::Result<Box<dyn Read>> {
    match cipher {
        Some(cipher) => isolated(Decryptor::new(cipher, passphrase, part.reader())),
        None => isolated(part.reader()),
    }
}

/// Whether a volume is compressed, its first bytes tell.
fn isolated(volume: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    Ok(Box::new(Isolated::start(volume, sniffed)?))
}

fn read_archive<'a, T>(
    stream: Box<dyn Read + 'a>,
    use_archive: impl FnOnce(&mut InnerReader<'a>) -> Result<T, EngineError>,
) -> io::Result<T> {
    let mut archive = inner::Reader::new(stream);
    let result = use_archive(&mut archive).map_err(into_io)?;
    let ending = archive.finish().map_err(format_to_io)?;
    if ending.has_mark {
        return Ok(result);
    }
    Err(Damage::InnerEndless.into())
}
