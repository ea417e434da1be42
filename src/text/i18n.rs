// SPDX-License-Identifier: GPL-3.0-or-later
//! gettext with named placeholders, which translators can put in the order of their language.
//!
//! A text is looked up first and filled afterwards. A value that contains braces is never filled again, and a
//! placeholder without a value stays visible, so that neither an archive nor a slip in a translation can hide words.

use std::{
    env,
    path::{Path, PathBuf},
};

use gettextrs::{LocaleCategory, bind_textdomain_codeset, bindtextdomain, setlocale, textdomain};

/// The name of the message catalogue.
pub const DOMAIN: &str = "pedos-backup";

/// Where the catalogues are when nobody said otherwise, as `make install` puts them without a PREFIX.
const DEFAULT_LOCALE_DIR: &str = "/usr/local/share/locale";

/// Takes the user's language from the environment and finds the catalogues. Without a catalogue everything is said in
/// English.
pub fn init() {
    setlocale(LocaleCategory::LcAll, "");
    let folder = locale_dir();
    let is_bound = bindtextdomain(DOMAIN, folder)
        .and_then(|_| bind_textdomain_codeset(DOMAIN, "UTF-8"))
        .and_then(|_| textdomain(DOMAIN));
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

/// Fills `{name}`s in one pass.
fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
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
    fn the_number_chooses_the_form() {
        assert_eq!(ngettext_f("{n} VM", "{n} VMs", 1, &[]), "1 VM");
        assert_eq!(
            ngettext_f("{n} VM", "{n} VMs", u64::MAX, &[]),
            format!("{} VMs", u64::MAX)
        );
    }
}
