// SPDX-License-Identifier: GPL-3.0-or-later
//! Checks of the characters and the length of texts.

use super::unfit::Unfit;

/// The longest text, in bytes: a request to the system has at most 65536.
pub(super) const LONGEST_TEXT: usize = 60_000;

/// What the system takes as a text at all, as far as it can stand in a record unchanged.
pub(super) fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\t' | '\n')
}

/// Checks each character and the length, in bytes.
pub(super) fn text(value: &str, longest: usize, is_allowed: impl Fn(char) -> bool) -> Result<(), Unfit> {
    characters(value, is_allowed)?;
    match value.len() {
        length if length > longest => Err(Unfit::TooLong { longest }),
        _ => Ok(()),
    }
}

/// Checks a name of letters, digits and some more characters.
pub(super) fn words(name: &str, more: &str) -> Result<(), Unfit> {
    if name.is_empty() {
        return Err(Unfit::Empty);
    }
    text(name, LONGEST_TEXT, |c| c.is_ascii_alphanumeric() || more.contains(c))
}

/// Checks each character.
pub(super) fn characters(value: &str, is_allowed: impl Fn(char) -> bool) -> Result<(), Unfit> {
    match value.chars().find(|c| !is_allowed(*c)) {
        Some(character) => Err(Unfit::Character { character }),
        None => Ok(()),
    }
}
