// SPDX-License-Identifier: GPL-3.0-or-later
//! The parts of one file, as the layers above them take them.

use std::{
    io::{self, Cursor, Read},
    ops::Range,
};

/// The parts of one file: read one behind the other, or taken one by one.
pub(in crate::engine::read) trait Parts: Read {
    /// The next part as a whole; none behind the last.
    fn take_part(&mut self) -> io::Result<Option<Part>>;

    /// Counts bytes of a part that was taken as done.
    fn count(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }

    /// Takes the buffer of a part back, to be filled again.
    fn give_back(&mut self, _: Vec<u8>) {}
}

/// A part that was taken: a buffer, and where in it the bytes are that have not been read.
pub(in crate::engine::read) struct Part {
    pub(super) buffer: Vec<u8>,
    pub(super) plain: Range<usize>,
}

impl Part {
    #[cfg(test)]
    pub(super) fn whole(buffer: Vec<u8>) -> Self {
        let plain = 0..buffer.len();
        Self { buffer, plain }
    }

    pub(super) fn reader(self) -> impl Read {
        let Self { mut buffer, plain } = self;
        buffer.truncate(plain.end);
        let mut reader = Cursor::new(buffer);
        reader.set_position(plain.start as u64);
        reader
    }
}
