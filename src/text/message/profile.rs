// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a backup profile cannot be used or kept, in words.

use crate::profile::ProfileError;

use super::{
    super::{
        compressions,
        i18n::{gettext, gettext_f},
        sanitize,
    },
    Message, io_hint, io_text,
};

/// Why a backup profile cannot be used or kept.
pub fn profile_error(error: &ProfileError) -> Message {
    match error {
        ProfileError::OutOfReach => Message::new(gettext("The backup profiles of this PedOS are out of reach"))
            .detail(gettext("They lie in dom0, and this program does not run there.")),
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
        ProfileError::Syntax { why } => Message::new(gettext("The backup profile cannot be understood"))
            .detail(sanitize(why))
            .hint(mend()),
        ProfileError::Missing { key } => {
            Message::new(gettext_f("The backup profile lacks '{key}'", &[("key", key)])).hint(mend())
        }
        // What is expected is a word of the file's own language and is not translated.
        ProfileError::Wrong { key, expected } => Message::new(gettext_f(
            "In the backup profile, '{key}' has a value of the wrong kind",
            &[("key", key)],
        ))
        .detail(gettext_f("It has to be {expected}.", &[("expected", expected)]))
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

fn mend() -> String {
    gettext("Correct the file with an editor, or save the profile anew.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_that_will_not_do_comes_with_a_cure() {
        let errors = [
            ProfileError::NotFound {
                path: "/a/b.conf".into(),
            },
            ProfileError::BadName { name: "../x".into() },
            ProfileError::Syntax {
                why: "line 2\u{1b}".into(),
            },
            ProfileError::Missing { key: "include" },
            ProfileError::Wrong {
                key: "include",
                expected: "a list of names",
            },
            ProfileError::UnknownCompression { name: "arj".into() },
        ];
        for error in errors {
            let message = profile_error(&error);
            assert!(
                message.hint.is_some() && !message.full_text().contains('\u{1b}'),
                "{error}"
            );
        }
    }
}
