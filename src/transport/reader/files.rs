// SPDX-License-Identifier: GPL-3.0-or-later
//! An archive in a file of this computer, or in several.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use super::{
    super::{Location, SourceError, TransportError, error::Unreadable},
    api::{ArchiveReader, Ranged},
    joined::Joined,
};

/// Files that are one archive, open for reading.
pub(crate) struct OpenedFiles(Joined);

impl OpenedFiles {
    /// Opens files that are one archive in this order.
    pub(crate) fn open(paths: &[PathBuf]) -> Result<Self, TransportError> {
        let files: Vec<File> = paths.iter().map(|path| open_file(path)).collect::<Result<_, _>>()?;
        let place = || Location::Files(paths.to_vec()).to_string();
        Ok(Self(Joined::new(files).map_err(|error| failed(place(), error))?))
    }
}

fn failed(place: String, error: io::Error) -> TransportError {
    let source = error.into();
    SourceError::Io { place, source }.into()
}

/// Opens a file that an archive or a piece of one is in.
fn open_file(path: &Path) -> Result<File, TransportError> {
    let place = || path.display().to_string();
    // Without O_NONBLOCK a pipe that nobody writes to would be waited for, deaf to any cancel.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let opened = opened.and_then(|file| Ok((file.metadata()?.file_type(), file)));
    let (kind, file) = opened.map_err(|error| failed(place(), error))?;
    if kind.is_file() || kind.is_block_device() {
        return Ok(file);
    }
    let kind = if kind.is_dir() {
        Unreadable::Directory
    } else if kind.is_fifo() {
        Unreadable::Pipe
    } else {
        Unreadable::Other
    };
    Err(SourceError::NotReadable { place: place(), kind }.into())
}

impl Read for OpenedFiles {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for OpenedFiles {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl ArchiveReader for OpenedFiles {
    fn size_bytes(&self) -> Option<u64> {
        Some(self.0.length())
    }

    fn ranged(&self) -> Option<Box<dyn Ranged>> {
        let files = self.0.try_clone().ok()?;
        Some(Box::new(files))
    }
}

impl Ranged for Joined {
    fn read_exact_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        Joined::read_exact_at(self, buffer, position)
    }

    fn forget(&self, position: u64, bytes: u64) {
        Joined::forget(self, position, bytes);
    }
}
