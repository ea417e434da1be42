// SPDX-License-Identifier: GPL-3.0-or-later
//! What is wrong with a member of an archive, in words that go behind its name: no capital letter, no full stop.

use crate::{
    crypto::{ContainerError, DecryptFault},
    engine::{Damage, FilterFault},
    qfile::QfileFault,
};

use super::{
    super::{
        i18n::{gettext, gettext_f},
        sanitize, size,
    },
    format::{format_fault, mac_error, member_kind, rest_of},
    inventory::inventory_line,
    io_text,
};

/// What is wrong with a member, or with what is in it.
pub(super) fn damage(damage: &Damage) -> String {
    match damage {
        Damage::Outer(fault) => format_fault(fault),
        Damage::Inner { position, fault } => in_content(*position, &format_fault(fault)),
        Damage::InnerCut { position, within } => in_content(*position, &rest_of(*within)),
        Damage::Kind(kind) => member_kind(*kind),
        Damage::Name => gettext("it has a name that no backup has"),
        Damage::PartSize { bytes, limit } => gettext_f(
            "it has {found}, and parts have {limit} at most",
            &[("found", &size(*bytes)), ("limit", &size(*limit))],
        ),
        Damage::InventorySize { bytes, limit } => gettext_f(
            "the list of VMs has {found}, and {limit} are allowed",
            &[("found", &size(*bytes)), ("limit", &size(*limit))],
        ),
        Damage::HeaderGone => gettext("its tar header cannot be read again"),
        Damage::FrontHeader => gettext("its tar header is damaged, and without it nothing of the backup can be read"),
        Damage::MacMissing => gettext("its authentication code is missing"),
        Damage::Mac(error) => mac_error(*error),
        Damage::MacMismatch => gettext("its authentication code does not match its content"),
        Damage::Misplaced => gettext("it was altered, or belongs to another place or another backup"),
        Damage::Container(error) => container_error(error),
        Damage::OutOfOrder { number, file } => gettext_f(
            "part {number} of {file} was expected here",
            &[("number", &number.to_string()), ("file", &sanitize(file))],
        ),
        Damage::BeginsAgain => gettext("a file whose parts have come begins again"),
        Damage::Apart => gettext("it is apart from the files of its VM, which is whole without it"),
        Damage::InnerEmpty => gettext("its inner archive is empty"),
        Damage::InnerOther { name } => {
            gettext_f("its inner archive holds {name} instead", &[("name", &sanitize(name))])
        }
        Damage::InnerMore { name } => gettext_f("its inner archive also holds {name}", &[("name", &sanitize(name))]),
        Damage::InnerTwice { name } => gettext_f("its inner archive holds {name} twice", &[("name", &sanitize(name))]),
        Damage::InnerEndless => gettext("its inner archive has no end"),
        Damage::NoInventory => gettext("its inner archive does not hold the list of VMs"),
        Damage::Inventory(error) => inventory_line(error),
        Damage::Decryption(fault) => decrypt_fault(*fault),
        Damage::Filter(fault) => filter_fault(fault),
        Damage::Answer(fault) => answer_fault(*fault),
        Damage::System(error) => io_text(error),
    }
}

fn in_content(position: u64, what: &str) -> String {
    gettext_f(
        // Translators: {what} says what is wrong, without a full stop.
        "{what} (byte {position} of its content)",
        &[("what", what), ("position", &position.to_string())],
    )
}

/// Why a container does not open.
fn container_error(error: &ContainerError) -> String {
    match error {
        ContainerError::NotAContainer => gettext("it is not encrypted as parts are"),
        ContainerError::Version => gettext("it is encrypted in an unknown way"),
        ContainerError::HeaderChecksum => gettext("the checksum of its encryption header is wrong"),
        ContainerError::TooShort { length } => gettext_f(
            "it is too short for an encrypted part: {size}",
            &[("size", &size(*length as u64))],
        ),
        ContainerError::TooCostly { cost } => gettext_f(
            // Translators: {cost} are numbers: N = 2^18, r = 8, p = 1.
            "its key costs more than any real one: {cost}",
            &[("cost", &cost.to_string())],
        ),
        ContainerError::NotEnoughMemory { bytes } => gettext_f(
            "there is too little memory for its key, which takes {size}",
            &[("size", &size(*bytes))],
        ),
        ContainerError::WrongPassphrase => gettext("its key does not fit"),
        ContainerError::Damaged => gettext("its content does not match its authentication code"),
    }
}

fn decrypt_fault(fault: DecryptFault) -> String {
    match fault {
        DecryptFault::NoSalt => gettext("the encrypted data does not begin with \"Salted__\""),
        DecryptFault::NoKey => gettext("the encrypted data has no key"),
        DecryptFault::LastBlock => gettext("the end of the encrypted data does not decrypt: it was cut or altered"),
    }
}

/// Why the program that was to decompress did not do it.
fn filter_fault(fault: &FilterFault) -> String {
    match fault {
        FilterFault::Failed { program, status, said } => gettext_f(
            // Translators: {status} is what the system says of it, "exit status: 1"; {said} is what the program printed.
            "{program} failed ({status}): {said}",
            &[
                ("program", &sanitize(program)),
                ("status", &status.to_string()),
                ("said", &sanitize(said)),
            ],
        )
        .trim_end_matches([':', ' '])
        .to_owned(),
        FilterFault::Complained { program, said } => gettext_f(
            "{program} complained: {said}",
            &[("program", &sanitize(program)), ("said", &sanitize(said))],
        ),
        FilterFault::Unread { program } => gettext_f(
            "{program} ended before it had read everything",
            &[("program", &sanitize(program))],
        ),
    }
}

/// What is wrong with what the service of a VM sends.
fn answer_fault(fault: QfileFault) -> String {
    match fault {
        QfileFault::DirectoryContent => gettext("the VM sends a directory with content"),
        QfileFault::Kind => gettext("the VM sends something that is not a file, directory or link"),
        QfileFault::LongName => gettext("the VM sends a name that is too long"),
        QfileFault::OpenName => gettext("the VM sends a name without its end"),
        QfileFault::NotUtf8 => gettext("the VM sends a name that is not UTF-8"),
        QfileFault::TooManyFiles { limit } => {
            gettext_f("the VM sends more than {limit} files", &[("limit", &limit.to_string())])
        }
    }
}
