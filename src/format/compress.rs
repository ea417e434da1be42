// SPDX-License-Identifier: GPL-3.0-or-later
//! How the inner archives are compressed.
//!
//! A stream may consist of several gzip members, as every reader of gzip takes it. It is read to its very end: a stream
//! that is cut, altered or followed by anything else is an error, never just a shorter file.

use std::io::{self, Read, Write};

use flate2::{read::MultiGzDecoder, write::GzEncoder};

/// The level of the stock `gzip` where nothing else is asked for.
const GZIP_LEVEL: u32 = 6;

/// A method of compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Compression {
    /// None at all.
    None,
    /// `gzip`, which every Unix reads.
    #[default]
    Gzip,
}

impl Compression {
    /// The methods that a backup can use, in the order of the wizard's list.
    pub const ALL: [Self; 2] = [Self::Gzip, Self::None];

    /// The name of the stock tool that reads it, which is its name in the header, on the command line and in profiles.
    pub fn filter_name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
        }
    }

    /// The method of that name.
    pub fn from_filter_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.filter_name() == Some(name))
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

/// Compresses what is written to it. Without [`Encoder::finish`] the stream has no end.
pub enum Encoder<W: Write> {
    /// Passes everything on as it is.
    Plain(W),
    /// One gzip member.
    Gzip(Box<GzEncoder<W>>),
}

impl<W: Write> Encoder<W> {
    /// Begins a stream.
    pub fn new(compression: Compression, inner: W) -> Self {
        match compression {
            Compression::None => Self::Plain(inner),
            Compression::Gzip => Self::Gzip(Box::new(GzEncoder::new(inner, flate2::Compression::new(GZIP_LEVEL)))),
        }
    }

    /// Writes the end of the stream and gives back what it was written to.
    ///
    /// # Errors
    /// When writing fails: the stream is not whole then.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(inner) => Ok(inner),
            Self::Gzip(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(inner) => inner.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(inner) => inner.flush(),
            Self::Gzip(encoder) => encoder.flush(),
        }
    }
}

/// Decompresses a stream. Its errors are `UnexpectedEof` where the stream is cut, `InvalidData` where it makes no sense,
/// and else those of what it reads from.
pub fn decoder<'a, R: Read + 'a>(compression: Compression, inner: R) -> Box<dyn Read + 'a> {
    match compression {
        Compression::None => Box::new(inner),
        Compression::Gzip => Box::new(GzipReader(MultiGzDecoder::new(inner))),
    }
}

/// Tells undecodable data from all other errors.
struct GzipReader<R>(MultiGzDecoder<R>);

impl<R: Read> Read for GzipReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            // What the decoder itself complains of comes as invalid input.
            io::ErrorKind::InvalidInput => io::Error::new(io::ErrorKind::InvalidData, error),
            _ => error,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = Encoder::new(Compression::Gzip, Vec::new());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn read(stream: &[u8]) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        decoder(Compression::Gzip, io::Cursor::new(stream.to_vec())).read_to_end(&mut content)?;
        Ok(content)
    }

    #[test]
    fn several_members_are_one_stream() {
        let stream = [gzip(b"one "), gzip(b""), gzip(b"two")].concat();
        assert_eq!(read(&stream).unwrap(), b"one two");
    }

    #[test]
    fn every_cut_is_found() {
        let stream = gzip(&vec![7; 10_000]);
        for length in 0..stream.len() {
            let error = read(&stream[..length]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{length}: {error}");
        }
    }

    #[test]
    fn what_follows_the_stream_is_an_error() {
        for garbage in [&b"x"[..], b"\0", b"\x1f\x8b", b"garbage that is long enough"] {
            assert!(read(&[&gzip(b"abc")[..], garbage].concat()).is_err(), "{garbage:?}");
        }
    }

    #[test]
    fn altered_streams_never_pass_for_the_content() {
        let content: Vec<u8> = (0..2000_u32).flat_map(u32::to_le_bytes).collect();
        let stream = gzip(&content);
        for at in 0..stream.len() {
            let mut altered = stream.clone();
            altered[at] ^= 0x10;
            if let Ok(read) = read(&altered) {
                // Times, flags and the bits behind the last code are not the content.
                assert_eq!(read, content, "{at}");
            }
        }
    }

    #[test]
    fn nothing_is_done_where_nothing_is_asked_for() {
        let mut encoder = Encoder::new(Compression::None, Vec::new());
        encoder.write_all(b"abc").unwrap();
        assert_eq!(encoder.finish().unwrap(), b"abc");
    }
}
