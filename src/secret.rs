// SPDX-License-Identifier: GPL-3.0-or-later
//! Passphrases: kept in memory that no disk sees and that is wiped when they go, never printed, never copied by accident.
//!
//! There is no `Clone`, `Debug` of the content or `Display`: a second holder shares it through an `Arc`.

mod locked;

use std::{
    fmt, io,
    sync::atomic::{AtomicUsize, Ordering},
};

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

pub use locked::Locked;

/// Keeps the memory of this process, with every secret in it, out of core dumps, and from other processes of the same user.
///
/// # Errors
/// When the system refuses it.
pub fn hide_memory() -> io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(io::Error::from)
}

/// Has no core dump written of this process and what it starts. Other programs of the desktop may still look at it, as they do at
/// programs with windows.
///
/// # Errors
/// When the system refuses it.
pub fn forbid_core_dumps() -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).map_err(io::Error::from)
}

/// The longest passphrase that the stock tools still read in one piece together with the backup id and a member name
/// (`scrypt` takes 2047 bytes for all of it).
pub const LONGEST_NEW_PASSPHRASE_BYTES: usize = 1800;

/// A passphrase as its user typed it: UTF-8, no normalisation, as the existing archives have it.
///
/// Keyboards and programs differ in how they write letters with marks (one character, or a letter and its mark), and an
/// archive knows only bytes. So a passphrase that is to open an archive has other forms, which
/// [`try_forms`](Self::try_forms) tries; the one that opened it is the passphrase from then on.
pub struct Passphrase {
    /// As typed, then the others.
    forms: Vec<Locked>,
    current: AtomicUsize,
}

impl Passphrase {
    /// A passphrase that opens an archive: whatever was typed is tried.
    pub fn for_reading(typed: impl Into<Zeroizing<String>>) -> Self {
        let typed = typed.into();
        let composed = normalised(&typed, typed.nfc());
        let decomposed = normalised(&typed, typed.nfd());
        let mut passphrase = Self::only(&typed);
        for form in [composed, decomposed] {
            if passphrase.forms.iter().all(|other| **other != *form.as_bytes()) {
                passphrase.forms.push(Locked::of(form.as_bytes()));
            }
        }
        passphrase
    }

    fn only(typed: &str) -> Self {
        Self {
            forms: vec![Locked::of(typed.as_bytes())],
            current: AtomicUsize::new(0),
        }
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
        Ok(Self::only(&typed))
    }

    /// Tries to open something with each form in turn, until one is not wrong: that one is the passphrase from then on.
    /// Where all are wrong it is as typed.
    ///
    /// # Errors
    /// What the attempt with the form as typed said where all are wrong, else what the last attempt said.
    pub fn try_forms<T, E>(
        &self,
        mut attempt: impl FnMut() -> Result<T, E>,
        is_wrong: impl Fn(&E) -> bool,
    ) -> Result<T, E> {
        let first = attempt();
        if first.as_ref().err().is_none_or(|error| !is_wrong(error)) {
            return first;
        }
        let before = self.current.load(Ordering::SeqCst);
        for form in (0..self.forms.len()).filter(|form| *form != before) {
            self.current.store(form, Ordering::SeqCst);
            match attempt() {
                Err(error) if is_wrong(&error) => {}
                result => return result,
            }
        }
        self.current.store(before, Ordering::SeqCst);
        first
    }

    /// The bytes that go into the key derivation.
    pub fn as_bytes(&self) -> &[u8] {
        &self.forms[self.current.load(Ordering::SeqCst)]
    }

