// SPDX-License-Identifier: GPL-3.0-or-later
//! The stream of events: `1 0 SUBJECT 0 EVENT 0 (KEY 0 VALUE 0)* 0` for each, in pieces as they come from the socket.
//!
//! An empty key ends an event; values may be empty, so parts are counted.

use super::error::{AnswerError, AnswerFault};

/// The first event of a stream: nothing is missed from here on.
pub const CONNECTION_ESTABLISHED: &str = "connection-established";
/// The most bytes of one event.
pub const LONGEST_EVENT_BYTES: usize = 1 << 20;
/// The most keys of one event.
pub const MOST_EVENT_FIELDS: usize = 256;

/// Something that happened. It is a reason to look, not a state: texts that are not UTF-8 come with U+FFFD in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminEvent {
    /// The VM; `None` for the whole system.
    pub subject: Option<String>,
    /// What happened.
    pub name: String,
    /// More about it, in its order.
    pub fields: Vec<(String, String)>,
}

impl AdminEvent {
    /// The value of a key.
    pub fn field(&self, key: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(name, _)| name == key);
        field.map(|(_, value)| value.as_str())
    }
}

/// Puts events together from pieces that may be cut at any byte.
#[derive(Debug, Default)]
pub struct EventParser {
    /// Bytes of the stream that were taken.
    at: usize,
    /// Bytes of the event that is being read.
    bytes: usize,
    /// Whether the two bytes that begin an event were taken: none, the first, both.
    begun: Begun,
    /// What was taken of the part that is being read.
    part: Vec<u8>,
    /// The parts before it: subject, name, keys and values in turn.
    parts: Vec<String>,
    broken: Option<AnswerError>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Begun {
    #[default]
    No,
    Kind,
    Whole,
}

impl EventParser {
    /// A parser at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece of the stream and returns the events that end in it. An error is the last item, and what follows
    /// in the stream cannot be read: from then on each piece returns that error. One at byte 0 means that the answer is no
    /// stream of events, but perhaps an exception.
    pub fn feed(&mut self, bytes: &[u8]) -> impl Iterator<Item = Result<AdminEvent, AnswerError>> + use<> {
        let mut found = Vec::new();
        for byte in bytes {
            if self.broken.is_some() {
                break;
            }
            match self.take(*byte) {
                Ok(event) => found.extend(event.map(Ok)),
                Err(fault) => {
                    self.broken = Some(AnswerError::new(self.at, fault));
                    self.part = Vec::new();
                    self.parts = Vec::new();
                }
            }
            self.at += 1;
        }
        found.extend(self.broken.clone().map(Err));
        found.into_iter()
    }

    /// Says whether the stream may end here.
    ///
    /// # Errors
    /// When it ends in the middle of an event, or could not be read.
    pub fn finish(self) -> Result<(), AnswerError> {
        match self.broken {
            Some(error) => Err(error),
            None if self.begun == Begun::No => Ok(()),
            None => Err(AnswerError::new(self.at, AnswerFault::Cut)),
        }
    }

    fn take(&mut self, byte: u8) -> Result<Option<AdminEvent>, AnswerFault> {
        if self.bytes == LONGEST_EVENT_BYTES {
            let limit = LONGEST_EVENT_BYTES;
            return Err(AnswerFault::TooLong { limit });
        }
        self.bytes += 1;
        match (self.begun, byte) {
            (Begun::No, b'1') => self.begun = Begun::Kind,
            (Begun::Kind, 0) => self.begun = Begun::Whole,
            (Begun::No | Begun::Kind, byte) => return Err(AnswerFault::Kind { byte }),
            (Begun::Whole, 0) => return self.end_part(),
            (Begun::Whole, byte) => self.part.push(byte),
        }
        Ok(None)
    }

    fn end_part(&mut self) -> Result<Option<AdminEvent>, AnswerFault> {
        let place = self.parts.len();
        let is_key = place >= 2 && place.is_multiple_of(2);
        if is_key && self.part.is_empty() {
            return Ok(self.end_event());
        }
        if place == 1 && self.part.is_empty() {
            return Err(AnswerFault::Missing { name: "event".into() });
        }
        if is_key && place == 2 + 2 * MOST_EVENT_FIELDS {
            let limit = MOST_EVENT_FIELDS;
            return Err(AnswerFault::TooMany { limit });
        }
        self.parts.push(String::from_utf8_lossy(&self.part).into_owned());
        self.part.clear();
        Ok(None)
    }

