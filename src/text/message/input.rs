// SPDX-License-Identifier: GPL-3.0-or-later
//! What is wrong with something that was typed, in words.

use crate::{
    secret::{LONGEST_NEW_PASSPHRASE_BYTES, PassphraseAnomaly, PassphraseError},
    transport::LineProblem,
};

use super::{
    super::i18n::{gettext, gettext_f},
    Message,
};

/// Why a passphrase cannot protect a new archive.
pub fn passphrase_error(error: PassphraseError) -> Message {
    match error {
        PassphraseError::Empty => Message::new(gettext("The passphrase is empty")).hint(gettext(
            "Everyone could read a backup without a passphrase: choose one.",
        )),
        PassphraseError::TooLong => Message::new(gettext("The passphrase is too long"))
            .detail(gettext_f(
                "It has more than {count} bytes.",
                &[("count", &LONGEST_NEW_PASSPHRASE_BYTES.to_string())],
            ))
            .hint(gettext(
                "Choose a shorter one: the stock tools could not open the backup with it.",
            )),
        PassphraseError::ControlCharacter => Message::new(gettext(
            "The passphrase contains a tab, a line break or another control character",
        ))
        .hint(gettext(
            "Leave it out: the stock tools take it for an editing key and would see another passphrase.",
        )),
    }
}

/// What is worth knowing about the characters of a new passphrase.
pub fn anomaly(anomaly: PassphraseAnomaly) -> String {
    let code = |c: char| format!("U+{:04X}", u32::from(c));
    match anomaly {
        PassphraseAnomaly::Invisible(c) => gettext_f(
            "It has an invisible character ({code}), which is hard to type again. If you did not mean to use it, type the passphrase again.",
            &[("code", &code(c))],
        ),
        PassphraseAnomaly::OtherBlank(c) => gettext_f(
            "It has a blank that the space bar does not type ({code}). Somebody who types the passphrase later will type another one.",
            &[("code", &code(c))],
        ),
        PassphraseAnomaly::OuterBlank => gettext("It begins or ends with a blank. That is allowed, but hard to see."),
        PassphraseAnomaly::SeveralForms => gettext(
            "Some of its characters, such as letters with accents, can be encoded in two ways that look alike. Another system may send the other one.",
        ),
        PassphraseAnomaly::UnusualCharacters => {
            gettext("Some of its characters may be hard to type on another keyboard, as in an emergency.")
        }
    }
}

/// Why a line cannot be given to the service of a VM.
pub fn line_problem(problem: LineProblem) -> Message {
    match problem {
        LineProblem::Empty => Message::new(gettext("No directory or command is given")).hint(gettext(
            "Type the path of a directory in that VM, or a command that takes the backup.",
        )),
        LineProblem::LineBreak => Message::new(gettext("The directory or command contains a line break"))
            .hint(gettext("Write it on one line.")),
        LineProblem::ShellOperator(operator) => Message::new(gettext_f(
            "The command contains an unquoted '{operator}'",
            &[("operator", &operator.to_string())],
        ))
        .detail(gettext(
            "The VM runs one simple command: the backup would go elsewhere and be lost.",
        ))
        .hint(gettext("Write sh -c '...' around the whole command.")),
        LineProblem::Tilde => Message::new(gettext("The VM does not know what ~ stands for")).hint(gettext(
            // Translators: /home/user is what ~ stands for in a VM.
            "Write the full path, for example /home/user/backups.",
        )),
        LineProblem::OpenQuote => Message::new(gettext("The command opens a quote and does not close it"))
            .hint(gettext("Close the quote, or put a backslash before it.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_command_comes_with_its_cure() {
        let message = line_problem(LineProblem::ShellOperator('|'));
        assert!(message.title.contains("'|'"));
        assert!(message.hint.unwrap().contains("sh -c '...'"));
    }

    #[test]
    fn a_refused_home_comes_with_the_path_to_write() {
        let message = line_problem(LineProblem::Tilde);
        assert!(message.hint.unwrap().contains("/home/user/backups"));
    }

    #[test]
    fn every_refused_passphrase_has_a_hint() {
        use PassphraseError::{ControlCharacter, Empty, TooLong};
        for error in [Empty, TooLong, ControlCharacter] {
            assert!(passphrase_error(error).hint.is_some());
        }
    }
}