    /// The text, for the one place that writes it down on the user's wish: a profile that keeps its passphrase.
    pub fn as_str(&self) -> &str {
        // Every form was made of text.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

/// The characters of a form, put together where no copy stays behind: a string that grows leaves some.
fn normalised(typed: &str, characters: impl Iterator<Item = char>) -> Zeroizing<String> {
    /// The most that the UTF-8 of a text grows by either form.
    const GROWTH: usize = 3;
    let mut form = Zeroizing::new(String::with_capacity(typed.len() * GROWTH));
    form.extend(characters);
    form
}

/// What is worth knowing about the characters of a new passphrase before it is needed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassphraseAnomaly {
    /// A character that cannot be seen: it got in by pasting or from a file, and nobody will type it again.
    Invisible(char),
    /// A blank that is another character than that of the space bar.
    OtherBlank(char),
    /// It begins or ends with a blank, which is hard to see.
    OuterBlank,
    /// Some of its characters are written in several ways, which look alike: composed or in pieces.
    SeveralForms,
    /// It has characters that another keyboard layout may not have.
    UnusualCharacters,
}

impl PassphraseAnomaly {
    /// Whether the passphrase is most likely not what its user believes it to be.
    pub fn is_trap(self) -> bool {
        matches!(self, Self::Invisible(_) | Self::OtherBlank(_))
    }
}

/// What is worth knowing about the characters of a new passphrase, each once and the worst first.
pub fn anomalies(text: &str) -> Vec<PassphraseAnomaly> {
    let first = |is: fn(char) -> bool| text.chars().find(|c| is(*c));
    let several_forms = !text.is_ascii() && !text.nfc().eq(text.nfd());
    let found = [
        first(is_invisible).map(PassphraseAnomaly::Invisible),
        first(is_other_blank).map(PassphraseAnomaly::OtherBlank),
        (text.trim_matches(' ') != text).then_some(PassphraseAnomaly::OuterBlank),
        several_forms.then_some(PassphraseAnomaly::SeveralForms),
        (!text.is_ascii()).then_some(PassphraseAnomaly::UnusualCharacters),
    ];
    found.into_iter().flatten().collect()
}

/// Every blank of Unicode but that of the space bar. Tabs and line ends are refused as control characters.
fn is_other_blank(c: char) -> bool {
    c != ' ' && c.is_whitespace() && !c.is_control()
}

/// What Unicode calls ignorable by default, with the other characters that only steer a layout, and the ones that stand
/// for a character that could not be read.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffd}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
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
        assert!(new(&"x".repeat(LONGEST_NEW_PASSPHRASE_BYTES)).is_ok());
        assert_eq!(new("").unwrap_err(), PassphraseError::Empty);
        assert_eq!(new("a\tb").unwrap_err(), PassphraseError::ControlCharacter);
        assert_eq!(
            new(&"x".repeat(LONGEST_NEW_PASSPHRASE_BYTES + 1)).unwrap_err(),
            PassphraseError::TooLong
        );
    }

    #[test]
    fn both_ways_to_write_a_letter_are_tried_and_the_right_one_stays() {
        for (typed, wanted) in [
            ("pa\u{308}ss", "p\u{e4}ss"),
            ("p\u{e4}ss", "pa\u{308}ss"),
            ("plain", "plain"),
        ] {
            let passphrase = Passphrase::for_reading(typed.to_owned());
            let attempt = || (passphrase.as_str() == wanted).then_some(7).ok_or("wrong");
            assert_eq!(passphrase.try_forms(attempt, |_| true), Ok(7));
            assert_eq!(passphrase.as_str(), wanted);
            // It stays for whatever comes after, and needs one attempt only.
            let mut tries = 0;
            let again = || {
                tries += 1;
                Ok::<_, &str>(())
            };
            passphrase.try_forms(again, |_| true).unwrap();
            assert_eq!(tries, 1);
        }
    }

    #[test]
    fn what_cannot_be_seen_or_typed_again_is_pointed_out() {
        use PassphraseAnomaly::{Invisible, OtherBlank, OuterBlank, SeveralForms, UnusualCharacters};
        assert_eq!(anomalies("plain words"), []);
        assert_eq!(anomalies(" x"), [OuterBlank]);
        assert_eq!(anomalies("stra\u{df}e"), [UnusualCharacters]);
        for composed in ["sch\u{f6}n ", "scho\u{308}n "] {
            assert_eq!(anomalies(composed), [OuterBlank, SeveralForms, UnusualCharacters]);
        }
        for c in [
            '\u{feff}',
            '\u{200b}',
            '\u{200d}',
            '\u{ad}',
            '\u{2060}',
            '\u{202e}',
            '\u{e0041}',
            '\u{fffd}',
        ] {
            for text in [format!("{c}secret"), format!("sec{c}ret"), format!("secret{c}")] {
                assert_eq!(anomalies(&text)[0], Invisible(c), "{text:?}");
            }
        }
        for c in ['\u{a0}', '\u{2003}', '\u{202f}', '\u{3000}', '\u{2028}'] {
            assert_eq!(anomalies(&format!("two{c}words"))[0], OtherBlank(c));
        }
    }

    #[test]
    fn what_is_wrong_in_every_form_stays_as_typed_and_other_errors_end_the_tries() {
        let passphrase = Passphrase::for_reading("o\u{308}\u{e4}".to_owned());
        let mut tried = Vec::new();
        let attempt = || {
            tried.push(passphrase.as_str().to_owned());
            Err::<(), _>(tried.len())
        };
        assert_eq!(passphrase.try_forms(attempt, |_| true), Err(1));
        assert_eq!(tried, ["o\u{308}\u{e4}", "\u{f6}\u{e4}", "o\u{308}a\u{308}"]);
        assert_eq!(passphrase.as_str(), "o\u{308}\u{e4}");
        let other = passphrase.try_forms(|| Err::<(), _>("other"), |_| false);
        assert_eq!(other, Err("other"));
    }

    #[test]
    fn a_new_archive_gets_the_passphrase_as_typed_and_no_other() {
        let new = new("pa\u{308}ss").unwrap();
        let refused = new.try_forms(|| Err::<(), _>(new.as_str().to_owned()), |_| true);
        assert_eq!(refused, Err("pa\u{308}ss".to_owned()));
    }

    #[test]
    fn debug_output_keeps_the_secret() {
        assert!(!format!("{:?}", new("hunter2").unwrap()).contains("hunter2"));
    }
}
