// SPDX-License-Identifier: GPL-3.0-or-later
//! The code of each reason why an archive is not what it should be.

use crate::{
    crypto::{ContainerError, DecryptFault},
    engine::{ArchiveError, Cut, Damage, FilterFault, NotABackup},
    plan::Missing,
    qfile::QfileFault,
    transport::Unreadable,
};

use super::{
    format::{anomaly, format_fault, header_error, mac_error, within},
    inventory::{firewall_error, inventory_error},
};

/// The code of the kind of error.
pub(super) fn archive_code(error: &ArchiveError) -> &'static str {
    match error {
        ArchiveError::NotABackup { .. } => "not_a_backup",
        ArchiveError::UnsupportedAlgorithm { .. } | ArchiveError::UnsupportedCipher { .. } => "unsupported_algorithm",
        ArchiveError::UnsupportedVersion { .. } => "unsupported_version",
        ArchiveError::UnsupportedCompression { .. } => "unsupported_compression",
        ArchiveError::WrongPassphrase => "wrong_passphrase",
        ArchiveError::KeyTooCostly { .. } => "key_too_costly",
        ArchiveError::KeyMemory { .. } => "key_memory",
        ArchiveError::Damaged { .. } => "damaged",
        ArchiveError::Truncated { .. } => "truncated",
        ArchiveError::Altered { .. } => "altered",
        ArchiveError::LostMember { .. } => "lost_member",
        ArchiveError::HomeEntries { .. } => "home_entries",
        ArchiveError::Duplicate { .. } => "duplicate",
        ArchiveError::NoSuchVolume { .. } => "no_such_volume",
        ArchiveError::Foreign { .. } => "foreign",
        ArchiveError::UnreadableRules { .. } => "unreadable_rules",
        ArchiveError::Missing { .. } => "missing",
    }
}

/// The code of the reason; none where the kind of error says all.
pub(super) fn archive_reason(error: &ArchiveError) -> Option<&'static str> {
    match error {
        ArchiveError::NotABackup { why, .. } => Some(not_a_backup(why)),
        ArchiveError::Damaged { why, .. } => Some(damage(why)),
        ArchiveError::Truncated { cut: why, .. } => Some(cut(*why)),
        ArchiveError::Altered { anomaly: what, .. } => Some(anomaly(*what)),
        ArchiveError::UnreadableRules { why, .. } => Some(firewall_error(why)),
        ArchiveError::Missing { what } => Some(missing(what)),
        ArchiveError::UnsupportedCipher { .. } => Some("cipher"),
        ArchiveError::UnsupportedAlgorithm { .. } => Some("digest"),
        ArchiveError::UnsupportedVersion { .. }
        | ArchiveError::UnsupportedCompression { .. }
        | ArchiveError::WrongPassphrase
        | ArchiveError::KeyTooCostly { .. }
        | ArchiveError::KeyMemory { .. }
        | ArchiveError::LostMember { .. }
        | ArchiveError::Duplicate { .. }
        | ArchiveError::NoSuchVolume { .. }
        | ArchiveError::HomeEntries { .. }
        | ArchiveError::Foreign { .. } => None,
    }
}

/// The member that an error is about, and where in the archive that is.
pub(super) fn place(error: &ArchiveError) -> (Option<String>, Option<u64>) {
    match error {
        ArchiveError::Damaged { member, position, .. } => (member.clone(), Some(*position)),
        ArchiveError::Foreign { member, position } | ArchiveError::Duplicate { member, position } => {
            (Some(member.clone()), Some(*position))
        }
        ArchiveError::LostMember { position, .. } => (None, Some(*position)),
        ArchiveError::Truncated { position, .. } | ArchiveError::Altered { position, .. } => (None, Some(*position)),
        ArchiveError::KeyTooCostly { member, .. }
        | ArchiveError::KeyMemory { member, .. }
        | ArchiveError::UnreadableRules { member, .. } => (Some(member.clone()), None),
        ArchiveError::NotABackup { .. }
        | ArchiveError::UnsupportedVersion { .. }
        | ArchiveError::UnsupportedCompression { .. }
        | ArchiveError::UnsupportedAlgorithm { .. }
        | ArchiveError::UnsupportedCipher { .. }
        | ArchiveError::WrongPassphrase
        | ArchiveError::NoSuchVolume { .. }
        | ArchiveError::HomeEntries { .. }
        | ArchiveError::Missing { .. } => (None, None),
    }
}

