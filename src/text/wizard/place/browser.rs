// SPDX-License-Identifier: GPL-3.0-or-later
//! What the window says in which a file or a directory of a store is chosen.

use std::collections::BTreeMap;

use crate::{
    text::{
        date,
        i18n::{gettext, gettext_f},
        message::store_error,
        sanitize, size,
    },
    transport::{StoreEntry, StoreError, StoreKind},
};

use super::{Verdict, failure, success};

/// A directory or a file of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreLine {
    /// Its name as the store says it. Untrusted.
    pub name: String,
    /// Its name, made safe to show.
    pub shown: String,
    /// Its size and its time.
    pub facts: String,
    /// All of that for assistive technology.
    pub spoken: String,
    /// Whether it can be entered.
    pub is_directory: bool,
}

/// The lines of what is in a directory; `made` has the names of the archives that this system made there, and whether each was
/// verified. What is hidden, and what is neither a directory nor a file, is left out; the newest
/// files come first.
pub fn store_lines(mut entries: Vec<StoreEntry>, made: &BTreeMap<String, bool>) -> Vec<StoreLine> {
    entries.retain(|entry| !entry.name.starts_with('.') && !entry.name.contains('/'));
    entries.sort_by_key(|entry| {
        let is_directory = entry.attributes.kind == StoreKind::Directory;
        (
            !is_directory,
            std::cmp::Reverse(entry.attributes.changed.filter(|_| !is_directory)),
        )
    });
    let known = |entry: &StoreEntry| made.get(&entry.name).copied();
    entries.into_iter().map(|entry| line(known(&entry), entry)).collect()
}

fn line(is_verified: Option<bool>, entry: StoreEntry) -> StoreLine {
    let is_directory = entry.attributes.kind == StoreKind::Directory;
    let shown = sanitize(&entry.name);
    let facts = match (is_directory, entry.attributes.bytes, entry.attributes.changed) {
        (false, Some(bytes), Some(moment)) => gettext_f(
            // Translators: the size of a file and when it was last written.
            "{size}, written {date}",
            &[("size", &size(bytes)), ("date", &date(moment))],
        ),
        (false, Some(bytes), None) => size(bytes),
        _ => String::new(),
    };
    let facts = match is_verified.filter(|_| !is_directory) {
        None => facts,
        // Translators: {facts} is the size of a backup and when it was written.
        Some(true) => gettext_f("{facts}, made here and verified", &[("facts", &facts)]),
        Some(false) => gettext_f("{facts}, made here", &[("facts", &facts)]),
    };
    let spoken = if is_directory {
        gettext_f("Directory {name}", &[("name", &shown)])
    } else {
        format!("{shown}, {facts}")
    };
    StoreLine {
        spoken,
        facts,
        shown,
        name: entry.name,
        is_directory,
    }
}

/// What is said while a directory is read.
pub fn store_reading() -> Verdict {
    success(gettext("Looking…"), String::new())
}

/// What is said of a directory that cannot be read.
pub fn store_unread(error: &StoreError) -> Verdict {
    let (title, rest) = store_error(error).into_title_and_rest();
    failure(title, rest)
}

/// The button that chooses.
pub fn choose_in_store(is_file: bool) -> String {
    if is_file {
        gettext("Choose this file")
    } else {
        gettext("Choose this directory")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::StoreAttributes as Attributes;

    #[test]
    fn directories_come_first_and_then_the_newest_files_without_what_could_steer_a_terminal() {
        let entry = |name: &str, kind, changed| StoreEntry {
            name: name.to_owned(),
            attributes: Attributes {
                kind,
                bytes: Some(7),
                changed: Some(changed),
            },
        };
        let lines = store_lines(
            vec![
                entry("old", StoreKind::File, 1),
                entry("new\u{1b}", StoreKind::File, 2),
                entry(".hidden", StoreKind::Directory, 3),
                entry("../x", StoreKind::File, 9),
                entry("there", StoreKind::Directory, 0),
            ],
            &[("old".to_owned(), true)].into(),
        );
        let names: Vec<&str> = lines.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["there", "new\u{1b}", "old"]);
        assert!(!lines[1].shown.contains('\u{1b}') && lines[0].is_directory);
        assert!(lines[2].facts.ends_with("made here and verified") && !lines[1].facts.contains("made here"));
    }
}
