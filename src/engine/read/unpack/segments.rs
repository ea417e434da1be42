// SPDX-License-Identifier: GPL-3.0-or-later
//! Decompresses the segments of a stream on all processors, as far as the stream says where its segments end. Where it does
//! not, the rest is read as every other stream.

use std::{
    collections::VecDeque,
    io::{self, Cursor, Read},
    ops::Range,
    sync::Arc,
};

use crate::{
    engine::{
        CancelToken,
        io_errors::into_io,
        workers::{Pending, Workers},
    },
    format::{Compression, next_segment},
};

use super::{
    super::isolated::decompressed,
    parts::{Part, Parts},
};

/// How many segments may be on their way for each worker.
const PIECES_PER_WORKER: usize = 3;

/// The plain content of the parts of a file.
pub(super) struct SegmentStream<'a> {
    state: State<'a>,
    method: Compression,
    workers: &'a Workers,
    cancel: CancelToken,
}

enum State<'a> {
    Segments(Segments<'a>),
    Stream(Box<dyn Read + 'a>),
    /// Something was wrong, and nothing may come behind it.
    Broken,
}

struct Segments<'a> {
    parts: &'a mut (dyn Parts + 'a),
    part: Arc<Vec<u8>>,
    /// What of the part has not been handed out.
    rest: Range<usize>,
    has_begun: bool,
    at_work: VecDeque<AtWork>,
    content: Cursor<Vec<u8>>,
}

struct AtWork {
    length: u64,
    content: Pending<io::Result<Vec<u8>>>,
}

impl<'a> SegmentStream<'a> {
    pub(super) fn new(
        method: Compression,
        parts: &'a mut (dyn Parts + 'a),
        workers: &'a Workers,
        cancel: &CancelToken,
    ) -> Self {
        let segments = Segments {
            parts,
            part: Arc::default(),
            rest: 0..0,
            has_begun: false,
            at_work: VecDeque::new(),
            content: Cursor::default(),
        };
        Self {
            state: State::Segments(segments),
            method,
            workers,
            cancel: cancel.clone(),
        }
    }
}

impl Read for SegmentStream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let segments = match &mut self.state {
                State::Segments(segments) => segments,
                State::Stream(stream) => return stream.read(buffer),
                State::Broken => return Err(io::Error::from(io::ErrorKind::InvalidData)),
            };
            let count = segments.content.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            segments.hand_out(self.method, self.workers);
            let step = segments.step(&self.cancel);
            if matches!(step, Ok(Step::GoOn)) {
                continue;
            }
            if matches!(step, Ok(Step::End)) {
                return Ok(0);
            }
            let before = std::mem::replace(&mut self.state, State::Broken);
            step?;
            if let State::Segments(segments) = before {
                self.state = State::Stream(segments.into_stream(self.method)?);
            }
        }
    }
}

/// How it goes on when no content is at hand.
enum Step {
    GoOn,
    End,
    /// What comes now does not say where it ends.
    ReadAsStream,
}

impl<'a> Segments<'a> {
    /// Hands the workers as much as they may have at a time.
    fn hand_out(&mut self, method: Compression, workers: &Workers) {
        while self.at_work.len() < workers.jobs() * PIECES_PER_WORKER {
            let Some(segment) = next_segment(method, &self.part[self.rest.clone()]) else {
                return;
            };
            let range = self.rest.start..self.rest.start + segment.length;
            self.rest.start = range.end;
            self.has_begun = true;
            let part = Arc::clone(&self.part);
            self.at_work.push_back(AtWork {
                length: segment.length as u64,
                content: workers.run(move |tools| tools.decoder.content(method, &part[range], segment.content_bytes)),
            });
        }
    }

    fn step(&mut self, cancel: &CancelToken) -> io::Result<Step> {
        Ok(if self.take_next(cancel)? || self.next_part()? {
            Step::GoOn
        } else if self.rest.is_empty() && self.has_begun {
            Step::End
        } else {
            Step::ReadAsStream
        })
    }

    /// Waits for the segment that comes first; gives whether there was one.
    fn take_next(&mut self, cancel: &CancelToken) -> io::Result<bool> {
        let Some(next) = self.at_work.pop_front() else {
            return Ok(false);
        };
        self.content = Cursor::new(next.content.wait(cancel).map_err(into_io)??);
        self.parts.count(next.length)?;
        Ok(true)
    }

    /// Goes on to the next part when nothing is left of this one; gives whether there was one.
    fn next_part(&mut self) -> io::Result<bool> {
        if !self.rest.is_empty() {
            return Ok(false);
        }
        // No worker has it any more.
        if let Some(buffer) = Arc::into_inner(std::mem::take(&mut self.part)) {
            self.parts.give_back(buffer);
        }
        let Some(Part { buffer, plain }) = self.parts.take_part()? else {
            return Ok(false);
        };
        self.part = Arc::new(buffer);
        self.rest = plain;
        Ok(true)
    }

    /// What is left, read as one stream.
    fn into_stream(self, method: Compression) -> io::Result<Box<dyn Read + 'a>> {
        let rest = Rest {
            part: self.part,
            rest: self.rest,
            parts: self.parts,
        };
        decompressed(method, rest)
    }
}

/// The rest of the part at hand, and all parts behind it.
struct Rest<'a> {
    part: Arc<Vec<u8>>,
    rest: Range<usize>,
    parts: &'a mut (dyn Parts + 'a),
}

