// SPDX-License-Identifier: GPL-3.0-or-later
//! Saves dom0's home. Nothing in it is changed, no link is followed, and what cannot be read is named and left out.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    ffi::OsString,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{FileTypeExt, MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use crate::{
    durable,
    engine::{
        CancelToken, Context, EngineError, LeftOut, Warning,
        io_errors::{format_internal, home_error, internal},
        meter::Meter,
    },
    extent::Extent,
    format::inner::{EntryKind, NewMember, block_extents},
    host::{FileVolume, LocalDir, Stamp, VolumeSource},
};

use super::inner::InnerWriter;

/// How much of a file is read at once, in bytes.
const READ_BYTES: usize = 256 * 1024;

/// What a tree gives to an archive.
#[derive(Debug, Clone, Copy, Default)]
pub(in super::super) struct TreeSize {
    /// The bytes of its files.
    pub(in super::super) data_bytes: u64,
    /// What tar adds to them at most.
    pub(in super::super) overhead_bytes: u64,
}

/// What an entry of a tar archive takes beside its data at most: its header and the padding behind its data.
const ENTRY_BYTES: u64 = 1024;

/// Names longer than this need headers of their own, in bytes.
const SHORT_NAME_BYTES: usize = 60;

/// Measures a tree, as far as it can be read; holes do not count.
pub(in super::super) fn tree_size(home: &LocalDir, cancel: &CancelToken) -> Result<TreeSize, EngineError> {
    let mut size = TreeSize::default();
    let mut folders = vec![home.path().to_owned()];
    while let Some(folder) = folders.pop() {
        cancel.check()?;
        // What cannot be read is named when it is saved.
        for name in durable::names_in(&folder).into_iter().flatten().flatten() {
            let path = folder.join(name);
            let Ok(metadata) = fs::symlink_metadata(&path) else {
                continue;
            };
            let is_link = metadata.is_symlink() || metadata.nlink() > 1;
            let name_bytes = path.as_os_str().len() * if is_link { 2 } else { 1 };
            let long_name = if name_bytes > SHORT_NAME_BYTES {
                3 * ENTRY_BYTES + 2 * name_bytes as u64
            } else {
                0
            };
            size.overhead_bytes += ENTRY_BYTES + long_name;
            if metadata.is_dir() {
                folders.push(path);
            } else if metadata.is_file() {
                size.data_bytes += data_bytes(&path, &metadata);
            }
        }
    }
    Ok(size)
}

/// The bytes of a file that are saved.
fn data_bytes(path: &Path, metadata: &Metadata) -> u64 {
    let extents = may_have_holes(metadata).then(|| open(path).and_then(|(file, _)| extents_of(file)));
    match extents {
        Some(Ok((_, extents))) => extents.iter().map(|extent| extent.length).sum(),
        Some(Err(_)) | None => metadata.len(),
    }
}

/// Whether a file takes less of the disk than it is long.
fn may_have_holes(metadata: &Metadata) -> bool {
    metadata.blocks() * 512 < metadata.len()
}

/// Opens what was a file a moment ago: without following a link, and without waiting for the other end of a pipe.
fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

/// Where a file holds data, in whole blocks.
fn extents_of(file: File) -> io::Result<(FileVolume, Vec<Extent>)> {
    let volume = FileVolume::new(file)?;
    let extents = block_extents(volume.extents()?, volume.size_bytes());
    Ok((volume, extents))
}

/// Writes the tree; its members' names begin with `prefix`, which ends in a slash. Returns what it lacks, if it lacks
/// anything.
pub(in super::super) fn write(
    archive: &mut InnerWriter<'_>,
    home: &LocalDir,
    prefix: &str,
    meter: &Meter<'_>,
    context: &Context,
) -> Result<Option<EngineError>, EngineError> {
    let home = home.path();
    let mut saving = Saving {
        archive,
        home,
        prefix,
        meter,
        context,
        links: HashMap::new(),
        incomplete: RefCell::default(),
    };
    let metadata = fs::symlink_metadata(home).map_err(|error| home_error(home, error))?;
    drop(durable::names_in(home).map_err(|error| home_error(home, error))?);
    let mut paths = saving.folder(home, &metadata)?;
    // A stack of our own: trees can be deeper than a thread's.
    while let Some(path) = paths.pop() {
        paths.extend(saving.entry(&path)?);
    }
    let incomplete = saving.incomplete.into_inner();
    let count = incomplete.len() as u64;
    Ok(incomplete
        .into_iter()
        .next()
        .map(|path| EngineError::HomeIncomplete { path, count }))
}

