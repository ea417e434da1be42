// SPDX-License-Identifier: GPL-3.0-or-later
//! Holds the house to its plan: which room may use which, where texts are translated, how large a file may grow, and that
//! every window description has its class and its place in the list for translators. Reads the sources as text; what the
//! compiler and clippy can check is left to them.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::files::{absolute, files, read};

/// Lines that a source file may have. Beyond it nobody reads a file from end to end.
const LONGEST_FILE_LINES: usize = 500;

/// Rooms that stand on nothing and that every other may use.
const GROUND: [&str; 8] = [
    "cancel", "confine", "durable", "extent", "io_error", "qfile", "secret", "units",
];

/// Each other room with the rooms above the ground that it may use. `ARCHITECTURE.md` draws the same picture.
const ROOMS: [(&str, &str); 21] = [
    ("adminapi", ""),
    ("schedule", ""),
    ("sftp", ""),
    ("helper", "adminapi schedule"),
    ("crypto", ""),
    ("format", ""),
    ("inventory", ""),
    ("host", "adminapi helper inventory schedule"),
    ("transport", "host sftp"),
    ("plan", "crypto format inventory host transport"),
    ("profile", "crypto format inventory host transport plan schedule"),
    ("engine", "crypto format inventory host transport plan profile"),
    ("job", "inventory host transport plan engine"),
    (
        "draft",
        "crypto format inventory host transport plan profile engine job schedule",
    ),
    ("json", "crypto format inventory host transport plan engine job"),
    ("history", "host engine job json"),
    ("reminder", "host profile history schedule"),
    (
        "text",
        "crypto format inventory host transport plan profile engine job draft json history schedule reminder",
    ),
    (
        "cli",
        "crypto format inventory host transport plan profile engine job draft json history text schedule reminder",
    ),
    (
        "ui",
        "format inventory host transport plan profile engine job draft json history text cli schedule reminder",
    ),
    ("bin", "cli helper ui"),
];

#[test]
fn a_room_uses_only_the_rooms_below_it() {
    let mut offences = Vec::new();
    for file in files("src", "rs") {
        let room = room_of(&file);
        if room == "lib" {
            continue;
        }
        let allowed = match ROOMS.iter().find(|(name, _)| *name == room) {
            Some((_, allowed)) => allowed,
            None if GROUND.contains(&room.as_str()) => "",
            None => {
                offences.push(format!("{}: no such room is planned", file.display()));
                continue;
            }
        };
        let is_ground = |used: &str| GROUND.contains(&used) && !GROUND.contains(&room.as_str());
        for used in rooms_named_in(&code(&file)) {
            if used != room && !is_ground(&used) && allowed.split(' ').all(|room| room != used) {
                offences.push(format!("{}: {room} uses {used}", file.display()));
            }
        }
    }
    assert_none(&offences);
}

#[test]
fn only_the_windows_know_gtk() {
    let knows = |file: &PathBuf| {
        ["gtk::", "glib::", "gio::"]
            .iter()
            .any(|word| code(file).contains(word))
    };
    let outside = files("src", "rs")
        .into_iter()
        .filter(|file| !["ui", "bin"].contains(&room_of(file).as_str()));
    assert_none(&outside.filter(knows).collect::<Vec<_>>());
}

#[test]
fn texts_are_translated_in_one_room() {
    let translates = |file: &PathBuf| code(file).contains("gettext");
    let outside = files("src", "rs").into_iter().filter(|file| room_of(file) != "text");
    assert_none(&outside.filter(translates).collect::<Vec<_>>());
}

#[test]
fn every_source_says_its_licence_and_its_purpose() {
    let is_bare = |file: &PathBuf| {
        let text = read(file);
        let mut lines = text.lines();
        lines.next() != Some("// SPDX-License-Identifier: GPL-3.0-or-later")
            || !lines.next().is_some_and(|line| line.starts_with("//! "))
    };
    assert_none(&sources().into_iter().filter(is_bare).collect::<Vec<_>>());
}

#[test]
fn no_source_grows_beyond_reading() {
    let is_long = |file: &PathBuf| read(file).lines().count() > LONGEST_FILE_LINES;
    assert_none(&sources().into_iter().filter(is_long).collect::<Vec<_>>());
}

#[test]
fn mod_rs_is_the_front_page_of_a_room_and_nothing_else() {
    let is_deep = |file: &PathBuf| file.ends_with("mod.rs") && file.components().count() != 3;
    assert_none(&files("src", "rs").into_iter().filter(is_deep).collect::<Vec<_>>());
}