pub(super) fn damage(damage: &Damage) -> &'static str {
    match damage {
        Damage::Outer(fault) | Damage::Inner { fault, .. } => format_fault(fault),
        Damage::InnerCut { within: what, .. } => within(*what),
        Damage::Kind(_) => "member_not_a_file",
        Damage::Name => "member_name",
        Damage::PartSize { .. } => "part_size",
        Damage::InventorySize { .. } => "inventory_size",
        Damage::HeaderGone => "member_header_gone",
        Damage::FrontHeader => "member_header_damaged",
        Damage::MacMissing => "mac_missing",
        Damage::Mac(error) => mac_error(*error),
        Damage::MacMismatch => "mac_mismatch",
        Damage::Misplaced => "part_altered_or_misplaced",
        Damage::Container(error) => container_error(error),
        Damage::OutOfOrder { .. } => "part_out_of_order",
        Damage::BeginsAgain => "file_begins_again",
        Damage::Apart => "file_apart",
        Damage::InnerEmpty => "inner_empty",
        Damage::InnerOther { .. } => "inner_other_entry",
        Damage::InnerMore { .. } => "inner_second_entry",
        Damage::InnerTwice { .. } => "inner_entry_twice",
        Damage::InnerEndless => "inner_without_end",
        Damage::NoInventory => "inner_without_inventory",
        Damage::Inventory(error) => inventory_error(error),
        Damage::Decryption(fault) => decrypt_fault(*fault),
        Damage::Filter(fault) => filter_fault(fault),
        Damage::Answer(fault) => answer_fault(*fault),
        Damage::System(_) => "system",
    }
}

pub(super) fn container_error(error: &ContainerError) -> &'static str {
    match error {
        ContainerError::NotAContainer => "container_missing",
        ContainerError::Version => "container_version",
        ContainerError::HeaderChecksum => "container_header_checksum",
        ContainerError::TooShort { .. } => "container_too_short",
        ContainerError::TooCostly { .. } => "container_key_too_costly",
        ContainerError::NotEnoughMemory { .. } => "container_key_memory",
        ContainerError::WrongPassphrase => "container_key",
        ContainerError::Damaged => "container_mac_mismatch",
    }
}

pub(super) fn decrypt_fault(fault: DecryptFault) -> &'static str {
    match fault {
        DecryptFault::NoSalt => "decryption_no_salt",
        DecryptFault::NoKey => "decryption_no_key",
        DecryptFault::LastBlock => "decryption_last_block",
    }
}

pub(super) fn filter_fault(fault: &FilterFault) -> &'static str {
    match fault {
        FilterFault::Failed { .. } => "filter_failed",
        FilterFault::Complained { .. } => "filter_complained",
        FilterFault::Unread { .. } => "filter_unread",
    }
}

pub(super) fn answer_fault(fault: QfileFault) -> &'static str {
    match fault {
        QfileFault::DirectoryContent => "answer_directory_content",
        QfileFault::Kind => "answer_not_a_file",
        QfileFault::LongName => "answer_long_name",
        QfileFault::OpenName => "answer_open_name",
        QfileFault::NotUtf8 => "answer_name_not_utf8",
        QfileFault::TooManyFiles { .. } => "answer_too_many_files",
    }
}

fn not_a_backup(why: &NotABackup) -> &'static str {
    match why {
        NotABackup::Empty => "empty",
        NotABackup::NotReadable(Unreadable::Directory) => "directory",
        NotABackup::NotReadable(Unreadable::Pipe) => "pipe_among_files",
        NotABackup::NotReadable(Unreadable::Other) => "other_file_type",
        NotABackup::OtherArchive { .. } => "other_archive",
        NotABackup::OtherBeginning => "other_beginning",
        NotABackup::Unreadable(why) => damage(why),
        NotABackup::Cut(within) => cut(*within),
        NotABackup::OtherMember { .. } => "other_member",
        NotABackup::NoMember { .. } => "no_member",
        NotABackup::MemberSize { .. } => "member_size",
        NotABackup::HeaderVersion => "header_no_version",
        NotABackup::Header(error) => header_error(error),
        NotABackup::HeaderMac(error) => mac_error(*error),
        NotABackup::NoInventory => "no_inventory",
    }
}

fn cut(cut: Cut) -> &'static str {
    match cut {
        Cut::Within(what) => within(what),
        Cut::Answer => "cut_in_answer",
        Cut::EndMark => "no_end_mark",
    }
}

/// The code of what is missing, for plans too.
pub(in crate::json) fn missing(what: &Missing) -> &'static str {
    match what {
        Missing::Vm { .. } => "missing_vm",
        Missing::EverythingOf { .. } => "missing_all_of_vm",
        Missing::File { .. } => "missing_file",
        Missing::Parts { .. } => "missing_parts",
        Missing::Path { .. } => "missing_path",
    }
}
