// SPDX-License-Identifier: GPL-3.0-or-later
//! The passphrase of a new archive while it is being typed.
//!
//! It is taken over when its page is left and is not shown again; who comes back may go on with the one that was taken
//! or type another.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::{draft::Reason, secret::Passphrase};

/// What was typed, and what was taken over.
#[derive(Debug, Default)]
pub struct PassphraseDraft {
    first: Zeroizing<String>,
    second: Zeroizing<String>,
    kept: Option<Arc<Passphrase>>,
}

/// What is worth knowing about a passphrase apart from its strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// It begins or ends with a blank, which is hard to see.
    OuterBlank,
    /// It has characters that another keyboard layout may not have.
    UnusualCharacters,
}

impl PassphraseDraft {
    /// Takes what stands in the two fields.
    pub fn set_typed(&mut self, first: &str, second: &str) {
        self.first = Zeroizing::new(first.to_owned());
        self.second = Zeroizing::new(second.to_owned());
    }

    /// Begins with a passphrase that is known already, from a profile.
    pub fn keep(&mut self, passphrase: Arc<Passphrase>) {
        self.kept = Some(passphrase);
    }

    /// Whether a passphrase was taken over and nothing else is being typed.
    pub fn is_kept(&self) -> bool {
        self.kept.is_some() && self.first.is_empty() && self.second.is_empty()
    }

    /// Whether the page can be left.
    ///
    /// # Errors
    /// What is missing.
    pub fn check(&self) -> Result<(), Reason> {
        if self.is_kept() {
            return Ok(());
        }
        if self.first.is_empty() {
            return Err(Reason::NoPassphrase);
        }
        Passphrase::for_new_archive(self.first.clone()).map_err(Reason::PassphraseRefused)?;
        match (self.second.is_empty(), *self.first == *self.second) {
            (true, _) => Err(Reason::NotConfirmed),
            (false, false) => Err(Reason::PassphrasesDiffer),
            (false, true) => Ok(()),
        }
    }

    /// Takes over what was typed and forgets the typing.
    ///
    /// # Errors
    /// What is missing; nothing changes then.
    pub fn take_over(&mut self) -> Result<(), Reason> {
        self.check()?;
        if !self.first.is_empty() {
            let typed = std::mem::take(&mut self.first);
            let passphrase = Passphrase::for_new_archive(typed).map_err(Reason::PassphraseRefused)?;
            self.kept = Some(Arc::new(passphrase));
        }
        self.second = Zeroizing::default();
        Ok(())
    }

    /// The passphrase that was taken over.
    pub fn kept(&self) -> Option<&Arc<Passphrase>> {
        self.kept.as_ref()
    }

    /// What is worth knowing about the text in the first field.
    pub fn hints(&self) -> Vec<Hint> {
        let mut hints = Vec::new();
        if self.first.trim() != self.first.as_str() {
            hints.push(Hint::OuterBlank);
        }
        if !self.first.is_ascii() {
            hints.push(Hint::UnusualCharacters);
        }
        hints
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::PassphraseError;

    fn typed(first: &str, second: &str) -> PassphraseDraft {
        let mut draft = PassphraseDraft::default();
        draft.set_typed(first, second);
        draft
    }

    #[test]
    fn both_fields_must_say_the_same() {
        assert_eq!(typed("", "").check(), Err(Reason::NoPassphrase));
        assert_eq!(typed("", "x").check(), Err(Reason::NoPassphrase));
        assert_eq!(typed("x", "").check(), Err(Reason::NotConfirmed));
        assert_eq!(typed("x", "y").check(), Err(Reason::PassphrasesDiffer));
        assert_eq!(
            typed("a\tb", "a\tb").check(),
            Err(Reason::PassphraseRefused(PassphraseError::ControlCharacter))
        );
        assert_eq!(typed("x", "x").check(), Ok(()));
    }

    #[test]
    fn a_taken_passphrase_serves_until_another_is_typed() {
        let mut draft = typed("one", "one");
        draft.take_over().unwrap();
        assert!(draft.is_kept() && draft.check().is_ok());
        draft.set_typed("tw", "");
        assert_eq!(draft.check(), Err(Reason::NotConfirmed));
        draft.set_typed("", "");
        draft.take_over().unwrap();
        assert_eq!(draft.kept().unwrap().as_str(), "one");
        draft.set_typed("two", "two");
        draft.take_over().unwrap();
        assert_eq!(draft.kept().unwrap().as_str(), "two");
    }

    #[test]
    fn blanks_at_the_ends_and_unusual_characters_are_pointed_out() {
        assert_eq!(typed("plain words", "").hints(), []);
        assert_eq!(typed(" x", "").hints(), [Hint::OuterBlank]);
        assert_eq!(typed("schön ", "").hints(), [Hint::OuterBlank, Hint::UnusualCharacters]);
    }
}
