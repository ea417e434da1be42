// SPDX-License-Identifier: GPL-3.0-or-later
//! Compressed streams. Segments are read by another decompressor than streams, and both must agree.

use std::io::{ErrorKind, Read};

use pedos_backup::format::{Compression, Level, SegmentDecoder, compressed, decoder, next_segment};

use crate::input::head;

/// How much of a stream is looked at: a few bytes can hold gigabytes.
const MOST_BYTES: u64 = 4 << 20;

const METHODS: [Compression; 5] = [
    Compression::Gzip,
    Compression::Zstd,
    Compression::Bzip2,
    Compression::Xz,
    Compression::Lzma,
];

pub(crate) fn segments(input: &[u8]) {
    let Some((mode, stream)) = head(input) else { return };
    let method = METHODS[usize::from(mode) % METHODS.len()];
    if mode & 0x80 != 0 {
        let Ok(stream) = compressed(method, Level::Fast, stream) else {
            panic!("{method:?}")
        };
        return by_segments(method, &stream);
    }
    match read(method, stream) {
        Ok(_) => {}
        Err(kind) => assert!(
            matches!(
                kind,
                ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::OutOfMemory
            ),
            "{kind:?}"
        ),
    }
    by_segments(method, stream);
}

/// Every segment that is good is read the same as a stream, and one that is not is not.
fn by_segments(method: Compression, stream: &[u8]) {
    let mut decoder = SegmentDecoder::default();
    let mut rest = stream;
    while let Some(segment) = next_segment(method, rest) {
        assert!(segment.length > 0 && segment.length <= rest.len());
        let (this, next) = rest.split_at(segment.length);
        let content = decoder.content(method, this, segment.content_bytes);
        if segment.content_bytes as u64 <= MOST_BYTES {
            let streamed = read(method, this);
            match (&content, &streamed) {
                (Ok(content), Ok(streamed)) => assert!(content == streamed, "other content"),
                (Err(_), Err(_)) => {}
                _ => panic!(
                    "one takes it: {:?} {:?}",
                    content.map(|content| content.len()),
                    streamed.map(|content| content.len())
                ),
            }
        }
        rest = next;
    }
}

fn read(method: Compression, stream: &[u8]) -> Result<Vec<u8>, ErrorKind> {
    let mut content = Vec::new();
    let result = decoder(method, stream).take(MOST_BYTES).read_to_end(&mut content);
    result.map(|_| content).map_err(|error| error.kind())
}
