// SPDX-License-Identifier: GPL-3.0-or-later
//! The head of a file with holes in the GNU form (type `S`), which carries names of any bytes, owner, mode and time. The
//! map stands in the header and in blocks behind it; the data of the extents follows.

use crate::format::{WriteError, WriteFault, ustar::BLOCK_SIZE};

use super::{
    super::{EntryKind, Extent},
    header::{append_long, check_extents, describe, put, unwritable},
    member::NewMember,
};

/// Extents that the header itself holds, and each block behind it.
const IN_HEADER: usize = 4;
const IN_BLOCK: usize = 21;

/// Everything that stands before the data: long name, header, and blocks with the rest of the map.
pub(super) fn head(member: &NewMember<'_>, extents: &[Extent]) -> Result<Vec<u8>, WriteError> {
    if *member.kind != EntryKind::File || member.name.is_empty() || member.name.contains(&0) {
        return Err(unwritable(member.name, WriteFault::Holes));
    }
    check_extents(member.name, member.size, extents)?;
    // An empty extent at the end says how long the file is.
    let end = Extent {
        offset: member.size,
        length: 0,
    };
    let is_open = extents.last().is_none_or(|last| last.end() < member.size);
    let map: Vec<Extent> = extents.iter().copied().chain(is_open.then_some(end)).collect();
    let stored: u64 = extents.iter().map(|extent| extent.length).sum();

    let mut head = Vec::new();
    append_long(&mut head, b'L', member.name);
    let mut header = tar::Header::new_gnu();
    put(&mut header.as_old_mut().name, member.name);
    header.set_entry_type(tar::EntryType::GNUSparse);
    describe(&mut header, member);
    header.set_size(stored);
    let (first, rest) = map.split_at(map.len().min(IN_HEADER));
    let gnu = header
        .as_gnu_mut()
        .ok_or_else(|| unwritable(member.name, WriteFault::Holes))?;
    for (slot, extent) in gnu.sparse.iter_mut().zip(first) {
        slot.set_offset(extent.offset);
        slot.set_length(extent.length);
    }
    gnu.set_is_extended(!rest.is_empty());
    gnu.set_real_size(member.size);
    header.set_cksum();
    head.extend_from_slice(header.as_bytes());
    let mut blocks = rest.chunks(IN_BLOCK).peekable();
    while let Some(extents) = blocks.next() {
        let mut block = tar::GnuExtSparseHeader::new();
        for (slot, extent) in block.sparse.iter_mut().zip(extents) {
            slot.set_offset(extent.offset);
            slot.set_length(extent.length);
        }
        block.set_is_extended(blocks.peek().is_some());
        head.extend_from_slice(block.as_bytes());
    }
    debug_assert!(head.len().is_multiple_of(BLOCK_SIZE));
    Ok(head)
}
