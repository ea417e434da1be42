// SPDX-License-Identifier: GPL-3.0-or-later
//! What the summary of a backup says.

use std::path::Path;

use crate::{
    crypto::Grade,
    draft::{BackupDraft, PowerOff, TypedPlace},
    format::{Compression, Level},
    schedule::Rhythm,
    text::{
        compression,
        i18n::{gettext, gettext_f, ngettext_f, pgettext},
        only_changed, sanitize, unverified,
    },
};

use super::{place::place_line, strength::strength};

/// How many names are listed before the rest is only counted.
const MOST_NAMES: usize = 12;

/// The heading of a column.
pub fn column_name() -> String {
    pgettext("column", "VM")
}

/// The heading of a column.
pub fn column_class() -> String {
    pgettext("column", "Class")
}

/// The heading of a column.
pub fn column_size() -> String {
    pgettext("column", "Size")
}

/// The heading of a column.
pub fn column_remarks() -> String {
    pgettext("column", "Remarks")
}

/// How hard a compression works, in a word.
pub fn level_name(level: Level) -> String {
    match level {
        Level::Fast => pgettext("level of compression", "Fast"),
        Level::Balanced => pgettext("level of compression", "Balanced"),
        Level::Small => pgettext("level of compression", "Small"),
        Level::Exact(number) => number.to_string(),
    }
}

/// Whether the levels of a method differ.
pub fn has_levels(method: Compression) -> bool {
    Level::Fast.number(method) != Level::Small.number(method)
}

/// A method of compression and how hard it works.
pub fn method(method: Compression, level: Level) -> String {
    let name = compression(method);
    if !has_levels(method) {
        return name;
    }
    // Translators: a method of compression and its level, as in "gzip, Balanced".
    gettext_f("{method}, {level}", &[("method", &name), ("level", &level_name(level))])
}

/// What a method of compression is like, and what it needs when the backup has to be opened without this program; and
/// what its level means.
pub fn method_note(method: Compression, level: Level) -> String {
    let level = match level {
        Level::Fast if has_levels(method) => Some(gettext("Fast takes the least time and makes a larger backup.")),
        Level::Small if has_levels(method) => Some(gettext(
            "Small makes the smallest backup of this method and may take many times as long.",
        )),
        _ => None,
    };
    let sentences: Vec<String> = [method_sentence(method)].into_iter().chain(level).collect();
    sentences.join(" ")
}

fn method_sentence(method: Compression) -> String {
    match method {
        Compression::None => {
            gettext("The backup is as large as the data in it. An emergency recovery needs no tool to unpack it.")
        }
        Compression::Gzip => gettext(
            "An emergency recovery without this program needs the tool gzip, which is there on every Linux system.",
        ),
        Compression::Zstd => gettext(
            "Faster than gzip, and the backup is no larger. An emergency recovery without this program needs the tool zstd, which is not on every system.",
        ),
        Compression::Lzma => gettext(
            "As small as xz, but slower, and without a checksum of its own. An emergency recovery without this program needs the tool lzma, which comes with xz.",
        ),
        Compression::Xz => gettext(
            "The smallest backup, but it takes many times as long as with gzip. An emergency recovery without this program needs the tool xz.",
        ),
        Compression::Bzip2 => gettext(
            "A little smaller than gzip, but slower to make and to read. An emergency recovery without this program needs the tool bzip2.",
        ),
    }
}

/// Returns the sentence above the button that leaves out all of several VMs at once.
pub fn several_unready() -> String {
    gettext("Several VMs cannot be saved now. The others can be saved without them.")
}

/// Where the archive goes; `file` is its name, where this program chooses it.
pub fn destination(typed: &TypedPlace, file: Option<&str>) -> String {
    match file {
        Some(file) => sanitize(&typed.path().join(file).to_string_lossy()),
        None => place_line(typed),
    }
}

/// What happens after the archive was written.
pub fn after(draft: &BackupDraft, profile: Option<&Path>) -> String {
    let mut lines = Vec::new();
    if draft.writes_recovery_text() {
        lines.push(gettext("A recovery text is written beside the backup."));
    }
    lines.push(match draft.unverifiable() {
        None if draft.verifies => gettext("The backup is verified."),
        Some(why) if draft.verifies => gettext_f("The backup is not verified: {why}", &[("why", &unverified(why))]),
        _ => gettext("The backup is not verified."),
    });
    if let Some(profile) = profile {
        let path = sanitize(&profile.to_string_lossy());
        lines.push(if draft.saves_passphrase {
            gettext_f(
                "The settings are kept as the profile {path}, with the passphrase in plain text.",
                &[("path", &path)],
            )
        } else {
            gettext_f("The settings are kept as the profile {path}.", &[("path", &path)])
        });
        lines.extend(draft.rhythm.map(|rhythm| match rhythm {
            Rhythm::Daily => gettext("The backup is repeated every day."),
            Rhythm::Weekly => gettext("The backup is repeated every week."),
            Rhythm::Monthly => gettext("The backup is repeated every month."),
        }));
    }
    if draft.resources.is_gentle {
        lines.push(gettext("The computer stays responsive, and the backup takes its time."));
    }
    if draft.power_off == PowerOff::Yes {
        lines.push(gettext("The computer is turned off if everything went well."));
    }
    lines.join("\n")
}

/// How well the passphrase protects the backup, and whether that is too little.
pub fn protection_of(draft: &BackupDraft) -> (String, bool) {
    let judged = draft.passphrase.strength();
    let words = judged.map(|judged| strength(judged, draft.kdf())).unwrap_or_default();
    (words, draft.grade().is_some_and(Grade::is_weak))
}

/// Which VMs are not in the backup, and what follows if it holds only what has changed.
pub fn left_out(names: &[&str], is_of_changed: bool) -> String {
    let list = names_left_out(names);
    if is_of_changed {
        return format!("{list}\n{}", only_changed());
    }
    list
}

fn names_left_out(names: &[&str]) -> String {
    if names.is_empty() {
        return gettext("Every VM is in this backup.");
    }
    let shown: Vec<String> = names.iter().take(MOST_NAMES).map(|name| sanitize(name)).collect();
    let list = shown.join(", ");
    match names.len().saturating_sub(MOST_NAMES) {
        0 => list,
        // Translators: some names, and how many more there are.
        more => ngettext_f(
            "{list} and {n} more",
            "{list} and {n} more",
            more as u64,
            &[("list", &list)],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_named_where_it_makes_a_difference() {
        assert_eq!(method(Compression::Zstd, Level::Fast), "zstd, Fast");
        assert_eq!(method(Compression::Gzip, Level::Exact(7)), "gzip, 7");
        assert_eq!(method(Compression::Bzip2, Level::Fast), "bzip2");
        assert_eq!(method(Compression::None, Level::Small), "none");
        assert!(method_note(Compression::Xz, Level::Small).contains("Small"));
        assert!(!method_note(Compression::Bzip2, Level::Small).contains("Small"));
    }

    #[test]
    fn long_lists_of_names_are_counted() {
        assert_eq!(left_out(&["a", "b"], false), "a, b");
        let many = vec!["x"; MOST_NAMES + 3];
        assert!(left_out(&many, false).ends_with(" and 3 more"));
        assert_eq!(left_out(&[], false), "Every VM is in this backup.");
        assert!(left_out(&["a"], true).contains("not a whole backup"));
    }
}
