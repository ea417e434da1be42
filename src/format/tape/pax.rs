// SPDX-License-Identifier: GPL-3.0-or-later
//! The records of pax extension headers: `LENGTH KEY=VALUE\n`, where LENGTH counts itself.

use crate::format::{FormatError, PaxFault};

/// One record, in the order of the header: sparse maps repeat their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::format) struct Record {
    pub(in crate::format) key: Vec<u8>,
    pub(in crate::format) value: Vec<u8>,
}

impl Record {
    /// What it takes in memory, about.
    pub(super) fn size_bytes(&self) -> u64 {
        (size_of::<Self>() + self.key.len() + self.value.len()) as u64
    }
}

/// Reads all records of a header that begins at a position.
pub(super) fn parse_records(mut bytes: &[u8], position: u64) -> Result<Vec<Record>, FormatError> {
    let bad = |fault: PaxFault| FormatError::damaged(position, fault);
    let mut records = Vec::new();
    while !bytes.is_empty() {
        // Some writers pad with NUL instead of ending the size at the last record.
        if bytes.iter().all(|byte| *byte == 0) {
            break;
        }
        let blank = bytes
            .iter()
            .position(|byte| *byte == b' ')
            .ok_or_else(|| bad(PaxFault::NoLength))?;
        let length = decimal(&bytes[..blank])
            .and_then(|length| usize::try_from(length).ok())
            .filter(|length| *length > blank + 1 && *length <= bytes.len())
            .ok_or_else(|| bad(PaxFault::BadLength))?;
        let (record, rest) = bytes.split_at(length);
        let body = record[blank + 1..]
            .strip_suffix(b"\n")
            .ok_or_else(|| bad(PaxFault::NoLineEnd))?;
        let equals = body
            .iter()
            .position(|byte| *byte == b'=')
            .ok_or_else(|| bad(PaxFault::NoValue))?;
        records.push(Record {
            key: body[..equals].to_vec(),
            value: body[equals + 1..].to_vec(),
        });
        bytes = rest;
    }
    Ok(records)
}

/// Appends a record.
pub(in crate::format) fn append_record(into: &mut Vec<u8>, key: &str, value: &[u8]) {
    // Blank, equals sign and line end.
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    // The length counts its own digits, so that one more digit can call for another one.
    while rest + length.to_string().len() != length {
        length = rest + length.to_string().len();
    }
    into.extend_from_slice(format!("{length} {key}=").as_bytes());
    into.extend_from_slice(value);
    into.push(b'\n');
}

/// A plain decimal number.
pub(in crate::format) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |value, digit| match digit {
        b'0'..=b'9' => value.checked_mul(10)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_every_length_come_back() {
        for length in (0..120).chain(980..1010) {
            let value = vec![b'v'; length];
            let mut bytes = Vec::new();
            append_record(&mut bytes, "key", &value);
            append_record(&mut bytes, "other", b"=\n=");
            let records = parse_records(&bytes, 0).unwrap();
            assert_eq!(records[0].value, value);
            assert_eq!((&*records[1].key, &*records[1].value), (&b"other"[..], &b"=\n="[..]));
        }
    }

    #[test]
    fn broken_records_are_refused() {
        for bytes in [
            &b"abc"[..],
            b"9 a=b\n",
            b"5 a=b\n",
            b"0 a=b\n",
            b"2 \n",
            b"4 ab\n",
            b"6 a=bb",
            b" 6 a=b\n",
            b"99999999999999999999999 a=b\n",
        ] {
            assert!(parse_records(bytes, 0).is_err(), "{bytes:?}");
        }
    }
}
