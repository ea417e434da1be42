// SPDX-License-Identifier: GPL-3.0-or-later
//! How strong a passphrase is, in words.

use zxcvbn::{
    Score,
    feedback::{Suggestion, Warning},
};

use crate::text::i18n::{gettext, gettext_f};

/// How strong a passphrase is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strength {
    /// From 0, the weakest, to 4.
    pub score: u8,
    /// The same in words, with advice.
    pub words: String,
}

/// How many characters are looked at: the work grows faster than the text, and a passphrase this long is strong.
const LONGEST_LOOK: usize = 100;

/// Judges a passphrase; nothing to say of an empty one.
pub fn strength(passphrase: &str) -> Option<Strength> {
    if passphrase.is_empty() {
        return None;
    }
    let start: zeroize::Zeroizing<String> = zeroize::Zeroizing::new(passphrase.chars().take(LONGEST_LOOK).collect());
    let judged = zxcvbn::zxcvbn(&start, &["pedos", "qubes", "backup"]);
    let mut advice = Vec::new();
    if let Some(feedback) = judged.feedback() {
        advice.extend(feedback.warning().map(warning));
        advice.extend(feedback.suggestions().iter().copied().filter_map(suggestion));
    }
    let grade = grade(judged.score());
    let words = if advice.is_empty() {
        grade
    } else {
        // Translators: how strong a passphrase is, and what could be better.
        gettext_f("{grade} {advice}", &[("grade", &grade), ("advice", &advice.join(" "))])
    };
    Some(Strength {
        score: u8::from(judged.score()),
        words,
    })
}

fn grade(score: Score) -> String {
    match score {
        Score::Zero => gettext("Very weak: guessed at once."),
        Score::One => gettext("Weak: guessed within hours."),
        Score::Two => gettext("Fair: not enough for a backup that others can copy."),
        Score::Three => gettext("Good."),
        _ => gettext("Strong."),
    }
}

fn warning(warning: Warning) -> String {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess => gettext("Straight rows of keys are easy to guess."),
        Warning::ShortKeyboardPatternsAreEasyToGuess => gettext("Short patterns on the keyboard are easy to guess."),
        Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            gettext("Repeats are easy to guess.")
        }
        Warning::ThisIsATop10Password | Warning::ThisIsATop100Password | Warning::ThisIsACommonPassword => {
            gettext("This is a well-known passphrase.")
        }
        Warning::ThisIsSimilarToACommonlyUsedPassword => gettext("This is close to a well-known passphrase."),
        Warning::SequencesLikeAbcAreEasyToGuess => gettext("Sequences are easy to guess."),
        Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess => {
            gettext("Dates and years are easy to guess.")
        }
        Warning::AWordByItselfIsEasyToGuess => gettext("A word by itself is easy to guess."),
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess | Warning::CommonNamesAndSurnamesAreEasyToGuess => {
            gettext("Names are easy to guess.")
        }
    }
}

/// One piece of advice that helps for all of them, instead of rules that nobody can remember.
fn suggestion(suggestion: Suggestion) -> Option<String> {
    match suggestion {
        Suggestion::UseAFewWordsAvoidCommonPhrases | Suggestion::AddAnotherWordOrTwo => {
            Some(gettext("Add another word or two; uncommon ones are best."))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_chosen_at_random_are_strong_and_a_name_is_not() {
        assert_eq!(strength(""), None);
        assert!(strength("peter").unwrap().score < 2);
        assert_eq!(strength("quartz lemur ratify oblong canopy").unwrap().score, 4);
    }

    #[test]
    fn a_very_long_text_is_judged_in_good_time() {
        assert!(strength(&"correct horse battery ".repeat(80)).is_some());
    }
}
