// SPDX-License-Identifier: GPL-3.0-or-later
//! Decompresses what shows by its first bytes that it is compressed. Format 2 needs it: its first archives have no header
//! to say so, and those that were encrypted and compressed at once had `openssl enc -z` compress the ciphertext.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::ZlibDecoder;

use super::{Compression, CompressionFault, decoder};

/// Reads a stream as it was before gzip or zlib took it; any other stream comes as it is. A tar archive cannot be mistaken:
/// it begins with the name of a file, in characters that people can type. Errors are those of [`decoder`].
///
/// # Errors
/// When the first bytes cannot be read.
pub fn sniffed<'a, R: Read + 'a>(mut inner: R) -> io::Result<Box<dyn Read + 'a>> {
    let mut head = Vec::with_capacity(2);
    inner.by_ref().take(2).read_to_end(&mut head)?;
    let kind = kind(&head);
    let whole = io::Cursor::new(head).chain(inner);
    Ok(match kind {
        Kind::Gzip => decoder(Compression::Gzip, whole),
        Kind::Zlib => Box::new(ZlibReader(ZlibDecoder::new(BufReader::new(whole)))),
        Kind::Plain => Box::new(whole),
    })
}

enum Kind {
    Gzip,
    Zlib,
    Plain,
}

fn kind(head: &[u8]) -> Kind {
    match head {
        [0x1f, 0x8b] => Kind::Gzip,
        // A window of 32 KiB, and the check bits of every level but one, whose byte is a letter's like a name's.
        [0x78, 0x01 | 0x9c | 0xda] => Kind::Zlib,
        _ => Kind::Plain,
    }
}

/// Tells undecodable data from all other errors, and wants nothing behind the end of the stream.
struct ZlibReader<R>(ZlibDecoder<BufReader<R>>);

impl<R: Read> Read for ZlibReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => CompressionFault::Damaged { form: "zlib" }.into(),
            _ => error,
        })?;
        if count == 0 && !buffer.is_empty() && !self.0.get_mut().fill_buf()?.is_empty() {
            return Err(CompressionFault::MoreBehind { form: "zlib" }.into());
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::*;

    fn read(stream: &[u8]) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        sniffed(stream)?.read_to_end(&mut content)?;
        Ok(content)
    }

    fn zlib(content: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::new(level));
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_is_compressed_is_found_out() {
        let content = b"vm1/private.img".repeat(1000);
        let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&content).unwrap();
        assert_eq!(read(&gzip.finish().unwrap()).unwrap(), content);
        for level in [0, 6, 9] {
            assert_eq!(read(&zlib(&content, level)).unwrap(), content, "{level}");
        }
        for plain in [&b""[..], b"x", b"\x1f", b"x^", b"vm1", &content] {
            assert_eq!(read(plain).unwrap(), plain);
        }
    }

    #[test]
    fn a_compressed_stream_ends_where_it_ends() {
        let stream = zlib(&vec![7; 100_000], 6);
        for cut in 2..stream.len() {
            let error = read(&stream[..cut]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{cut}");
        }
        for more in [&b"\0"[..], &stream] {
            let error = read(&[&stream, more].concat()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
        let mut altered = stream;
        let last = altered.len() - 1;
        altered[last] ^= 1;
        assert_eq!(read(&altered).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
