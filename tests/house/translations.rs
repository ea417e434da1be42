// SPDX-License-Identifier: GPL-3.0-or-later
//! The texts and their translations: every text of the sources is in the template, every translation has a text for each, and
//! no placeholder is lost or made up on the way. Reads the files itself, so that it needs no gettext.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::files::{files, read};

/// One text: its context, singular and plural, and what it is in another language.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Entry {
    context: Option<String>,
    id: String,
    plural: Option<String>,
    translations: Vec<String>,
    is_fuzzy: bool,
}

#[test]
fn every_text_of_the_sources_is_in_the_template() {
    let known: BTreeSet<(Option<String>, String)> = catalogue("po/pedos-backup.pot")
        .into_iter()
        .map(|entry| (entry.context, entry.id))
        .collect();
    let mut missing = Vec::new();
    for file in files("src", "rs") {
        for text in texts_of(&read(&file)) {
            if !known.contains(&text) {
                missing.push(format!("{}: {text:?}", file.display()));
            }
        }
    }
    assert!(missing.is_empty(), "run scripts/pot.sh, then translate: {missing:#?}");
}

#[test]
fn every_text_of_the_windows_is_in_the_template() {
    let known: BTreeSet<String> = catalogue("po/pedos-backup.pot")
        .into_iter()
        .map(|entry| entry.id)
        .collect();
    let mut missing = Vec::new();
    for file in files("ui", "ui") {
        for element in read(&file)
            .split('<')
            .filter(|element| element.contains("translatable=\"yes\""))
        {
            let text = element.split_once('>').map_or("", |(_, text)| text);
            let text = text
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&amp;", "&");
            if !text.is_empty() && !known.contains(&text) {
                missing.push(format!("{}: {text:?}", file.display()));
            }
        }
    }
    assert!(missing.is_empty(), "run scripts/pot.sh, then translate: {missing:#?}");
}

#[test]
fn every_translation_is_complete_and_keeps_the_placeholders() {
    let texts: BTreeSet<_> = catalogue("po/pedos-backup.pot")
        .into_iter()
        .map(|entry| (entry.context, entry.id, entry.plural))
        .collect();
    for language in read(Path::new("po/LINGUAS"))
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        let file = format!("po/{language}.po");
        let translated: BTreeMap<_, _> = catalogue(&file)
            .into_iter()
            .map(|entry| ((entry.context.clone(), entry.id.clone(), entry.plural.clone()), entry))
            .collect();
        for text in &texts {
            let entry = translated.get(text).unwrap_or_else(|| panic!("{file} lacks {text:?}"));
            let is_done = !entry.is_fuzzy && entry.translations.iter().all(|text| !text.is_empty());
            assert!(is_done, "{file} does not translate {:?}", entry.id);
            check_placeholders(&file, entry);
        }
    }
}

#[test]
fn mnemonics_stay_mnemonics() {
    for language in read(Path::new("po/LINGUAS"))
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        for entry in catalogue(&format!("po/{language}.po")) {
            let count = |text: &str| text.matches('_').count();
            if count(&entry.id) == 1 && entry.plural.is_none() && !entry.id.contains("_ROOT") {
                assert_eq!(count(&entry.translations[0]), 1, "{language}: {:?}", entry.id);
            }
        }
    }
}

#[test]
fn a_catalogue_is_understood() {
    let text = "msgid \"\"\nmsgstr \"\"\n\"a: b\\n\"\n\n#, fuzzy\nmsgctxt \"c\"\nmsgid \"one \"\n\"\\\"two\\\"\"\nmsgstr \"x\"\n\n\
                msgid \"{n} a\"\nmsgid_plural \"{n} b\"\nmsgstr[0] \"p\"\nmsgstr[1] \"q\"\n";
    let entries = parse(text);
    assert_eq!(entries.len(), 2);
    assert_eq!((entries[0].id.as_str(), entries[0].is_fuzzy), ("one \"two\"", true));
    assert_eq!(entries[1].translations, ["p", "q"]);
}

fn check_placeholders(file: &str, entry: &Entry) {
    let mut wanted = placeholders(&entry.id);
    wanted.extend(placeholders(entry.plural.as_deref().unwrap_or_default()));
    for text in &entry.translations {
        let found = placeholders(text);
        assert!(
            found.is_subset(&wanted),
            "{file}: {text:?} has a placeholder that {:?} has not",
            entry.id
        );
        // A form that is only used for one may do without the number.
        let missing = wanted
            .difference(&found)
            .filter(|name| entry.plural.is_none() || *name != "n");
        assert_eq!(missing.count(), 0, "{file}: {text:?} loses a placeholder");
    }
}

fn placeholders(text: &str) -> BTreeSet<String> {
    let names = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    names.map(|(name, _)| name.to_owned()).collect()
}

/// The texts of the calls in a source, its tests and comments left out.
fn texts_of(source: &str) -> Vec<(Option<String>, String)> {
    let source = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut texts = Vec::new();
    for (position, call) in code.match_indices("gettext") {
        let rest = &code[position + call.len()..];
        let rest = rest.strip_prefix("_f").unwrap_or(rest);
        let Some(arguments) = rest.strip_prefix('(').map(str::trim_start) else {
            continue;
        };
        let Some((first, rest)) = literal(arguments) else {
            continue;
        };
        let has_context = code[..position].ends_with('p');
        match literal(rest.trim_start().trim_start_matches(',').trim_start()) {
            Some((second, _)) if has_context => texts.push((Some(first), second)),
            _ => texts.push((None, first)),
        }
    }
    texts
}

/// The text of a literal at the beginning of a code, and what follows it.
fn literal(code: &str) -> Option<(String, &str)> {
    let body = code.strip_prefix('"')?;
    let mut text = String::new();
    let mut characters = body.char_indices();
    while let Some((position, c)) = characters.next() {
        match c {
            '"' => return Some((text, &body[position + 1..])),
            '\\' => text.push(match characters.next()?.1 {
                'n' => '\n',
                't' => '\t',
                other => other,
            }),
            c => text.push(c),
        }
    }
    None
}

fn catalogue(file: &str) -> Vec<Entry> {
    parse(&read(Path::new(file)))
}

fn parse(text: &str) -> Vec<Entry> {
    let blocks = text.split("\n\n").map(entry);
    blocks.filter(|entry| !entry.id.is_empty()).collect()
}

fn entry(block: &str) -> Entry {
    let mut entry = Entry::default();
    let mut field = "";
    for line in block.lines() {
        if line.starts_with('#') {
            entry.is_fuzzy |= line.starts_with("#,") && line.contains("fuzzy");
            continue;
        }
        let (name, quoted) = if line.starts_with('"') {
            (field, line)
        } else {
            line.split_once(' ').unwrap_or((line, ""))
        };
        let Some((part, _)) = literal(quoted) else { continue };
        let is_new = name != field || !line.starts_with('"');
        field = name;
        match name {
            "msgctxt" => entry.context.get_or_insert_default().push_str(&part),
            "msgid" => entry.id.push_str(&part),
            "msgid_plural" => entry.plural.get_or_insert_default().push_str(&part),
            _ => {
                if is_new {
                    entry.translations.push(String::new());
                }
                if let Some(last) = entry.translations.last_mut() {
                    last.push_str(&part);
                }
            }
        }
    }
    entry
}
