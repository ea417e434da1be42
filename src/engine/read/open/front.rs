// SPDX-License-Identifier: GPL-3.0-or-later
//! Finds header, its proof and inventory where they are not the first members of a file: in an archive that was packed
//! anew, and in one of which a member's own tar header is damaged.

use std::sync::Arc;

use crate::{
    crypto::ContainerHeader,
    engine::{ArchiveError, CancelToken, Damage, EngineError},
    format::{HEADER_MAC_MEMBER, HEADER_MEMBER, PartName, VERSION, limits},
    transport::Source,
};

use super::{
    super::{
        index::RunIndex,
        member::BLOCK_BYTES,
        members::Members,
        role::{Role, role},
    },
    opener::{Opener, is_inventory},
};

/// How many zero bytes at the end of content are told from the zeros that fill its last block.
pub(super) const MOST_ZEROS_AT_END: usize = 32;

/// Puts the members of a file into the order in which they are read, where they do not stand in it. Returns the runs of
/// bytes in which a member was lost.
pub(super) fn arrange(
    members: &mut Members,
    source: &Source,
    index: &RunIndex,
    cancel: &CancelToken,
) -> Result<Vec<(u64, u64)>, EngineError> {
    if begins_as_written(source, cancel)? {
        return Ok(Vec::new());
    }
    let Some(index) = index.get(source, cancel)? else {
        return Ok(Vec::new());
    };
    // Those of an archive stand first in the index. One that has only an inventory has it there.
    if index
        .members
        .first()
        .is_some_and(|first| matches!(role(&first.name), Role::Front(_)))
    {
        members.arrange(Arc::clone(&index.members));
    }
    Ok(index.lost.clone())
}

/// Returns whether the archive begins with its header, the header's proof and its inventory. An archive that begins with its
/// inventory does not: only a look at all members tells whether it has no header or has it elsewhere. The order of a
/// source that is no file cannot be changed, so this is true for it.
fn begins_as_written(source: &Source, cancel: &CancelToken) -> Result<bool, EngineError> {
    let Some(mut members) = Members::open_ranged(source, cancel)? else {
        return Ok(true);
    };
    for place in 0..3 {
        let Some(member) = members.next()? else {
            return Ok(false);
        };
        let is_right = match place {
            0 => member.name == HEADER_MEMBER,
            1 => member.name == HEADER_MAC_MEMBER,
            _ => {
                let part = PartName::parse_member(&member.name).or_else(|_| PartName::parse_old_member(&member.name));
                is_inventory(part)
            }
        };
        if !is_right {
            return Ok(false);
        }
        members.skip()?;
    }
    Ok(true)
}

impl Opener<'_> {
    /// The content of the header, whose member was lost. Its user must authenticate it as any other.
    pub(super) fn lost_header(&mut self) -> Result<Option<Vec<u8>>, EngineError> {
        self.find_lost(limits::HEADER_BYTES, |content| {
            content.starts_with(b"version=").then(|| content.to_vec())
        })
    }

    /// The content of the header's proof, whose member was lost.
    pub(super) fn lost_mac(&mut self, header: &[u8], version: u32) -> Result<Option<Vec<u8>>, EngineError> {
        // Format 4: the header once more, in a container that adds a known number of bytes.
        let container_bytes = header.len() + limits::CONTAINER_BYTES as usize;
        let is_container = |content: &[u8]| ContainerHeader::parse(content).is_ok();
        self.find_lost(limits::HEADER_CONTAINER_BYTES, |content| match version {
            VERSION if is_container(content) => {
                let mut content = content.to_vec();
                content.resize(container_bytes, 0);
                Some(content)
            }
            VERSION => None,
            _ => (content.is_ascii() && content.contains(&b'=')).then(|| content.to_vec()),
        })
    }

    /// The content of the inventory's part, whose member was lost, without the zeros at its end: up to
    /// [`MOST_ZEROS_AT_END`] of them may belong to it.
    pub(super) fn lost_inventory(&mut self) -> Result<Option<Vec<u8>>, EngineError> {
        self.find_lost(limits::INVENTORY_CONTAINER_BYTES, |content| {
            ContainerHeader::parse(content).is_ok().then(|| content.to_vec())
        })
    }

    /// Looks for the content of a small member in the bytes that have no readable header: behind the block that was its
    /// header, without the zeros at its end.
    fn find_lost(
        &mut self,
        most_bytes: u64,
        accept: impl Fn(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        for (position, end) in self.lost.clone() {
            let start = position + BLOCK_BYTES;
            let length = end.saturating_sub(start).min(most_bytes + BLOCK_BYTES);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let Some(content) = self.members.read_at(start, length)? else {
                return Ok(None);
            };
            let trimmed = content.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            if let Some(found) = accept(&content[..trimmed]) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// What is said of an archive of which header, proof or inventory cannot be found at all.
    pub(super) fn front_lost(&self, member: &str) -> Option<EngineError> {
        let (position, _) = self.lost.first()?;
        Some(
            ArchiveError::Damaged {
                member: Some(member.to_owned()),
                position: *position,
                why: Damage::FrontHeader,
            }
            .into(),
        )
    }
}
