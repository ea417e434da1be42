// SPDX-License-Identifier: GPL-3.0-or-later
//! Typing the beginning of a name in a list goes to the VM of that name.

use std::time::{Duration, Instant};

/// How long a pause ends what is being typed.
const PAUSE: Duration = Duration::from_secs(1);

/// The letters that were typed so far.
#[derive(Debug, Default)]
pub(super) struct TypeAhead {
    typed: String,
    last: Option<Instant>,
}

impl TypeAhead {
    /// Takes a letter that was typed at a moment while the name at `at` had the focus. Returns where to go: to the next name
    /// that begins with what was typed. A letter typed several times goes from one name with it to the next.
    pub(super) fn press(&mut self, letter: char, now: Instant, names: &[String], at: Option<usize>) -> Option<usize> {
        if self.last.is_none_or(|last| now.duration_since(last) > PAUSE) {
            self.typed.clear();
        }
        self.last = Some(now);
        self.typed.extend(letter.to_lowercase());
        let is_one_letter = self.typed.chars().all(|other| self.typed.starts_with(other));
        let found = if self.typed.chars().count() > 1 {
            next(names, &self.typed, at.unwrap_or(0))
        } else {
            None
        };
        match found {
            None if is_one_letter => {
                let first: String = self.typed.chars().take(1).collect();
                next(names, &first, at.map_or(0, |at| at + 1))
            }
            found => found,
        }
    }
}

/// The first name from `from` on that begins so; after the last one comes the first.
fn next(names: &[String], beginning: &str, from: usize) -> Option<usize> {
    let count = names.len();
    (0..count)
        .map(|step| (from + step) % count)
        .find(|index| names[*index].to_lowercase().starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["anon", "net", "vault", "Web", "work", "workshop"]
            .map(String::from)
            .into()
    }

    #[test]
    fn letters_find_the_name_that_begins_with_all_of_them() {
        let (mut typed, now) = (TypeAhead::default(), Instant::now());
        assert_eq!(typed.press('w', now, &names(), Some(0)), Some(3));
        assert_eq!(typed.press('o', now, &names(), Some(3)), Some(4));
        assert_eq!(typed.press('r', now, &names(), Some(4)), Some(4), "it already does");
        assert_eq!(typed.press('x', now, &names(), Some(4)), None);
    }

    #[test]
    fn the_same_letter_again_goes_round() {
        let (mut typed, now) = (TypeAhead::default(), Instant::now());
        let mut at = None;
        let mut seen = Vec::new();
        for _ in 0..4 {
            at = typed.press('w', now, &names(), at);
            seen.push(at);
        }
        assert_eq!(seen, [Some(3), Some(4), Some(5), Some(3)]);
    }

    #[test]
    fn a_pause_begins_a_new_word() {
        let (mut typed, now) = (TypeAhead::default(), Instant::now());
        assert_eq!(typed.press('w', now, &names(), None), Some(3));
        let later = now + PAUSE + Duration::from_millis(1);
        assert_eq!(typed.press('a', later, &names(), Some(3)), Some(0));
        assert_eq!(typed.press('n', later + PAUSE, &names(), Some(0)), Some(0));
        assert_eq!(TypeAhead::default().press('a', now, &[], None), None);
    }
}
