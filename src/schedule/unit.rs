// SPDX-License-Identifier: GPL-3.0-or-later
//! The names of units: systemd escapes what stands behind the `@`.

use std::fmt::Write as _;

/// The longest escaped name: with what stands around it and the endings of drop-ins it is a file name of at most 255 bytes.
pub(super) const LONGEST_INSTANCE_BYTES: usize = 200;

/// Returns the timer of a profile.
pub(super) fn timer(profile: &str) -> String {
    format!("pedos-backup@{}.timer", instance(profile))
}

/// Returns the name of a profile as it stands in the name of a unit (`systemd-escape`; see `systemd.unit(5)`).
pub(super) fn instance(profile: &str) -> String {
    let mut escaped = String::with_capacity(profile.len());
    for (place, byte) in profile.bytes().enumerate() {
        match byte {
            b'/' => escaped.push('-'),
            b'.' if place == 0 => escape(&mut escaped, byte),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b':' | b'_' | b'.' => escaped.push(char::from(byte)),
            _ => escape(&mut escaped, byte),
        }
    }
    escaped
}

fn escape(out: &mut String, byte: u8) {
    // Writing into a String cannot fail.
    let _ = write!(out, "\\x{byte:02x}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_as_systemd_does_it() {
        let cases = [
            ("night", "night"),
            ("qubes-manager-backup", r"qubes\x2dmanager\x2dbackup"),
            (".a.b", r"\x2ea.b"),
            ("my disk", r"my\x20disk"),
            ("Müll%i", r"M\xc3\xbcll\x25i"),
            (r"a\b:c_d", r"a\x5cb:c_d"),
        ];
        for (name, escaped) in cases {
            assert_eq!(instance(name), escaped);
        }
    }

    #[test]
    fn a_name_of_the_most_bytes_can_be_repeated_and_a_longer_one_cannot() {
        for (length, fits) in [(LONGEST_INSTANCE_BYTES, true), (LONGEST_INSTANCE_BYTES + 1, false)] {
            let name = "x".repeat(length);
            assert_eq!(super::super::check(&name).is_ok(), fits, "{length}");
            assert!(timer(&name).len() + ".d".len() <= 255 || !fits);
        }
    }
}
