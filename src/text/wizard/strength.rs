// SPDX-License-Identifier: GPL-3.0-or-later
//! How strong a passphrase is, in words: for the wizard's page and summary, and for the tool's warning.

use zxcvbn::feedback::{Suggestion, Warning};

use crate::{
    crypto::{Grade, KdfCost, Strength},
    text::i18n::{gettext, gettext_f, ngettext_f},
};

/// The seconds of each unit of time that a guess is told in, the largest first.
const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;
const YEAR: f64 = 365.25 * DAY;

/// From which number of years on they are not counted any more.
const MANY_YEARS: f64 = 10_000.0;

/// How long a passphrase holds, in one sentence.
pub fn strength(strength: &Strength, cost: KdfCost) -> String {
    let time = guessing_time(strength.seconds(cost));
    let time = &[("time", time.as_str())];
    match strength.grade(cost) {
        // Translators: {time} is "3 hours" or "less than a minute".
        Grade::VeryWeak => gettext_f(
            "Very weak: guessed within {time} by somebody who has the backup and rents hardware for 50 dollars an hour.",
            time,
        ),
        Grade::Weak => gettext_f(
            "Weak: guessed within {time} by somebody who has the backup and rents hardware for 50 dollars an hour.",
            time,
        ),
        Grade::Fair => gettext_f(
            "Fair: rented hardware for 50 dollars an hour takes {time} to guess it.",
            time,
        ),
        Grade::Good => gettext_f(
            "Good: rented hardware for 50 dollars an hour takes {time} to guess it.",
            time,
        ),
        Grade::Strong => gettext("Strong: out of reach for whoever has the backup."),
    }
}

/// The same with what could be better.
pub fn strength_with_advice(judged: &Strength, cost: KdfCost) -> String {
    let mut sentences = vec![strength(judged, cost)];
    if let Some(feedback) = judged.feedback() {
        sentences.extend(feedback.warning().map(warning));
        sentences.extend(feedback.suggestions().iter().copied().find_map(suggestion));
    }
    sentences.join(" ")
}

/// Whether to go on with a weak passphrase: a heading and what it means.
pub fn ask_weak(judged: &Strength, cost: KdfCost) -> (String, String) {
    (
        gettext("Back up with a weak passphrase?"),
        strength_with_advice(judged, cost),
    )
}

/// The answers to [`ask_weak`]: to stay, and to go on.
pub fn weak_answers() -> (String, String) {
    (gettext("_Choose another one"), gettext("_Back up anyway"))
}

/// A time in the unit that suits it, without a pretence of precision.
fn guessing_time(seconds: f64) -> String {
    let whole = |unit: f64| (seconds / unit).round().max(1.0) as u64;
    match seconds {
        ..MINUTE => gettext("less than a minute"),
        ..HOUR => ngettext_f("{n} minute", "{n} minutes", whole(MINUTE), &[]),
        ..DAY => ngettext_f("{n} hour", "{n} hours", whole(HOUR), &[]),
        ..YEAR => ngettext_f("{n} day", "{n} days", whole(DAY), &[]),
        _ if seconds < MANY_YEARS * YEAR => ngettext_f("{n} year", "{n} years", whole(YEAR), &[]),
        _ => gettext("more than ten thousand years"),
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

    fn said(passphrase: &str) -> String {
        strength_with_advice(&Strength::of(passphrase).unwrap(), KdfCost::DEFAULT)
    }

    #[test]
    fn a_weak_passphrase_is_told_by_the_time_that_it_holds() {
        assert!(
            said("password").starts_with("Very weak: guessed within less than a minute"),
            "{}",
            said("password")
        );
        assert!(
            said("green tea mornings").starts_with("Weak: guessed within "),
            "{}",
            said("green tea mornings")
        );
        assert!(said("quartz lemur ratify oblong canopy").starts_with("Strong"));
    }

    #[test]
    fn times_are_told_in_the_unit_that_suits_them() {
        let cases = [
            (0.5, "less than a minute"),
            (90.0, "2 minutes"),
            (HOUR, "1 hour"),
            (3.0 * DAY, "3 days"),
            (80.0 * YEAR, "80 years"),
            (1e30, "more than ten thousand years"),
        ];
        for (seconds, right) in cases {
            assert_eq!(guessing_time(seconds), right);
        }
    }
}
