// SPDX-License-Identifier: GPL-3.0-or-later
//! What both tools ask.

use std::path::Path;

use zeroize::Zeroizing;

use crate::{secret::Passphrase, text};

use super::{
    console::Console,
    exit::Exit,
    interrupt::Interrupt,
    prompt::{self, PromptError},
    stop::Stop,
};

/// Asks whether to go on.
pub(super) fn confirm(console: &Console, interrupt: &Interrupt) -> Result<(), Stop> {
    let question = "Do you want to proceed? [y/N] ";
    let answer = prompt::ask(question, console.is_output_taken, interrupt);
    match answer.map_err(|error| error.into_stop("the answer"))?.as_str() {
        "y" | "Y" => Ok(()),
        _ => Err(Stop::Said(Exit::Cancelled, vec![text::terminal::declined()])),
    }
}

/// The passphrase that a file or standard input holds.
pub(super) fn passphrase_from(path: &Path, interrupt: &Interrupt) -> Result<Zeroizing<String>, Stop> {
    let what = if path == Path::new("-") {
        "standard input".into()
    } else {
        path.to_string_lossy()
    };
    prompt::passphrase_from(path, interrupt).map_err(|error| match error {
        PromptError::Ended => Stop::failed(text::terminal::no_passphrase_in(&what)),
        error => error.into_stop(&what),
    })
}

/// The passphrase of a new archive, or why it will not do.
pub(super) fn new_passphrase(typed: Zeroizing<String>) -> Result<Passphrase, Stop> {
    Passphrase::for_new_archive(typed).map_err(|error| Stop::failed(text::passphrase_error(error)))
}

/// The passphrase of a new archive, which is typed twice.
pub(super) fn typed_twice(interrupt: &Interrupt) -> Result<Zeroizing<String>, Stop> {
    let questions = [
        "Please enter the passphrase that will be used to encrypt and verify the backup: ",
        "Enter again for verification: ",
    ];
    let [first, second] =
        prompt::passphrases(questions, interrupt).map_err(|error| error.into_stop("the passphrase"))?;
    if first == second {
        Ok(first)
    } else {
        Err(Stop::failed(text::terminal::passphrase_mismatch()))
    }
}