fn new_member<'a>(name: &'a [u8], kind: &'a EntryKind, metadata: &Metadata, size: u64) -> NewMember<'a> {
    NewMember {
        name,
        kind,
        mode: metadata.mode() & 0o7777,
        mtime: metadata.mtime(),
        uid: metadata.uid(),
        gid: metadata.gid(),
        user: "",
        group: "",
        size,
    }
}

struct Saving<'a, 'w> {
    archive: &'a mut InnerWriter<'w>,
    home: &'a Path,
    prefix: &'a str,
    meter: &'a Meter<'a>,
    context: &'a Context,
    /// The first name of each file that has several, by device and inode.
    links: HashMap<(u64, u64), Vec<u8>>,
    /// What is not in the archive, or not as it was at one time.
    incomplete: RefCell<BTreeSet<PathBuf>>,
}

impl Saving<'_, '_> {
    fn leave_out(&self, path: &Path, why: impl Into<LeftOut>) {
        self.is_incomplete(path);
        self.pass_over(path, why);
    }

    /// Notes that a file is not saved as it is. Returns whether this is news.
    fn is_incomplete(&self, path: &Path) -> bool {
        let path = path.strip_prefix(self.home).unwrap_or(path).to_owned();
        self.incomplete.borrow_mut().insert(path)
    }

    /// Leaves out what nobody misses in a backup.
    fn pass_over(&self, path: &Path, why: impl Into<LeftOut>) {
        let path = path.strip_prefix(self.home).unwrap_or(path).to_owned();
        self.context.warn(Warning::HomeFileLeftOut { path, why: why.into() });
    }

    fn name(&self, path: &Path) -> Vec<u8> {
        let relative = path.strip_prefix(self.home).unwrap_or(path);
        [self.prefix.as_bytes(), relative.as_os_str().as_bytes()].concat()
    }

    fn member(&mut self, name: &[u8], kind: &EntryKind, metadata: &Metadata, size: u64) -> Result<(), EngineError> {
        self.archive
            .member(&new_member(name, kind, metadata, size))
            .map_err(format_internal)
    }

    fn end_member(&mut self) -> Result<(), EngineError> {
        self.archive.end_member().map_err(format_internal)
    }

    /// Writes a folder and gives what is in it, the first to come last.
    fn folder(&mut self, path: &Path, metadata: &Metadata) -> Result<Vec<PathBuf>, EngineError> {
        self.context.cancel.check()?;
        let mut name = self.name(path);
        if name.last() != Some(&b'/') {
            name.push(b'/');
        }
        self.member(&name, &EntryKind::Directory, metadata, 0)?;
        self.end_member()?;
        let names = match durable::names_in(path).and_then(Iterator::collect::<io::Result<Vec<OsString>>>) {
            Ok(names) => names,
            Err(error) => {
                self.leave_out(path, error);
                return Ok(Vec::new());
            }
        };
        let mut paths: Vec<PathBuf> = names.into_iter().map(|name| path.join(name)).collect();
        // The order of a directory is an accident; archives of the same home should be alike.
        paths.sort_by(|a, b| b.cmp(a));
        Ok(paths)
    }

    /// Writes an entry; returns what is in it if it is a folder.
    fn entry(&mut self, path: &Path) -> Result<Vec<PathBuf>, EngineError> {
        let Some(metadata) = self.look_at(path) else {
            return Ok(Vec::new());
        };
        if metadata.is_dir() {
            return self.folder(path, &metadata);
        }
        self.leaf(path, &metadata)?;
        if metadata.is_file() {
            self.compare(path, &metadata);
        }
        Ok(Vec::new())
    }

    /// Notices a file that is not what it was when it was looked at.
    fn compare(&self, path: &Path, before: &Metadata) {
        let before = Stamp::of(before);
        let look = || {
            if before.name_change(path)?.is_some() {
                return Ok(false);
            }
            let now = Stamp::of(&fs::symlink_metadata(path)?);
            Ok(before.content_change(&now, false).is_none())
        };
        match look() {
            Ok(true) => {}
            Ok(false) => self.changed(path),
            Err(error) if durable::is_absence(&error) => self.changed(path),
            Err(error) => self.leave_out(path, error),
        }
    }

