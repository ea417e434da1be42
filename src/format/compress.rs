// SPDX-License-Identifier: GPL-3.0-or-later
//! How the inner archives are compressed. All methods are built in, so that nothing has to be installed to read a backup.
//!
//! What stock tools take for one stream is one stream here: several gzip members, bzip2 or xz streams, zstd frames. It is
//! read to its very end: a stream that is cut, altered or followed by anything else is an error, never a shorter file.

mod codecs;
mod encoder;
mod gzip;
mod level;
mod pieces;
mod unpacked;

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

pub use encoder::{Encoder, LzmaEncoder, compressed};
pub use level::{Level, UnknownLevel};
pub use pieces::{Piece, PieceDecoder, next_piece};

use super::CompressionFault;
use codecs::{Bzip2Codec, XzCodec, ZstdCodec};
use unpacked::Unpacked;

/// A method of compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Compression {
    /// None at all.
    None,
    /// `gzip`, which every Unix reads.
    #[default]
    Gzip,
    /// `bzip2`.
    Bzip2,
    /// `xz`. A stream in the older `.lzma` form is read as well, as the stock tool reads it.
    Xz,
    /// `lzma`, the form before `xz`. It has no checksum of its own and cannot be compressed in blocks: one processor makes
    /// it. It is written only where it is asked for by name, as existing profiles do.
    Lzma,
    /// `zstd`.
    Zstd,
}

/// Other tools that write and read the same streams, each with the tool whose streams they are.
const ALIASES: [(&str, Compression); 3] = [
    ("pigz", Compression::Gzip),
    ("pbzip2", Compression::Bzip2),
    ("zstdmt", Compression::Zstd),
];

impl Compression {
    /// The methods that a backup can use, in the order of the wizard's list.
    pub const WRITABLE: [Self; 6] = [Self::Gzip, Self::Zstd, Self::Xz, Self::Bzip2, Self::Lzma, Self::None];

    /// The name of the stock tool that reads it, which is its name in the header, on the command line and in profiles.
    pub fn filter_name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
            Self::Bzip2 => Some("bzip2"),
            Self::Xz => Some("xz"),
            Self::Lzma => Some("lzma"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// The method that reads the streams of the tool of that name.
    pub fn from_filter_name(name: &str) -> Option<Self> {
        let named = [Self::Gzip, Self::Bzip2, Self::Xz, Self::Lzma, Self::Zstd];
        let alias = ALIASES.into_iter().find(|(alias, _)| *alias == name);
        named
            .into_iter()
            .find(|method| method.filter_name() == Some(name))
            .or(alias.map(|(_, method)| method))
    }

    /// The method that writes streams for the tool of that name.
    pub fn writing_for(name: &str) -> Option<Self> {
        Self::from_filter_name(name).filter(|method| Self::WRITABLE.contains(method))
    }
}

/// What decompresses the inner archives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// A method that is built in.
    BuiltIn(Compression),
    /// A program that its user has chosen.
    Program(String),
}

impl Filter {
    /// What its user has chosen by a name: a method that is built in, or else a program. A path is always a program.
    pub fn chosen(name: &str) -> Self {
        Compression::from_filter_name(name).map_or_else(|| Self::Program(name.to_owned()), Self::BuiltIn)
    }
}

/// Decompresses a stream. Its errors are `UnexpectedEof` where the stream is cut, `InvalidData` where it makes no sense or
/// asks for more memory than the limits allow, `OutOfMemory` where this computer has too little, and else those of what it
/// reads from.
///
/// gzip, bzip2 and, unless somebody has left them out, xz and zstd have checksums: what was altered in them is found.
/// `.lzma` has none.
pub fn decoder<'a, R: Read + 'a>(compression: Compression, inner: R) -> Box<dyn Read + 'a> {
    match compression {
        Compression::None => Box::new(inner),
        Compression::Gzip => Box::new(GzipReader(MultiGzDecoder::new(inner))),
        Compression::Bzip2 => Box::new(Unpacked::<_, Bzip2Codec>::new(inner)),
        // The stock `lzma` reads both forms too.
        Compression::Xz | Compression::Lzma => Box::new(Unpacked::<_, XzCodec>::new(inner)),
        Compression::Zstd => Box::new(Unpacked::<_, ZstdCodec>::new(inner)),
    }
}

/// Tells undecodable data from all other errors.
struct GzipReader<R>(MultiGzDecoder<R>);

impl<R: Read> Read for GzipReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            // What the decoder itself complains of comes as invalid input.
            io::ErrorKind::InvalidInput => CompressionFault::Damaged { form: "gzip" }.into(),
            _ => error,
        })
    }
}

#[cfg(test)]
mod tests;
