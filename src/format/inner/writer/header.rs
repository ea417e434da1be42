// SPDX-License-Identifier: GPL-3.0-or-later
//! The parts of a header that all forms of it share, and the checks before one is made.

use crate::format::{
    WriteError, WriteFault,
    error::shown,
    ustar::{BLOCK_BYTES, BLOCK_SIZE, put_negative},
};

use super::{super::Extent, member::NewMember};

/// What a name field holds, in bytes.
const NAME_FIELD_BYTES: usize = 100;

pub(super) fn check_extents(name: &[u8], size: u64, extents: &[Extent]) -> Result<(), WriteError> {
    let mut end = 0;
    for (index, extent) in extents.iter().enumerate() {
        let is_last = index + 1 == extents.len();
        let is_whole = extent.length.is_multiple_of(BLOCK_BYTES) || (is_last && extent.end() == size);
        if extent.length == 0 || extent.offset < end || extent.end() > size {
            return Err(unwritable(name, WriteFault::Extents));
        }
        if !extent.offset.is_multiple_of(BLOCK_BYTES) || !is_whole {
            return Err(unwritable(name, WriteFault::BrokenExtents));
        }
        end = extent.end();
    }
    Ok(())
}

/// Owner, mode and time.
pub(super) fn describe(header: &mut tar::Header, member: &NewMember<'_>) {
    if let Some(gnu) = header.as_gnu_mut() {
        // Fields that must end in NUL.
        put(&mut gnu.uname[..31], member.user.as_bytes());
        put(&mut gnu.gname[..31], member.group.as_bytes());
    }
    header.set_uid(member.uid.into());
    header.set_gid(member.gid.into());
    header.set_mode(member.mode & 0o7777);
    match u64::try_from(member.mtime) {
        Ok(mtime) => header.set_mtime(mtime),
        Err(_) => put_negative(&mut header.as_old_mut().mtime, member.mtime),
    }
}

/// Appends the GNU extension for a name that does not fit its field.
pub(super) fn append_long(head: &mut Vec<u8>, type_byte: u8, name: &[u8]) {
    if name.len() <= NAME_FIELD_BYTES {
        return;
    }
    let content = [name, &[0]].concat();
    let mut header = tar::Header::new_gnu();
    put(&mut header.as_old_mut().name, b"././@LongLink");
    header.set_entry_type(tar::EntryType::new(type_byte));
    finish_header(&mut header, 0o644, 0, 0, content.len() as u64);
    head.extend_from_slice(header.as_bytes());
    append_blocks(head, &content);
}

pub(super) fn finish_header(header: &mut tar::Header, mode: u32, owner: u64, mtime: u64, size: u64) {
    header.set_mode(mode);
    header.set_uid(owner);
    header.set_gid(owner);
    header.set_mtime(mtime);
    header.set_size(size);
    header.set_cksum();
}

pub(super) fn put(field: &mut [u8], text: &[u8]) {
    let count = text.len().min(field.len());
    field[..count].copy_from_slice(&text[..count]);
}

pub(super) fn append_blocks(head: &mut Vec<u8>, content: &[u8]) {
    head.extend_from_slice(content);
    head.resize(head.len().next_multiple_of(BLOCK_SIZE), 0);
}

pub(super) fn unwritable(name: &[u8], fault: WriteFault) -> WriteError {
    let name = shown(name);
    WriteError::Unwritable { name, fault }
}
