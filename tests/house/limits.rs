// SPDX-License-Identifier: GPL-3.0-or-later
//! Holds docs/LIMITS.md to the sources: every bound stands in it with its value, its reason and the tests that reach it from
//! both sides, and nothing stands in it that is not there.
//!
//! A constant is a bound when it stands in `format/limits.rs`, when its comment begins like that of one, or when its name
//! has a word of one. Numbers that only shape windows are left out.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::files::{files, read};

/// What the comment of a bound begins with.
const BEGINNINGS: [&str; 10] = [
    "The largest",
    "The most",
    "The longest",
    "The highest",
    "The deepest",
    "The latest",
    "How many",
    "How much",
    "How long",
    "At most",
];

/// The words by which a name is that of a bound.
const WORDS: [&str; 8] = [
    "MOST", "LONGEST", "LARGEST", "MAX", "DEEPEST", "LATEST", "PATIENCE", "DEADLINE",
];

/// What bounds are numbers of.
const TYPES: [&str; 8] = ["u8", "u16", "u32", "u64", "usize", "i32", "i64", "Duration"];

/// The file and the name of a constant.
type Key = (String, String);

/// The bounds of the sources with their values as they are written.
fn in_sources() -> BTreeMap<Key, String> {
    let is_shown_only = |file: &PathBuf| file.starts_with("src/ui") || file.ends_with("tests.rs");
    let mut found = BTreeMap::new();
    for file in files("src", "rs").into_iter().filter(|file| !is_shown_only(file)) {
        let text = read(&file);
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (place, line) in lines.iter().enumerate() {
            let constant = constant(line).filter(|(name, _)| is_bound(&file, name, comment(&lines[..place])));
            let limit = || limit_of_a_key(&file, line);
            if let Some((name, value)) = constant.or_else(limit) {
                let key = (file.display().to_string(), name.to_owned());
                found.insert(key, value.to_owned());
            }
        }
    }
    found
}

/// The name and the value of a constant number in a line.
fn constant(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.split_once("const ").filter(|(before, _)| !before.contains("//"))?;
    let (name, rest) = rest.split_once(": ")?;
    let (kind, value) = rest.split_once(" = ")?;
    TYPES.contains(&kind).then_some((name, value.strip_suffix(';')?))
}

/// The limits on the cost of a key are the fields of one constant.
fn limit_of_a_key<'l>(file: &Path, line: &'l str) -> Option<(&'l str, &'l str)> {
    let (name, value) = line.strip_suffix(',')?.split_once(": ")?;
    let is_one = file == Path::new("src/crypto/cost.rs") && name.starts_with("max_") && !TYPES.contains(&value);
    is_one.then_some((name, value))
}

/// The first line of the comment above.
fn comment<'l>(above: &[&'l str]) -> &'l str {
    let lines = above.iter().rev().map_while(|line| line.strip_prefix("///"));
    lines.last().unwrap_or_default().trim()
}

fn is_bound(file: &Path, name: &str, comment: &str) -> bool {
    file == Path::new("src/format/limits.rs")
        || BEGINNINGS.iter().any(|beginning| comment.starts_with(beginning))
        || name.split('_').any(|word| WORDS.contains(&word))
}

/// A row of a table.
struct Row {
    key: Key,
    value: String,
    reason: String,
    /// Each test with its file.
    tests: Vec<(String, String)>,
}

/// The rows between two marks of the document.
fn rows(mark: &str) -> Vec<Row> {
    let text = read(Path::new("docs/LIMITS.md"));
    let (begin, end) = (format!("<!-- {mark} -->"), format!("<!-- /{mark} -->"));
    let (_, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{begin} is missing"));
    let (table, _) = rest.split_once(&end).unwrap_or_else(|| panic!("{end} is missing"));
    let lines = table.lines().filter(|line| line.starts_with("| `"));
    lines.map(row).collect()
}

fn row(line: &str) -> Row {
    let inner = line.trim_matches('|');
    let cells: Vec<&str> = inner.split(" | ").map(str::trim).collect();
    let bare = |cell: &str| cell.trim_matches('`').to_owned();
    assert!(cells.len() >= 4, "{line}");
    let tests = cells.get(4).map(|cell| {
        let tests = cell.split("<br>").map(|test| {
            let (name, file) = test.trim_end_matches(')').split_once(" (").unwrap_or((test, ""));
            (bare(name), bare(file))
        });
        tests.collect()
    });
    Row {
        key: (bare(cells[3]), bare(cells[0])),
        value: bare(cells[1]),
        reason: cells[2].to_owned(),
        tests: tests.unwrap_or_default(),
    }
}

#[test]
fn every_bound_stands_in_the_list_with_its_value_and_its_reason() {
    let sources = in_sources();
    assert!(sources.len() > 150, "only {} bounds were found", sources.len());
    let (mut offences, mut listed) = (Vec::new(), BTreeSet::new());
    for row in rows("bounds").into_iter().chain(rows("measures")) {
        let (file, name) = &row.key;
        match sources.get(&row.key) {
            None => offences.push(format!("{name} of {file} is listed, and is no bound there")),
            Some(value) if *value != row.value => {
                offences.push(format!("{name} of {file} is {value}, and listed as {}", row.value));
            }
            Some(_) if row.reason.len() < 20 => offences.push(format!("{name} of {file} has no reason")),
            Some(_) if !listed.insert(row.key.clone()) => offences.push(format!("{name} of {file} is listed twice")),
            Some(_) => {}
        }
    }
    let missing = sources.keys().filter(|key| !listed.contains(*key));
    offences.extend(missing.map(|(file, name)| format!("{name} of {file} is not listed")));
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

#[test]
fn every_bound_has_tests_that_are_there() {
    let mut offences = Vec::new();
    for row in rows("bounds") {
        let (file, name) = &row.key;
        if row.tests.is_empty() {
            offences.push(format!("{name} of {file} has no test"));
        }
        for (test, place) in &row.tests {
            let is_there = Path::new(place).extension().is_some_and(|end| end == "rs")
                && read(Path::new(place)).contains(&format!("fn {test}("));
            if !is_there {
                offences.push(format!("{name} of {file}: there is no test {test} in {place}"));
            }
        }
    }
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}
