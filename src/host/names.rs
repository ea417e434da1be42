// SPDX-License-Identifier: GPL-3.0-or-later
//! Which names a VM can have, and which rule a name breaks that none can have.

/// The longest name of a VM, in bytes.
pub const LONGEST_VM_NAME: usize = 31;

/// Names that stand for something else wherever a VM is named.
const RESERVED: [&str; 4] = ["none", "default", "Domain-0", super::DOM0];
/// The ending that Xen's helper of a VM has in its name.
const RESERVED_ENDING: &str = "-dm";

/// The rule of VM names that a name breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum NameFault {
    /// It has no characters.
    #[error("the name is empty")]
    Empty,
    /// It has more than [`LONGEST_VM_NAME`] characters.
    #[error("the name has {length} characters, and at most {LONGEST_VM_NAME} are allowed")]
    TooLong {
        /// How many it has.
        length: usize,
    },
    /// It does not begin with a letter from A to Z.
    #[error("the name does not begin with a letter from A to Z")]
    Start,
    /// It holds something other than the letters from A to Z, digits, `_`, `.` and `-`.
    #[error("the name holds {character:?}; only letters from A to Z, digits, '_', '.' and '-' are allowed")]
    Character {
        /// The first such character.
        character: char,
    },
    /// It stands for something else.
    #[error("the name is reserved")]
    Reserved,
    /// It ends like the name of the helper that Xen runs for a VM.
    #[error("the name ends with '{RESERVED_ENDING}', which is reserved")]
    Ending,
}

/// Whether a VM can have this name.
pub fn is_valid_vm_name(name: &str) -> bool {
    check_vm_name(name).is_ok()
}

/// Checks whether a VM can have this name.
///
/// # Errors
/// With the first rule that it breaks.
pub fn check_vm_name(name: &str) -> Result<(), NameFault> {
    let first = name.chars().next().ok_or(NameFault::Empty)?;
    if !first.is_ascii_alphabetic() {
        return Err(NameFault::Start);
    }
    if let Some(character) = name.chars().find(|c| !is_allowed(*c)) {
        return Err(NameFault::Character { character });
    }
    if name.len() > LONGEST_VM_NAME {
        return Err(NameFault::TooLong { length: name.len() });
    }
    if RESERVED.contains(&name) {
        return Err(NameFault::Reserved);
    }
    if name.ends_with(RESERVED_ENDING) {
        return Err(NameFault::Ending);
    }
    Ok(())
}

/// As much of a name as a VM can have: what comes before the first letter is dropped, what cannot stand in a name
/// becomes `-`, and what is too long is cut. The result can still be reserved, or ending in what is reserved.
pub fn nearest_vm_name(name: &str) -> String {
    let text = name.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let start = text.find(|c: char| c.is_ascii_alphabetic());
    let kept = start.map_or("vm", |start| &text[start..]);
    let allowed = kept.chars().map(|c| if is_allowed(c) { c } else { '-' });
    allowed.take(LONGEST_VM_NAME).collect()
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_plain_and_not_reserved() {
        for name in ["a", "work", "sys-net", "Win_10.x", "a-dmz", "nonesuch", &"x".repeat(31)] {
            assert_eq!(check_vm_name(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn the_rule_that_is_named_is_one_that_the_name_breaks() {
        let character = |character| NameFault::Character { character };
        for (name, fault) in [
            ("", NameFault::Empty),
            ("1a", NameFault::Start),
            ("-a", NameFault::Start),
            ("ä", NameFault::Start),
            (" a", NameFault::Start),
            ("a b", character(' ')),
            ("a ", character(' ')),
            ("a\t", character('\t')),
            ("a\r", character('\r')),
            ("a/b", character('/')),
            ("none", NameFault::Reserved),
            ("default", NameFault::Reserved),
            ("Domain-0", NameFault::Reserved),
            ("dom0", NameFault::Reserved),
            ("a-dm", NameFault::Ending),
            (&"x".repeat(32), NameFault::TooLong { length: 32 }),
        ] {
            assert_eq!(check_vm_name(name), Err(fault), "{name:?}");
        }
        assert_eq!(check_vm_name(&"x".repeat(LONGEST_VM_NAME)), Ok(()));
    }

    #[test]
    fn the_nearest_name_keeps_what_can_be_kept() {
        for (name, nearest) in [
            ("work ", "work"),
            ("1.work", "work"),
            ("my work\t2", "my-work-2"),
            ("", "vm"),
            ("42", "vm"),
            ("größe", "gr--e"),
            ("none", "none"),
        ] {
            assert_eq!(nearest_vm_name(name), nearest, "{name:?}");
        }
        assert_eq!(nearest_vm_name(&"x".repeat(60)), "x".repeat(31));
    }
}
