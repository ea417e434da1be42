// SPDX-License-Identifier: GPL-3.0-or-later
//! gzip members that tell their own length, as other parallel tools write it too: a reader that knows the mark takes a
//! stream apart without decompressing it, and every other passes over it.
//!
//! What cannot be compressed is stored, found by a look at a part of it: compressing it would take most of the time for
//! nothing.

use std::{io, ops::Range};

use libdeflater::{CompressionLvl, Compressor, Decompressor};

use crate::{
    format::CompressionFault,
    units::{KIB, MIB},
};

/// What a member begins with: magic, method, a flag for the extra field, no time, no hints, no system, and the length of
/// the extra field with its one entry, whose name is the mark.
const HEAD: [u8; 16] = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 8, 0, b'I', b'G', 4, 0];

/// The head and the length behind it.
const HEAD_BYTES: usize = HEAD.len() + 4;

/// Checksum and length of the content.
const TAIL_BYTES: usize = 8;

/// The most that a member may hold to be taken apart; a larger one is read as a stream. Those written here have 1 MiB.
const LARGEST_CONTENT_BYTES: usize = 4 * MIB as usize;

/// What is looked at as one when it is asked whether compression would be of use.
const SEGMENT_BYTES: usize = 128 * KIB as usize;

/// Compresses blocks into members.
pub(super) struct GzipEncoder {
    compressor: Compressor,
    probe: Compressor,
    store: Compressor,
}

impl GzipEncoder {
    pub(super) fn new(level: u8) -> io::Result<Self> {
        Ok(Self {
            compressor: compressor(level.into())?,
            probe: compressor(1)?,
            store: compressor(0)?,
        })
    }

    /// One member, or several where some of the block can be compressed and some cannot.
    pub(super) fn block(&mut self, content: &[u8], stream: &mut Vec<u8>) -> io::Result<()> {
        let noise: Vec<bool> = content
            .chunks(SEGMENT_BYTES)
            .map(|segment| self.is_noise(segment))
            .collect();
        let mut start = 0;
        for run in noise.chunk_by(|one, next| one == next) {
            let end = (start + run.len() * SEGMENT_BYTES).min(content.len());
            self.member(&content[start..end], run[0], stream)?;
            start = end;
        }
        if content.is_empty() {
            self.member(content, false, stream)?;
        }
        Ok(())
    }

    fn member(&mut self, content: &[u8], is_noise: bool, stream: &mut Vec<u8>) -> io::Result<()> {
        let compressor = if is_noise {
            &mut self.store
        } else {
            &mut self.compressor
        };
        let start = stream.len();
        let data = start + HEAD_BYTES;
        stream.resize(data + compressor.deflate_compress_bound(content.len()), 0);
        let written = compressor
            .deflate_compress(content, &mut stream[data..])
            .map_err(io::Error::other)?;
        stream.truncate(data + written);
        stream.extend(libdeflater::crc32(content).to_le_bytes());
        stream.extend((content.len() as u32).to_le_bytes());
        let length = (stream.len() - start) as u32;
        stream[start..start + HEAD.len()].copy_from_slice(&HEAD);
        stream[start + HEAD.len()..data].copy_from_slice(&length.to_le_bytes());
        Ok(())
    }

    /// Whether compression would save next to nothing: the bytes are spread as evenly as those of noise, and a quick try
    /// at a segment from the middle saves less than a fiftieth.
    fn is_noise(&mut self, segment: &[u8]) -> bool {
        /// Of so many segments in even distances the bytes are counted.
        const SAMPLES: usize = 8;
        const SAMPLE_BYTES: usize = 4 * KIB as usize;
        const TRIED_BYTES: usize = 16 * KIB as usize;
        /// Bits for a byte; noise has 7.99.
        const EVEN_BITS: f64 = 7.95;
        if segment.len() < SAMPLES * SAMPLE_BYTES {
            return false;
        }
        let mut counts = [0_u32; 256];
        for sample in segment.chunks(segment.len() / SAMPLES).take(SAMPLES) {
            for byte in &sample[..SAMPLE_BYTES.min(sample.len())] {
                counts[usize::from(*byte)] += 1;
            }
        }
        if entropy(&counts) < EVEN_BITS {
            return false;
        }
        let middle = segment.len() / 2;
        let tried = &segment[middle..segment.len().min(middle + TRIED_BYTES)];
        let mut room = vec![0; self.probe.deflate_compress_bound(tried.len())];
        let taken = self.probe.deflate_compress(tried, &mut room);
        taken.is_ok_and(|taken| taken * 50 > tried.len() * 49)
    }
}

fn compressor(level: i32) -> io::Result<Compressor> {
    let level = CompressionLvl::new(level).map_err(|_| io::Error::from(io::ErrorKind::Unsupported))?;
    Ok(Compressor::new(level))
}

/// Bits that a byte of such counts holds.
fn entropy(counts: &[u32; 256]) -> f64 {
    let total: u32 = counts.iter().sum();
    let share = |count: &u32| f64::from(*count) / f64::from(total.max(1));
    let used = counts.iter().filter(|count| **count > 0).map(share);
    used.map(|share| -share * share.log2()).sum()
}

