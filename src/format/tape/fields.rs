// SPDX-License-Identifier: GPL-3.0-or-later
//! The number fields of a header block and its checksum.

use super::BLOCK_SIZE;

/// A number as headers have it: octal digits with blanks around and a NUL behind, or base-256 with the top bit set.
/// None where it is neither, is negative, or needs more than 64 bits.
pub(in crate::format) fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        // The bit below the mark is the sign.
        if first & 0x40 != 0 {
            return None;
        }
        return rest.iter().try_fold(u64::from(first & 0x3f), |value, byte| {
            Some(value.checked_mul(256)? | u64::from(*byte))
        });
    }
    let text = field.split(|byte| *byte == 0).next()?.trim_ascii();
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |value, digit| match digit {
        b'0'..=b'7' => Some(value.checked_mul(8)? + u64::from(digit - b'0')),
        _ => None,
    })
}

/// Whether a header block carries its own sum. Some very old writers added signed bytes.
pub(in crate::format) fn has_right_checksum(block: &[u8; BLOCK_SIZE]) -> bool {
    const FIELD: std::ops::Range<usize> = 148..156;
    let Some(stored) = number(&block[FIELD]).and_then(|sum| i64::try_from(sum).ok()) else {
        return false;
    };
    let blanks = i64::from(b' ') * FIELD.len() as i64;
    let others = || block[..FIELD.start].iter().chain(&block[FIELD.end..]);
    let unsigned = blanks + others().map(|byte| i64::from(*byte)).sum::<i64>();
    let signed = blanks + others().map(|byte| i64::from(byte.cast_signed())).sum::<i64>();
    stored == unsigned || stored == signed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_every_spelling() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"   644 \0"), Some(0o644));
        assert_eq!(number(b"77777777777 "), Some(0o77_777_777_777));
        assert_eq!(number(b"777777777777"), Some(0o777_777_777_777));
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]), Some(2 << 32));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for field in [
            &b""[..],
            b"        ",
            b"\0\0\0\0",
            b"12 34\0",
            b"-12\0",
            b"89\0",
            b"+7\0",
            b"\xff\xff\xff\xff",
        ] {
            assert_eq!(number(field), None, "{field:?}");
        }
        // Nine bytes of base-256.
        assert_eq!(number(&[0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(number(&[0xff; 12]), None);
    }
}
