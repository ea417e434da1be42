// SPDX-License-Identifier: GPL-3.0-or-later
//! The language of a live PedOS's daemon against what the daemons of three versions really said: every recorded exchange
//! is decoded, and the requests among them are built again to the byte.

mod content;
mod recording;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use pedos_backup::adminapi::{
    AdminRequest, CONNECTION_ESTABLISHED, EventParser, ExceptionKind, RequestError, Response,
};
use recording::{Exchange, VERSIONS, recorded};

/// What is different from version to version: how often the daemons did what was asked, said why not, or said nothing.
const ANSWERS: [(&str, [usize; 3]); 3] = [("4.2", [191, 67, 80]), ("4.3", [209, 67, 62]), ("4.4", [206, 106, 26])];

#[test]
fn every_recorded_answer_is_decoded() {
    for (version, expected) in ANSWERS {
        let Some(exchanges) = recorded(version) else { return };
        let mut counts = [0; 3];
        for exchange in exchanges.iter().filter(|exchange| !exchange.is_stream) {
            match exchange.response() {
                Response::Success(content) => {
                    content::check(exchange, &content);
                    counts[0] += 1;
                }
                Response::Exception(exception) => {
                    assert_ne!(exception.kind, ExceptionKind::Other, "{}", exchange.name);
                    assert!(exception.traceback.is_empty() && exception.fields.is_empty());
                    assert!(exception.shown().chars().all(|c| !c.is_control()));
                    counts[1] += 1;
                }
                Response::Silence => counts[2] += 1,
            }
        }
        assert_eq!(counts, expected, "{version}");
        assert_eq!(
            counts.iter().sum::<usize>() + 1,
            exchanges.len(),
            "one more is the stream"
        );
    }
}

/// A content that nothing reads would pass unseen.
#[test]
fn every_kind_of_content_is_among_them() {
    for version in VERSIONS {
        let Some(exchanges) = recorded(version) else { return };
        let mut read = BTreeMap::new();
        for exchange in &exchanges {
            if let Response::Success(content) = exchange.response() {
                *read.entry(content::check(exchange, &content)).or_insert(0) += 1;
            }
        }
        let kinds: BTreeSet<_> = read.keys().copied().collect();
        let mut expected = BTreeSet::from(content::KINDS);
        if version == "4.2" {
            for newer in ["assignments", "notes"] {
                expected.remove(newer);
            }
        } else {
            expected.remove("attachments");
        }
        assert_eq!(kinds, expected, "{version}");
        println!("{version}: {read:?}");
    }
}

#[test]
fn a_recorded_answer_that_is_cut_never_makes_it_panic() {
    for version in VERSIONS {
        let Some(exchanges) = recorded(version) else { return };
        for exchange in &exchanges {
            for end in 0..exchange.answer.len().min(3000) {
                if let Ok(Response::Exception(exception)) = Response::decode(exchange.answer[..end].to_vec()) {
                    assert_eq!(end, exchange.answer.len(), "{}: {exception:?}", exchange.name);
                }
            }
        }
    }
}

#[test]
fn recorded_requests_are_built_again() {
    for version in VERSIONS {
        let Some(exchanges) = recorded(version) else { return };
        let (mut same, mut refused, mut strange) = (0, Vec::new(), Vec::new());
        for exchange in &exchanges {
            let Some(request) = rebuilt(&exchange.request) else {
                strange.push(exchange.name.as_str());
                continue;
            };
            match request.encode() {
                Ok(bytes) => {
                    assert_eq!(bytes, exchange.request, "{}", exchange.name);
                    same += 1;
                }
                Err(error) => {
                    let is_done = matches!(exchange.response(), Response::Success(_));
                    assert!(!is_done, "{}: {error}", exchange.name);
                    refused.push(error);
                }
            }
        }
        let is_long = |error: &&RequestError| matches!(error, RequestError::TooLong { .. });
        assert_eq!(refused.iter().filter(is_long).count(), 2, "{version}: {refused:?}");
        assert_eq!(
            (same, refused.len(), strange.len()),
            (327, 6, 6),
            "{version}: {refused:?} {strange:?}"
        );
    }
}

/// The request that says what was recorded; `None` for lines of a form that is never sent.
fn rebuilt(bytes: &[u8]) -> Option<AdminRequest> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let line = std::str::from_utf8(&bytes[..end]).ok()?;
    let (line, destination) = line.rsplit_once(" name ")?;
    let (call, source) = line.rsplit_once(' ')?;
    let (service, argument) = call.split_once('+')?;
    let request = AdminRequest::new(service, destination).with_argument(argument);
    Some(request.with_source(source).with_payload(&bytes[end + 1..]))
}

#[test]
fn the_limit_of_a_request_is_the_daemons() {
    for version in VERSIONS {
        let Some(exchanges) = recorded(version) else { return };
        let named = |name: &str| exchanges.iter().find(|exchange| exchange.name == name);
        let (fits, is_more) = (named("65536 bytes").unwrap(), named("65537 bytes").unwrap());
        assert!(rebuilt(&fits.request).unwrap().encode().is_ok());
        let bytes = is_more.request.len();
        let error = rebuilt(&is_more.request).unwrap().encode();
        assert_eq!(error, Err(RequestError::TooLong { bytes }));
        assert_eq!(
            (fits.response(), is_more.response()),
            (Response::Success(Vec::new()), Response::Silence)
        );
    }
}

#[test]
fn the_recorded_stream_is_read_however_it_is_cut() {
    for version in VERSIONS {
        let Some(exchanges) = recorded(version) else { return };
        let streams: Vec<&Exchange> = exchanges.iter().filter(|exchange| exchange.is_stream).collect();
        let [stream] = streams.as_slice() else {
            panic!("{version}: one stream is recorded")
        };
        let mut parser = EventParser::new();
        let events: Vec<_> = parser.feed(&stream.answer).map(Result::unwrap).collect();
        assert_eq!(parser.finish(), Ok(()));
        assert_eq!(events.len(), 20, "{version}");
        assert_eq!(
            (events[0].name.as_str(), &events[0].subject),
            (CONNECTION_ESTABLISHED, &None)
        );
        let place = |name: &str| events.iter().position(|event| event.name == name).unwrap();
        assert!(place("domain-add") < place("domain-create-on-disk"));
        assert!(place("domain-start") < place("domain-shutdown"));
        let empty = &events[place("domain-feature-set:empty")];
        assert_eq!(
            (empty.subject.as_deref(), empty.field("value")),
            (Some("evvm"), Some(""))
        );
        for cut in 0..stream.answer.len() {
            let mut parser = EventParser::new();
            let mut found: Vec<_> = parser.feed(&stream.answer[..cut]).map(Result::unwrap).collect();
            found.extend(parser.feed(&stream.answer[cut..]).map(Result::unwrap));
            assert_eq!(found, events, "{version}: cut at {cut}");
        }
        assert!(
            Response::decode(stream.answer.clone()).is_err(),
            "a stream is no answer"
        );
    }
}
