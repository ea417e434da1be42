// SPDX-License-Identifier: GPL-3.0-or-later
//! Data that is the same in every run: noise that does not compress and text that does.

/// A stream of pseudo-random numbers (xorshift64*), good enough to be incompressible.
pub(crate) struct Noise(u64);

impl Noise {
    /// The stream of that number.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// The next number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// Fills a buffer.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) {
        for piece in buffer.chunks_mut(8) {
            let bytes = self.next().to_le_bytes();
            piece.copy_from_slice(&bytes[..piece.len()]);
        }
    }

    /// That many bytes.
    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut buffer = vec![0; length];
        self.fill(&mut buffer);
        buffer
    }

    /// That many bytes of words.
    pub(crate) fn text(&mut self, length: usize) -> Vec<u8> {
        const WORDS: [&str; 8] = [
            "volume ",
            "archive ",
            "the ",
            "of ",
            "machine ",
            "passphrase\n",
            "0000 ",
            "backup ",
        ];
        let mut text = Vec::with_capacity(length + 16);
        while text.len() < length {
            text.extend_from_slice(WORDS[self.below(8) as usize].as_bytes());
        }
        text.truncate(length);
        text
    }
}
