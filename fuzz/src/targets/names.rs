// SPDX-License-Identifier: GPL-3.0-or-later
//! The lines of the header, and the names of parts.

use pedos_backup::{
    engine::{ArchiveError, EngineError, NotABackup},
    format::{Header, PartName, check_name, mac_member, member_of_mac, parse_mac, peek_version},
    text,
};

use crate::input::{expect_words, text as text_of};

/// What is read of a header is written and read the same.
pub(crate) fn header(input: &[u8]) {
    let peeked = peek_version(input);
    match Header::parse(input) {
        Ok(header) => {
            assert_eq!(peeked, Some(header.version), "the version that was peeked at");
            assert_eq!(Header::parse(&header.to_bytes()).as_ref(), Ok(&header));
            if let Err(name) = header.compression() {
                assert!(!name.is_empty());
            }
        }
        Err(error) => {
            let why = NotABackup::Header(error);
            let place = "a place".to_owned();
            let error = EngineError::Archive(ArchiveError::NotABackup { place, why });
            expect_words(&text::message(&error).full_text());
        }
    }
}

/// A name is printed as it was read, and never leads out of a folder; the members of MACs as well.
pub(crate) fn part_names(input: &[u8]) {
    if let Ok(mac) = parse_mac(input) {
        let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(parse_mac(hex.as_bytes()), Ok(mac));
    }
    let Some(name) = text_of(input) else { return };
    let is_plain = check_name(name).is_ok();
    assert!(!is_plain || !name.split('/').any(|segment| matches!(segment, "" | "." | "..")));
    assert_eq!(member_of_mac(&mac_member(name)), Some(name));
    match PartName::parse(name) {
        Ok(part) => {
            assert!(is_plain && check_name(part.file()).is_ok());
            assert_eq!(part.to_string(), name);
            assert_eq!(PartName::new(part.file(), part.number()).as_ref(), Ok(&part));
            assert_eq!(PartName::parse_member(&part.member()).as_ref(), Ok(&part));
            assert_eq!(
                PartName::parse_old_member(name).as_ref(),
                Ok(&part),
                "an old name is this or more"
            );
        }
        Err(error) => expect_words(&error.to_string()),
    }
    if let Ok(part) = PartName::parse_member(name) {
        assert_eq!(part.member(), name);
    }
    if let Ok(part) = PartName::parse_old_member(name) {
        assert_eq!(part.to_string(), name);
        assert!(!part.file().split('/').any(|segment| segment == ".."));
    }
}
