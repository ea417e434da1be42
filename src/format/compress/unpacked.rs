// SPDX-License-Identifier: GPL-3.0-or-later
//! Reads compressed streams that stand one behind the other, whatever their method, to the very end.

use std::{
    io::{self, Read},
    ops::Range,
};

use crate::units::KIB;

/// How much compressed data is taken at once, in bytes.
const INPUT_BYTES: usize = 64 * KIB as usize;

/// A method of decompression, step by step.
pub(super) trait Codec: Sized {
    /// Ready for the first stream.
    fn open() -> io::Result<Self>;

    /// Ready for the next stream, after the one before has ended.
    fn next_stream(&mut self) -> io::Result<()>;

    /// Takes some input and gives some output; `is_last` says that no input will follow this one.
    fn step(&mut self, input: &[u8], output: &mut [u8], is_last: bool) -> io::Result<Step>;
}

/// What one step has done.
pub(super) struct Step {
    /// The bytes that it took.
    pub(super) taken: usize,
    /// The bytes that it gave.
    pub(super) given: usize,
    /// Whether the stream has ended, its checksum found right.
    pub(super) is_end: bool,
}

/// The content of all streams in a source.
pub(super) struct Unpacked<R, C> {
    source: R,
    input: Box<[u8]>,
    /// What of `input` is still to be taken.
    rest: Range<usize>,
    has_source_ended: bool,
    codec: Option<C>,
    is_within_stream: bool,
}

impl<R: Read, C: Codec> Unpacked<R, C> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            input: vec![0; INPUT_BYTES].into(),
            rest: 0..0,
            has_source_ended: false,
            codec: None,
            is_within_stream: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        if self.rest.is_empty() && !self.has_source_ended {
            let count = self.source.read(&mut self.input)?;
            self.rest = 0..count;
            self.has_source_ended = count == 0;
        }
        Ok(())
    }

    /// The codec within a stream; none behind the last one.
    fn codec(&mut self) -> io::Result<Option<&mut C>> {
        if !self.is_within_stream {
            let is_first = self.codec.is_none();
            if self.rest.is_empty() {
                // No stream at all is a stream that was cut.
                return if is_first { Err(cut()) } else { Ok(None) };
            }
            match &mut self.codec {
                Some(codec) => codec.next_stream()?,
                None => self.codec = Some(C::open()?),
            }
            self.is_within_stream = true;
        }
        Ok(self.codec.as_mut())
    }
}

impl<R: Read, C: Codec> Read for Unpacked<R, C> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            self.refill()?;
            let (rest, is_last) = (self.rest.clone(), self.has_source_ended);
            // Taken out for the call, because the codec is borrowed from the same value.
            let input = std::mem::take(&mut self.input);
            let step = match self.codec() {
                Ok(Some(codec)) => codec.step(&input[rest], buffer, is_last).map(Some),
                Ok(None) => Ok(None),
                Err(error) => Err(error),
            };
            self.input = input;
            let Some(step) = step? else { return Ok(0) };
            self.rest.start += step.taken;
            self.is_within_stream = !step.is_end;
            if step.given > 0 {
                return Ok(step.given);
            }
            if is_last && step.taken == 0 && !step.is_end {
                return Err(cut());
            }
        }
    }
}

/// The compressed stream is cut.
fn cut() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}