    fn end_event(&mut self) -> Option<AdminEvent> {
        self.bytes = 0;
        self.begun = Begun::No;
        let mut parts = std::mem::take(&mut self.parts).into_iter();
        let (subject, name) = (parts.next()?, parts.next()?);
        let mut fields = Vec::new();
        while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
            fields.push((key, value));
        }
        Some(AdminEvent {
            subject: Some(subject).filter(|subject| !subject.is_empty()),
            name,
            fields,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Parts = (String, String, Vec<(String, String)>);

    fn frame((subject, name, fields): &Parts) -> Vec<u8> {
        let mut frame = format!("1\0{subject}\0{name}\0");
        for (key, value) in fields {
            frame.push_str(&format!("{key}\0{value}\0"));
        }
        frame.push('\0');
        frame.into_bytes()
    }

    fn event((subject, name, fields): &Parts) -> AdminEvent {
        AdminEvent {
            subject: Some(subject.clone()).filter(|subject| !subject.is_empty()),
            name: name.clone(),
            fields: fields.clone(),
        }
    }

    fn error(bytes: &[u8]) -> AnswerError {
        let mut parser = EventParser::new();
        let found: Vec<_> = parser.feed(bytes).collect();
        found.into_iter().find_map(Result::err).unwrap()
    }

    #[test]
    fn empty_values_do_not_end_an_event() {
        let bytes = b"1\0work\0domain-feature-set:x\0feature\0x\0value\0\0\x001\0\0domain-add\0\0";
        let mut parser = EventParser::new();
        let events: Vec<_> = parser.feed(bytes).map(Result::unwrap).collect();
        assert_eq!(events.len(), 2);
        assert_eq!(events[0].subject.as_deref(), Some("work"));
        assert_eq!((events[0].field("value"), events[0].field("none")), (Some(""), None));
        assert_eq!((events[1].subject.as_deref(), events[1].fields.len()), (None, 0));
        assert_eq!(parser.finish(), Ok(()));
    }

    #[test]
    fn what_is_no_event_is_refused_with_its_place() {
        assert_eq!(error(b"2\0"), AnswerError::new(0, AnswerFault::Kind { byte: b'2' }));
        assert_eq!(
            error(b"1\0\0e\0\x001x"),
            AnswerError::new(7, AnswerFault::Kind { byte: b'x' })
        );
        let missing = AnswerFault::Missing { name: "event".into() };
        assert_eq!(error(b"1\0work\0\0"), AnswerError::new(7, missing));
    }

    #[test]
    fn the_events_before_an_error_are_given_and_none_after_it() {
        let mut parser = EventParser::new();
        let found: Vec<_> = parser.feed(b"1\0\0e\0\0x1\0\0e\0\0").collect();
        assert_eq!((found.len(), found[0].is_ok(), found[1].is_err()), (2, true, true));
        let again: Vec<_> = parser.feed(b"1\0\0e\0\0").collect();
        assert_eq!(again, found[1..]);
        assert!(parser.finish().is_err());
    }

    #[test]
    fn what_is_held_is_bounded() {
        let mut parser = EventParser::new();
        let mut last = None;
        for _ in 0..40 {
            last = parser.feed(&b"1\0aaaaaa".repeat(1 << 13)[..]).last();
            assert!(parser.part.capacity() <= 2 * LONGEST_EVENT_BYTES);
            if last.is_some() {
                break;
            }
        }
        assert!(last.is_some(), "parts are not counted for ever");
        let long = [&b"1\0"[..], &vec![b'a'; LONGEST_EVENT_BYTES]].concat();
        let limit = LONGEST_EVENT_BYTES;
        assert_eq!(error(&long), AnswerError::new(limit, AnswerFault::TooLong { limit }));
        let fits = |stream: &[u8]| EventParser::new().feed(stream).all(|found| found.is_ok());
        let longest = [&b"1\0s\0"[..], &vec![b'a'; LONGEST_EVENT_BYTES - 6], b"\0\0"].concat();
        assert_eq!((longest.len(), fits(&longest)), (LONGEST_EVENT_BYTES, true));
        let limit = MOST_EVENT_FIELDS;
        let fields: String = (0..limit).map(|number| format!("k{number}\0v\0")).collect();
        assert!(fits(format!("1\0s\0e\0{fields}\0").as_bytes()));
        let many = [&b"1\0s\0e\0"[..], &b"k\0v\0".repeat(limit + 1)].concat();
        let at = 6 + 4 * limit + 1;
        assert_eq!(error(&many), AnswerError::new(at, AnswerFault::TooMany { limit }));
    }

    #[test]
    fn a_stream_that_ends_in_an_event_was_cut() {
        let whole = frame(&("a".into(), "e".into(), vec![("k".into(), String::new())]));
        for end in 1..whole.len() {
            let mut parser = EventParser::new();
            assert_eq!(parser.feed(&whole[..end]).count(), 0);
            assert_eq!(parser.finish(), Err(AnswerError::new(end, AnswerFault::Cut)));
        }
    }

    fn parts() -> impl Strategy<Value = Vec<Parts>> {
        let fields = proptest::collection::vec(("[a-z\u{e4}]{1,4}", "[0-9\n ]{0,4}"), 0..4);
        proptest::collection::vec(("[a-z]{0,3}", "[a-z:]{1,6}", fields), 0..5)
    }

    proptest! {
        #[test]
        fn events_are_the_same_however_the_stream_is_cut(parts in parts(), piece in 1_usize..9) {
            let stream: Vec<u8> = parts.iter().flat_map(frame).collect();
            let expected: Vec<_> = parts.iter().map(|parts| Ok(event(parts))).collect();
            for cut in 0..=stream.len() {
                let mut parser = EventParser::new();
                let mut found: Vec<_> = parser.feed(&stream[..cut]).collect();
                found.extend(parser.feed(&stream[cut..]));
                prop_assert_eq!(&found, &expected);
                prop_assert_eq!(parser.finish(), Ok(()));
            }
            let mut parser = EventParser::new();
            let found: Vec<_> = stream.chunks(piece).flat_map(|piece| parser.feed(piece)).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn no_bytes_make_it_panic_and_a_cut_changes_nothing(
            bytes in proptest::collection::vec(prop_oneof![Just(0_u8), Just(b'1'), any::<u8>()], 0..40), cut in 0_usize..40,
        ) {
            let mut whole = EventParser::new();
            let expected: Vec<_> = whole.feed(&bytes).filter_map(Result::ok).collect();
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            let mut parser = EventParser::new();
            let mut found: Vec<_> = parser.feed(first).filter_map(Result::ok).collect();
            found.extend(parser.feed(second).filter_map(Result::ok));
            prop_assert_eq!(found, expected);
            prop_assert_eq!(parser.finish(), whole.finish());
        }
    }
}
