// SPDX-License-Identifier: GPL-3.0-or-later
//! Writes an inner archive.

use std::io::{self, Write};

use crate::format::{
    WriteError, WriteFault, check_name,
    ustar::{BLOCK_BYTES, BLOCK_SIZE, append_record, padding_after},
};

use super::{EntryKind, Extent};

mod header;
mod member;
mod sparse;

pub use member::NewMember;

use header::{append_blocks, append_long, check_extents, describe, finish_header, put, unwritable};

/// The first size that eleven octal digits cannot say.
const OCTAL_END: u64 = 1 << 33;

/// Writes members one after the other: its head, then its data, then its end. Without [`Writer::finish`] the archive has
/// no end.
pub struct Writer<W> {
    inner: W,
    /// Data that the current member still has to get, and the zeros behind it.
    missing: u64,
    padding: u64,
}

impl<W: Write> Writer<W> {
    /// Begins an archive.
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            missing: 0,
            padding: 0,
        }
    }

    /// Writes the head of a file with holes. The data of the extents follows, one behind the other.
    ///
    /// # Errors
    /// When extents are not in order or not in whole blocks (see [`super::block_extents`]), or writing fails.
    pub fn sparse_member(&mut self, name: &str, size: u64, extents: &[Extent]) -> Result<(), WriteError> {
        let head = sparse_head(name, size, extents)?;
        let data = extents.iter().map(|extent| extent.length).sum();
        self.begin(name.as_bytes(), &head, data)
    }

    /// Writes the head of a file with holes among other files, with all that a header says of it. The data of the extents
    /// follows, one behind the other.
    ///
    /// # Errors
    /// When extents are not in order or not in whole blocks, it is no file, or writing fails.
    pub fn sparse_file(&mut self, member: &NewMember<'_>, extents: &[Extent]) -> Result<(), WriteError> {
        let head = sparse::head(member, extents)?;
        let data = extents.iter().map(|extent| extent.length).sum();
        self.begin(member.name, &head, data)
    }

    /// Writes the head of a member without holes. A file's data follows.
    ///
    /// # Errors
    /// When it cannot be written in a tar archive, or writing fails.
    pub fn member(&mut self, member: &NewMember<'_>) -> Result<(), WriteError> {
        let head = plain_head(member)?;
        self.begin(member.name, &head, member.size)
    }

    fn begin(&mut self, name: &[u8], head: &[u8], data: u64) -> Result<(), WriteError> {
        if self.missing > 0 || self.padding > 0 {
            return Err(unwritable(name, WriteFault::Unended));
        }
        self.inner.write_all(head)?;
        self.missing = data;
        self.padding = padding_after(data);
        Ok(())
    }

    /// Returns the current member at most so many bytes of data by way of what this writes to, which may have room where they
    /// can be put at once. `pass` hears how many it may take, and says how many it took.
    ///
    /// # Errors
    /// Whatever `pass` says.
    pub fn pass<E>(&mut self, most: u64, pass: impl FnOnce(&mut W, u64) -> Result<u64, E>) -> Result<u64, E> {
        let count = pass(&mut self.inner, most.min(self.missing))?;
        self.missing -= count;
        Ok(count)
    }

    /// Ends the current member.
    ///
    /// # Errors
    /// When it did not get all the data that its head promised, or writing fails.
    pub fn end_member(&mut self) -> Result<(), WriteError> {
        if self.missing > 0 {
            return Err(unwritable(b"a member", WriteFault::Short));
        }
        let padding = std::mem::take(&mut self.padding);
        self.inner.write_all(&zeros(padding))?;
        Ok(())
    }

    /// Writes the end of the archive and gives back what it was written to.
    ///
    /// # Errors
    /// When a member has not ended, or writing fails: the archive is not whole then.
    pub fn finish(mut self) -> Result<W, WriteError> {
        if self.missing > 0 || self.padding > 0 {
            return Err(unwritable(b"the end of an archive", WriteFault::Unended));
        }
        self.inner.write_all(&zeros(2 * BLOCK_BYTES))?;
        Ok(self.inner)
    }
}

