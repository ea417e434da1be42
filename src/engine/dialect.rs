// SPDX-License-Identifier: GPL-3.0-or-later
//! What the format of an archive decides about its parts: how their members are called, and what proves that one is
//! what was written.

use std::{ops::Range, sync::Arc};

use crate::{
    crypto::{ContainerError, ContainerHeader, KdfLimits, part_passphrase},
    format::{PartName, limits},
    secret::Passphrase,
};

use super::{
    ArchiveError, ArchiveInfo, Context, EngineError,
    keys::{make, wait_for},
    source::{MemberInfo, Members},
};

/// How the parts of an archive are written.
#[derive(Debug, Clone)]
pub(super) enum Dialect {
    /// Format 4: each part is a container of its own.
    Sealed {
        /// What every passphrase begins with.
        backup_id: String,
    },
}

impl Dialect {
    /// How the parts of an archive of that kind are written.
    pub(super) fn of(info: &ArchiveInfo) -> Self {
        Self::Sealed {
            backup_id: info.backup_id.clone().unwrap_or_default(),
        }
    }

    /// The part that a member of that name is, if it is one.
    pub(super) fn part_name(&self, member: &str) -> Option<PartName> {
        match self {
            Self::Sealed { .. } => PartName::parse_member(member).ok(),
        }
    }

    /// Whether the inner archive of a machine's file may hold a whole folder.
    pub(super) fn holds_trees(&self) -> bool {
        match self {
            Self::Sealed { .. } => false,
        }
    }

    /// Reads a part into the buffer, whose old content goes, with what stands beside it.
    pub(super) fn fetch(
        &self,
        members: &mut Members,
        member: &MemberInfo,
        buffer: &mut Vec<u8>,
    ) -> Result<Result<(), EngineError>, EngineError> {
        if member.size > limits::PART_CONTAINER_BYTES {
            members.skip()?;
            let what = format!("it has {} bytes, more than any part", member.size);
            return Ok(Err(damaged(member, what)));
        }
        members.read_into(buffer)?;
        match self {
            Self::Sealed { .. } => Ok(Ok(())),
        }
    }

    /// Passes over what stands beside a part that was passed over.
    pub(super) fn skip_beside(&self, _: &mut Members, _: &MemberInfo) -> Result<(), EngineError> {
        match self {
            Self::Sealed { .. } => Ok(()),
        }
    }

    /// Proves a part that was fetched and decrypts it where it is; gives where its plain bytes are. Nothing of the
    /// buffer is changed unless the proof holds.
    pub(super) fn open(
        &self,
        buffer: &mut [u8],
        part: &PartName,
        passphrase: &Arc<Passphrase>,
        member: &MemberInfo,
        context: &Context,
    ) -> Result<Range<usize>, EngineError> {
        match self {
            Self::Sealed { backup_id } => {
                open_container(buffer, backup_id, &part.to_string(), passphrase, member, context)
            }
        }
    }
}

/// Authenticates and decrypts one container where it is.
pub(super) fn open_container(
    buffer: &mut [u8],
    backup_id: &str,
    part: &str,
    passphrase: &Arc<Passphrase>,
    member: &MemberInfo,
    context: &Context,
) -> Result<Range<usize>, EngineError> {
    let describe = |error: ContainerError| container_error(&error, member);
    let header = ContainerHeader::parse(buffer).map_err(describe)?;
    let passphrase = part_passphrase(backup_id, part, passphrase.as_bytes());
    let key = make(move || Ok(header.unlock(&passphrase, &KdfLimits::default())));
    let key = wait_for(&key, &context.cancel)?.map_err(describe)?;
    key.open(buffer).map_err(describe)
}

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
    ArchiveError::Damaged {
        member: member.name.clone(),
        position: member.position,
        what,
    }
    .into()
}
