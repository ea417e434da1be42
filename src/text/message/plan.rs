// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a plan cannot be carried out, and why no key could be made, in words.

use crate::{
    crypto::{CryptoError, LONGEST_STOCK_PASSPHRASE_BYTES},
    engine::PlanFault,
    format::PartNameFault,
};

use super::{
    super::{
        i18n::{gettext, gettext_f},
        sanitize, size,
    },
    Message,
};

/// Why a plan does not fit the host or the archive.
pub(super) fn plan_fault(why: &PlanFault) -> Message {
    let title = gettext("What was planned cannot be carried out");
    let (detail, hint) = match why {
        PlanFault::BackupChanged => (
            gettext("The backup has changed since it was opened."),
            gettext("Open it again, and see that no other program writes to it."),
        ),
        PlanFault::NoHome => (
            gettext("dom0 has no home directory here."),
            gettext("Leave dom0 out; the VMs can be backed up and restored without it."),
        ),
        PlanFault::HomeIntoStream => (
            gettext("dom0's home is a directory, which does not fit into a stream."),
            gettext("Name a new directory that it is to be written to."),
        ),
        PlanFault::SameNumber { one, other } => (
            gettext_f(
                "The VMs {one} and {other} have the same number in the system's record of its VMs.",
                &[("one", &sanitize(one)), ("other", &sanitize(other))],
            ),
            gettext("Leave one of them out: in a backup they would be one VM."),
        ),
        PlanFault::NoDialog { vm } => (
            gettext_f("The VM {vm} offers no file dialog.", &[("vm", &sanitize(vm))]),
            gettext("Type the path instead."),
        ),
        PlanFault::DialogAnswer { vm } => (
            gettext_f(
                "The file dialog of the VM {vm} gave an answer that is not a path.",
                &[("vm", &sanitize(vm))],
            ),
            gettext("Type the path instead."),
        ),
        PlanFault::Name(error) => (
            gettext_f(
                // Translators: {why} says what is wrong with the name, without a full stop.
                "A file of the backup cannot be called {name}: {why}.",
                &[("name", &sanitize(&error.name)), ("why", &name_fault(error.fault))],
            ),
            gettext("Leave out what it belongs to."),
        ),
    };
    Message::new(title).detail(detail).hint(hint)
}

fn name_fault(fault: PartNameFault) -> String {
    match fault {
        PartNameFault::Empty => gettext("the name is empty"),
        PartNameFault::Characters => gettext("only plain ASCII characters are allowed, without ! and \\"),
        PartNameFault::NotRelative => gettext("it is not a plain relative name"),
        PartNameFault::NotEncrypted => gettext("the name does not end in .enc"),
        PartNameFault::NotNumbered => gettext("the name does not end in a part number"),
        PartNameFault::TooManyParts => gettext("it has too many parts"),
    }
}

/// Why no key could be made for a new part.
pub(super) fn key_error(error: &CryptoError) -> Message {
    let message = Message::new(gettext("No key could be made for the backup"));
    match error {
        CryptoError::NoRandomness => message
            .detail(gettext("The system gives no random numbers."))
            .hint(gettext("Look at the system log for more.")),
        CryptoError::NotEnoughMemory(bytes) => message
            .detail(gettext_f(
                "There is too little memory: a key takes {size}.",
                &[("size", &size(*bytes))],
            ))
            .hint(gettext("End other programs, or use fewer processors: --jobs 1.")),
        CryptoError::BadCost(cost) => message
            .detail(gettext_f(
                // Translators: {cost} are numbers: N = 2^18, r = 8, p = 1.
                "Its cost is out of bounds: {cost}.",
                &[("cost", &cost.to_string())],
            ))
            .hint(gettext("Choose one of the strengths that the program offers.")),
        CryptoError::PassphraseTooLong(bytes) => message
            .detail(gettext_f(
                "The passphrase and the name of the part have {found} bytes, and {limit} are allowed.",
                &[
                    ("found", &bytes.to_string()),
                    ("limit", &LONGEST_STOCK_PASSPHRASE_BYTES.to_string()),
                ],
            ))
            .hint(gettext("Choose a shorter passphrase.")),
    }
}
