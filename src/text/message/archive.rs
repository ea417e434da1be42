// SPDX-License-Identifier: GPL-3.0-or-later
//! What is wrong with an archive, in words.
//!
//! The passphrase is named only where it can be the reason: when the header does not authenticate. Everything later
//! is damage, and the words say so.

use crate::{
    engine::{ArchiveError, Damage},
    inventory::FirewallError,
};

use super::{
    super::{
        i18n::{gettext, gettext_f, ngettext_f},
        sanitize, size,
    },
    Message,
    damage::damage,
    format,
    inventory::firewall_error,
    reason::{self, not_a_backup},
};

/// What is wrong with an archive.
#[allow(clippy::too_many_lines, reason = "one arm for each kind of error")]
pub fn archive_error(error: &ArchiveError) -> Message {
    match error {
        ArchiveError::NotABackup { place, why } => Message::new(gettext_f(
            "{place} is not a backup of a PedOS",
            &[("place", &sanitize(place))],
        ))
        .detail(not_a_backup(why))
        .hint(gettext("Choose the file that the backup was written to, not a directory or a part of it.")),
        ArchiveError::UnsupportedVersion { version } => Message::new(gettext_f(
            "Backups of format version {version} cannot be read",
            &[("version", &sanitize(version))],
        ))
        .hint(gettext("It was made by a much older or a newer system: restore it with the tools of that system.")),
        ArchiveError::UnsupportedCompression { name } => Message::new(gettext_f(
            "The backup is compressed with {name}, which this program cannot read",
            &[("name", &sanitize(name))],
        ))
        .hint(gettext_f(
            "Install a program that decompresses it when it is run with -d, and name it: qvm-backup-restore --compression-filter {name}",
            &[("name", &sanitize(name))],
        )),
        ArchiveError::UnsupportedAlgorithm { name } => Message::new(gettext_f(
            "The backup needs {name}, which this program does not have",
            &[("name", &sanitize(name))],
        ))
        .hint(gettext("Restore it with the tools of the system that made it.")),
        ArchiveError::UnsupportedCipher { name, version, filter } => {
            super::by_hand::unsupported_cipher(name, *version, filter.as_deref())
        }
        ArchiveError::WrongPassphrase => Message::new(gettext("Wrong passphrase, or the backup's header was altered"))
            .hint(gettext(
                "Type the passphrase again: mind the keyboard layout, Caps Lock, and blanks at the ends.",
            )),
        ArchiveError::KeyTooCostly { member, cost } => Message::new(gettext(
            "The backup asks for more memory or time than any real backup needs",
        ))
        .detail(gettext_f(
            // Translators: {place} is a part of the archive, {what} are numbers.
            "{place}: {what}",
            &[("place", &sanitize(member)), ("what", &cost.to_string())],
        ))
        .hint(gettext("The file is damaged, or was made to stop this computer. Use another copy of the backup.")),
        ArchiveError::KeyMemory { member, bytes } => Message::new(gettext_f(
            "There is too little memory to open {member}",
            &[("member", &sanitize(member))],
        ))
        .detail(gettext_f("Its key takes {size}.", &[("size", &size(*bytes))]))
        .hint(gettext("End other programs, or read the backup on a computer with more memory.")),
        ArchiveError::Damaged { member, position, why } => Message::new(gettext("The backup is damaged"))
            .detail(damaged_at(member.as_deref(), *position, why))
            .hint(gettext(
                "The passphrase is right, but this part of the file is not. Read it from another copy, or restore the VMs that are whole.",
            )),
        ArchiveError::Truncated { position, cut } => Message::new(gettext("The backup ends too early"))
            .detail(gettext_f(
                "It ends at byte {position}: {what}",
                &[("position", &position.to_string()), ("what", &reason::cut(*cut))],
            ))
            .hint(gettext(
                "The file was not copied to its end, or its backup was broken off. Copy it again or use another one.",
            )),
        ArchiveError::Altered { position, anomaly } => Message::new(gettext("The backup is not as it was written"))
            .detail(gettext_f(
                "At byte {position}, where no data is: {what}",
                &[("position", &position.to_string()), ("what", &format::anomaly(*anomaly))],
            ))
            .hint(gettext(
                "No data is affected so far, but the file was altered, cut or lengthened. Do not rely on this copy.",
            )),
        ArchiveError::LostMember { position, end } => Message::new(gettext("A part of the backup is lost"))
            .detail(gettext_f(
                "The bytes from {position} to {end} have no readable header, so it is unknown which file of the backup they belong to.",
                &[("position", &position.to_string()), ("end", &end.to_string())],
            ))
            .hint(gettext(
                "The VM that lacks a file because of this is named. All others are whole. Read the backup from another copy, if there is one.",
            )),
        ArchiveError::HomeEntries { path, count } => Message::new(ngettext_f(
            "{n} entry of dom0's home cannot be restored",
            "{n} entries of dom0's home cannot be restored",
            *count,
            &[],
        ))
        .detail(gettext_f(
            "The first one: {path}",
            &[("path", &sanitize(&path.to_string_lossy()))],
        ))
        .hint(gettext("Each is named with its reason. Everything else of the home is whole.")),
        ArchiveError::Duplicate { member, position } => Message::new(gettext("The backup holds something twice"))
            .detail(gettext_f(
                "{member} is in it a second time, at byte {position}",
                &[("member", &sanitize(member)), ("position", &position.to_string())],
            ))
            .hint(gettext(
                "No backup program writes anything twice. This program read the first one; other programs may read the second one.",
            )),
        ArchiveError::NoSuchVolume { vm, file } => Message::new(gettext_f(
            "The backup holds a volume that the VM {vm} does not have",
            &[("vm", &sanitize(vm))],
        ))
        .detail(sanitize(file))
        .hint(gettext_f(
            // Translators: do not translate the command.
            "This command still gets its data out: qvm-backup-restore --extract {vm}:{file}",
            &[("vm", &sanitize(vm)), ("file", &sanitize(file))],
        )),
        ArchiveError::Foreign { member, position } => Message::new(gettext("The backup holds something foreign"))
            .detail(gettext_f(
                "{member} (byte {position}) does not belong to it",
                &[("member", &sanitize(member)), ("position", &position.to_string())],
            ))
            .hint(gettext(
                "Somebody or something has put it there. What belongs to the backup is not affected by it.",
            )),
        ArchiveError::UnreadableRules { member, why } => unreadable_rules(member, why),
        ArchiveError::Missing { what } => Message::new(gettext("The backup is incomplete"))
            .detail(gettext_f("Missing: {what}", &[("what", &reason::missing(what))]))
            .hint(gettext(
                "What is missing cannot be restored from this file. Use another copy of the backup; where the backup itself said that this VM failed, an older one.",
            )),
    }
}

