// SPDX-License-Identifier: GPL-3.0-or-later
//! The passphrase of a new archive while it is being typed.
//!
//! It is taken over when its page is left and is not shown again; who comes back may go on with the one that was taken
//! or type another.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::{
    crypto::{Grade, Strength},
    draft::Reason,
    secret::{Passphrase, PassphraseAnomaly, anomalies},
};

/// What was typed, and what was taken over.
#[derive(Debug, Default)]
pub struct PassphraseDraft {
    first: Zeroizing<String>,
    second: Zeroizing<String>,
    kept: Option<Arc<Passphrase>>,
    is_from_profile: bool,
    /// Of what is typed, or else of what was taken over.
    strength: Option<Strength>,
    is_weakness_accepted: bool,
}

/// How a bar shows the strength of a passphrase: so many of [`Meter::SEGMENTS`] are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meter {
    /// From 1, which is red, to [`Meter::SEGMENTS`], which is green.
    pub filled: u8,
}

impl Meter {
    /// As many as there are grades.
    pub const SEGMENTS: u8 = 5;
}

impl From<Grade> for Meter {
    fn from(grade: Grade) -> Self {
        let filled = match grade {
            Grade::VeryWeak => 1,
            Grade::Weak => 2,
            Grade::Fair => 3,
            Grade::Good => 4,
            Grade::Strong => Self::SEGMENTS,
        };
        Self { filled }
    }
}

impl PassphraseDraft {
    /// Takes what stands in the two fields.
    pub fn set_typed(&mut self, first: &str, second: &str) {
        if *self.first != *first {
            self.first = Zeroizing::new(first.to_owned());
            self.judge();
        }
        self.second = Zeroizing::new(second.to_owned());
    }

    /// Begins with a passphrase that is known already, from a profile.
    pub fn keep(&mut self, passphrase: Arc<Passphrase>) {
        self.kept = Some(passphrase);
        self.is_from_profile = true;
        self.judge();
    }

    fn judge(&mut self) {
        let kept = self.kept.as_ref().map_or("", |kept| kept.as_str());
        let text = if self.first.is_empty() {
            kept
        } else {
            self.first.as_str()
        };
        self.strength = Strength::of(text);
        self.is_weakness_accepted = false;
    }

    /// How strong the passphrase is that is typed, or else the one that was taken over.
    pub fn strength(&self) -> Option<&Strength> {
        self.strength.as_ref()
    }

    /// Takes the user's word that a weak passphrase will do; it counts for this passphrase only.
    pub fn accept_weakness(&mut self) {
        self.is_weakness_accepted = true;
    }

    /// Whether the user has said that a weak passphrase will do.
    pub fn is_weakness_accepted(&self) -> bool {
        self.is_weakness_accepted
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
            // Its strength was judged while it was typed, and it is the one that is taken over.
            let typed = std::mem::take(&mut self.first);
            let passphrase = Passphrase::for_new_archive(typed).map_err(Reason::PassphraseRefused)?;
            self.kept = Some(Arc::new(passphrase));
            self.is_from_profile = false;
        }
        self.second = Zeroizing::default();
        Ok(())
    }

    /// Returns whether the passphrase that is kept came with the profile; otherwise it was typed on this page before.
    pub fn is_from_profile(&self) -> bool {
        self.is_from_profile
    }

    /// The passphrase that was taken over.
    pub fn kept(&self) -> Option<&Arc<Passphrase>> {
        self.kept.as_ref()
    }

    /// What is worth knowing about the text in the first field.
    pub fn hints(&self) -> Vec<PassphraseAnomaly> {
        anomalies(&self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crypto::KdfCost, secret::PassphraseError};

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
        draft.keep(Arc::new(Passphrase::for_reading("of a profile".to_owned())));
        assert!(draft.is_from_profile());
        draft.take_over().unwrap();
        assert!(!draft.is_from_profile());
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
    fn odd_characters_are_pointed_out_while_they_are_typed() {
        assert_eq!(typed("plain words", "").hints(), []);
        assert_eq!(typed(" x", "").hints(), [PassphraseAnomaly::OuterBlank]);
        assert_eq!(
            typed("\u{feff}x", "").hints()[0],
            PassphraseAnomaly::Invisible('\u{feff}')
        );
    }

    #[test]
    fn the_strength_is_that_of_the_passphrase_that_will_be_used() {
        let weak = |draft: &PassphraseDraft| draft.strength().unwrap().grade(KdfCost::DEFAULT).is_weak();
        let mut draft = typed("a", "a");
        draft.take_over().unwrap();
        assert!(weak(&draft));
        draft.accept_weakness();
        draft.set_typed("", "");
        assert!(draft.is_weakness_accepted());
        let strong = "quartz lemur ratify oblong canopy";
        draft.set_typed(strong, strong);
        assert!(!weak(&draft) && !draft.is_weakness_accepted());
        draft.set_typed("", "");
        assert!(weak(&draft) && !draft.is_weakness_accepted());
        draft.set_typed(strong, strong);
        draft.take_over().unwrap();
        draft.set_typed("", "");
        assert!(!weak(&draft));
    }
}
