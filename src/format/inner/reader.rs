// SPDX-License-Identifier: GPL-3.0-or-later
//! Reads an inner archive from beginning to end, without going back.

use std::{
    ffi::OsStr,
    io::Read,
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

use crate::format::{
    FormatError, FormatFault, Limited, Within, limits,
    tape::{Blocks, Head, HeadReader, decimal, number, padding_after, signed_number, too_large},
};

use super::{EntryKind, Extent, sparse::Shape, sparse_map::SparseMap};

/// A file, folder or link in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, bytes as they stand: never empty, without NUL, and nothing else has been checked.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits.
    pub mode: u32,
    /// When it was changed, in seconds since 1970.
    pub mtime: i64,
    /// Its size with all holes, in bytes; zero for everything but files.
    pub size: u64,
    /// Where its headers begin in the stream, in bytes.
    pub position: u64,
}

impl Entry {
    /// Its name as a path that stays below wherever it is put: relative, without `..`, and of at least one segment.
    /// None where the name is not such a one. Links on the way are not its business.
    pub fn relative_path(&self) -> Option<PathBuf> {
        let mut path = PathBuf::new();
        for component in Path::new(OsStr::from_bytes(&self.name)).components() {
            match component {
                Component::Normal(segment) => path.push(segment),
                Component::CurDir => {}
                Component::Prefix(_) | Component::RootDir | Component::ParentDir => return None,
            }
        }
        (!path.as_os_str().is_empty()).then_some(path)
    }
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// The end-of-archive mark was there. The stock tool does without.
    pub has_mark: bool,
    /// Something else than zeros stood behind the mark. The stock tool overlooks it.
    pub has_more: bool,
}

/// Reads entry by entry. After an error there is nothing more to be had from it.
pub struct Reader<R> {
    blocks: Blocks<R>,
    heads: HeadReader,
    current: Current,
    is_at_end: bool,
}

impl<R: Read> Reader<R> {
    /// Reads an archive from its beginning.
    pub fn new(inner: R) -> Self {
        Self {
            blocks: Blocks::new(inner),
            heads: HeadReader::new(false, limits::INNER_EXTENSION_BYTES),
            current: Current::default(),
            is_at_end: false,
        }
    }

    /// The next entry, past what was not read of the one before; none at the end.
    ///
    /// # Errors
    /// When the stream ends within something, or makes no sense.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, FormatError> {
        let rest = std::mem::take(&mut self.current);
        self.blocks.skip(rest.unread + rest.padding, Within::File)?;
        if self.is_at_end {
            return Ok(None);
        }
        let Some(head) = self.heads.next(&mut self.blocks)? else {
            self.is_at_end = true;
            return Ok(None);
        };
        let kind = kind(&head);
        if kind != EntryKind::File {
            self.current = Current::skipped(head.stored_bytes);
            return Ok(Some(entry(head, kind, None)));
        }
        let shape = Shape::read(&head, &mut self.blocks)?;
        if shape.real_size > limits::FILE_BYTES {
            let limit = limits::FILE_BYTES;
            return Err(too_large(head.position, Limited::File, shape.real_size, limit));
        }
        let entry = entry(head, kind, Some((shape.real_size, shape.name)));
        self.current = Current {
            extent: None,
            map: shape.map,
            unread: shape.stored_bytes,
            padding: padding_after(shape.stored_bytes),
        };
        Ok(Some(entry))
    }

    /// Reads some of the current file's data: where in the file it belongs, and how many bytes of the buffer were
    /// filled. What lies between two pieces is a hole. None behind the last piece; the file may still be longer.
    ///
    /// # Errors
    /// When the stream ends within the file.
    pub fn next_data(&mut self, buffer: &mut [u8]) -> Result<Option<(u64, usize)>, FormatError> {
        let current = &mut self.current;
        let Some(extent) = current.extent.take().or_else(|| current.map.next()) else {
            return Ok(None);
        };
        let wanted = usize::try_from(extent.length).unwrap_or(usize::MAX).min(buffer.len());
        // Fills the buffer, so that pieces are as large as the caller wants them and not as small as they come.
        self.blocks.read_exact(&mut buffer[..wanted], Within::File)?;
        let rest = Extent {
            offset: extent.offset + wanted as u64,
            length: extent.length - wanted as u64,
        };
        current.unread -= wanted as u64;
        current.extent = (rest.length > 0).then_some(rest);
        Ok(Some((extent.offset, wanted)))
    }

    /// Bytes of the stream read so far.
    pub fn position(&self) -> u64 {
        self.blocks.position()
    }

    /// Reads the stream to its very end, so that whatever lies below checks its own end too.
    ///
    /// # Errors
    /// When there are entries left that nobody asked for, or the stream is not whole.
    pub fn finish(mut self) -> Result<Ending, FormatError> {
        if let Some(entry) = self.next_entry()? {
            return Err(FormatError::damaged(entry.position, FormatFault::MoreEntries));
        }
        let mut has_more = false;
        let mut buffer = [0; 16 << 10];
        loop {
            let count = self.blocks.read_some(&mut buffer, Within::End)?;
            if count == 0 {
                break;
            }
            has_more |= buffer[..count].iter().any(|byte| *byte != 0);
        }
        Ok(Ending {
            has_mark: self.heads.has_seen_end,
            has_more,
        })
    }
}

