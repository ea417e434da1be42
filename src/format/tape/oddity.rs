// SPDX-License-Identifier: GPL-3.0-or-later
//! What no writer leaves in an archive and yet does not keep it from being read: padding that is not zero, times that
//! contradict each other. A medium that altered such bytes may have altered others.

use super::{BLOCK_SIZE, Record, fields::number};

/// The most zero blocks that a writer leaves behind a member: two mark the end, and the record of twenty is filled.
pub(in crate::format) const MOST_ZERO_BLOCKS: u64 = 21;

/// The records that the stock tool writes beside a member's own header.
const TIMES: [&[u8]; 3] = [b"atime", b"ctime", b"mtime"];

/// Something that reading does without and that is still not as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Oddity {
    /// Where it is, in bytes from the start of the archive.
    pub position: u64,
    /// What it is.
    pub what: Anomaly,
}

/// What bytes that hold no content have that no writer leaves there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Anomaly {
    /// The padding behind a member has other bytes than zeros.
    #[error("the padding behind a member is not empty")]
    Padding,
    /// There are more zero blocks before a member than any writer leaves.
    #[error("there is more empty space than any writer leaves")]
    EmptySpace,
    /// The checksum of a header is right, and written in a way that nobody uses.
    #[error("the checksum of a header is written in an unusual way")]
    Checksum,
    /// The times in the headers of a member contradict each other.
    #[error("the times of a member contradict each other")]
    Times,
}

#[cfg(test)]
impl Anomaly {
    one_of_each! { Padding, EmptySpace, Checksum, Times }
}

/// Keeps the first oddity of an archive.
#[derive(Debug, Default)]
pub(in crate::format) struct Oddities {
    first: Option<Oddity>,
}

impl Oddities {
    pub(in crate::format) fn first(&self) -> Option<Oddity> {
        self.first
    }

    pub(in crate::format) fn note(&mut self, position: u64, what: Anomaly) {
        self.first.get_or_insert(Oddity { position, what });
    }

    /// Looks at the bytes that fill a block behind content.
    pub(in crate::format) fn look_at_padding(&mut self, padding: &[u8], position: u64) {
        if padding.iter().any(|byte| *byte != 0) {
            self.note(position, Anomaly::Padding);
        }
    }

    /// Looks at the number of zero blocks before a header that was found behind them.
    pub(super) fn look_at_zero_blocks(&mut self, count: u64, position: u64) {
        if count > MOST_ZERO_BLOCKS {
            self.note(position, Anomaly::EmptySpace);
        }
    }

    /// Looks at a header whose sum is right.
    pub(super) fn look_at_header(&mut self, block: &[u8; BLOCK_SIZE], position: u64) {
        // The sum covers every byte but its own field: two ways to write that are in use.
        let is_octal = |digits: &[u8]| digits.iter().all(|digit| matches!(digit, b'0'..=b'7'));
        let is_usual = match &block[148..156] {
            [digits @ .., 0, b' '] | [digits @ .., b' ', 0] if digits.len() == 6 => is_octal(digits),
            [digits @ .., 0] => is_octal(digits),
            _ => false,
        };
        if !is_usual {
            self.note(position, Anomaly::Checksum);
        }
    }

    /// Looks at the records beside a member whose own header is this one.
    pub(super) fn look_at_records(&mut self, records: &[Record], header: &tar::Header, position: u64) {
        let Some(mtime) = number(&header.as_old().mtime) else {
            return;
        };
        for record in records {
            let seconds = decimal_seconds(&record.value);
            let is_usual = match (&*record.key, seconds) {
                (b"mtime", seconds) => seconds == Some(mtime),
                (key, Some(_)) => TIMES.contains(&key),
                (key, None) => !TIMES.contains(&key),
            };
            if !is_usual {
                self.note(position, Anomaly::Times);
            }
        }
    }
}

/// The whole seconds of `123.456`.
fn decimal_seconds(text: &[u8]) -> Option<u64> {
    let mut pieces = text.splitn(2, |byte| *byte == b'.');
    let whole = super::decimal(pieces.next()?)?;
    match pieces.next() {
        None => Some(whole),
        Some(fraction) => (!fraction.is_empty() && fraction.iter().all(u8::is_ascii_digit)).then_some(whole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: &str, value: &str) -> Record {
        Record {
            key: key.into(),
            value: value.into(),
        }
    }

    #[test]
    fn times_that_agree_are_usual_and_others_are_not() {
        let mut header = tar::Header::new_ustar();
        header.set_mtime(1_700_000_000);
        let odd = |records: &[Record]| {
            let mut oddities = Oddities::default();
            oddities.look_at_records(records, &header, 7);
            oddities.first().is_some()
        };
        assert!(!odd(&[
            record("mtime", "1700000000.123"),
            record("atime", "5.5"),
            record("ctime", "5")
        ]));
        assert!(odd(&[record("mtime", "1700000001.123")]));
        assert!(odd(&[record("atime", "17x0")]));
        assert!(odd(&[record("btime", "170")]));
        assert!(!odd(&[record("path", "a/b")]));
    }

    #[test]
    fn the_first_oddity_is_kept() {
        let mut oddities = Oddities::default();
        oddities.look_at_padding(&[0, 0], 1);
        assert_eq!(oddities.first(), None);
        oddities.look_at_padding(&[0, 4], 2);
        oddities.look_at_padding(&[1], 3);
        assert_eq!(oddities.first().map(|oddity| oddity.position), Some(2));
        let mut oddities = Oddities::default();
        oddities.look_at_zero_blocks(21, 9);
        assert_eq!(oddities.first(), None);
        oddities.look_at_zero_blocks(22, 9);
        assert!(oddities.first().is_some());
    }
}
