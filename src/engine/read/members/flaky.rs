// SPDX-License-Identifier: GPL-3.0-or-later
//! An archive on a medium that reads wrong, and one of a VM, for tests.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use crate::transport::{ArchiveReader, Location, MemberReader, Ranged, Source};

use super::{FileMembers, From, Members};

/// Flips a byte as often as it is told to.
struct Flaky {
    inner: Cursor<Vec<u8>>,
    position: u64,
    times: u32,
}

impl Read for Flaky {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let start = self.inner.position();
        let count = self.inner.read(buffer)?;
        let within = self.position.checked_sub(start).map(|offset| offset as usize);
        if let Some(offset) = within.filter(|offset| *offset < count && self.times > 0) {
            buffer[offset] ^= 1;
            self.times -= 1;
        }
        Ok(count)
    }
}

impl Seek for Flaky {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.inner.seek(place)
    }
}

impl ArchiveReader for Flaky {
    fn size_bytes(&self) -> Option<u64> {
        Some(self.inner.get_ref().len() as u64)
    }

    fn ranged(&self) -> Option<Box<dyn Ranged>> {
        Some(Box::new(Unranged))
    }
}

/// Stands for access to every byte where only going back is tried.
struct Unranged;

impl Ranged for Unranged {
    fn read_exact_at(&self, _: &mut [u8], _: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn forget(&self, _: u64, _: u64) {}
}

impl Members {
    /// The members of these bytes, of which the one at a position is wrong for so many times.
    pub(in super::super) fn of_flaky(bytes: Vec<u8>, position: u64, times: u32) -> Self {
        let inner = Cursor::new(bytes);
        let stream = Flaky { inner, position, times };
        Self {
            from: From::File(FileMembers::new(Box::new(stream), "an archive".to_owned())),
            source: Source::new(Location::File("/none".into())),
            put_back: None,
        }
    }

    /// The members that a VM sends.
    pub(in super::super) fn of_service(reader: Box<dyn MemberReader>) -> Self {
        Self {
            from: From::Service(reader),
            source: Source::new(Location::File("/none".into())),
            put_back: None,
        }
    }
}
