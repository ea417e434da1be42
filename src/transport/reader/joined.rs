// SPDX-License-Identifier: GPL-3.0-or-later
//! Several files, one behind the other, as one.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom},
    num::NonZeroU64,
    os::unix::fs::FileExt,
};

use rustix::fs::{Advice, fadvise};

/// Files that are read as one.
#[derive(Debug)]
pub(crate) struct Joined {
    /// Each with the place where it begins in the whole.
    files: Vec<(u64, File)>,
    bytes: u64,
    position: u64,
}

impl Joined {
    /// Joins files in this order.
    pub(crate) fn new(files: Vec<File>) -> io::Result<Self> {
        let mut bytes = 0_u64;
        let mut placed = Vec::with_capacity(files.len());
        for mut file in files {
            placed.push((bytes, file.try_clone()?));
            // A device has no length but its end.
            let length = file.seek(SeekFrom::End(0))?;
            bytes = bytes.checked_add(length).ok_or(io::ErrorKind::FileTooLarge)?;
        }
        Ok(Self {
            files: placed,
            bytes,
            position: 0,
        })
    }

    /// The bytes of all of them.
    pub(super) fn length(&self) -> u64 {
        self.bytes
    }

    /// The same files once more, to be read from the beginning.
    pub(super) fn try_clone(&self) -> io::Result<Self> {
        let cloned = self.files.iter().map(|(start, file)| Ok((*start, file.try_clone()?)));
        Ok(Self {
            files: cloned.collect::<io::Result<_>>()?,
            bytes: self.bytes,
            position: 0,
        })
    }

    /// Reads exactly so much from a place, and moves nothing.
    pub(super) fn read_exact_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        let mut reader = self.try_clone()?;
        reader.position = position;
        io::Read::read_exact(&mut reader, buffer)
    }

    /// Asks the system to forget what it keeps of a stretch in memory.
    pub(super) fn forget(&self, position: u64, bytes: u64) {
        for (index, (start, file)) in self.files.iter().enumerate() {
            let end = self.files.get(index + 1).map_or(self.bytes, |(start, _)| *start);
            let from = position.max(*start);
            let length = position.saturating_add(bytes).min(end).saturating_sub(from);
            if let Some(length) = NonZeroU64::new(length) {
                // That the system does not forget is no reason not to read again.
                let _ = fadvise(file, from - start, Some(length), Advice::DontNeed);
            }
        }
    }
}

impl io::Read for Joined {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The last file that begins at or before the position; empty ones in between begin there too.
        let index = self.files.partition_point(|(start, _)| *start <= self.position);
        let Some((start, file)) = index.checked_sub(1).map(|index| &self.files[index]) else {
            return Ok(0);
        };
        let end = self.files.get(index).map_or(self.bytes, |(start, _)| *start);
        // A file that has grown since it was opened has not become a part of the whole.
        let left = usize::try_from(end.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let count = file.read_at(&mut buffer[..wanted], self.position - start)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl io::Seek for Joined {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = seek_target(to, self.position, self.bytes)?;
        Ok(self.position)
    }
}

/// Returns where a seek leads from a position, in something of that many bytes.
pub(super) fn seek_target(to: SeekFrom, position: u64, bytes: u64) -> io::Result<u64> {
    let target = match to {
        SeekFrom::Start(position) => Some(position),
        SeekFrom::Current(step) => position.checked_add_signed(step),
        SeekFrom::End(step) => bytes.checked_add_signed(step),
    };
    target.ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    fn joined(contents: &[&[u8]]) -> Joined {
        let file = |content: &&[u8]| {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(content).unwrap();
            file
        };
        Joined::new(contents.iter().map(file).collect()).unwrap()
    }

    #[test]
    fn pieces_of_every_size_are_one_whole_from_every_place() {
        let whole: Vec<u8> = (0..=255).collect();
        for cuts in [
            vec![0, 256],
            vec![0, 1, 1, 100, 256],
            vec![0, 0, 255, 256, 256],
            vec![0, 7, 14, 21, 256],
        ] {
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &whole[cut[0]..cut[1]]).collect();
            let mut joined = joined(&pieces);
            assert_eq!(joined.length(), 256);
            for from in 0..=256 {
                joined.seek(SeekFrom::Start(from)).unwrap();
                joined.forget(from, 10);
                let mut read = Vec::new();
                joined.read_to_end(&mut read).unwrap();
                assert_eq!(read, &whole[from as usize..], "{cuts:?} {from}");
            }
            joined.seek(SeekFrom::End(-3)).unwrap();
            joined.seek(SeekFrom::Current(1)).unwrap();
            let mut read = Vec::new();
            joined.try_clone().unwrap().read_to_end(&mut read).unwrap();
            assert_eq!(read, whole);
            assert!(joined.seek(SeekFrom::Current(-500)).is_err());
        }
    }
}
