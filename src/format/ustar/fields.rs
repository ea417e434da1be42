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

/// A number that may be negative, which base-256 says in two's complement.
pub(in crate::format) fn signed_number(field: &[u8]) -> Option<i64> {
    let (first, rest) = field.split_first()?;
    if first & 0xc0 != 0xc0 {
        return number(field)?.try_into().ok();
    }
    let (high, low) = rest.split_at(rest.len().checked_sub(8)?);
    let value = i64::from_be_bytes(low.try_into().ok()?);
    let is_sign = |byte: &u8| *byte == 0xff;
    (*first == 0xff && high.iter().all(is_sign) && value < 0).then_some(value)
}

/// A negative number in a field, as the stock tool writes it.
pub(in crate::format) fn put_negative(field: &mut [u8], value: i64) {
    field.fill(0xff);
    if let Some(low) = field.last_chunk_mut() {
        *low = value.to_be_bytes();
    }
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
    fn negative_numbers_are_read_as_they_are_written() {
        let mut field = [0; 12];
        for value in [-1, -86_400, i64::MIN] {
            put_negative(&mut field, value);
            assert_eq!(signed_number(&field), Some(value));
            assert_eq!(number(&field), None);
        }
        assert_eq!(signed_number(b"00000000017\0"), Some(15));
        field[1] = 0;
        assert_eq!(signed_number(&field), None);
    }

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
