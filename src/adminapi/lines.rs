// SPDX-License-Identifier: GPL-3.0-or-later
//! Answers of which each line is one name, and those that are one short value.

use super::{
    error::{AnswerError, AnswerFault},
    scan::{Span, lines},
};

/// Names, one a line: classes, labels, pools, features, tags, properties, volumes, revisions.
///
/// # Errors
/// When a line is empty, is cut, or is no text.
pub fn parse_names(content: &[u8]) -> Result<Vec<String>, AnswerError> {
    let name = |line: Span<'_>| match line.text {
        "" => Err(line.error(AnswerFault::Missing { name: "name".into() })),
        text => Ok(text.to_owned()),
    };
    lines(content)?.into_iter().map(name).collect()
}

/// Whether a tag is set: `1` or `0`.
///
/// # Errors
/// When it is anything else.
pub fn parse_flag(content: &[u8]) -> Result<bool, AnswerError> {
    match content {
        b"1" => Ok(true),
        b"0" => Ok(false),
        _ => Err(AnswerError::new(0, AnswerFault::value("flag"))),
    }
}

/// A number by itself, as the index of a label is.
///
/// # Errors
/// When it is anything else.
pub fn parse_number(content: &[u8]) -> Result<u64, AnswerError> {
    Span::whole(content)?.number("number")
}

/// The colour of a label, `0xRRGGBB`, as red, green and blue.
///
/// # Errors
/// When it is anything else.
pub fn parse_label_color(content: &[u8]) -> Result<[u8; 3], AnswerError> {
    let whole = Span::whole(content)?;
    let digits = whole.text.strip_prefix("0x").filter(|digits| digits.len() == 6);
    let is_hex = |digits: &&str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = digits
        .filter(is_hex)
        .and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let [_, color @ ..] = number
        .ok_or_else(|| whole.error(AnswerFault::value("color")))?
        .to_be_bytes();
    Ok(color)
}

/// A colour as the daemon takes it for a new label.
pub fn print_label_color([red, green, blue]: [u8; 3]) -> String {
    format!("0x{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_line_is_a_name() {
        assert_eq!(parse_names(b"red\ngray 2\n").unwrap(), ["red", "gray 2"]);
        assert!(parse_names(b"").unwrap().is_empty());
        let missing = AnswerFault::Missing { name: "name".into() };
        assert_eq!(parse_names(b"red\n\n"), Err(AnswerError::new(4, missing)));
        assert_eq!(parse_names(b"red\ngr"), Err(AnswerError::new(6, AnswerFault::Cut)));
    }

    #[test]
    fn short_values_are_what_they_must_be() {
        assert_eq!((parse_flag(b"1"), parse_flag(b"0")), (Ok(true), Ok(false)));
        assert!(parse_flag(b"").is_err() && parse_flag(b"1\n").is_err());
        assert_eq!(parse_number(b"8"), Ok(8));
        assert!(parse_number(b"").is_err() && parse_number(b"-8").is_err());
        for bad in [
            &b""[..],
            b"0x",
            b"cc0000",
            b"0xcc000",
            b"0xcc00000",
            b"0x+c0000",
            b"0xcc000g",
        ] {
            assert!(parse_label_color(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn colors_come_back(color: [u8; 3]) {
            prop_assert_eq!(parse_label_color(print_label_color(color).as_bytes()), Ok(color));
        }
    }
}
