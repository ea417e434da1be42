// SPDX-License-Identifier: GPL-3.0-or-later
//! Volumes as a backup reads them and as a restore fills them.

use std::{fs::File, io, num::NonZeroU64, os::unix::fs::FileExt};

use rustix::{
    fs::{Advice, SeekFrom, fadvise, seek},
    io::Errno,
};

use crate::units::KIB;

use super::HostError;

/// A range of a volume that holds data; what lies between extents is a hole and reads as zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Where it begins, in bytes.
    pub offset: u64,
    /// How long it is, in bytes; never zero.
    pub length: u64,
}

/// A volume open for reading.
pub trait VolumeSource: Send + Sync {
    /// Its size in bytes, holes included.
    fn size_bytes(&self) -> u64;

    /// Where it holds data, in ascending order, without overlap, within its size.
    ///
    /// # Errors
    /// When the file system does not answer.
    fn extents(&self) -> io::Result<Vec<Extent>>;

    /// Reads from a place into the whole buffer.
    ///
    /// # Errors
    /// When it cannot be read, or ends before the buffer is full.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Hears what will be read soon, so that it may be fetched meanwhile.
    fn expect(&self, _: Extent) {}
}

/// A volume being filled. Dropped without [`VolumeImport::finish`] it leaves the old content in place.
pub trait VolumeImport: Send {
    /// Writes data at a place; what is never written reads as zeros.
    ///
    /// # Errors
    /// When there is no room or the device fails.
    fn write_at(&mut self, data: &[u8], offset: u64) -> Result<(), HostError>;

    /// Makes the new content the volume's content, synced to the disk.
    ///
    /// # Errors
    /// When it could not be synced or put in place: the old content stays.
    fn finish(self: Box<Self>) -> Result<(), HostError>;
}

/// A volume in a file, with its holes.
#[derive(Debug)]
pub struct FileVolume {
    file: File,
    size_bytes: u64,
}

impl FileVolume {
    /// Takes an open file; its size now is the volume's size from here on.
    ///
    /// # Errors
    /// When the size cannot be learned.
    pub fn new(file: File) -> io::Result<Self> {
        let size_bytes = file.metadata()?.len();
        // What the system would read ahead by itself lies in holes as often as not, and is made of zeros at some cost;
        // `expect` says better what comes next. That it does not listen is no reason not to read.
        let _ = fadvise(&file, 0, None, Advice::Random);
        Ok(Self { file, size_bytes })
    }
}

impl VolumeSource for FileVolume {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn extents(&self) -> io::Result<Vec<Extent>> {
        let mut extents = Vec::new();
        let mut position = 0;
        while position < self.size_bytes {
            let start = match seek(&self.file, SeekFrom::Data(position)) {
                Ok(start) => start,
                // No data from here to the end.
                Err(Errno::NXIO) => break,
                // A file system without holes: all of it is data.
                Err(Errno::INVAL) => position,
                Err(error) => return Err(error.into()),
            };
            let end = match seek(&self.file, SeekFrom::Hole(start)) {
                Ok(end) => end.min(self.size_bytes),
                Err(Errno::NXIO | Errno::INVAL) => self.size_bytes,
                Err(error) => return Err(error.into()),
            };
            if start >= self.size_bytes || end <= start {
                break;
            }
            extents.push(Extent {
                offset: start,
                length: end - start,
            });
            position = end;
        }
        Ok(extents)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }

    fn expect(&self, extent: Extent) {
        // Of one word the system takes no more than it would read ahead by itself, which usually is this much.
        const WORD_BYTES: u64 = 128 * KIB;
        let end = extent.offset + extent.length;
        let mut offset = extent.offset;
        while let Some(length) = NonZeroU64::new((end - offset).min(WORD_BYTES)) {
            let _ = fadvise(&self.file, offset, Some(length), Advice::WillNeed);
            offset += length.get();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn holes_are_no_extents() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[1; 4096]).unwrap();
        file.set_len(10 << 20).unwrap();
        file.write_all_at(&[2; 4096], 5 << 20).unwrap();
        let volume = FileVolume::new(file).unwrap();
        let extents = volume.extents().unwrap();
        assert!(extents.iter().map(|e| e.length).sum::<u64>() < 1 << 20, "{extents:?}");
        assert_eq!(extents[0].offset, 0);
        assert!(
            extents
                .iter()
                .any(|e| e.offset <= 5 << 20 && e.offset + e.length >= (5 << 20) + 4096)
        );
    }

    #[test]
    fn an_empty_volume_has_none() {
        let volume = FileVolume::new(tempfile::tempfile().unwrap()).unwrap();
        assert_eq!(volume.extents().unwrap(), []);
    }

    #[test]
    fn a_short_volume_is_an_error_when_read_past_its_end() {
        let volume = FileVolume::new(tempfile::tempfile().unwrap()).unwrap();
        assert!(volume.read_at(&mut [0; 1], 0).is_err());
    }
}
