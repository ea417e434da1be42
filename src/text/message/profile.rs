// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a backup profile cannot be used or kept, in words.

use crate::profile::{Expected, ProfileError, SyntaxFault};

use super::{
    super::{
        compressions,
        i18n::{gettext, gettext_f},
        sanitize, size,
    },
    Message, io_hint, io_text,
};

/// Why a backup profile cannot be used or kept.
pub fn profile_error(error: &ProfileError) -> Message {
    match error {
        ProfileError::OutOfReach => Message::new(gettext("The backup profiles of this PedOS are out of reach"))
            .detail(gettext("They lie in dom0, and this program does not run there."))
            .hint(gettext("Choose what to back up here, or run the program in dom0.")),
        ProfileError::NotFound { path } => Message::new(gettext_f(
            "There is no backup profile {path}",
            &[("path", &sanitize(&path.to_string_lossy()))],
        ))
        .hint(gettext(
            "Check the name for a typo; the profile lies in the PedOS that this program works on.",
        )),
        ProfileError::BadName { name } => Message::new(gettext_f(
            "'{name}' cannot be the name of a backup profile",
            &[("name", &sanitize(name))],
        ))
        .hint(gettext("Choose a name without slashes that does not begin with a dot.")),
        ProfileError::Io { path, source } => Message::new(gettext_f(
            "The backup profile {path} could not be read or written",
            &[("path", &sanitize(&path.to_string_lossy()))],
        ))
        .detail(io_text(source))
        .hint(
            io_hint(source)
                .unwrap_or_else(|| gettext("The disk may be failing: look at the system log before you go on.")),
        ),
        ProfileError::TooLarge { path, bytes, limit } => Message::new(gettext_f(
            "{path} is too large for a backup profile",
            &[("path", &sanitize(&path.to_string_lossy()))],
        ))
        .detail(gettext_f(
            "It has {found}, and {limit} are allowed.",
            &[("found", &size(*bytes)), ("limit", &size(*limit))],
        ))
        .hint(mend()),
        ProfileError::Syntax(fault) => Message::new(gettext("The backup profile cannot be understood"))
            .detail(syntax_fault(fault))
            .hint(mend()),
        ProfileError::Missing { key } => {
            Message::new(gettext_f("The backup profile lacks '{key}'", &[("key", key)])).hint(mend())
        }
        ProfileError::Wrong { key, expected } => Message::new(gettext_f(
            "In the backup profile, '{key}' has a value of the wrong kind",
            &[("key", key)],
        ))
        .detail(expected_words(*expected))
        .hint(mend()),
        ProfileError::UnknownCompression { name } => Message::new(gettext_f(
            "The backup profile wants the compression '{name}', which is not available",
            &[("name", &sanitize(name))],
        ))
        .detail(gettext_f(
            // Translators: {methods} is "gzip, zstd, xz, bzip2"; true and false stay as they are.
            "It may be true, false, or one of {methods}.",
            &[("methods", &compressions())],
        ))
        .hint(mend()),
    }
}

/// Why a text is no profile.
fn syntax_fault(fault: &SyntaxFault) -> String {
    match fault {
        SyntaxFault::NotUtf8 => gettext("It is not UTF-8."),
        SyntaxFault::NotYaml { line, column } => gettext_f(
            "It is not YAML in line {line}, column {column}.",
            &[("line", &line.to_string()), ("column", &column.to_string())],
        ),
        SyntaxFault::NotAMapping => gettext("It is not a list of keys with values."),
        SyntaxFault::SecondDocument => gettext("There is a second document in it."),
        SyntaxFault::Unfinished => gettext("It ends too early."),
        SyntaxFault::Key => gettext("One of its keys is not a word."),
        SyntaxFault::Twice { key } => gettext_f("It has the key '{key}' twice.", &[("key", &sanitize(key))]),
        SyntaxFault::List => gettext("One of its lists holds more than words."),
        SyntaxFault::Reference => gettext("One of its values refers to another one."),
    }
}

/// What a value has to be. Words of the file's own language are not translated.
fn expected_words(expected: Expected) -> String {
    match expected {
        Expected::Text => gettext("It has to be a text."),
        Expected::Names => gettext("It has to be a list of names."),
        // Translators: do not translate true and false.
        Expected::Compression => gettext("It has to be true, false or the name of a compression."),
        Expected::Mapping => gettext("It has to be a list of keys with values."),
        // Translators: do not translate true and false.
        Expected::Truth => gettext("It has to be true or false."),
        // Translators: do not translate fast, balanced and small.
        Expected::Level => gettext("It has to be fast, balanced, small or a number."),
        // Translators: do not translate default and reference.
        Expected::Strength => gettext("It has to be default or reference."),
        Expected::Days => gettext("It has to be a number of days, or 0."),
        Expected::Count => gettext("It has to be a number from 1 on."),
    }
}

fn mend() -> String {
    gettext("Correct the file with an editor, or save the profile again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_that_will_not_do_comes_with_a_cure() {
        for error in ProfileError::all() {
            let message = profile_error(&error);
            assert!(
                message.hint.is_some() && !message.full_text().contains('\u{1b}'),
                "{error}"
            );
        }
    }
}
