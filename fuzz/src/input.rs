// SPDX-License-Identifier: GPL-3.0-or-later
//! Ways to look at the input.

use std::io::{self, Read};

/// The first byte and the rest.
pub(crate) fn head(input: &[u8]) -> Option<(u8, &[u8])> {
    input.split_first().map(|(first, rest)| (*first, rest))
}

/// The text that the input is.
pub(crate) fn text(input: &[u8]) -> Option<&str> {
    std::str::from_utf8(input).ok()
}

/// Corrects the checksum of every header of a tar archive, so that the reader goes on to the data behind it.
pub(crate) fn with_checksums(input: &[u8]) -> Vec<u8> {
    let mut archive = input.to_vec();
    let (blocks, _) = archive.as_chunks_mut::<512>();
    for block in blocks.iter_mut().filter(|block| &block[257..262] == b"ustar") {
        let mut header = tar::Header::from_byte_slice(&block[..]).clone();
        header.set_cksum();
        *block = *header.as_bytes();
    }
    archive
}

/// A stream that comes in pieces of so many bytes at most.
pub(crate) struct InPieces<'a> {
    pub(crate) rest: &'a [u8],
    pub(crate) piece: usize,
}

impl Read for InPieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.piece.min(buffer.len());
        self.rest.read(&mut buffer[..count])
    }
}

/// Holds that a message has words.
pub(crate) fn expect_words(text: &str) {
    assert!(!text.trim().is_empty(), "an error without words");
    assert!(
        !text
            .chars()
            .any(|character| character.is_control() && character != '\n'),
        "a control character is shown: {text:?}"
    );
}
