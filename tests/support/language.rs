// SPDX-License-Identifier: GPL-3.0-or-later
//! The languages of the wizards other than English: German as it is translated, and a made-up one in Hebrew letters, which
//! shows what becomes of a window that is read from the right.

use std::{fs, path::Path, process::Command};

/// The letters that stand for a to z.
const LETTERS: [char; 26] = [
    'א', 'ב', 'ג', 'ד', 'ה', 'ו', 'ז', 'ח', 'ט', 'י', 'כ', 'ל', 'מ', 'נ', 'ס', 'ע', 'פ', 'צ', 'ק', 'ר', 'ש', 'ת', 'ך',
    'ם', 'ן', 'ץ',
];

/// The direction marks that stand around a value in such a text.
const MARKS: [char; 3] = ['\u{2068}', '\u{2069}', '\u{200f}'];

const HEADER: &str = "msgid \"\"\nmsgstr \"\"\n\"Content-Type: text/plain; charset=UTF-8\\n\"\n\
    \"Plural-Forms: nplurals=2; plural=(n != 1);\\n\"\n";

/// Returns a text of the windows in another language, without its mnemonic.
pub(crate) fn translated(language: &str, english: &str) -> String {
    let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("po/{language}.po"));
    let catalogue = fs::read_to_string(catalogue).unwrap();
    let of = |line: &str, key: &str| {
        let text = line.strip_prefix(key)?.strip_prefix(" \"")?.strip_suffix('"')?;
        Some(text.to_owned())
    };
    let translation = |is_it: &dyn Fn(&str) -> bool| {
        let mut entries = catalogue.lines().zip(catalogue.lines().skip(1));
        entries.find_map(|(id, text)| of(text, "msgstr").filter(|_| of(id, "msgid").is_some_and(|id| is_it(&id))))
    };
    // The same text may stand in a menu, where another mnemonic is a part of it.
    let found = translation(&|id| id == english).or_else(|| translation(&|id| id.replace('_', "") == english));
    let found = found.map(|text| text.replace('_', ""));
    found.unwrap_or_else(|| panic!("{english:?} is not translated"))
}

/// Returns an English text in Hebrew letters; placeholders and escapes stay.
pub(crate) fn in_hebrew(english: &str) -> String {
    let (mut depth, mut is_escaped) = (0, false);
    let letter = |c: char| {
        let was_escaped = is_escaped;
        is_escaped = c == '\\' && !was_escaped;
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        let number = (c.to_ascii_lowercase() as usize).wrapping_sub('a' as usize);
        if c == '→' {
            return '←';
        }
        let other = LETTERS.get(number).filter(|_| depth == 0 && !was_escaped);
        other.copied().unwrap_or(c)
    };
    english.chars().map(letter).collect()
}

/// Returns a text without direction marks.
pub(crate) fn without_marks(text: &str) -> String {
    text.replace(MARKS, "")
}

/// Makes the catalogue of that language, below a folder for catalogues.
pub(crate) fn make_hebrew(folder: &Path) {
    let template = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/po/pedos-backup.pot")).unwrap();
    let entries = template.split("\n\n").skip(1);
    let catalogue: Vec<String> = entries.filter_map(in_letters).collect();
    let target = folder.join("he/LC_MESSAGES");
    fs::create_dir_all(&target).unwrap();
    let source = target.join("pedos-backup.po");
    fs::write(&source, format!("{HEADER}\n{}", catalogue.join("\n\n"))).unwrap();
    let status = Command::new("msgfmt")
        .arg("-o")
        .arg(target.join("pedos-backup.mo"))
        .arg(&source)
        .status();
    assert!(status.unwrap().success(), "{}", source.display());
}

/// An entry of the template with its translation; the texts of it stand on lines of their own.
fn in_letters(entry: &str) -> Option<String> {
    let lines = entry.lines().filter(|line| !line.starts_with('#'));
    let (mut kept, mut texts): (Vec<&str>, Vec<Vec<String>>) = (Vec::new(), Vec::new());
    let mut is_text = false;
    for line in lines.take_while(|line| !line.starts_with("msgstr")) {
        kept.push(line);
        let (key, text) = line.split_at(line.find('"')?);
        if !key.is_empty() {
            is_text = key.starts_with("msgid");
        }
        if is_text && !key.is_empty() {
            texts.push(Vec::new());
        }
        if is_text {
            texts.last_mut()?.push(match text {
                "\"default:LTR\"" => "\"default:RTL\"".to_owned(),
                text => in_hebrew(text),
            });
        }
    }
    let numbered = texts.len() > 1;
    let answers = texts.iter().enumerate().map(|(number, lines)| {
        let key = if numbered {
            format!("msgstr[{number}]")
        } else {
            "msgstr".to_owned()
        };
        format!("{key} {}", lines.join("\n"))
    });
    let answers: Vec<String> = answers.collect();
    Some(format!("{}\n{}", kept.join("\n"), answers.join("\n")))
}
