// SPDX-License-Identifier: GPL-3.0-or-later
//! `key=value` words or lines of one thing. Which of them must be there is for the reader of the thing to say; what nobody
//! asks for is left over.

use super::{
    error::{AnswerError, AnswerFault},
    scan::Span,
};

/// The most pairs of one thing.
const MOST_PAIRS: usize = 256;

/// Pairs of which no two have one key.
pub(super) struct Pairs<'a> {
    pairs: Vec<(Span<'a>, Span<'a>)>,
    /// Where the thing ends: the place of what is missing.
    end: usize,
}

impl<'a> Pairs<'a> {
    /// Takes words or lines apart, each at its first equals sign. `end` is where they end.
    pub(super) fn read(parts: impl IntoIterator<Item = Span<'a>>, end: usize) -> Result<Self, AnswerError> {
        let mut pairs: Vec<(Span<'a>, Span<'a>)> = Vec::new();
        for part in parts {
            let Some((key, value)) = part.split("=").filter(|(key, _)| !key.text.is_empty()) else {
                return Err(part.error(AnswerFault::unknown(part.text)));
            };
            if pairs.len() == MOST_PAIRS {
                return Err(part.error(AnswerFault::TooMany { limit: MOST_PAIRS }));
            }
            if pairs.iter().any(|(known, _)| known.text == key.text) {
                return Err(part.error(AnswerFault::twice(key.text)));
            }
            pairs.push((key, value));
        }
        Ok(Self { pairs, end })
    }

    /// Takes a value away, if it is there.
    pub(super) fn take(&mut self, name: &str) -> Option<Span<'a>> {
        let place = self.pairs.iter().position(|(key, _)| key.text == name)?;
        Some(self.pairs.remove(place).1)
    }

    /// Takes a value away that must be there.
    pub(super) fn need(&mut self, name: &'static str) -> Result<Span<'a>, AnswerError> {
        let missing = AnswerError::new(self.end, AnswerFault::Missing { name: name.into() });
        self.take(name).ok_or(missing)
    }

    /// Takes a number away, if it is there.
    pub(super) fn number(&mut self, name: &str) -> Result<Option<u64>, AnswerError> {
        self.take(name).map(|value| value.number(name)).transpose()
    }

    /// Takes a truth value away, if it is there.
    pub(super) fn truth(&mut self, name: &str) -> Result<Option<bool>, AnswerError> {
        self.take(name).map(|value| value.truth(name)).transpose()
    }

    /// What nobody took, in its order.
    pub(super) fn rest(self) -> Vec<(String, String)> {
        let owned = |(key, value): (Span<'_>, Span<'_>)| (key.text.to_owned(), value.text.to_owned());
        self.pairs.into_iter().map(owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Pairs<'_>, AnswerError> {
        let line = Span { at: 0, text };
        Pairs::read(line.words(), text.len())
    }

    #[test]
    fn what_is_not_taken_is_left_over_in_its_order() {
        let mut pairs = read("a=1 b=x=y c=").unwrap();
        assert_eq!(pairs.number("a"), Ok(Some(1)));
        assert_eq!(pairs.number("a"), Ok(None));
        assert_eq!(pairs.rest(), [("b".into(), "x=y".into()), ("c".into(), String::new())]);
    }

    #[test]
    fn what_is_no_pair_or_stands_there_twice_is_named() {
        let fault = |text: &str| read(text).err().unwrap();
        assert_eq!(fault("a=1 b"), AnswerError::new(4, AnswerFault::unknown("b")));
        assert_eq!(fault("=1"), AnswerError::new(0, AnswerFault::unknown("=1")));
        assert_eq!(fault("a=1  b=2"), AnswerError::new(4, AnswerFault::unknown("")));
        assert_eq!(fault("a=1 a=1"), AnswerError::new(4, AnswerFault::twice("a")));
        let most: Vec<String> = (0..MOST_PAIRS).map(|number| format!("k{number}=")).collect();
        assert!(read(&most.join(" ")).is_ok());
        let many: Vec<String> = (0..=MOST_PAIRS).map(|number| format!("k{number}=")).collect();
        assert!(matches!(fault(&many.join(" ")).fault, AnswerFault::TooMany { .. }));
    }

    #[test]
    fn what_is_missing_is_missing_at_the_end() {
        let error = read("a=1").unwrap().need("size").err().unwrap();
        assert_eq!(error, AnswerError::new(3, AnswerFault::Missing { name: "size".into() }));
    }
}