impl Read for Rest<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            if let Some(buffer) = Arc::into_inner(std::mem::take(&mut self.part)) {
                self.parts.give_back(buffer);
            }
            return self.parts.read(buffer);
        }
        let count = buffer.len().min(self.rest.len());
        buffer[..count].copy_from_slice(&self.part[self.rest.start..][..count]);
        self.rest.start += count;
        self.parts.count(count as u64)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::{Resources, read::unpack::parts::Part},
        format::{Level, compressed},
    };

    /// The parts of a file, in memory.
    struct Given {
        parts: VecDeque<Vec<u8>>,
        open: Cursor<Vec<u8>>,
        counted: u64,
        given_back: usize,
    }

    impl Given {
        fn new(parts: Vec<Vec<u8>>) -> Self {
            Self {
                parts: parts.into(),
                open: Cursor::default(),
                counted: 0,
                given_back: 0,
            }
        }
    }

    impl Read for Given {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            loop {
                let count = self.open.read(buffer)?;
                if count > 0 {
                    self.counted += count as u64;
                    return Ok(count);
                }
                match self.parts.pop_front() {
                    Some(part) => self.open = Cursor::new(part),
                    None => return Ok(0),
                }
            }
        }
    }

    impl Parts for Given {
        fn take_part(&mut self) -> io::Result<Option<Part>> {
            Ok(self.parts.pop_front().map(Part::whole))
        }

        fn count(&mut self, bytes: u64) -> io::Result<()> {
            self.counted += bytes;
            Ok(())
        }

        fn give_back(&mut self, buffer: Vec<u8>) {
            self.given_back += usize::from(buffer.capacity() > 0);
        }
    }

    fn content() -> Vec<u8> {
        (0..1_500_000_u32)
            .flat_map(|n| n.wrapping_mul(n).to_le_bytes())
            .collect()
    }

    fn read(method: Compression, parts: Vec<Vec<u8>>) -> io::Result<(Vec<u8>, u64)> {
        let mut given = Given::new(parts);
        let workers = Workers::for_reading(Resources::default());
        let mut content = Vec::new();
        SegmentStream::new(method, &mut given, &workers, &CancelToken::default()).read_to_end(&mut content)?;
        Ok((content, given.counted))
    }

    #[test]
    fn pieces_come_in_their_order_and_are_counted() {
        for method in [Compression::Gzip, Compression::Zstd] {
            let stream = compressed(method, Level::Fast, &content()).unwrap();
            let length = stream.len() as u64;
            assert!(read(method, vec![stream]).unwrap() == (content(), length), "{method:?}");
        }
    }

    #[test]
    fn a_cut_anywhere_between_parts_changes_nothing() {
        let stream = compressed(Compression::Gzip, Level::Fast, &content()).unwrap();
        for cut in [0, 1, 20, 100, stream.len() / 2, stream.len() - 1, stream.len()] {
            let (one, other) = stream.split_at(cut);
            let parts = vec![one.to_vec(), other.to_vec()];
            assert!(read(Compression::Gzip, parts).unwrap().0 == content(), "{cut}");
        }
    }

    #[test]
    fn other_streams_are_read_all_the_same() {
        let mut plain = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut plain, b"one ").unwrap();
        let marked = compressed(Compression::Gzip, Level::Fast, b"two").unwrap();
        let stream = [marked.clone(), plain.finish().unwrap(), marked].concat();
        let length = stream.len() as u64;
        let (content, counted) = read(Compression::Gzip, vec![stream]).unwrap();
        assert_eq!((&content[..], counted), (&b"twoone two"[..], length));
        let bzip2 = compressed(Compression::Bzip2, Level::Fast, b"abc").unwrap();
        let (one, other) = bzip2.split_at(9);
        let (content, counted) = read(Compression::Bzip2, vec![one.to_vec(), other.to_vec()]).unwrap();
        assert_eq!((&content[..], counted), (&b"abc"[..], bzip2.len() as u64));
        assert_eq!(read(Compression::None, vec![b"abc".to_vec()]).unwrap().0, b"abc");
    }

    #[test]
    fn every_part_that_was_taken_is_given_back_once() {
        let stream = compressed(Compression::Gzip, Level::Fast, &content()).unwrap();
        let middle = stream.len() / 2;
        let whole = vec![stream.clone(), stream.clone()];
        let cut = vec![stream[..middle].to_vec(), stream[middle..].to_vec()];
        // Of those that are cut within a segment, the second is never taken: it is read.
        for (parts, taken) in [(whole, 2), (cut, 1)] {
            let mut given = Given::new(parts);
            let workers = Workers::for_reading(Resources::default());
            let mut segments = SegmentStream::new(Compression::Gzip, &mut given, &workers, &CancelToken::default());
            io::copy(&mut segments, &mut io::sink()).unwrap();
            drop(segments);
            assert_eq!(given.given_back, taken);
        }
    }

    #[test]
    fn damage_and_ends_too_early_are_found() {
        let stream = compressed(Compression::Gzip, Level::Fast, &content()).unwrap();
        let mut damaged = stream.clone();
        damaged[stream.len() / 2] ^= 1;
        assert_eq!(
            read(Compression::Gzip, vec![damaged]).unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
        for length in [0, 5, stream.len() / 3, stream.len() - 1] {
            let error = read(Compression::Gzip, vec![stream[..length].to_vec()]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{length}");
        }
        let followed = [&stream[..], b"garbage"].concat();
        assert!(read(Compression::Gzip, vec![followed]).is_err());
    }
}
