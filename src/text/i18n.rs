// SPDX-License-Identifier: GPL-3.0-or-later
//! gettext with named placeholders, which translators can put in the order of their language.
//!
//! A text is looked up first and filled afterwards. A value that contains braces is never filled again, and a
//! placeholder without a value stays visible, so that neither an archive nor a slip in a translation can hide words.

use std::{
    env,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use gettextrs::{LocaleCategory, bind_textdomain_codeset, bindtextdomain, setlocale, textdomain};

/// The name of the message catalogue.
pub const DOMAIN: &str = "pedos-backup";

/// Where the catalogues are when nobody said otherwise, as `make install` puts them without a PREFIX.
const DEFAULT_LOCALE_DIR: &str = "/usr/local/share/locale";

/// The text whose translation is the header of a catalogue.
const HEADER: &str = "";

/// Takes the user's language from the environment and finds the catalogues. Without a catalogue everything is said in
/// English.
pub fn init() {
    setlocale(LocaleCategory::LcAll, "");
    let folder = locale_dir();
    let is_bound = bindtextdomain(DOMAIN, folder)
        .and_then(|_| bind_textdomain_codeset(DOMAIN, "UTF-8"))
        .and_then(|_| textdomain(DOMAIN));
    // Opens the catalogue now: a confined program could not open it later.
    gettextrs::gettext(HEADER);
    if let Err(error) = is_bound {
        log::warn!("no translations: {error}");
    }
}

/// Where the catalogues are: as the environment says now, as it said at build time, in the build folder of a program that
/// was never installed, or below /usr/local.
fn locale_dir() -> PathBuf {
    if let Some(folder) = env::var_os("PEDOS_BACKUP_LOCALE_DIR") {
        return folder.into();
    }
    let in_build = option_env!("PEDOS_BACKUP_DEV_LOCALEDIR").filter(|folder| Path::new(folder).is_dir());
    option_env!("PEDOS_BACKUP_LOCALEDIR")
        .or(in_build)
        .unwrap_or(DEFAULT_LOCALE_DIR)
        .into()
}

/// The text in the user's language.
pub fn gettext(text: &str) -> String {
    gettextrs::gettext(text)
}

/// The text in the user's language, with its `{name}`s filled in.
pub fn gettext_f(text: &str, values: &[(&str, &str)]) -> String {
    fill(&gettextrs::gettext(text), values)
}

/// The text that fits the number, with `{n}` and the other placeholders filled in.
pub fn ngettext_f(one: &str, many: &str, n: u64, values: &[(&str, &str)]) -> String {
    // Only the form is chosen by it: no language tells numbers apart beyond four thousand million.
    let form = u32::try_from(n).unwrap_or(u32::MAX);
    let number = n.to_string();
    let mut all = vec![("n", number.as_str())];
    all.extend_from_slice(values);
    fill(&gettextrs::ngettext(one, many, form), &all)
}

/// A text that means different things in different places.
pub fn pgettext(context: &str, text: &str) -> String {
    gettextrs::pgettext(context, text)
}

/// Numbers that are read from left to right in every language, such as a date with its time.
pub fn left_to_right(text: &str) -> String {
    if is_from_right() {
        format!("{}{text}{}", ISOLATE[0], ISOLATE[1])
    } else {
        text.to_owned()
    }
}

/// Begin and end what has a direction of its own, whatever stands around it.
const ISOLATE: [char; 2] = ['\u{2068}', '\u{2069}'];

/// Says that a paragraph is read from the right, whatever letters it begins with.
const FROM_RIGHT: char = '\u{200f}';

/// Whether the user's language is written from right to left.
fn is_from_right() -> bool {
    static IS_FROM_RIGHT: OnceLock<bool> = OnceLock::new();
    // Translators: Translate it to default:RTL if your language is written from right to left, and leave it as it is
    // otherwise. Do not translate the words.
    *IS_FROM_RIGHT.get_or_init(|| gettext("default:LTR") == "default:RTL")
}

/// Whether it has letters that are written from right to left.
fn has_letters_from_right(text: &str) -> bool {
    let is_one = |c: char| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}');
    text.chars().any(is_one)
}

/// Fills `{name}`s in one pass.
fn fill(text: &str, values: &[(&str, &str)]) -> String {
    fill_in(text, values, is_from_right())
}

/// The same in a language that is written from right to left, or from left to right. A value that may run the other way
/// keeps its own direction: without that the slash that a path begins with would move to its other end.
fn fill_in(text: &str, values: &[(&str, &str)], is_from_right: bool) -> String {
    let runs_otherwise = |value: &str| {
        let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
        (is_from_right && !is_number) || has_letters_from_right(value)
    };
    let mut filled = String::with_capacity(text.len() + 32);
    if is_from_right && text.starts_with('{') {
        filled.push(FROM_RIGHT);
    }
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        filled.push_str(&rest[..start]);
        rest = &rest[start..];
        let found = rest.find('}').and_then(|end| {
            let name = &rest[1..end];
            let (_, value) = values.iter().find(|(key, _)| *key == name)?;
            Some((end, value))
        });
        match found {
            Some((end, value)) if runs_otherwise(value) => {
                filled.push(ISOLATE[0]);
                filled.push_str(value);
                filled.push(ISOLATE[1]);
                rest = &rest[end + 1..];
            }
            Some((end, value)) => {
                filled.push_str(value);
                rest = &rest[end + 1..];
            }
            None => {
                filled.push('{');
                rest = &rest[1..];
            }
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in_any_order_and_more_than_once() {
        assert_eq!(fill("{b} of {a}, {b}", &[("a", "1"), ("b", "2")]), "2 of 1, 2");
    }

    #[test]
    fn a_value_with_braces_is_left_alone() {
        assert_eq!(fill("{a}{b}", &[("a", "{b}"), ("b", "x")]), "{b}x");
    }

    #[test]
    fn an_unknown_placeholder_stays_visible() {
        assert_eq!(fill("{a} {c} {", &[("a", "1")]), "1 {c} {");
    }

    #[test]
    fn a_value_keeps_its_direction_in_a_text_of_the_other_one() {
        let path = [("path", "/mnt/usb"), ("n", "3")];
        let isolated = fill_in("אל {path}: {n}", &path, true);
        assert_eq!(isolated, "אל \u{2068}/mnt/usb\u{2069}: 3");
        // What it begins with does not decide how it is read.
        let first = fill_in("{path} חסר", &path, true);
        assert_eq!(first, "\u{200f}\u{2068}/mnt/usb\u{2069} חסר");
        assert_eq!(fill("to {path}: {n}", &path), "to /mnt/usb: 3");
        let other = fill("{name} is missing.", &[("name", "/mnt/דיסק")]);
        assert_eq!(other, "\u{2068}/mnt/דיסק\u{2069} is missing.");
    }

    #[test]
    fn the_number_chooses_the_form() {
        assert_eq!(ngettext_f("{n} VM", "{n} VMs", 1, &[]), "1 VM");
        assert_eq!(
            ngettext_f("{n} VM", "{n} VMs", u64::MAX, &[]),
            format!("{} VMs", u64::MAX)
        );
    }
}
