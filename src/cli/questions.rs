// SPDX-License-Identifier: GPL-3.0-or-later
//! What both tools ask.

use std::path::Path;

use zeroize::Zeroizing;

use crate::text;

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
