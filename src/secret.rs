// SPDX-License-Identifier: GPL-3.0-or-later
//! Passphrases: kept in memory that is wiped when they go, never printed, never copied by accident.
//!
//! There is no `Clone`, `Debug` of the content or `Display`: whoever needs a second holder shares the one by `Arc`.

use std::fmt;

use zeroize::Zeroizing;

/// The longest passphrase that the stock tools still read in one piece together with the backup id and a member name
/// (`scrypt` takes 2047 bytes for all of it).
pub const LONGEST_NEW_PASSPHRASE_BYTES: usize = 1800;

/// A passphrase as its user typed it: UTF-8, no normalisation, as the existing archives have it.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// A passphrase that opens an archive: whatever was typed is tried.
    pub fn for_reading(typed: impl Into<Zeroizing<String>>) -> Self {
        Self(typed.into())
    }

    /// A passphrase for a new archive, refused where the archive could not be opened again with the stock tools.
    ///
    /// # Errors
    /// Empty, too long, or with control characters: a terminal takes those as editing keys, so that the stock
    /// `scrypt` prompt would see another passphrase than this program.
    pub fn for_new_archive(typed: impl Into<Zeroizing<String>>) -> Result<Self, PassphraseError> {
        let typed = typed.into();
        if typed.is_empty() {
            return Err(PassphraseError::Empty);
        }
        if typed.len() > LONGEST_NEW_PASSPHRASE_BYTES {
            return Err(PassphraseError::TooLong);
        }
        if typed.chars().any(char::is_control) {
            return Err(PassphraseError::ControlCharacter);
        }
        Ok(Self(typed))
    }

    /// The bytes that go into the key derivation.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The text, for the one place that writes it down on the user's wish: a profile that keeps its passphrase.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// Why a passphrase cannot protect a new archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// Nothing was typed.
    #[error("the passphrase is empty")]
    Empty,
    /// More bytes than the stock `scrypt` reads.
    #[error("the passphrase is longer than {LONGEST_NEW_PASSPHRASE_BYTES} bytes")]
    TooLong,
    /// A tab, a line end or another control character is in it.
    #[error("the passphrase contains a control character")]
    ControlCharacter,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(text: &str) -> Result<Passphrase, PassphraseError> {
        Passphrase::for_new_archive(text.to_owned())
    }

    #[test]
    fn blanks_quotes_and_umlauts_are_kept_as_typed() {
        assert_eq!(new(" pä\"ss ! ").unwrap().as_bytes(), " pä\"ss ! ".as_bytes());
    }

    #[test]
    fn what_stock_tools_cannot_take_is_refused() {
        assert_eq!(new("").unwrap_err(), PassphraseError::Empty);
        assert_eq!(new("a\tb").unwrap_err(), PassphraseError::ControlCharacter);
        assert_eq!(
            new(&"x".repeat(LONGEST_NEW_PASSPHRASE_BYTES + 1)).unwrap_err(),
            PassphraseError::TooLong
        );
    }

    #[test]
    fn debug_output_keeps_the_secret() {
        assert!(!format!("{:?}", new("hunter2").unwrap()).contains("hunter2"));
    }
}
