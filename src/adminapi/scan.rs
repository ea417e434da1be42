// SPDX-License-Identifier: GPL-3.0-or-later
//! Texts of an answer that know where in the answer they stand, and the lines of one.

use super::error::{AnswerError, AnswerFault};

/// The most bytes of one line: a value of the size of a request, every byte of it escaped, and room for its name.
pub const LONGEST_LINE_BYTES: usize = 256 << 10;
/// The most lines of one answer.
pub const MOST_LINES: usize = 1 << 20;

/// A part of an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span<'a> {
    /// Where in the answer it begins.
    pub(super) at: usize,
    /// What it says.
    pub(super) text: &'a str,
}

impl<'a> Span<'a> {
    /// A whole answer that is one text.
    pub(super) fn whole(content: &'a [u8]) -> Result<Self, AnswerError> {
        if content.len() > LONGEST_LINE_BYTES {
            let limit = LONGEST_LINE_BYTES;
            return Err(AnswerError::new(limit, AnswerFault::TooLong { limit }));
        }
        Self::new(0, content)
    }

    /// Bytes that begin at `at`.
    fn new(at: usize, bytes: &'a [u8]) -> Result<Self, AnswerError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self { at, text }),
            Err(error) => Err(AnswerError::new(at + error.valid_up_to(), AnswerFault::NotText)),
        }
    }

    /// An error at its beginning.
    pub(super) const fn error(&self, fault: AnswerFault) -> AnswerError {
        AnswerError::new(self.at, fault)
    }

    /// An error at its end.
    pub(super) const fn error_after(&self, fault: AnswerFault) -> AnswerError {
        AnswerError::new(self.at + self.text.len(), fault)
    }

    /// What stands before and after the first `separator`.
    pub(super) fn split(self, separator: &str) -> Option<(Self, Self)> {
        let place = self.text.find(separator)?;
        Some((
            Self {
                at: self.at,
                text: &self.text[..place],
            },
            self.skip(place + separator.len()),
        ))
    }

    /// What follows its first `bytes` bytes, which are whole characters.
    pub(super) fn skip(self, bytes: usize) -> Self {
        Self {
            at: self.at + bytes,
            text: &self.text[bytes..],
        }
    }

    /// Its words, with exactly one blank between two of them.
    pub(super) fn words(self) -> impl Iterator<Item = Self> {
        let mut at = self.at;
        self.text.split(' ').map(move |text| {
            let word = Self { at, text };
            at += text.len() + 1;
            word
        })
    }

    /// A number that has only digits.
    pub(super) fn number<N: std::str::FromStr>(self, name: &str) -> Result<N, AnswerError> {
        let digits = self.text.strip_prefix('-').unwrap_or(self.text);
        let is_decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = self.text.parse().ok().filter(|_| is_decimal);
        number.ok_or_else(|| self.error(AnswerFault::value(name)))
    }

    /// `True` or `False`.
    pub(super) fn truth(self, name: &str) -> Result<bool, AnswerError> {
        match self.text {
            "True" => Ok(true),
            "False" => Ok(false),
            _ => Err(self.error(AnswerFault::value(name))),
        }
    }
}

/// The lines of an answer, each of which ends with a line end: a last one that does not was cut.
pub(super) fn lines(content: &[u8]) -> Result<Vec<Span<'_>>, AnswerError> {
    let mut lines = Vec::new();
    let mut at = 0;
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        if lines.len() == MOST_LINES {
            let limit = MOST_LINES;
            return Err(AnswerError::new(at, AnswerFault::TooMany { limit }));
        }
        if line.len() > LONGEST_LINE_BYTES {
            let limit = LONGEST_LINE_BYTES;
            return Err(AnswerError::new(at + limit, AnswerFault::TooLong { limit }));
        }
        let Some(text) = line.strip_suffix(b"\n") else {
            return Err(AnswerError::new(content.len(), AnswerFault::Cut));
        };
        lines.push(Span::new(at, text)?);
        at += line.len();
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_know_where_they_stand() {
        let found = lines("ä\n\nbc\n".as_bytes()).unwrap();
        let found: Vec<_> = found.iter().map(|line| (line.at, line.text)).collect();
        assert_eq!(found, [(0, "ä"), (3, ""), (4, "bc")]);
        assert!(lines(b"").unwrap().is_empty());
    }

    #[test]
    fn lines_that_are_cut_or_no_text_are_refused() {
        assert_eq!(lines(b"ab\ncd").unwrap_err(), AnswerError::new(5, AnswerFault::Cut));
        assert_eq!(
            lines(b"ab\nc\xff\n").unwrap_err(),
            AnswerError::new(4, AnswerFault::NotText)
        );
    }

    #[test]
    fn lines_are_bounded_in_length_and_number() {
        let longest = [vec![b'x'; LONGEST_LINE_BYTES - 1], vec![b'\n']].concat();
        assert_eq!(lines(&longest).unwrap().len(), 1);
        assert!(Span::whole(&longest).is_ok());
        assert_eq!(lines(&vec![b'\n'; MOST_LINES]).unwrap().len(), MOST_LINES);
        let limit = LONGEST_LINE_BYTES;
        let mut long = vec![b'x'; limit];
        long.push(b'\n');
        let fault = AnswerFault::TooLong { limit };
        assert_eq!(lines(&long).unwrap_err(), AnswerError::new(limit, fault.clone()));
        assert_eq!(Span::whole(&long).unwrap_err(), AnswerError::new(limit, fault));
        let limit = MOST_LINES;
        let fault = AnswerFault::TooMany { limit };
        assert_eq!(
            lines(&vec![b'\n'; limit + 1]).unwrap_err(),
            AnswerError::new(limit, fault)
        );
    }

    #[test]
    fn words_know_where_they_stand() {
        let line = Span { at: 7, text: "a  bc" };
        let found: Vec<_> = line.words().map(|word| (word.at, word.text)).collect();
        assert_eq!(found, [(7, "a"), (9, ""), (10, "bc")]);
    }

    #[test]
    fn numbers_have_only_digits() {
        let number = |text| Span { at: 0, text }.number::<i64>("n");
        assert_eq!(number("-1"), Ok(-1));
        for bad in ["", "-", "+1", "1.0", "0x1", "99999999999999999999"] {
            assert!(number(bad).is_err(), "{bad}");
        }
        assert!(Span { at: 0, text: "-1" }.number::<u64>("n").is_err());
    }
}
