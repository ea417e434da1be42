// SPDX-License-Identifier: GPL-3.0-or-later
//! As much YAML as a profile needs: a mapping of texts, truths, lists of texts and one level of mappings.
//!
//! Plain words are read as the existing tools' parser reads them (YAML 1.1: `yes` and `off` are truths, `~` is nothing);
//! every text is written in double quotes, which all parsers read alike.

use std::{
    collections::HashSet,
    fmt::Write as _,
    hash::{BuildHasher, RandomState},
};

use saphyr_parser::{Event, Parser, ScalarStyle};
use zeroize::Zeroizing;

use super::{ProfileError, SyntaxFault};

/// The key of the one mapping that is read; those of other programs are passed over.
pub(super) const KEY: &str = "pedos_backup";

/// A text of a profile: it may be its passphrase.
pub(super) type Text = Zeroizing<String>;

/// A value of a profile.
#[derive(Debug)]
pub(super) enum Value {
    Null,
    Truth(bool),
    Text(Text),
    List(Vec<Self>),
    Mapping(Vec<(Text, Value)>),
}

/// Reads the one mapping of a document, in its order.
pub(super) fn mapping(text: &str) -> Result<Vec<(Text, Value)>, ProfileError> {
    let mut events = Events {
        parser: Parser::new_from_str(text),
    };
    loop {
        match events.next()? {
            Event::StreamStart | Event::DocumentStart(_) => {}
            Event::MappingStart(..) => break,
            _ => return Err(SyntaxFault::NotAMapping.into()),
        }
    }
    let keys = events.pairs(0)?;
    loop {
        match events.next()? {
            Event::DocumentEnd => {}
            Event::StreamEnd => return Ok(keys),
            _ => return Err(SyntaxFault::SecondDocument.into()),
        }
    }
}

struct Events<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
}

impl<'a> Events<'a> {
    fn next(&mut self) -> Result<Event<'a>, ProfileError> {
        match self.parser.next_event() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) => {
                let place = error.marker();
                // The parser's own words could repeat a part of the passphrase.
                let (line, column) = (place.line(), place.col() + 1);
                Err(SyntaxFault::NotYaml { line, column }.into())
            }
            None => Err(SyntaxFault::Unfinished.into()),
        }
    }

    /// The rest of a mapping that has begun.
    fn pairs(&mut self, depth: usize) -> Result<Vec<(Text, Value)>, ProfileError> {
        let mut keys: Vec<(Text, Value)> = Vec::new();
        // A file has room for hundreds of thousands of keys, too many to hold each against all others.
        let (hasher, mut hashes) = (RandomState::new(), HashSet::new());
        loop {
            let key = match self.next()? {
                Event::MappingEnd => return Ok(keys),
                Event::Scalar(key, ..) => Zeroizing::new(key.into_owned()),
                _ => return Err(SyntaxFault::Key.into()),
            };
            if !hashes.insert(hasher.hash_one(key.as_str())) && keys.iter().any(|(other, _)| *other == key) {
                let key = key.to_string();
                return Err(SyntaxFault::Twice { key }.into());
            }
            let first = self.next()?;
            // What another program keeps in a mapping of its own is its matter.
            let is_foreign = key.as_str() != KEY || depth > 0;
            let value = if matches!(first, Event::MappingStart(..)) && is_foreign {
                self.skip_mapping()?;
                Value::Mapping(Vec::new())
            } else {
                self.value(first, depth)?
            };
            keys.push((key, value));
        }
    }

    /// Passes over the rest of a mapping that has begun.
    fn skip_mapping(&mut self) -> Result<(), ProfileError> {
        let mut depth = 1;
        while depth > 0 {
            match self.next()? {
                Event::MappingStart(..) => depth += 1,
                Event::MappingEnd => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }

    /// The value that begins with an event.
    fn value(&mut self, first: Event<'a>, depth: usize) -> Result<Value, ProfileError> {
        match first {
            Event::Scalar(text, style, _, tag) => {
                let text = Zeroizing::new(text.into_owned());
                let is_plain = style == ScalarStyle::Plain && tag.is_none();
                Ok(if is_plain { plain(text) } else { Value::Text(text) })
            }
            Event::SequenceStart(..) => {
                let mut values = Vec::new();
                loop {
                    match self.next()? {
                        Event::SequenceEnd => return Ok(Value::List(values)),
                        item @ Event::Scalar(..) => values.push(self.value(item, depth)?),
                        _ => return Err(SyntaxFault::List.into()),
                    }
                }
            }
            Event::MappingStart(..) => Ok(Value::Mapping(self.pairs(depth + 1)?)),
            _ => Err(SyntaxFault::Reference.into()),
        }
    }
}

/// A word without quotes.
fn plain(text: Text) -> Value {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Truth(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Truth(false),
        _ => Value::Text(text),
    }
}

pub(super) fn print_list(out: &mut String, key: &str, texts: &[String]) {
    if texts.is_empty() {
        print_key(out, key, "[]");
        return;
    }
    out.push_str(key);
    out.push_str(":\n");
    for text in texts {
        out.push_str("- ");
        quote(out, text);
        out.push('\n');
    }
}

pub(super) fn print_text(out: &mut String, key: &str, text: &str) {
    // Large enough from the start: a text that moves while it grows leaves copies behind.
    out.reserve(key.len() + 8 * text.len() + 8);
    out.push_str(key);
    out.push_str(": ");
    quote(out, text);
    out.push('\n');
}

/// A mapping of plain words.
pub(super) fn print_words(out: &mut String, key: &str, words: &[(&str, String)]) {
    out.push_str(key);
    out.push_str(":\n");
    for (key, word) in words {
        out.push_str("  ");
        print_key(out, key, word);
    }
}

fn print_key(out: &mut String, key: &str, value: &str) {
    out.push_str(key);
    out.push_str(": ");
    out.push_str(value);
    out.push('\n');
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            // What parsers take for line ends, marks or rubbish.
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => escape(out, c),
            c if c.is_control() => escape(out, c),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn escape(out: &mut String, c: char) {
    // Writing into a String cannot fail.
    let _ = write!(out, "\\u{:04x}", u32::from(c));
}