/// A member that tells its length, at the beginning of a stream: how many bytes it takes, and how many it holds. `None`
/// where there is no such member, or it is not whole, or holds too much.
pub(super) fn next_member(stream: &[u8]) -> Option<(usize, usize)> {
    let (head, rest) = stream.split_first_chunk::<{ HEAD.len() }>()?;
    // The times, hints and system of other writers are as good as ours.
    if head[..4] != HEAD[..4] || head[10..] != HEAD[10..] {
        return None;
    }
    let length = u32::from_le_bytes(*rest.first_chunk()?) as usize;
    let member = stream
        .get(..length)
        .filter(|member| member.len() >= HEAD_BYTES + TAIL_BYTES)?;
    let content = u32::from_le_bytes(*member.last_chunk()?) as usize;
    (content <= LARGEST_CONTENT_BYTES).then_some((length, content))
}

/// Decompresses such a member and checks it. What a writer might have put between its data and its checksum is not
/// noticed, as the library does not tell where the data ends.
pub(super) fn decompress(decompressor: &mut Decompressor, member: &[u8], content_bytes: usize) -> io::Result<Vec<u8>> {
    let bad = CompressionFault::Damaged { form: "gzip" };
    let data: Range<usize> = HEAD_BYTES..member.len() - TAIL_BYTES;
    let mut content = vec![0; content_bytes];
    let written = decompressor
        .deflate_decompress(&member[data.clone()], &mut content)
        .map_err(|_| bad)?;
    let checksum = member[data.end..].first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    if written != content_bytes || checksum != Some(libdeflater::crc32(&content)) {
        return Err(bad.into());
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes without any order, the same each time.
    fn noise(length: usize) -> Vec<u8> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        std::iter::repeat_with(next).take(length).collect()
    }

    fn packed(level: u8, content: &[u8]) -> Vec<u8> {
        let mut stream = Vec::new();
        GzipEncoder::new(level).unwrap().block(content, &mut stream).unwrap();
        stream
    }

    fn members(mut stream: &[u8]) -> Vec<(usize, usize)> {
        let mut members = Vec::new();
        while let Some(member) = next_member(stream) {
            members.push(member);
            stream = &stream[member.0..];
        }
        assert!(stream.is_empty());
        members
    }

    #[test]
    fn noise_is_stored_and_what_surrounds_it_is_compressed() {
        let text: Vec<u8> = (0..100_000_u32).flat_map(|n| n.to_string().into_bytes()).collect();
        let content = [
            &text[..3 * SEGMENT_BYTES],
            &noise(2 * SEGMENT_BYTES),
            &text[..SEGMENT_BYTES],
        ]
        .concat();
        let stream = packed(6, &content);
        let members = members(&stream);
        let held: Vec<usize> = members.iter().map(|(_, content)| content / SEGMENT_BYTES).collect();
        assert_eq!(held, [3, 2, 1]);
        assert!(members[1].0 > 2 * SEGMENT_BYTES && members[1].0 < 2 * SEGMENT_BYTES + 200);
        assert!(members[0].0 < SEGMENT_BYTES * 2);
        let mut decompressor = Decompressor::new();
        let mut at = 0;
        let mut all = Vec::new();
        for (length, held) in members {
            all.extend(decompress(&mut decompressor, &stream[at..at + length], held).unwrap());
            at += length;
        }
        assert!(all == content);
    }

    #[test]
    fn a_member_without_the_mark_or_cut_or_too_large_is_not_taken_apart() {
        let stream = packed(1, b"abc");
        assert_eq!(next_member(&stream), Some((stream.len(), 3)));
        for length in 0..stream.len() {
            assert_eq!(next_member(&stream[..length]), None);
        }
        for at in [0, 1, 2, 3, 10, 11, 12, 13, 14, 15] {
            let mut other = stream.clone();
            other[at] ^= 1;
            assert_eq!(next_member(&other), None, "{at}");
        }
        for (content, is_taken) in [(LARGEST_CONTENT_BYTES, true), (LARGEST_CONTENT_BYTES + 1, false)] {
            let mut large = stream.clone();
            let end = large.len();
            large[end - 4..].copy_from_slice(&u32::try_from(content).unwrap().to_le_bytes());
            assert_eq!(next_member(&large).is_some(), is_taken, "{content}");
        }
    }

    #[test]
    fn no_flipped_bit_changes_the_content() {
        let content = b"the content, the content";
        let stream = packed(6, content);
        let mut found = 0;
        for at in HEAD_BYTES * 8..stream.len() * 8 {
            let mut damaged = stream.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            let Some((length, held)) = next_member(&damaged) else {
                continue;
            };
            // The last byte of the data may have bits that mean nothing.
            match decompress(&mut Decompressor::new(), &damaged[..length], held) {
                Ok(read) => assert_eq!(read, content, "{at}"),
                Err(_) => found += 1,
            }
        }
        assert!(found > stream.len() * 4);
    }
}