    fn look_at(&self, path: &Path) -> Option<Metadata> {
        match fs::symlink_metadata(path) {
            Ok(metadata) => Some(metadata),
            // Gone since the folder was read: it need not be saved.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.leave_out(path, error);
                None
            }
        }
    }

    fn leaf(&mut self, path: &Path, metadata: &Metadata) -> Result<(), EngineError> {
        let kind = metadata.file_type();
        if kind.is_symlink() {
            return match fs::read_link(path) {
                Ok(target) => self.link(
                    path,
                    &EntryKind::Symlink(target.into_os_string().into_encoded_bytes()),
                    metadata,
                ),
                Err(error) => {
                    self.leave_out(path, error);
                    Ok(())
                }
            };
        }
        if !kind.is_file() && !kind.is_fifo() {
            if kind.is_socket() {
                self.pass_over(path, LeftOut::Socket);
            } else {
                self.leave_out(path, LeftOut::Device);
            }
            return Ok(());
        }
        let identity = (metadata.dev(), metadata.ino());
        if let Some(first) = self.links.get(&identity) {
            let kind = EntryKind::HardLink(first.clone());
            return self.link(path, &kind, metadata);
        }
        if kind.is_fifo() {
            if metadata.nlink() > 1 {
                self.links.insert(identity, self.name(path));
            }
            return self.link(path, &EntryKind::Fifo, metadata);
        }
        self.file(path, identity)
    }

    fn link(&mut self, path: &Path, kind: &EntryKind, metadata: &Metadata) -> Result<(), EngineError> {
        self.member(&self.name(path), kind, metadata, 0)?;
        self.end_member()
    }

    fn file(&mut self, path: &Path, identity: (u64, u64)) -> Result<(), EngineError> {
        let (file, metadata) = match open(path) {
            Ok((file, metadata)) if metadata.is_file() => (file, metadata),
            Ok(_) => return Ok(()),
            Err(error) => {
                self.leave_out(path, error);
                return Ok(());
            }
        };
        let name = self.name(path);
        if metadata.nlink() > 1 {
            self.links.insert(identity, name.clone());
        }
        if may_have_holes(&metadata)
            && let Ok((volume, extents)) = file.try_clone().and_then(extents_of)
        {
            return self.sparse(path, &name, &metadata, &volume, &extents);
        }
        self.member(&name, &EntryKind::File, &metadata, metadata.len())?;
        self.copy(path, file, metadata.len())?;
        self.end_member()
    }

    /// Writes a file with holes, of which only the data is read.
    fn sparse(
        &mut self,
        path: &Path,
        name: &[u8],
        metadata: &Metadata,
        volume: &FileVolume,
        extents: &[Extent],
    ) -> Result<(), EngineError> {
        let member = new_member(name, &EntryKind::File, metadata, volume.size_bytes());
        let head = self.archive.sparse_file(&member, extents);
        head.map_err(format_internal)?;
        let mut buffer = vec![0; READ_BYTES];
        for extent in extents {
            let mut offset = extent.offset;
            while offset < extent.end() {
                let wanted = (extent.end() - offset).min(READ_BYTES as u64) as usize;
                match volume.read_at(&mut buffer[..wanted], offset) {
                    Ok(()) => {}
                    Err(error) => {
                        buffer[..wanted].fill(0);
                        match error.kind() {
                            io::ErrorKind::UnexpectedEof => self.changed(path),
                            _ => self.leave_out(path, error),
                        }
                    }
                }
                self.write(&buffer[..wanted])?;
                offset += wanted as u64;
            }
        }
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
                Err(error) => {
                    self.pad(left)?;
                    self.leave_out(path, error);
                    return Ok(());
                }
            };
            if count == 0 {
                self.pad(left)?;
                self.changed(path);
                return Ok(());
            }
            self.write(&buffer[..count])?;
            left -= count as u64;
        }
        // One byte more tells whether the file has grown.
        if size > 0 && file.read(&mut buffer[..1]).is_ok_and(|count| count > 0) {
            self.changed(path);
        }
        Ok(())
    }

    fn changed(&self, path: &Path) {
        if !self.is_incomplete(path) {
            return;
        }
        let path = path.strip_prefix(self.home).unwrap_or(path).to_owned();
        self.context.warn(Warning::HomeFileChanged { path });
    }

    /// Puts zeros in the place of what did not come, since the size of a file stands before its data.
    fn pad(&mut self, mut left: u64) -> Result<(), EngineError> {
        let zeros = vec![0; READ_BYTES];
        while left > 0 {
            let count = left.min(READ_BYTES as u64) as usize;
            self.write(&zeros[..count])?;
            left -= count as u64;
        }
        Ok(())
    }

    fn write(&mut self, data: &[u8]) -> Result<(), EngineError> {
        self.archive.write_all(data).map_err(internal)?;
        self.meter.add(data.len() as u64)
    }
}
