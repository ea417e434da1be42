// SPDX-License-Identifier: GPL-3.0-or-later
//! Writes the outer archive.

use std::io::{self, Write};

use crate::format::{
    WriteError, WriteFault, check_name,
    tape::{BLOCK_BYTES, BLOCK_SIZE, padding_after},
};

/// The unit in which the stock tool writes and pads archives, in bytes.
const RECORD_BYTES: u64 = 20 * BLOCK_BYTES;
/// The first number that eleven octal digits cannot say: sizes and times in a ustar header.
const OCTAL_END: u64 = 1 << 33;

/// Writes members one after the other. Without [`Writer::finish`] the archive has no end.
pub struct Writer<W> {
    inner: W,
    written: u64,
}

impl<W: Write> Writer<W> {
    /// Begins an archive.
    pub fn new(inner: W) -> Self {
        Self { inner, written: 0 }
    }

    /// Writes one member whose content is the pieces one behind the other. The time is in seconds since 1970.
    ///
    /// # Errors
    /// When the name or a number does not fit a ustar header (nothing has been written then), or writing fails.
    pub fn member(&mut self, name: &str, mtime: u64, pieces: &[&[u8]]) -> Result<(), WriteError> {
        check_name(name)?;
        let size = pieces.iter().map(|piece| piece.len() as u64).sum();
        let header = header(name, mtime, size)?;
        self.write(header.as_bytes())?;
        for piece in pieces {
            self.write(piece)?;
        }
        self.write_zeros(padding_after(size))?;
        Ok(())
    }

    /// Begins a member whose size is not known yet.
    ///
    /// # Errors
    /// As [`Writer::member`].
    pub fn begin(&mut self, name: &str, mtime: u64) -> Result<OpenMember, WriteError> {
        check_name(name)?;
        let header = header(name, mtime, 0)?;
        let position = self.written;
        self.write(header.as_bytes())?;
        Ok(OpenMember {
            name: name.to_owned(),
            mtime,
            position,
            size: 0,
        })
    }

    /// Writes more of its content.
    ///
    /// # Errors
    /// When writing fails.
    pub fn go_on(&mut self, member: &mut OpenMember, piece: &[u8]) -> io::Result<()> {
        member.size += piece.len() as u64;
        self.write(piece)
    }

    /// Ends it: `correct` writes its header once more, at that place in the archive.
    ///
    /// # Errors
    /// When its size does not fit a ustar header, or writing fails.
    pub fn end(
        &mut self,
        member: OpenMember,
        correct: impl FnOnce(&mut W, u64, &[u8]) -> io::Result<()>,
    ) -> Result<(), WriteError> {
        let OpenMember {
            name,
            mtime,
            position,
            size,
        } = member;
        let header = header(&name, mtime, size)?;
        correct(&mut self.inner, position, header.as_bytes())?;
        self.write_zeros(padding_after(size))?;
        Ok(())
    }

    /// Takes back everything from a position on, where a member begins: `cut` does it to what is written to.
    ///
    /// # Errors
    /// When it cannot be taken back: the archive is not whole then.
    pub fn take_back(&mut self, position: u64, cut: impl FnOnce(&mut W, u64) -> io::Result<()>) -> io::Result<()> {
        cut(&mut self.inner, position)?;
        self.written = position;
        Ok(())
    }

    /// Bytes written so far.
    pub fn position(&self) -> u64 {
        self.written
    }

    /// Writes the end of the archive, flushes, and gives back what it was written to.
    ///
    /// # Errors
    /// When writing fails: the archive is not whole then.
    pub fn finish(mut self) -> io::Result<W> {
        let with_mark = self.written + 2 * BLOCK_BYTES;
        let end = with_mark.next_multiple_of(RECORD_BYTES);
        self.write_zeros(end - self.written)?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    fn write_zeros(&mut self, mut count: u64) -> io::Result<()> {
        while count > 0 {
            let piece = count.min(BLOCK_BYTES);
            self.write(&[0; BLOCK_SIZE][..usize::try_from(piece).unwrap_or(BLOCK_SIZE)])?;
            count -= piece;
        }
        Ok(())
    }
}

/// A member that has begun. Until [`Writer::end`] its header says that it is empty.
#[derive(Debug)]
pub struct OpenMember {
    name: String,
    mtime: u64,
    position: u64,
    size: u64,
}

fn header(name: &str, mtime: u64, size: u64) -> Result<tar::Header, WriteError> {
    let unwritable = |fault| WriteError::Unwritable {
        name: name.to_owned(),
        fault,
    };
    if size >= OCTAL_END {
        return Err(unwritable(WriteFault::TooLarge));
    }
    if mtime >= OCTAL_END {
        return Err(unwritable(WriteFault::Time));
    }
    let mut header = tar::Header::new_ustar();
    // Splits a long name at a slash into prefix and name.
    header.set_path(name).map_err(|_| unwritable(WriteFault::NameTooLong))?;
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(mtime);
    header.set_size(size);
    header.set_cksum();
    Ok(header)
}