/// The current member's data.
impl<W: Write> Write for Writer<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if data.len() as u64 > self.missing {
            // More than the member was announced with.
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let count = self.inner.write(data)?;
        self.missing -= count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Everything that stands before the data of a file with holes: pax header, header and map.
///
/// # Errors
/// When name, size or extents cannot be written.
pub fn sparse_head(name: &str, size: u64, extents: &[Extent]) -> Result<Vec<u8>, WriteError> {
    check_name(name)?;
    check_extents(name.as_bytes(), size, extents)?;
    let map = sparse_map(size, extents);
    let stored = map.len() as u64 + extents.iter().map(|extent| extent.length).sum::<u64>();
    let (folder, file) = name.rsplit_once('/').unwrap_or((".", name));
    // A tar that does not know sparse files extracts it under this name, which no other file has.
    let plain_name = format!("{folder}/GNUSparseFile.0/{file}");

    let mut records = Vec::new();
    append_record(&mut records, "GNU.sparse.major", b"1");
    append_record(&mut records, "GNU.sparse.minor", b"0");
    append_record(&mut records, "GNU.sparse.name", name.as_bytes());
    append_record(&mut records, "GNU.sparse.realsize", size.to_string().as_bytes());
    let mut field_size = stored;
    if stored >= OCTAL_END {
        append_record(&mut records, "size", stored.to_string().as_bytes());
        field_size = 0;
    }

    let mut head = Vec::with_capacity(3 * BLOCK_SIZE + records.len() + map.len());
    let mut pax = tar::Header::new_ustar();
    put(&mut pax.as_old_mut().name, b"././@PaxHeader");
    pax.set_entry_type(tar::EntryType::XHeader);
    finish_header(&mut pax, 0, 0, 0, records.len() as u64);
    head.extend_from_slice(pax.as_bytes());
    append_blocks(&mut head, &records);
    let mut header = tar::Header::new_ustar();
    header
        .set_path(&plain_name)
        .map_err(|_| unwritable(name.as_bytes(), WriteFault::NameTooLong))?;
    header.set_entry_type(tar::EntryType::Regular);
    finish_header(&mut header, 0o644, 0, 0, field_size);
    head.extend_from_slice(header.as_bytes());
    head.extend_from_slice(&map);
    Ok(head)
}

/// The map: how many entries, then offset and length of each, a line for each number. The last entry ends where the
/// file does, so that readers that know only extents make the file as long as it was.
fn sparse_map(size: u64, extents: &[Extent]) -> Vec<u8> {
    let closing = Extent {
        offset: size,
        length: 0,
    };
    let needs_closing = extents.last().is_none_or(|last| last.end() < size);
    let entries = extents.iter().chain(needs_closing.then_some(&closing));
    let mut text = format!("{}\n", extents.len() + usize::from(needs_closing));
    for entry in entries {
        text.push_str(&entry.offset.to_string());
        text.push('\n');
        text.push_str(&entry.length.to_string());
        text.push('\n');
    }
    let mut map = text.into_bytes();
    map.resize(map.len().next_multiple_of(BLOCK_SIZE), 0);
    map
}

/// Everything that stands before the data of a member without holes: long names and the header.
fn plain_head(member: &NewMember<'_>) -> Result<Vec<u8>, WriteError> {
    let name = with_slash(member);
    let (kind, link) = match member.kind {
        EntryKind::File => (tar::EntryType::Regular, &[][..]),
        EntryKind::Directory => (tar::EntryType::Directory, &[][..]),
        EntryKind::Symlink(target) => (tar::EntryType::Symlink, &target[..]),
        EntryKind::HardLink(target) => (tar::EntryType::Link, &target[..]),
        EntryKind::Fifo => (tar::EntryType::Fifo, &[][..]),
        EntryKind::Other(_) => return Err(unwritable(member.name, WriteFault::Kind)),
    };
    if member.name.is_empty() || name.contains(&0) || link.contains(&0) {
        return Err(unwritable(member.name, WriteFault::Name));
    }
    if member.size > 0 && *member.kind != EntryKind::File {
        return Err(unwritable(member.name, WriteFault::Content));
    }
    let mut head = Vec::new();
    append_long(&mut head, b'K', link);
    append_long(&mut head, b'L', &name);
    let mut header = tar::Header::new_gnu();
    put(&mut header.as_old_mut().name, &name);
    put(&mut header.as_old_mut().linkname, link);
    header.set_entry_type(kind);
    describe(&mut header, member);
    // Base-256 from 8 GiB on.
    header.set_size(member.size);
    header.set_cksum();
    head.extend_from_slice(header.as_bytes());
    Ok(head)
}

/// Folders are named with a slash at the end.
fn with_slash(member: &NewMember<'_>) -> Vec<u8> {
    let mut name = member.name.to_vec();
    if *member.kind == EntryKind::Directory && !name.ends_with(b"/") {
        name.push(b'/');
    }
    name
}

fn zeros(count: u64) -> Vec<u8> {
    vec![0; usize::try_from(count).unwrap_or(BLOCK_SIZE)]
}
