// SPDX-License-Identifier: GPL-3.0-or-later
//! Which names a machine can have.

/// The longest name of a machine, in bytes.
pub const LONGEST_MACHINE_NAME: usize = 31;

/// Whether a machine can have this name: a letter, then letters, digits, `_`, `.` and `-`, none of the names that mean
/// something else.
pub fn is_valid_machine_name(name: &str) -> bool {
    let is_reserved = matches!(name, "none" | "default" | "Domain-0" | super::DOM0) || name.ends_with("-dm");
    name.len() <= LONGEST_MACHINE_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
        && !is_reserved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_plain_and_not_reserved() {
        for name in ["a", "work", "sys-net", "Win_10.x", &"x".repeat(31)] {
            assert!(is_valid_machine_name(name), "{name}");
        }
        for name in [
            "",
            "1a",
            "-a",
            "a b",
            "ä",
            "a/b",
            "none",
            "default",
            "Domain-0",
            "dom0",
            "a-dm",
            &"x".repeat(32),
        ] {
            assert!(!is_valid_machine_name(name), "{name}");
        }
    }
}