#[test]
fn every_window_description_has_its_class_beside_it() {
    let mut offences = Vec::new();
    for file in files("ui", "ui") {
        let text = read(&file);
        let Some(class) = text
            .split("<template class=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
        else {
            continue;
        };
        let source = Path::new("src").join(&file).with_extension("rs");
        if !absolute(&source).is_file() || !read(&source).contains(&format!("\"{class}\"")) {
            offences.push(format!(
                "{}: class {class} is not in {}",
                file.display(),
                source.display()
            ));
        }
    }
    assert_none(&offences);
}

#[test]
fn every_file_with_texts_is_in_the_list_for_translators() {
    let list = absolute(Path::new("po/POTFILES.in"));
    let Ok(list) = fs::read_to_string(list) else { return };
    let listed: BTreeSet<PathBuf> = list
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(PathBuf::from)
        .collect();
    let mut offences: Vec<String> = Vec::new();
    for file in listed.iter().filter(|file| !absolute(file).is_file()) {
        offences.push(format!("po/POTFILES.in: {} does not exist", file.display()));
    }
    let has_texts = |file: &PathBuf| match file.extension().and_then(|end| end.to_str()) {
        Some("ui") => read(file).contains("translatable=\"yes\""),
        // The calls, not the functions that make them.
        _ => [
            "gettext(\"",
            "gettext_f(\"",
            "ngettext_f(\"",
            "ngettext(\"",
            "pgettext(\"",
        ]
        .iter()
        .any(|call| squeezed(&code(file)).contains(call)),
    };
    for file in files("ui", "ui")
        .into_iter()
        .chain(files("src", "rs"))
        .filter(has_texts)
    {
        if !listed.contains(&file) {
            offences.push(format!("{} is missing in po/POTFILES.in", file.display()));
        }
    }
    assert_none(&offences);
}

/// A name that two rooms give to two types makes a reader ask which one is meant, and leads to copies from one into the
/// other. The layers of an archive are named by their module (`outer::Reader`, `inner::Reader`).
#[test]
fn no_two_public_types_share_a_name() {
    const OF_A_LAYER: [&str; 3] = ["Member", "Reader", "Writer"];
    let mut names = BTreeSet::new();
    let mut offences = Vec::new();
    for file in files("src", "rs").into_iter().filter(|file| room_of(file) != "ui") {
        let code = code(&file);
        let declared = code.lines().filter_map(|line| {
            let rest = line.strip_prefix("pub ")?;
            let kinds = ["struct ", "enum ", "trait ", "type "];
            kinds.iter().find_map(|kind| rest.strip_prefix(kind)).map(head)
        });
        for name in declared {
            if !OF_A_LAYER.contains(&name.as_str()) && !names.insert(name.clone()) {
                offences.push(format!("{}: {name}", file.display()));
            }
        }
    }
    assert_none(&offences);
}

#[test]
fn uses_are_found_in_every_form() {
    let code = "use crate::{\n    host::{A, error::B},\n    plan::C,\n    units,\n};\nfn f() { crate::engine::run(); }\nuse crate::text;";
    let found = rooms_named_in(code);
    assert_eq!(
        found.iter().map(String::as_str).collect::<Vec<_>>(),
        ["engine", "host", "plan", "text", "units"]
    );
}

/// The rooms that a code names after `crate::` (or the crate's name, in a program).
fn rooms_named_in(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for start in ["crate::", "pedos_backup::"] {
        for (position, _) in code.match_indices(start) {
            let rest = &code[position + start.len()..];
            match rest.strip_prefix('{') {
                Some(group) => found.extend(heads_of_group(group)),
                None => found.extend(Some(head(rest)).filter(|name| !name.is_empty())),
            }
        }
    }
    found
}

/// The first words of the entries of a `use` group, its opening brace left out.
fn heads_of_group(group: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let mut depth = 0;
    let mut entry_begins = true;
    for (position, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => entry_begins = true,
            c if entry_begins && (c.is_alphanumeric() || c == '_') => {
                heads.push(head(&group[position..]));
                entry_begins = false;
            }
            _ => {}
        }
    }
    heads
}

fn head(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn room_of(file: &Path) -> String {
    let mut parts = file.components().skip(1);
    let first = parts
        .next()
        .and_then(|part| part.as_os_str().to_str())
        .unwrap_or_default();
    first.trim_end_matches(".rs").to_owned()
}

/// A source without its comments.
fn code(file: &Path) -> String {
    let text = read(file);
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// A code without the blanks after opening brackets, so that calls broken over lines look like others.
fn squeezed(code: &str) -> String {
    let mut squeezed = String::with_capacity(code.len());
    let mut is_after_bracket = false;
    for c in code.chars() {
        if is_after_bracket && c.is_whitespace() {
            continue;
        }
        is_after_bracket = c == '(';
        squeezed.push(c);
    }
    squeezed
}

fn sources() -> Vec<PathBuf> {
    ["src", "tests", "benches", "examples"]
        .into_iter()
        .flat_map(|folder| files(folder, "rs"))
        .collect()
}

fn assert_none<T: std::fmt::Debug>(offences: &[T]) {
    assert!(offences.is_empty(), "{offences:#?}");
}
