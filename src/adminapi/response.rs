// SPDX-License-Identifier: GPL-3.0-or-later
//! The answer to a request: everything that came until the daemon closed the connection.

use super::{
    error::{AnswerError, AnswerFault},
    exception::Exception,
};

/// The most bytes of an answer that are read: a thousand VMs with all their properties are far below it.
pub const LONGEST_ANSWER_BYTES: usize = 64 << 20;

/// What the daemon answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// It did what was asked; this is the content of the answer.
    Success(Vec<u8>),
    /// It did not, and says why.
    Exception(Exception),
    /// It closed the connection without a byte: not permitted, not understood, failed in a way it does not tell, or gone.
    Silence,
}

impl Response {
    /// Reads a whole answer.
    ///
    /// # Errors
    /// When it is longer than [`LONGEST_ANSWER_BYTES`], ends too early, or is neither a success nor an exception.
    pub fn decode(mut answer: Vec<u8>) -> Result<Self, AnswerError> {
        if answer.len() > LONGEST_ANSWER_BYTES {
            let limit = LONGEST_ANSWER_BYTES;
            return Err(AnswerError::new(limit, AnswerFault::TooLong { limit }));
        }
        match answer.as_slice() {
            [] => Ok(Self::Silence),
            [b'0' | b'2'] => Err(AnswerError::new(1, AnswerFault::Cut)),
            [b'0', 0, ..] => {
                answer.drain(..2);
                Ok(Self::Success(answer))
            }
            [b'2', 0, ..] => Exception::parse(&answer, 2).map(Self::Exception),
            [b'0' | b'2', byte, ..] => Err(AnswerError::new(1, AnswerFault::Kind { byte: *byte })),
            [byte, ..] => Err(AnswerError::new(0, AnswerFault::Kind { byte: *byte })),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(answer: &[u8]) -> Result<Response, AnswerError> {
        Response::decode(answer.to_vec())
    }

    #[test]
    fn the_content_of_a_success_is_everything_that_follows() {
        assert_eq!(decode(b"0\0"), Ok(Response::Success(Vec::new())));
        assert_eq!(decode(b"0\0a\0\xff"), Ok(Response::Success(b"a\0\xff".to_vec())));
    }

    #[test]
    fn no_byte_is_an_answer_as_well() {
        assert_eq!(decode(b""), Ok(Response::Silence));
    }

    #[test]
    fn what_is_neither_is_refused_with_its_place() {
        for (answer, at, fault) in [
            (&b"0"[..], 1, AnswerFault::Cut),
            (b"2", 1, AnswerFault::Cut),
            (b"0a", 1, AnswerFault::Kind { byte: b'a' }),
            (b"1\0\0x\0\0", 0, AnswerFault::Kind { byte: b'1' }),
            (b"x", 0, AnswerFault::Kind { byte: b'x' }),
        ] {
            assert_eq!(decode(answer), Err(AnswerError::new(at, fault)), "{answer:?}");
        }
        let limit = LONGEST_ANSWER_BYTES;
        let mut longest = vec![b'x'; limit];
        longest[..2].copy_from_slice(b"0\0");
        assert!(matches!(decode(&longest), Ok(Response::Success(content)) if content.len() == limit - 2));
        let long = decode(&vec![b'0'; limit + 1]);
        assert_eq!(long, Err(AnswerError::new(limit, AnswerFault::TooLong { limit })));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(kind in "[0-3]?", rest in proptest::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..60)) {
            let mut answer = kind.into_bytes();
            answer.extend(rest);
            if let Ok(Response::Exception(exception)) = decode(&answer) {
                let _ = exception.shown();
            }
        }
    }
}
