// SPDX-License-Identifier: GPL-3.0-or-later
//! What the tools say of a killed restore's remains, and of a restore that has to wait for another one.

use crate::{
    engine::{EngineError, Leftovers},
    text::{
        Message,
        i18n::{gettext, gettext_f},
        message, sanitize,
    },
};

/// Names what a killed restore has left in a PedOS, when that PedOS is opened.
pub fn leftovers_found(found: &Leftovers) -> String {
    gettext_f(
        // Translators: --clean-up and --root are typed as they are. {names} is a list of VMs and folders.
        "a restore was ended by force and has left what is not whole: {names}. Do not use it; qvm-backup-restore --clean-up takes it away (with the same --root).",
        &[("names", &names(found).join(", "))],
    )
}

/// What `--clean-up` is about to take away.
pub fn leftovers_to_remove(found: &Leftovers) -> String {
    let head = gettext(
        "A restore was ended by force and has left this, which is not whole. It will be removed with all of its data:",
    );
    format!("{head}\n  {}", names(found).join("\n  "))
}

/// There is nothing for `--clean-up` to do.
pub fn no_leftovers() -> String {
    gettext("No restore has left anything that is not whole. Nothing was changed.")
}

/// `--clean-up` has done its work.
pub fn leftovers_removed() -> String {
    gettext("All of it was removed.")
}

/// Something could not be taken away.
pub fn leftover_kept(what: &str, error: &EngineError) -> Message {
    let why = message(error);
    let title = match what {
        "" => gettext("What was removed may come back: the change could not be written to the disk"),
        what => gettext_f("{what} could not be removed", &[("what", &sanitize(what))]),
    };
    Message::new(title).detail(why.full_text())
}

/// Another restore into the same PedOS has to end first.
pub fn waiting_for_turn(process: Option<u32>) -> String {
    match process {
        Some(number) => gettext_f(
            "another restore into this PedOS is running (process {number}); waiting until it ends. Ctrl-C gives up.",
            &[("number", &number.to_string())],
        ),
        None => gettext("another restore into this PedOS is running; waiting until it ends. Ctrl-C gives up."),
    }
}

fn names(found: &Leftovers) -> Vec<String> {
    let vms = found
        .vms
        .iter()
        .map(|name| gettext_f("VM {vm}", &[("vm", &sanitize(name))]));
    let folders = found.folders.iter().map(|path| sanitize(&path.to_string_lossy()));
    vms.chain(folders).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_named_and_made_safe_to_show() {
        let found = Leftovers {
            vms: vec!["work".into()],
            folders: vec!["/home/user/.home-restore-\u{1b}.part".into()],
        };
        for said in [leftovers_found(&found), leftovers_to_remove(&found)] {
            assert!(
                said.contains("VM work") && said.contains(".home-restore-\u{fffd}.part"),
                "{said}"
            );
        }
    }
}