/// What is left of the current entry.
#[derive(Default)]
struct Current {
    extent: Option<Extent>,
    map: SparseMap,
    unread: u64,
    padding: u64,
}

impl Current {
    fn skipped(stored_bytes: u64) -> Self {
        Self {
            unread: stored_bytes,
            padding: padding_after(stored_bytes),
            ..Self::default()
        }
    }
}

fn kind(head: &Head) -> EntryKind {
    match head.type_byte() {
        // The oldest form knows no folders: a name with a slash at its end is one.
        b'0' | 0 | b'7' if head.name.ends_with(b"/") => EntryKind::Directory,
        b'0' | 0 | b'7' | b'S' => EntryKind::File,
        b'1' => EntryKind::HardLink(head.link.clone()),
        b'2' => EntryKind::Symlink(head.link.clone()),
        // 'D' is a folder with its listing, as incremental archives have it.
        b'5' | b'D' => EntryKind::Directory,
        b'6' => EntryKind::Fifo,
        other => EntryKind::Other(other),
    }
}

fn entry(head: Head, kind: EntryKind, shape: Option<(u64, Option<Vec<u8>>)>) -> Entry {
    let old = head.header.as_old();
    let mtime = head.record("mtime").and_then(whole_seconds);
    let mtime = mtime.or_else(|| signed_number(&old.mtime)).unwrap_or(0);
    let mode = number(&old.mode).unwrap_or(0) & 0o7777;
    let (size, name) = shape.unwrap_or((0, None));
    Entry {
        name: name.unwrap_or(head.name),
        kind,
        mode: u32::try_from(mode).unwrap_or(0),
        mtime,
        size,
        position: head.position,
    }
}

/// The seconds of a pax time such as `-12.345`, which is later than second -13 and earlier than second -12.
fn whole_seconds(text: &[u8]) -> Option<i64> {
    let (seconds, fraction) = match text.iter().position(|byte| *byte == b'.') {
        Some(point) => (&text[..point], &text[point + 1..]),
        None => (text, &[][..]),
    };
    let has_fraction = fraction.iter().any(|digit| *digit != b'0');
    match seconds.strip_prefix(b"-") {
        Some(seconds) => {
            let seconds = i64::try_from(decimal(seconds)?).ok()?;
            Some(-seconds - i64::from(has_fraction))
        }
        None => decimal(seconds)?.try_into().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_stay_below_become_paths() {
        let path = |name: &[u8]| {
            let entry = Entry {
                name: name.to_vec(),
                kind: EntryKind::File,
                mode: 0,
                mtime: 0,
                size: 0,
                position: 0,
            };
            entry.relative_path()
        };
        assert_eq!(path(b"a/b/").unwrap(), Path::new("a/b"));
        assert_eq!(path(b"./a//.\xff").unwrap().as_os_str().as_bytes(), b"a/.\xff");
        for name in [&b"/a"[..], b"..", b"a/../b", b"a/..", b".", b"./", b"/"] {
            assert_eq!(path(name), None, "{name:?}");
        }
    }

    #[test]
    fn times_before_1970_and_fractions_are_read() {
        assert_eq!(whole_seconds(b"12.99"), Some(12));
        assert_eq!(whole_seconds(b"-5"), Some(-5));
        assert_eq!(whole_seconds(b"-5.25"), Some(-6));
        assert_eq!(whole_seconds(b"-5.00"), Some(-5));
        assert_eq!(whole_seconds(b"x"), None);
    }
}
