// SPDX-License-Identifier: GPL-3.0-or-later
//! How long a passphrase holds against somebody who has the archive and rents hardware to guess it.
//!
//! The estimate is the number of guesses that `zxcvbn` expects, times the cost of one guess. It is an order of magnitude
//! and no promise: an attacker who knows the owner of the passphrase needs fewer guesses.

use zeroize::Zeroizing;
use zxcvbn::feedback::Feedback;

use super::KdfCost;

/// The guesses of one rented graphics card in a second at [`KdfCost::DEFAULT`]. Its memory is the bound: one guess moves
/// some 320 MiB (128 * N * r bytes once, and a quarter more with the best trade-off of memory for time), and fast cards
/// move 960 GB in a second. Public measurements of such cards stay below a fifth of that.
const GUESSES_PER_CARD_AND_SECOND: f64 = 3000.0;

/// How many cards are rented at a time. One costs about half a dollar for an hour (an assumption, from public offers), so
/// this is somebody who spends 50 dollars an hour.
const CARDS: f64 = 100.0;

/// The seconds of a year.
const YEAR_SECONDS: f64 = 365.25 * 24.0 * 3600.0;

/// How many characters are looked at: the work grows faster than the text, and a passphrase this long is strong.
const LONGEST_LOOK: usize = 100;

/// Words that a guesser of such archives tries first.
const OWN_WORDS: [&str; 3] = ["pedos", "qubes", "backup"];

/// How strong a passphrase is, whatever a guess costs.
#[derive(Debug, Clone)]
pub struct Strength {
    guesses: f64,
    feedback: Option<Feedback>,
}

/// How long a passphrase holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Less than an hour.
    VeryWeak,
    /// Less than a year.
    Weak,
    /// Less than a hundred years.
    Fair,
    /// Less than ten thousand years.
    Good,
    /// Longer.
    Strong,
}

impl Grade {
    /// Whether a backup should not be made with it before its user was asked once more.
    pub fn is_weak(self) -> bool {
        self < Self::Fair
    }
}

impl Strength {
    /// Judges a passphrase; nothing can be said of an empty one.
    pub fn of(passphrase: &str) -> Option<Self> {
        if passphrase.is_empty() {
            return None;
        }
        let start: Zeroizing<String> = Zeroizing::new(passphrase.chars().take(LONGEST_LOOK).collect());
        let judged = zxcvbn::zxcvbn(&start, &OWN_WORDS);
        Some(Self {
            guesses: 10_f64.powf(judged.guesses_log10()),
            feedback: judged.feedback().cloned(),
        })
    }

    /// The seconds until it is guessed, if each guess costs that much.
    pub fn seconds(&self, cost: KdfCost) -> f64 {
        let work = cost.work() as f64 / KdfCost::DEFAULT.work() as f64;
        self.guesses * work / (GUESSES_PER_CARD_AND_SECOND * CARDS)
    }

    /// How long it holds, if each guess costs that much.
    pub fn grade(&self, cost: KdfCost) -> Grade {
        let seconds = self.seconds(cost);
        match seconds / YEAR_SECONDS {
            _ if seconds < 3600.0 => Grade::VeryWeak,
            ..1.0 => Grade::Weak,
            ..100.0 => Grade::Fair,
            ..10_000.0 => Grade::Good,
            _ => Grade::Strong,
        }
    }

    /// What could be better.
    pub fn feedback(&self) -> Option<&Feedback> {
        self.feedback.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grade(passphrase: &str) -> Grade {
        Strength::of(passphrase).unwrap().grade(KdfCost::DEFAULT)
    }

    #[test]
    fn what_can_be_guessed_with_rented_hardware_is_weak() {
        assert!(Strength::of("").is_none());
        for passphrase in ["a", "password", "peter", "green tea mornings", "Sommer2024!"] {
            assert!(grade(passphrase).is_weak(), "{passphrase}: {:?}", grade(passphrase));
        }
        for passphrase in ["quartz lemur ratify oblong canopy", "vY7#kq2Lr0!pzW9u"] {
            assert!(!grade(passphrase).is_weak(), "{passphrase}: {:?}", grade(passphrase));
        }
        assert_eq!(grade("quartz lemur ratify oblong canopy"), Grade::Strong);
    }

    #[test]
    fn the_cost_of_a_guess_counts() {
        let strength = |guesses| Strength {
            guesses,
            feedback: None,
        };
        let ten_days = strength(10.0 * 24.0 * 3600.0 * GUESSES_PER_CARD_AND_SECOND * CARDS);
        let ratio = ten_days.seconds(KdfCost::REFERENCE) / ten_days.seconds(KdfCost::DEFAULT);
        assert!((ratio - 8.0).abs() < 1e-9, "{ratio}");
        let half_a_year = strength(0.5 * YEAR_SECONDS * GUESSES_PER_CARD_AND_SECOND * CARDS);
        assert_eq!(half_a_year.grade(KdfCost::DEFAULT), Grade::Weak);
        assert_eq!(half_a_year.grade(KdfCost::REFERENCE), Grade::Fair);
    }

    #[test]
    fn a_very_long_text_is_judged_in_good_time() {
        assert!(Strength::of(&"correct horse battery ".repeat(80)).is_some());
    }

    #[test]
    fn what_stands_behind_the_characters_that_are_looked_at_counts_nothing() {
        let guesses = |tail: &str| {
            let passphrase = format!(
                "{}{tail}",
                "ab1".repeat(LONGEST_LOOK)[..LONGEST_LOOK - 2].to_owned() + "#"
            );
            Strength::of(&passphrase).unwrap().guesses
        };
        assert!(guesses("Q") > guesses(""));
        assert_eq!(guesses("Q~vY7#kq2"), guesses("Q"));
    }
}
