// SPDX-License-Identifier: GPL-3.0-or-later
//! Saves dom0's home. Nothing in it is changed, no link is followed, and what cannot be read is named and left out.

use std::{
    collections::HashMap,
    fs::{self, DirEntry, File, Metadata, OpenOptions},
    io::{self, Read, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{FileTypeExt, MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use crate::format::inner::{EntryKind, NewMember};

use super::super::{
    CancelToken, Context, EngineError, Warning,
    backup::{InnerWriter, internal},
    meter::Meter,
    stage::format_to_io,
};
use super::restore::home_error;

/// How much of a file is read at once, in bytes.
const READ_BYTES: usize = 256 * 1024;

/// The bytes of all files below a folder, as far as they can be read. Holes count, since they are read.
pub(in super::super) fn size_bytes(home: &Path, cancel: &CancelToken) -> Result<u64, EngineError> {
    let mut bytes = 0;
    let mut folders = vec![home.to_owned()];
    while let Some(folder) = folders.pop() {
        cancel.check()?;
        // What cannot be read is named when it is saved.
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) if metadata.is_file() => bytes += metadata.len(),
                _ => {}
            }
        }
    }
    Ok(bytes)
}

/// Writes the tree; its members' names begin with `prefix`, which ends in a slash.
pub(in super::super) fn write(
    archive: &mut InnerWriter<'_>,
    home: &Path,
    prefix: &str,
    meter: &Meter<'_>,
    context: &Context,
) -> Result<(), EngineError> {
    let mut saving = Saving {
        archive,
        home,
        prefix,
        meter,
        context,
        links: HashMap::new(),
    };
    let metadata = fs::symlink_metadata(home).map_err(|error| home_error(home, error))?;
    fs::read_dir(home).map_err(|error| home_error(home, error))?;
    saving.folder(home, &metadata)
}

struct Saving<'a, 'w> {
    archive: &'a mut InnerWriter<'w>,
    home: &'a Path,
    prefix: &'a str,
    meter: &'a Meter<'a>,
    context: &'a Context,
    /// The first name of each file that has several, by device and inode.
    links: HashMap<(u64, u64), Vec<u8>>,
}

impl Saving<'_, '_> {
    fn leave_out(&self, path: &Path, why: &str) {
        let path = path.strip_prefix(self.home).unwrap_or(path).to_owned();
        self.context.warn(Warning::HomeFileLeftOut {
            path,
            why: why.to_owned(),
        });
    }

    fn name(&self, path: &Path) -> Vec<u8> {
        let relative = path.strip_prefix(self.home).unwrap_or(path);
        [self.prefix.as_bytes(), relative.as_os_str().as_bytes()].concat()
    }

    fn member(&mut self, name: &[u8], kind: &EntryKind, metadata: &Metadata, size: u64) -> Result<(), EngineError> {
        let member = NewMember {
            name,
            kind,
            mode: metadata.mode() & 0o7777,
            mtime: u64::try_from(metadata.mtime()).unwrap_or(0),
            uid: metadata.uid(),
            gid: metadata.gid(),
            user: "",
            group: "",
            size,
        };
        self.archive
            .member(&member)
            .map_err(|error| internal(format_to_io(error)))
    }

    fn end_member(&mut self) -> Result<(), EngineError> {
        self.archive.end_member().map_err(|error| internal(format_to_io(error)))
    }

    fn folder(&mut self, path: &Path, metadata: &Metadata) -> Result<(), EngineError> {
        self.context.cancel.check()?;
        let mut name = self.name(path);
        if name.last() != Some(&b'/') {
            name.push(b'/');
        }
        self.member(&name, &EntryKind::Directory, metadata, 0)?;
        self.end_member()?;
        let entries = match fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<DirEntry>>>) {
            Ok(entries) => entries,
            Err(error) => {
                self.leave_out(path, &error.to_string());
                return Ok(());
            }
        };
        let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
        // The order of a directory is an accident; archives of the same home should be alike.
        paths.sort();
        paths.iter().try_for_each(|path| self.entry(path))
    }

    fn entry(&mut self, path: &Path) -> Result<(), EngineError> {
        let metadata = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata,
            // Gone since the folder was read: it need not be saved.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                self.leave_out(path, &error.to_string());
                return Ok(());
            }
        };
        let kind = metadata.file_type();
        if kind.is_dir() {
            return self.folder(path, &metadata);
        }
        if kind.is_symlink() {
            return match fs::read_link(path) {
                Ok(target) => self.link(
                    path,
                    &EntryKind::Symlink(target.into_os_string().into_encoded_bytes()),
                    &metadata,
                ),
                Err(error) => {
                    self.leave_out(path, &error.to_string());
                    Ok(())
                }
            };
        }
        if !kind.is_file() {
            let why = if kind.is_socket() {
                "it is a socket"
            } else {
                "it is a pipe or a device"
            };
            self.leave_out(path, why);
            return Ok(());
        }
        let identity = (metadata.dev(), metadata.ino());
        if let Some(first) = self.links.get(&identity) {
            let kind = EntryKind::HardLink(first.clone());
            return self.link(path, &kind, &metadata);
        }
        self.file(path, identity)
    }

    fn link(&mut self, path: &Path, kind: &EntryKind, metadata: &Metadata) -> Result<(), EngineError> {
        self.member(&self.name(path), kind, metadata, 0)?;
        self.end_member()
    }

    fn file(&mut self, path: &Path, identity: (u64, u64)) -> Result<(), EngineError> {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
        let opened = opened.and_then(|file| file.metadata().map(|metadata| (file, metadata)));
        let (file, metadata) = match opened {
            Ok((file, metadata)) if metadata.is_file() => (file, metadata),
            Ok(_) => return Ok(()),
            Err(error) => {
                self.leave_out(path, &error.to_string());
                return Ok(());
            }
        };
        let name = self.name(path);
        if metadata.nlink() > 1 {
            self.links.insert(identity, name.clone());
        }
        self.member(&name, &EntryKind::File, &metadata, metadata.len())?;
        self.copy(path, file, metadata.len())?;
        self.end_member()
    }

    /// Copies exactly as much as was announced, whatever happens to the file meanwhile.
    fn copy(&mut self, path: &Path, mut file: File, size: u64) -> Result<(), EngineError> {
        let mut buffer = vec![0; READ_BYTES];
        let mut left = size;
        while left > 0 {
            let wanted = left.min(READ_BYTES as u64) as usize;
            let count = match file.read(&mut buffer[..wanted]) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(home_error(path, error)),
            };
            if count == 0 {
                return self.pad(path, left);
            }
            self.write(&buffer[..count])?;
            left -= count as u64;
        }
        // One byte more tells whether the file has grown.
        if size > 0 && file.read(&mut buffer[..1]).is_ok_and(|count| count > 0) {
            let path = path.strip_prefix(self.home).unwrap_or(path).to_owned();
            self.context.warn(Warning::HomeFileChanged { path });
        }
        Ok(())
    }

    fn pad(&mut self, path: &Path, mut left: u64) -> Result<(), EngineError> {
        let zeros = vec![0; READ_BYTES];
        while left > 0 {
            let count = left.min(READ_BYTES as u64) as usize;
            self.write(&zeros[..count])?;
            left -= count as u64;
        }
        let path = path.strip_prefix(self.home).unwrap_or(path).to_owned();
        self.context.warn(Warning::HomeFileChanged { path });
        Ok(())
    }

    fn write(&mut self, data: &[u8]) -> Result<(), EngineError> {
        self.archive.write_all(data).map_err(internal)?;
        self.meter.add(data.len() as u64)
    }
}
