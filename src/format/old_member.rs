// SPDX-License-Identifier: GPL-3.0-or-later
//! The members of formats 3 and 2: every `NAME` has a `NAME.hmac` behind it, a line of text with its authentication code.
//!
//! The code covers the content alone. That a part stands in its place, or belongs to this backup at all, nothing proves.

use super::{MacError, limits};

/// What the name of a member with an authentication code ends in.
const MAC_SUFFIX: &str = ".hmac";

/// The name of the member that holds another one's authentication code.
pub fn mac_member(name: &str) -> String {
    format!("{name}{MAC_SUFFIX}")
}

/// The name of the member whose authentication code a member holds; none where it holds no code.
pub fn member_of_mac(name: &str) -> Option<&str> {
    name.strip_suffix(MAC_SUFFIX)
}

/// The authentication code in the content of a member, as `openssl dgst` printed it: `(stdin)= HEX`, or with another word
/// before, or alone.
///
/// # Errors
/// When it is none.
pub fn parse_mac(content: &[u8]) -> Result<Vec<u8>, MacError> {
    if content.len() as u64 > limits::MAC_MEMBER_BYTES {
        return Err(MacError::TooLong {
            bytes: content.len() as u64,
            limit: limits::MAC_MEMBER_BYTES,
        });
    }
    let text = content.rsplit(|byte| *byte == b'=').next().unwrap_or(content);
    unhex(text.trim_ascii()).ok_or(MacError::NotACode)
}

/// At least one byte, two digits each.
fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_openssl_printed_them() {
        for text in [
            "(stdin)= 00ffA1",
            "(stdin)= 00ffa1\n",
            "HMAC-SHA512(stdin)= 00FFA1\r\n",
            "HMAC-SHA2-512(a=b)= 00ffa1",
            "SHA512(stdin)=00ffa1",
            "00ffa1\n",
            " 00ffa1 ",
        ] {
            assert_eq!(parse_mac(text.as_bytes()).unwrap(), [0, 0xff, 0xa1], "{text}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in [
            "",
            "\n",
            "(stdin)=",
            "(stdin)= ",
            "(stdin)= 0",
            "(stdin)= 00f",
            "(stdin)= 0g",
            "(stdin)= +1",
            "(stdin)= 00 ff",
            "(stdin)= 00ff=",
            "\u{e9}",
        ] {
            assert!(matches!(parse_mac(text.as_bytes()), Err(MacError::NotACode)), "{text}");
        }
        let longest = vec![b'0'; limits::MAC_MEMBER_BYTES as usize];
        assert!(parse_mac(&longest).is_ok());
        let long = [longest, vec![b' ']].concat();
        assert!(matches!(parse_mac(&long), Err(MacError::TooLong { .. })));
    }

    #[test]
    fn a_member_and_its_code_are_told_by_their_names() {
        assert_eq!(mac_member("vm1/..000"), "vm1/..000.hmac");
        assert_eq!(member_of_mac("vm1/..000.hmac"), Some("vm1/..000"));
        assert_eq!(member_of_mac("vm1/private.img.000"), None);
    }
}
