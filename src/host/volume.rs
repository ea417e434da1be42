// SPDX-License-Identifier: GPL-3.0-or-later
//! Volumes as a backup reads them and as a restore fills them.

use std::{
    fs::File,
    io,
    num::NonZeroU64,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Advice, SeekFrom, fadvise, seek},
    io::Errno,
};

use crate::{extent::Extent, units::KIB};

use super::{Change, HostError, Refusal, Stamp};

/// A volume open for reading.
pub trait VolumeSource: Send + Sync {
    /// Its size in bytes, holes included.
    fn size_bytes(&self) -> u64;

    /// Where it holds data, in ascending order, without overlap, within its size; none is empty. This may have to read all
    /// of it.
    ///
    /// # Errors
    /// When the file system does not answer, or what has to be read cannot be read.
    fn extents(&self) -> io::Result<Vec<Extent>>;

    /// Returns at once how much data it holds at most.
    ///
    /// # Errors
    /// When the file system does not answer.
    fn bound(&self) -> io::Result<DataBound> {
        let extents = self.extents()?;
        Ok(DataBound {
            data_bytes: extents.iter().map(|extent| extent.length).sum(),
            extents: extents.len() as u64,
        })
    }

    /// Hears that [`VolumeSource::extents`] will be called soon, so that what has to be read for it may be read meanwhile.
    fn prepare(&self) {}

    /// Reads from a place into the whole buffer.
    ///
    /// # Errors
    /// When it cannot be read, or ends before the buffer is full.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Returns what has changed in the volume since it was opened; if something has, what was read may mix two states.
    /// A snapshot never changes.
    ///
    /// # Errors
    /// When this cannot be told.
    fn change(&self) -> io::Result<Option<Change>> {
        Ok(None)
    }

    /// Hears what will be read soon, so that it may be fetched meanwhile.
    fn expect(&self, _: Extent) {}
}

/// The most data that a volume holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DataBound {
    /// The most bytes.
    pub data_bytes: u64,
    /// The most extents that these bytes lie in.
    pub extents: u64,
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

/// Holds that data lie within a volume of that size, which is named by its VM and its own name.
pub(super) fn check_within(
    size_bytes: u64,
    data: &[u8],
    offset: u64,
    (vm, volume): (&str, &str),
) -> Result<(), HostError> {
    let end = offset.checked_add(data.len() as u64);
    if end.is_some_and(|end| end <= size_bytes) {
        return Ok(());
    }
    let (vm, volume) = (vm.to_owned(), volume.to_owned());
    Err(Refusal::BehindTheEnd { vm, volume, size_bytes }.into())
}

/// A volume in a file, with its holes.
#[derive(Debug)]
pub struct FileVolume {
    file: File,
    size_bytes: u64,
    opened: Stamp,
    /// Where it lies, and whether another file may take its place without a word.
    name: Option<(PathBuf, bool)>,
}

impl FileVolume {
    /// Takes an open file; its size now is the volume's size from here on.
    ///
    /// # Errors
    /// When the size cannot be learned.
    pub fn new(file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        // What the system would read ahead by itself lies in holes as often as not, and is made of zeros at some cost;
        // `expect` says better what comes next. That it does not listen is no reason not to read.
        let _ = fadvise(&file, 0, None, Advice::Random);
        Ok(Self {
            file,
            size_bytes: metadata.len(),
            opened: Stamp::of(&metadata),
            name: None,
        })
    }

    /// The same with the name of the file, which has to lead to it until it was read. Of a VM that runs this file is
    /// the state from before its start: when the VM ends, the new state takes its place and the old one, which is
    /// open here, stays as it was.
    ///
    /// # Errors
    /// As [`FileVolume::new`].
    pub fn named(file: File, path: &Path, is_snapshot: bool) -> io::Result<Self> {
        Ok(Self {
            name: Some((path.to_owned(), is_snapshot)),
            ..Self::new(file)?
        })
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

    fn change(&self) -> io::Result<Option<Change>> {
        let now = Stamp::of(&self.file.metadata()?);
        let Some((path, is_snapshot)) = &self.name else {
            return Ok(self.opened.content_change(&now, false));
        };
        let named = self.opened.name_change(path)?;
        let content = self.opened.content_change(&now, named.is_some());
        Ok(content.or(named.filter(|change| !(*is_snapshot && *change == Change::Replaced))))
    }

    fn expect(&self, extent: Extent) {
        // Of one word the system takes no more than it would read ahead by itself, which usually is this much.
        const WORD_BYTES: u64 = 128 * KIB;
        let end = extent.end();
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

    #[test]
    fn a_snapshot_whose_place_is_taken_has_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("private.img");
        for (is_snapshot, is_kept) in [(true, false), (true, true), (false, false), (false, true)] {
            std::fs::write(&path, "old").unwrap();
            let volume = FileVolume::named(File::open(&path).unwrap(), &path, is_snapshot).unwrap();
            assert_eq!(volume.change().unwrap(), None);
            std::thread::sleep(std::time::Duration::from_millis(30));
            // The end of a VM: its old state is kept under another name, or goes.
            std::fs::write(path.with_extension("dirty"), "new").unwrap();
            if is_kept {
                std::fs::rename(&path, path.with_extension("img@1")).unwrap();
            }
            std::fs::rename(path.with_extension("dirty"), &path).unwrap();
            let expected = (!is_snapshot).then_some(Change::Replaced);
            assert_eq!(volume.change().unwrap(), expected, "{is_snapshot} {is_kept}");
        }
        let volume = FileVolume::named(File::open(&path).unwrap(), &path, true).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(volume.change().unwrap(), Some(Change::Gone));
    }
}
