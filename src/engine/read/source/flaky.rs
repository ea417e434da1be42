// SPDX-License-Identifier: GPL-3.0-or-later
//! An archive on a medium that reads wrong, for tests.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use super::{FileMembers, From, Members, joined::Joined};

/// Gives a byte wrong as often as it is told to.
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

impl Members {
    /// The members of these bytes, of which the one at a position is wrong for so many times.
    pub(in super::super) fn of_flaky(bytes: Vec<u8>, position: u64, times: u32) -> Self {
        let length = bytes.len() as u64;
        let inner = Cursor::new(bytes);
        let stream = Flaky { inner, position, times };
        Self {
            from: From::File(FileMembers::new(
                Box::new(stream),
                Some(Joined::new(vec![tempfile::tempfile().unwrap()]).unwrap()),
                "an archive".to_owned(),
                Some(length),
            )),
            put_back: None,
        }
    }
}
