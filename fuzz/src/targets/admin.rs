// SPDX-License-Identifier: GPL-3.0-or-later
//! What the daemon of a live PedOS says.

use pedos_backup::adminapi::{
    AdminVolume, AnswerError, Assignment, CurrentState, EventParser, FirewallRule, ImportTarget,
    LONGEST_SHOWN_CHARACTERS, ListedVm, OldAttachment, PoolDriver, PoolInfo, PoolUsage, Property, PropertyValue,
    Response, escape, parse_flag, parse_label_color, parse_names, parse_number, print_label_color, shown, unescape,
};

use crate::input::{expect_words, head, text};

/// Every parser on the same bytes: errors name a place within them, and what is printed again is read the same.
pub(crate) fn answers(input: &[u8]) {
    let content = match Response::decode(input.to_vec()) {
        Ok(Response::Success(content)) => content,
        Ok(Response::Silence) => return,
        Ok(Response::Exception(exception)) => {
            assert!(exception.shown().chars().count() <= 8 * LONGEST_SHOWN_CHARACTERS);
            return;
        }
        Err(error) => {
            placed(&error, input);
            input.to_vec()
        }
    };
    let content = &content[..];
    assert!(shown(content).chars().count() <= LONGEST_SHOWN_CHARACTERS + 1);
    assert!(!shown(content).chars().any(char::is_control));
    lists(content);
    let _ = taken(PropertyValue::parse(content), content);
    let _ = taken(PropertyValue::parse_default(content), content);
    let _ = taken(CurrentState::parse(content), content);
    let _ = taken(AdminVolume::parse(content), content);
    let _ = taken(ImportTarget::parse(content), content);
    let _ = taken(PoolInfo::parse(content), content);
    let _ = taken(PoolUsage::parse(content), content);
    let _ = taken(parse_flag(content), content);
    let _ = taken(parse_number(content), content);
    if let Some(color) = taken(parse_label_color(content), content) {
        assert_eq!(parse_label_color(print_label_color(color).as_bytes()), Ok(color));
    }
    let Some(value) = text(content) else { return };
    assert_eq!(unescape(&escape(value)).as_deref(), Ok(value));
    if let Ok(plain) = unescape(value) {
        assert_eq!(unescape(&escape(&plain)), Ok(plain));
    }
}

fn lists(content: &[u8]) {
    let _ = taken(parse_names(content), content);
    let _ = taken(ListedVm::parse_all(content), content);
    let _ = taken(Property::parse_all(content), content);
    let _ = taken(PoolDriver::parse_all(content), content);
    let _ = taken(OldAttachment::parse_all(content), content);
    if let Some(rules) = taken(FirewallRule::parse_all(content), content)
        && !rules.is_empty()
    {
        match FirewallRule::print_all(&rules) {
            Ok(printed) => assert_eq!(FirewallRule::parse_all(printed.as_bytes()), Ok(rules)),
            Err(error) => panic!("{error}: {rules:?}"),
        }
    }
    for assignment in taken(Assignment::parse_all(content), content).unwrap_or_default() {
        let Ok(payload) = assignment.payload() else { continue };
        let line = format!("{}+{} {payload}\n", assignment.backend, assignment.port);
        if let Ok(again) = Assignment::parse_all(line.as_bytes()) {
            assert_eq!(again.len(), 1);
            assert_eq!(again[0].identity, assignment.identity);
            assert_eq!(again[0].mode, assignment.mode);
        }
    }
}

fn taken<T>(answer: Result<T, AnswerError>, content: &[u8]) -> Option<T> {
    answer.map_err(|error| placed(&error, content)).ok()
}

fn placed(error: &AnswerError, content: &[u8]) {
    assert!(error.at <= content.len(), "{error} of {}", content.len());
    expect_words(&error.to_string());
}

/// Events are the same however the stream comes.
pub(crate) fn events(input: &[u8]) {
    let Some((piece, stream)) = head(input) else { return };
    let (whole, whole_end) = feed(stream, stream.len().max(1));
    let (pieces, pieces_end) = feed(stream, 1 + usize::from(piece));
    assert_eq!(whole, pieces);
    assert_eq!(whole_end, pieces_end);
}

type Events = Vec<pedos_backup::adminapi::AdminEvent>;

fn feed(stream: &[u8], piece: usize) -> (Events, Result<(), AnswerError>) {
    let mut parser = EventParser::new();
    let mut events = Vec::new();
    for piece in stream.chunks(piece) {
        for event in parser.feed(piece) {
            match event {
                Ok(event) => events.push(event),
                Err(error) => placed(&error, stream),
            }
        }
    }
    (events, parser.finish())
}
