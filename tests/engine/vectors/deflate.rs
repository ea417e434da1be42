// SPDX-License-Identifier: GPL-3.0-or-later
//! A gzip stream that is the same with every version of every compressor: literals, and runs of one byte. That is enough to make
//! the zeros of tar archives small.

/// One gzip member.
pub(super) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    bytes.extend(deflate(content));
    bytes.extend(crc32fast::hash(content).to_le_bytes());
    bytes.extend((content.len() as u32).to_le_bytes());
    bytes
}

/// One last block with the fixed codes.
fn deflate(content: &[u8]) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.number(0b011, 3);
    let mut at = 0;
    while at < content.len() {
        let repeats = match at {
            0 => 0,
            at => content[at..]
                .iter()
                .take_while(|byte| **byte == content[at - 1])
                .count(),
        };
        let run = match repeats {
            258.. => 258,
            3.. => repeats.min(10),
            _ => 0,
        };
        match run {
            0 => {
                bits.symbol(u32::from(content[at]));
                at += 1;
            }
            258 => bits.symbol(285),
            _ => bits.symbol(254 + run as u32),
        }
        if run > 0 {
            // The distance of one.
            bits.code(0, 5);
            at += run;
        }
    }
    bits.symbol(256);
    bits.bytes
}

/// Bits from the lowest up.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    fn bit(&mut self, bit: u32) {
        if self.count.is_multiple_of(8) {
            self.bytes.push(0);
        }
        *self.bytes.last_mut().unwrap() |= (bit as u8 & 1) << (self.count % 8);
        self.count += 1;
    }

    fn number(&mut self, value: u32, bits: u32) {
        (0..bits).for_each(|at| self.bit(value >> at));
    }

    /// Codes come from the highest bit down.
    fn code(&mut self, value: u32, bits: u32) {
        (0..bits).rev().for_each(|at| self.bit(value >> at));
    }

    fn symbol(&mut self, symbol: u32) {
        match symbol {
            0..144 => self.code(0x30 + symbol, 8),
            144..256 => self.code(0x190 + symbol - 144, 9),
            256..280 => self.code(symbol - 256, 7),
            _ => self.code(0xc0 + symbol - 280, 8),
        }
    }
}
