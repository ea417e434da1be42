// SPDX-License-Identifier: GPL-3.0-or-later
//! Why an answer cannot be understood, and where in it that shows.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::shown;

/// How much of a word of the answer an error repeats.
const LONGEST_NAME_CHARACTERS: usize = 64;

/// An answer that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("byte {at} of the answer: {fault}")]
pub struct AnswerError {
    /// The offset of the byte, in what the function that failed was given.
    pub at: usize,
    /// What is wrong there.
    pub fault: AnswerFault,
}

impl AnswerError {
    pub(super) const fn new(at: usize, fault: AnswerFault) -> Self {
        Self { at, fault }
    }
}

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AnswerFault {
    /// It ends in the middle of something.
    #[error("it ends too early")]
    Cut,
    /// A part of it has more bytes than any such part may have.
    #[error("a part is longer than {limit} bytes")]
    TooLong {
        /// The most bytes.
        limit: usize,
    },
    /// It has more parts than any such answer may have.
    #[error("there are more than {limit} parts")]
    TooMany {
        /// The most parts.
        limit: usize,
    },
    /// The bytes are not UTF-8.
    #[error("this is no text")]
    NotText,
    /// It begins with a byte that begins nothing of the kind that was expected.
    #[error("{byte:#04x} begins nothing that is known")]
    Kind {
        /// The byte.
        byte: u8,
    },
    /// Something that must be there is not.
    #[error("{name} is missing")]
    Missing {
        /// Its name.
        name: Cow<'static, str>,
    },
    /// Something stands there twice.
    #[error("{name} stands there twice")]
    Twice {
        /// Its name, cut and made safe.
        name: String,
    },
    /// Something is not known, and passing over it would change the meaning of the rest.
    #[error("{name} is not known")]
    Unknown {
        /// Its name, cut and made safe.
        name: String,
    },
    /// A value does not fit its name.
    #[error("the value of {name} does not fit")]
    Value {
        /// The name, cut and made safe.
        name: String,
    },
    /// A backslash stands before something that it does not escape.
    #[error("a backslash escapes nothing that is known")]
    Escape,
}

impl AnswerFault {
    pub(super) fn twice(name: &str) -> Self {
        Self::Twice { name: cut(name) }
    }

    pub(super) fn unknown(name: &str) -> Self {
        Self::Unknown { name: cut(name) }
    }

    pub(super) fn value(name: &str) -> Self {
        Self::Value { name: cut(name) }
    }
}

fn cut(name: &str) -> String {
    shown::cut(name, LONGEST_NAME_CHARACTERS)
}

#[cfg(test)]
impl AnswerFault {
    one_of_each! {
        Cut,
        TooLong { limit: 7 },
        TooMany { limit: 7 },
        NotText,
        Kind { byte: 7 },
        Missing { name: "size".into() },
        Twice { name: "x\u{1b}y".into() },
        Unknown { name: "x\u{1b}y".into() },
        Value { name: "x\u{1b}y".into() },
        Escape,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_repeats_so_much_of_a_word_and_no_more() {
        let whole = "x".repeat(LONGEST_NAME_CHARACTERS);
        assert_eq!(cut(&whole), whole);
        assert_eq!(cut(&format!("{whole}y")), format!("{whole}…"));
    }
}
