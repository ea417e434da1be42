// SPDX-License-Identifier: GPL-3.0-or-later
//! One of every kind, for tests that hold for all of them: that each has its words, and its code for programs.

use super::*;

impl HeaderError {
    one_of_each! {
        TooLong { bytes: 9, limit: 7 },
        NotAscii,
        Line { line: "x\u{1b}y".into() },
        Twice { key: "version" },
        Value { key: "version", value: "x\u{1b}y".into() },
        Missing { key: "version" },
        UnsupportedVersion { version: "x\u{1b}y".into() },
    }
}

impl PartNameFault {
    one_of_each! { Empty, Characters, NotRelative, NotEncrypted, NotNumbered, TooManyParts }
}

impl MacError {
    one_of_each! { TooLong { bytes: 9, limit: 7 }, NotACode }
}
