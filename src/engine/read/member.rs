// SPDX-License-Identifier: GPL-3.0-or-later
//! A member of the outer archive, and what is said of one that is damaged.

use crate::{
    crypto::ContainerError,
    engine::{ArchiveError, Cut, Damage, EngineError},
    format::Within,
};

pub(super) use crate::transport::Member as MemberInfo;

/// The unit of tar in bytes: a header takes one, and content is filled up to it.
pub(super) const BLOCK_BYTES: u64 = 512;

/// How much of a file is read ahead, in bytes.
pub(super) const BUFFER_BYTES: usize = 256 * 1024;

/// What a container's error means for a part: once the header of the archive has authenticated, the passphrase is
/// right, so a part that does not open is a damaged or exchanged part.
pub(super) fn container_error(error: &ContainerError, member: &MemberInfo) -> EngineError {
    match error {
        ContainerError::TooCostly { cost } => ArchiveError::KeyTooCostly {
            member: member.name.clone(),
            cost: *cost,
        }
        .into(),
        ContainerError::NotEnoughMemory { bytes } => ArchiveError::KeyMemory {
            member: member.name.clone(),
            bytes: *bytes,
        }
        .into(),
        ContainerError::WrongPassphrase => damaged(member, Damage::Misplaced),
        other => damaged(member, Damage::Container(other.clone())),
    }
}

pub(super) fn damaged(member: &MemberInfo, why: Damage) -> EngineError {
    damaged_member(member, why).into()
}

pub(super) fn damaged_member(member: &MemberInfo, why: Damage) -> ArchiveError {
    ArchiveError::Damaged {
        member: Some(member.name.clone()),
        position: member.position,
        why,
    }
}

/// An archive that ends within something.
pub(super) fn truncated(position: u64, within: Within) -> ArchiveError {
    let cut = Cut::Within(within);
    ArchiveError::Truncated { position, cut }
}
