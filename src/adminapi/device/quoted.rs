// SPDX-License-Identifier: GPL-3.0-or-later
//! `key='value'` words. A quote in a value stands behind a backslash; a backslash by itself stays as it is.

use super::super::{
    error::{AnswerError, AnswerFault},
    scan::Span,
};

/// The most words of one device.
const MOST_WORDS: usize = 256;

/// A word.
pub(super) struct Word {
    /// Where its value begins.
    pub(super) at: usize,
    name: String,
    pub(super) value: String,
}

/// The words of one device.
pub(super) struct Quoted {
    words: Vec<Word>,
    end: usize,
}

impl Quoted {
    pub(super) fn read(mut rest: Span<'_>) -> Result<Self, AnswerError> {
        let end = rest.at + rest.text.len();
        let mut words: Vec<Word> = Vec::new();
        while !rest.text.is_empty() {
            let Some((name, tail)) = rest.split("='").filter(|(name, _)| is_name(name.text)) else {
                return Err(rest.error(AnswerFault::unknown(rest.text)));
            };
            if words.len() == MOST_WORDS {
                return Err(rest.error(AnswerFault::TooMany { limit: MOST_WORDS }));
            }
            if words.iter().any(|word| word.name == name.text) {
                return Err(name.error(AnswerFault::twice(name.text)));
            }
            let bytes = closing_quote(tail.text).ok_or_else(|| AnswerError::new(end, AnswerFault::Cut))?;
            words.push(Word {
                at: tail.at,
                name: name.text.to_owned(),
                value: tail.text[..bytes].replace("\\'", "'"),
            });
            rest = tail.skip(bytes + 1);
            if let Some(next) = rest.text.strip_prefix(' ') {
                rest = rest.skip(rest.text.len() - next.len());
            } else if !rest.text.is_empty() {
                return Err(rest.error(AnswerFault::unknown(rest.text)));
            }
        }
        Ok(Self { words, end })
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Word> {
        let place = self.words.iter().position(|word| word.name == name)?;
        Some(self.words.remove(place))
    }

    pub(super) fn need(&mut self, name: &'static str) -> Result<Word, AnswerError> {
        let missing = AnswerError::new(self.end, AnswerFault::Missing { name: name.into() });
        self.take(name).ok_or(missing)
    }

    /// The words that are options, which begin with an underscore; others that nobody took are passed over.
    pub(super) fn options(self) -> Vec<(String, String)> {
        let option = |word: Word| Some((word.name.strip_prefix('_')?.to_owned(), word.value));
        self.words.into_iter().filter_map(option).collect()
    }
}

/// A word, if the daemon would read the same from it.
pub(super) fn print(name: &str, value: &str) -> Option<String> {
    let is_plain = |c: char| c == ' ' || c.is_ascii_graphic();
    let fits = is_name(name) && value.chars().all(is_plain) && !value.ends_with('\\');
    fits.then(|| format!("{name}='{}'", value.replace('\'', "\\'")))
}

fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    !name.is_empty() && name != "_" && name.bytes().all(is_plain)
}

fn closing_quote(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut places = text.match_indices('\'').map(|(place, _)| place);
    places.find(|place| *place == 0 || bytes[*place - 1] != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_words_are_read_and_no_more() {
        let read = |count: usize| {
            let words: Vec<String> = (0..count).map(|number| format!("k{number}='v'")).collect();
            let text = words.join(" ");
            Quoted::read(Span { at: 0, text: &text }).map(|read| read.words.len())
        };
        assert_eq!(read(MOST_WORDS), Ok(MOST_WORDS));
        let limit = MOST_WORDS;
        assert!(matches!(read(MOST_WORDS + 1), Err(error) if error.fault == AnswerFault::TooMany { limit }));
    }
}
