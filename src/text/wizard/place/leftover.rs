// SPDX-License-Identifier: GPL-3.0-or-later
//! What is said of archives that earlier runs have left unfinished.

use crate::{
    draft::TypedPlace,
    text::{
        date,
        i18n::{gettext, gettext_f},
        io_text, message, sanitize, size, store_error,
    },
    transport::{Leftover, LeftoverError},
};

use super::{Verdict, failure, place_line};

/// An unfinished archive, as a line with a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftoverLine {
    /// Its name, to act on it.
    pub name: String,
    /// What there is to know.
    pub text: String,
    /// What the button is called for assistive technology.
    pub button: String,
}

/// The unfinished archives at a place.
pub fn leftovers(found: &[Leftover]) -> Vec<LeftoverLine> {
    let line = |leftover: &Leftover| LeftoverLine {
        name: leftover.name.clone(),
        text: gettext_f(
            "An earlier backup broke off and left an unfinished file here: {name} ({size}, written {date})",
            &facts(leftover).each_ref().map(|(key, value)| (*key, value.as_str())),
        ),
        button: gettext_f("Remove {name}", &[("name", &sanitize(&leftover.name))]),
    };
    found.iter().map(line).collect()
}

/// The button beside an unfinished archive.
pub fn remove_leftover() -> String {
    gettext("Remove…")
}

/// The question before an unfinished archive is removed.
pub fn ask_remove(typed: &TypedPlace, leftover: &Leftover) -> (String, String) {
    let place = place_line(typed);
    let facts = facts(leftover);
    let mut values: Vec<(&str, &str)> = facts.iter().map(|(key, value)| (*key, value.as_str())).collect();
    values.push(("place", &place));
    (
        gettext("Remove the unfinished file?"),
        gettext_f(
            "{name} in {place} has {size} and was last written {date}. It is no backup: nothing can be restored from it. Removing it cannot be undone.",
            &values,
        ),
    )
}

/// What can be answered: the safe answer first.
pub fn remove_answers() -> (String, String) {
    (gettext("_Keep"), gettext("_Remove"))
}

/// Why an unfinished archive is still there.
pub fn leftover_kept(name: &str, error: &LeftoverError) -> Verdict {
    let why = match error {
        LeftoverError::InUse => gettext("A program is writing it right now."),
        LeftoverError::NotOurs => gettext("It is not an unfinished file of this program any more."),
        LeftoverError::Kept => gettext("The VM did not remove it. Look at its permissions there."),
        LeftoverError::Host(error) => message(&error.clone().into()).full_text(),
        LeftoverError::Store(error) => store_error(error).full_text(),
        LeftoverError::Io(error) => io_text(error),
    };
    failure(
        gettext_f("{name} could not be removed.", &[("name", &sanitize(name))]),
        why,
    )
}

fn facts(leftover: &Leftover) -> [(&'static str, String); 3] {
    [
        ("name", sanitize(&leftover.name)),
        ("size", size(leftover.bytes)),
        ("date", date(leftover.changed)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leftover_is_named_with_its_size_and_age_before_it_is_removed() {
        let leftover = Leftover {
            name: "pedos-backup-2026-01-02T030405.part".to_owned(),
            bytes: 2048,
            changed: 1_767_322_000,
        };
        let typed = TypedPlace {
            target: "sys-usb".to_owned(),
            text: "/mnt/disk".to_owned(),
            ..TypedPlace::default()
        };
        let (_, body) = ask_remove(&typed, &leftover);
        let line = &leftovers(std::slice::from_ref(&leftover))[0];
        for said in [&body, &line.text] {
            assert!(said.contains(&leftover.name) && said.contains("2026-01-02"), "{said}");
            assert!(said.contains("2.0 KiB") || said.contains("2 KiB"), "{said}");
        }
        assert!(body.contains("sys-usb: /mnt/disk"));
        assert!(line.button.contains(&leftover.name));
    }
}
