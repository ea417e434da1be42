// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a store could not be used: a directory behind a program that speaks SFTP.

use crate::transport::{StoreError, StoreFault};

use super::{
    super::{
        i18n::{gettext, gettext_f},
        sanitize,
    },
    Message, message,
    parts::with_quote,
};

/// Why an archive could not be written to a store.
pub(super) fn not_written(place: &str, fault: &StoreFault, said: &str) -> Message {
    Message::new(gettext_f(
        "The backup could not be written to {place}",
        &[("place", &sanitize(place))],
    ))
    .detail(detail(fault, said))
    .hint(hint(fault))
}

/// Why an archive could not be read from a store.
pub(super) fn not_read(place: &str, fault: &StoreFault, said: &str) -> Message {
    Message::new(gettext_f(
        "The backup could not be read from {place}",
        &[("place", &sanitize(place))],
    ))
    .detail(detail(fault, said))
    .hint(hint(fault))
}

/// Why nothing could be learned of a store.
pub fn store_error(error: &StoreError) -> Message {
    match error {
        StoreError::Host(error) => message(&error.clone().into()),
        StoreError::Cancelled(error) => message(&(*error).into()),
        StoreError::NoPedos { vm } => Message::new(gettext_f(
            "The VM {name} cannot be reached: there is no PedOS here",
            &[("name", &sanitize(vm))],
        ))
        .hint(gettext("Reach the store from this computer, without a VM.")),
        StoreError::Unusable => Message::new(gettext("The program that was to speak SFTP cannot be started"))
            .detail(gettext("A program for a VM is one line without backslashes."))
            .hint(gettext("Write a small script in that VM, and name it here.")),
        StoreError::Fault {
            fault: fault @ StoreFault::NotFound,
            ..
        } => Message::new(gettext("There is nothing of that name in the store")).hint(hint(fault)),
        StoreError::Fault { fault, said } => Message::new(gettext("The store cannot be used"))
            .detail(detail(fault, said))
            .hint(hint(fault)),
    }
}

/// What happened, and what the program said.
fn detail(fault: &StoreFault, said: &str) -> String {
    let (first, said) = match fault {
        StoreFault::NotFound => (gettext("There is no such file or directory in the store."), said),
        StoreFault::NotPermitted => (gettext("The store does not permit that to its user."), said),
        StoreFault::Full => (gettext("There is no space left in the store."), said),
        StoreFault::ReadOnly => (gettext("The store can only be read."), said),
        StoreFault::Unsupported => (gettext("The store cannot do what is needed."), said),
        StoreFault::Refused { said } => (gettext("The store refused."), said.as_str()),
        StoreFault::Lost => (
            gettext("The program that speaks SFTP ended, does not speak it, or lost its connection."),
            said,
        ),
        StoreFault::Silent => (gettext("The store did not answer."), said),
        StoreFault::Garbled => (gettext("What came from the store makes no sense."), said),
        StoreFault::EndedEarly => (gettext("The file is shorter than the store had said."), said),
    };
    with_quote(first, said)
}

fn hint(fault: &StoreFault) -> String {
    match fault {
        StoreFault::NotFound => gettext("Check the spelling of the directory and of the file."),
        StoreFault::NotPermitted | StoreFault::ReadOnly => {
            gettext("Choose another directory, or change its permissions.")
        }
        StoreFault::Full => gettext("The unfinished backup was not kept. Make room there, or choose another place."),
        StoreFault::Lost | StoreFault::Silent => gettext(
            "Try the program by itself: it must log in without a question, and wait for input without printing anything of its own. Check the network as well.",
        ),
        StoreFault::Refused { .. } | StoreFault::Unsupported | StoreFault::Garbled | StoreFault::EndedEarly => {
            gettext("Try again, or choose another place.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_store_says_is_quoted_and_cannot_steer_a_terminal() {
        let said = "Permission denied (publickey).\u{1b}[31m";
        let message = not_written("ssh -s nas sftp:/backups", &StoreFault::Lost, said);
        let text = message.full_text();
        assert!(text.contains("Permission denied (publickey).") && !text.contains('\u{1b}'));
        let refused = StoreFault::Refused { said: "Failure".into() };
        assert!(not_read("x", &refused, "").full_text().contains("Failure"));
    }
}
