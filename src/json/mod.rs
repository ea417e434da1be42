// SPDX-License-Identifier: GPL-3.0-or-later
//! Words for VMs: what is in an archive and how a job ended, as JSON that other programs can rely on.
//!
//! `docs/schema` describes every document. Names are in snake case with their unit at the end, times are ISO 8601, codes
//! never change their meaning; what a new version adds comes with a new number in `schema_version`. Nothing here is
//! translated, and all but plain ASCII is escaped, so that a document can be shown on a terminal as it is.

mod code;
mod event;
mod listing;
mod plan;
mod report;

use std::fmt::Write;

use serde::Serialize;

pub use event::event;
pub use listing::listing;
pub use plan::plan;
pub use report::{Unopened, WhyUnopened, report, unopened};

/// The version of the documents' schemas.
const SCHEMA_VERSION: u32 = 1;

/// A document as text, with a line end at its end.
fn document(content: &impl Serialize) -> String {
    // Only maps with keys that are no text could fail, and there are none.
    in_ascii(&serde_json::to_string_pretty(content).unwrap_or_default())
}

/// An object as one line.
fn line(content: &impl Serialize) -> String {
    in_ascii(&serde_json::to_string(content).unwrap_or_default())
}

/// Returns a document of this room as one line: line ends stand only between its tokens.
pub fn in_one_line(document: &str) -> String {
    let mut line: String = document.lines().map(str::trim_start).collect();
    line.push('\n');
    line
}

/// Returns the reports of a history, each as one line of this room's form, as one document.
pub fn history<'a>(reports: impl Iterator<Item = &'a str>) -> String {
    let head = format!(
        "{{\"schema_version\":{SCHEMA_VERSION},\"document\":\"history\",\"program\":\"{PROGRAM}\",\"runs\":[\n"
    );
    let runs: Vec<&str> = reports.collect();
    format!("{head}{}\n]}}\n", runs.join(",\n"))
}

fn in_ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if c == '\n' || matches!(c, ' '..='~') {
            ascii.push(c);
            continue;
        }
        // Such characters stand only within strings, where every one of them may be written as its UTF-16 units.
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing into a string never fails.
            let _ = write!(ascii, "\\u{unit:04x}");
        }
    }
    ascii.push('\n');
    ascii
}

/// The program that wrote a document.
const PROGRAM: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_plain_ascii_is_escaped_and_comes_back() {
        let text = "a\u{1b}[2J\u{7f}\u{9b}ä\u{202e}😀\"\\\n";
        let document = document(&text);
        assert!(
            document.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')),
            "{document}"
        );
        assert_eq!(serde_json::from_str::<String>(&document).unwrap(), text);
        let nested = super::document(&[("a  b\n ", 1), (text, 2)]);
        let line = in_one_line(&nested);
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&line), read(&nested));
    }
}
