// SPDX-License-Identifier: GPL-3.0-or-later
//! Words, without a full stop, for the reasons why a file is not a backup, where a truncated backup ends and what it lacks.

use crate::{
    engine::{Cut, NotABackup},
    plan::Missing,
    transport::Unreadable,
};

use super::{
    super::{
        i18n::{gettext, gettext_f},
        sanitize, size,
    },
    damage::damage,
    format::{header_error, mac_error, rest_of},
};

/// Why something cannot be read as a backup.
pub(super) fn not_a_backup(why: &NotABackup) -> String {
    match why {
        NotABackup::Empty => gettext("it is empty"),
        NotABackup::NotReadable(kind) => match kind {
            Unreadable::Directory => gettext("it is a directory"),
            Unreadable::Pipe => gettext("it is a pipe, which can be read only once and by itself"),
            Unreadable::Other => gettext("it is neither a file nor a disk nor a pipe"),
        },
        NotABackup::OtherArchive { member } => gettext_f(
            "it is another archive, which holds {member}",
            &[("member", &sanitize(member))],
        ),
        NotABackup::OtherBeginning => gettext("it does not begin like a backup"),
        NotABackup::Unreadable(why) => damage(why),
        NotABackup::Cut(within) => cut(*within),
        NotABackup::OtherMember { found, expected } => gettext_f(
            "it holds {found} where {expected} was expected",
            &[("found", &sanitize(found)), ("expected", expected)],
        ),
        NotABackup::NoMember { member } => gettext_f("it does not hold {member}", &[("member", member)]),
        NotABackup::MemberSize { member, bytes, limit } => gettext_f(
            "its {member} has {found}, and {limit} are allowed",
            &[
                ("member", &sanitize(member)),
                ("found", &size(*bytes)),
                ("limit", &size(*limit)),
            ],
        ),
        NotABackup::HeaderVersion => gettext("its header makes no sense"),
        NotABackup::Header(error) => header_error(error),
        NotABackup::HeaderMac(error) => gettext_f(
            // Translators: {what} says what is wrong, without a full stop.
            "the authentication code of its header: {what}",
            &[("what", &mac_error(*error))],
        ),
        NotABackup::NoInventory => gettext("it does not hold the list of its VMs"),
    }
}

/// What an archive ends within.
pub(super) fn cut(cut: Cut) -> String {
    match cut {
        Cut::Within(within) => rest_of(within),
        Cut::Answer => gettext("the rest of what the VM sends is missing"),
        Cut::EndMark => gettext("the mark of its end is missing"),
    }
}

/// What is missing in an archive.
pub(in crate::text) fn missing(what: &Missing) -> String {
    match what {
        Missing::Vm { vm } => gettext_f("the VM {vm}", &[("vm", &sanitize(vm))]),
        Missing::EverythingOf { vm, folder } => gettext_f(
            "everything of the VM {vm} ({path})",
            &[("vm", &sanitize(vm)), ("path", &sanitize(folder))],
        ),
        Missing::File { vm, file, path } => gettext_f(
            "{file} of the VM {vm} ({path})",
            &[
                ("file", &sanitize(file)),
                ("vm", &sanitize(vm)),
                ("path", &sanitize(path)),
            ],
        ),
        Missing::Parts { path } => gettext_f("parts of {path}", &[("path", &sanitize(path))]),
        Missing::Path { path } => sanitize(path),
    }
}
