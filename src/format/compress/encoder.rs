// SPDX-License-Identifier: GPL-3.0-or-later
//! Compresses block by block: each block becomes a stream of its own, so that all processors can work at one file, and the
//! streams one behind the other are one stream for every stock tool.

use std::io::{self, Write};

use bzip2::write::BzEncoder;
use liblzma::{
    stream::{Check, Filters, LzmaOptions, Stream},
    write::XzEncoder,
};
use zstd::{
    bulk::Compressor,
    zstd_safe::{CParameter, compress_bound},
};

use crate::units::{KIB, MIB};

use super::{Compression, Level, gzip::GzipEncoder};

/// Compresses blocks. What it needs in memory is used again for the next one.
pub struct Encoder(Kind);

enum Kind {
    Plain,
    Gzip(Box<GzipEncoder>),
    Bzip2(u32),
    Xz(u32),
    Zstd(Box<Compressor<'static>>),
}

impl Encoder {
    /// Gets ready for a method.
    ///
    /// # Errors
    /// When there is not enough memory, and for a method that is only read or a level that it does not have.
    pub fn new(method: Compression, level: Level) -> io::Result<Self> {
        let unsupported = || io::Error::from(io::ErrorKind::Unsupported);
        let level = level.number(method).ok_or_else(unsupported)?;
        Ok(Self(match method {
            Compression::None => Kind::Plain,
            Compression::Gzip => Kind::Gzip(Box::new(GzipEncoder::new(level)?)),
            Compression::Bzip2 => Kind::Bzip2(level.into()),
            Compression::Xz => Kind::Xz(level.into()),
            // Its streams cannot stand one behind the other.
            Compression::Lzma => return Err(unsupported()),
            Compression::Zstd => {
                let mut compressor = Compressor::new(level.into())?;
                // As the stock tool does; the library by itself leaves it out.
                compressor.set_parameter(CParameter::ChecksumFlag(true))?;
                Kind::Zstd(Box::new(compressor))
            }
        }))
    }

    /// How many bytes go into a block: enough to compress as well as in one segment, little enough that the blocks at work
    /// take no memory worth speaking of.
    pub fn block_bytes(method: Compression) -> usize {
        let bytes = match method {
            // One of .lzma is done by the thread that reads, which has to hear of a cancel in good time.
            Compression::None | Compression::Gzip | Compression::Lzma => MIB,
            // What fits into one of its own blocks.
            Compression::Bzip2 => 900_000 - 4 * KIB,
            // Beyond that its dictionary would take hundreds of megabytes for each processor.
            Compression::Xz => 4 * MIB,
            Compression::Zstd => 2 * MIB,
        };
        bytes as usize
    }

    /// Compresses one block into a stream that stands by itself. It is put into the buffer, whose old content goes.
    ///
    /// # Errors
    /// When there is not enough memory.
    pub fn block(&mut self, content: &[u8], stream: &mut Vec<u8>) -> io::Result<()> {
        stream.clear();
        match &mut self.0 {
            Kind::Plain => stream.extend_from_slice(content),
            Kind::Gzip(encoder) => encoder.block(content, stream)?,
            Kind::Bzip2(level) => {
                let mut encoder = BzEncoder::new(std::mem::take(stream), bzip2::Compression::new(*level));
                encoder.write_all(content)?;
                *stream = encoder.finish()?;
            }
            Kind::Xz(preset) => {
                let mut encoder = XzEncoder::new_stream(std::mem::take(stream), xz_stream(*preset)?);
                encoder.write_all(content)?;
                *stream = encoder.finish()?;
            }
            Kind::Zstd(compressor) => {
                stream.reserve(compress_bound(content.len()));
                compressor.compress_to_buffer(content, stream)?;
            }
        }
        Ok(())
    }
}

/// An encoder of xz whose dictionary is no larger than what it will ever see.
fn xz_stream(preset: u32) -> io::Result<Stream> {
    let block = Encoder::block_bytes(Compression::Xz) as u32;
    let mut options = LzmaOptions::new_preset(preset)?;
    // Presets from 5 on have more.
    if preset >= 5 {
        options.dict_size(block);
    }
    let mut filters = Filters::new();
    filters.lzma2(&options);
    // The stock tool's check; every reader of xz knows it.
    Ok(Stream::new_stream_encoder(&filters, Check::Crc64)?)
}

/// The largest dictionary of a `.lzma` stream, in bytes: that of the stock tool's preset.
const LZMA_DICTIONARY_BYTES: u32 = 8 << 20;

/// Compresses into one stream of the older `.lzma` form. A stream of it cannot follow another, so a whole file goes through
/// one encoder and one processor.
pub struct LzmaEncoder(XzEncoder<Vec<u8>>);

impl LzmaEncoder {
    /// Begins a stream.
    ///
    /// # Errors
    /// When there is not enough memory, and for a level that there is not.
    pub fn new(level: Level) -> io::Result<Self> {
        let unsupported = || io::Error::from(io::ErrorKind::Unsupported);
        let preset = level.number(Compression::Lzma).ok_or_else(unsupported)?;
        let mut options = LzmaOptions::new_preset(preset.into())?;
        // Presets from 7 on have more and would take hundreds of megabytes.
        if preset > 6 {
            options.dict_size(LZMA_DICTIONARY_BYTES);
        }
        let stream = Stream::new_lzma_encoder(&options)?;
        Ok(Self(XzEncoder::new_stream(Vec::new(), stream)))
    }

    /// Takes more. Returns what of the stream is ready, which may be nothing.
    ///
    /// # Errors
    /// When there is not enough memory.
    pub fn more(&mut self, content: &[u8]) -> io::Result<Vec<u8>> {
        self.0.write_all(content)?;
        Ok(std::mem::take(self.0.get_mut()))
    }

    /// Returns the rest of the stream.
    ///
    /// # Errors
    /// When there is not enough memory.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        self.0.finish()
    }
}

/// Compresses all of it, block by block.
///
/// # Errors
/// As [`Encoder::new`] and [`Encoder::block`].
pub fn compressed(method: Compression, level: Level, content: &[u8]) -> io::Result<Vec<u8>> {
    if method == Compression::Lzma {
        let mut encoder = LzmaEncoder::new(level)?;
        let mut all = encoder.more(content)?;
        all.extend(encoder.finish()?);
        return Ok(all);
    }
    let mut encoder = Encoder::new(method, level)?;
    let (mut all, mut stream) = (Vec::new(), Vec::new());
    if content.is_empty() {
        encoder.block(content, &mut all)?;
    }
    for block in content.chunks(Encoder::block_bytes(method)) {
        encoder.block(block, &mut stream)?;
        all.extend_from_slice(&stream);
    }
    Ok(all)
}
