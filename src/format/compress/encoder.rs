// SPDX-License-Identifier: GPL-3.0-or-later
//! Compresses, as the stock tool of the same name does where nothing else is asked for.

use std::io::{self, Write};

use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;
use liblzma::{
    stream::{Check, Stream},
    write::XzEncoder,
};

use super::Compression;

/// The level of the stock `gzip` where nothing else is asked for.
const GZIP_LEVEL: u32 = 6;

/// The stock `bzip2` compresses in blocks of 900 kB where nothing else is asked for; smaller ones save memory only.
const BZIP2_LEVEL: u32 = 9;

/// The preset of the stock `xz` where nothing else is asked for: 94 MiB of memory here, 9 MiB to read it.
const XZ_PRESET: u32 = 6;

/// The level of the stock `zstd` where nothing else is asked for.
const ZSTD_LEVEL: i32 = 3;

/// Compresses what is written to it, as one stream. Only [`Encoder::finish`] makes sure that it has its end and was
/// written.
pub enum Encoder<W: Write> {
    /// Passes everything on as it is.
    Plain(W),
    /// One gzip member.
    Gzip(Box<GzEncoder<W>>),
    /// One bzip2 stream.
    Bzip2(Box<BzEncoder<W>>),
    /// One xz stream.
    Xz(Box<XzEncoder<W>>),
    /// One zstd frame.
    Zstd(Box<zstd::Encoder<'static, W>>),
}

impl<W: Write> Encoder<W> {
    /// Begins a stream.
    ///
    /// # Errors
    /// When there is not enough memory, and for a method that is only read.
    pub fn new(compression: Compression, inner: W) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::Plain(inner),
            Compression::Gzip => Self::Gzip(Box::new(GzEncoder::new(inner, flate2::Compression::new(GZIP_LEVEL)))),
            Compression::Bzip2 => Self::Bzip2(Box::new(BzEncoder::new(inner, bzip2::Compression::new(BZIP2_LEVEL)))),
            Compression::Xz => {
                // The stock tool's check; every reader of xz knows it.
                let stream = Stream::new_easy_encoder(XZ_PRESET, Check::Crc64)?;
                Self::Xz(Box::new(XzEncoder::new_stream(inner, stream)))
            }
            Compression::Lzma => return Err(io::Error::new(io::ErrorKind::Unsupported, "lzma is only read")),
            Compression::Zstd => {
                let mut encoder = zstd::Encoder::new(inner, ZSTD_LEVEL)?;
                // As the stock tool does; the library by itself leaves it out.
                encoder.include_checksum(true)?;
                Self::Zstd(Box::new(encoder))
            }
        })
    }

    /// Writes the end of the stream and gives back what it was written to.
    ///
    /// # Errors
    /// When writing fails: the stream is not whole then.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(inner) => Ok(inner),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Bzip2(encoder) => encoder.finish(),
            Self::Xz(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }

    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Plain(inner) => inner,
            Self::Gzip(encoder) => encoder,
            Self::Bzip2(encoder) => encoder,
            Self::Xz(encoder) => encoder,
            Self::Zstd(encoder) => encoder,
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer().flush()
    }
}