fn damaged_at(member: Option<&str>, position: u64, why: &Damage) -> String {
    let (position, what) = (position.to_string(), damage(why));
    match member {
        Some(member) => gettext_f(
            "{place}, from byte {position}: {what}",
            &[("place", &sanitize(member)), ("position", &position), ("what", &what)],
        ),
        None => gettext_f(
            // Translators: {what} says what is wrong, without a full stop.
            "From byte {position}: {what}",
            &[("position", &position), ("what", &what)],
        ),
    }
}

fn unreadable_rules(member: &str, why: &FirewallError) -> Message {
    Message::new(gettext_f(
        "The firewall rules in {member} cannot be read",
        &[("member", &sanitize(member))],
    ))
    .detail(firewall_error(why))
    .hint(gettext(
        "A restored VM gets rules that drop everything. Set its firewall rules before you use it with a network.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<ArchiveError> {
        ArchiveError::all()
    }

    #[test]
    fn nothing_that_an_archive_says_reaches_a_terminal_unsanitised() {
        for error in all() {
            let message = archive_error(&error);
            assert!(!message.full_text().contains('\u{1b}'), "{error:?}");
            assert!(message.hint.is_some(), "{error:?}");
        }
    }

    #[test]
    fn the_passphrase_is_blamed_only_where_it_can_be_the_reason() {
        for error in all() {
            let blames = archive_error(&error).title.to_lowercase().contains("passphrase");
            assert_eq!(blames, error == ArchiveError::WrongPassphrase, "{error:?}");
        }
    }
}
