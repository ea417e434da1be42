// SPDX-License-Identifier: GPL-3.0-or-later
//! Takes a compressed stream apart where it says itself where its segments end, so that all processors can work at it.

use std::io;

use libdeflater::Decompressor;
use zstd::zstd_safe::{find_frame_compressed_size, get_frame_content_size};

use crate::{format::CompressionFault, units::MIB};

use super::{Compression, gzip};

/// The most that a zstd frame may hold to be taken as a segment; a larger one is read as a stream.
const LARGEST_FRAME_BYTES: u64 = 16 * MIB;

/// The beginning of a stream that stands by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// How many bytes of the stream it takes.
    pub length: usize,
    /// How many bytes it holds, as it says itself.
    pub content_bytes: usize,
}

/// The first segment of a stream, if it is whole and says where it ends. This reads next to nothing of it.
pub fn next_segment(method: Compression, stream: &[u8]) -> Option<Segment> {
    let (length, content_bytes) = match method {
        Compression::Gzip => gzip::next_member(stream)?,
        Compression::Zstd => {
            let content = get_frame_content_size(stream).ok()??;
            if content > LARGEST_FRAME_BYTES {
                return None;
            }
            (find_frame_compressed_size(stream).ok()?, usize::try_from(content).ok()?)
        }
        Compression::None | Compression::Bzip2 | Compression::Xz | Compression::Lzma => return None,
    };
    Some(Segment { length, content_bytes })
}

/// Decompresses segments. What it needs in memory is used again for the next one.
#[derive(Default)]
pub struct SegmentDecoder {
    gzip: Option<Decompressor>,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl SegmentDecoder {
    /// Decompresses one segment, which [`next_segment`] has found, and checks it.
    ///
    /// # Errors
    /// `InvalidData` where it is damaged.
    pub fn content(&mut self, method: Compression, segment: &[u8], content_bytes: usize) -> io::Result<Vec<u8>> {
        match method {
            Compression::Gzip => {
                let decompressor = self.gzip.get_or_insert_with(Decompressor::new);
                gzip::decompress(decompressor, segment, content_bytes)
            }
            Compression::Zstd => {
                let decompressor = match &mut self.zstd {
                    Some(decompressor) => decompressor,
                    none => none.insert(zstd::bulk::Decompressor::new()?),
                };
                let content = decompressor.decompress(segment, content_bytes);
                let content = content.map_err(|_| CompressionFault::Damaged { form: "zstd" })?;
                if content.len() == content_bytes {
                    Ok(content)
                } else {
                    Err(CompressionFault::Short { form: "zstd" }.into())
                }
            }
            _ => Err(io::Error::from(io::ErrorKind::Unsupported)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::compressed, *};
    use crate::format::Level;

    #[test]
    fn a_stream_falls_into_the_pieces_that_it_was_made_of() {
        let content: Vec<u8> = (0..2_000_000_u32)
            .flat_map(|n| n.wrapping_mul(n).to_le_bytes())
            .collect();
        for method in [Compression::Gzip, Compression::Zstd] {
            let stream = compressed(method, Level::Fast, &content).unwrap();
            let (mut rest, mut back) = (&stream[..], Vec::new());
            let mut decoder = SegmentDecoder::default();
            while let Some(segment) = next_segment(method, rest) {
                back.extend(
                    decoder
                        .content(method, &rest[..segment.length], segment.content_bytes)
                        .unwrap(),
                );
                rest = &rest[segment.length..];
            }
            assert!(rest.is_empty() && back == content, "{method:?}");
            assert_eq!(next_segment(method, &stream[..100]), None);
            assert_eq!(next_segment(method, &[]), None);
        }
    }

    #[test]
    fn streams_of_other_writers_are_not_taken_apart() {
        for method in [Compression::Bzip2, Compression::Xz, Compression::None] {
            let stream = compressed(method, Level::Fast, b"abc").unwrap();
            assert_eq!(next_segment(method, &stream), None);
        }
        let mut plain = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut plain, b"abc").unwrap();
        assert_eq!(next_segment(Compression::Gzip, &plain.finish().unwrap()), None);
    }

    #[test]
    fn a_frame_is_a_segment_up_to_the_most_that_it_may_hold() {
        for (bytes, is_segment) in [(LARGEST_FRAME_BYTES, true), (LARGEST_FRAME_BYTES + 1, false)] {
            let content = vec![7; usize::try_from(bytes).unwrap()];
            let frame = zstd::bulk::compress(&content, 1).unwrap();
            let segment = next_segment(Compression::Zstd, &frame);
            assert_eq!(segment.map(|segment| segment.length), is_segment.then_some(frame.len()));
        }
    }
}
