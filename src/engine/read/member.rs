// SPDX-License-Identifier: GPL-3.0-or-later
//! A member of the outer archive, and what is said of one that is damaged.

use crate::{
    crypto::ContainerError,
    engine::{ArchiveError, EngineError},
};

pub(super) use crate::transport::Member as MemberInfo;

/// How much of a file is read ahead, in bytes.
pub(super) const BUFFER_BYTES: usize = 256 * 1024;

/// What a container's error means for a part: once the header of the archive has authenticated, the passphrase is
/// right, so a part that does not open is a damaged or exchanged part.
pub(super) fn container_error(error: &ContainerError, member: &MemberInfo) -> EngineError {
    match error {
        ContainerError::TooCostly { .. } | ContainerError::NotEnoughMemory { .. } => ArchiveError::KeyTooCostly {
            member: member.name.clone(),
            what: error.to_string(),
        }
        .into(),
        ContainerError::WrongPassphrase => damaged(
            member,
            "it was altered, or belongs to another place or another backup".to_owned(),
        ),
        other => damaged(member, other.to_string()),
    }
}

pub(super) fn damaged(member: &MemberInfo, what: String) -> EngineError {
    damaged_member(member, what).into()
}

pub(super) fn damaged_member(member: &MemberInfo, what: String) -> ArchiveError {
    ArchiveError::Damaged {
        member: member.name.clone(),
        position: member.position,
        what,
    }
}

/// An archive that ends within something.
pub(super) fn truncated(position: u64, within: &str) -> ArchiveError {
    let what = format!("the rest of {within} is missing");
    ArchiveError::Truncated { position, what }
}
