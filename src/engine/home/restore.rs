// SPDX-License-Identifier: GPL-3.0-or-later
//! Restores dom0's home into a new folder of the home, which gets its name once it is whole.
//!
//! No name of the archive becomes a path unchecked, and links are made last, so that nothing is ever written through
//! one that the archive brought along.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, lchown, symlink},
    },
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};

use crate::{
    durable::{self, FreeNames},
    format::inner::{Entry, EntryKind},
};

use super::super::{
    Context, EngineError, Warning,
    unpack::{InnerReader, Place, write_sparse},
};

/// How much of a file is taken at once, in bytes.
const BLOCK_BYTES: usize = 256 * 1024;

/// The bits of a mode that are restored.
const MODE_BITS: u32 = 0o7777;

/// A folder that is being filled. Dropped before [`HomeFolder::finish`] it goes with all that is in it.
#[derive(Debug)]
pub(in super::super) struct HomeFolder {
    part: PathBuf,
    path: PathBuf,
    owner: Option<(u32, u32)>,
    later: Mutex<Later>,
    /// Where the name was not chosen by its user: the names that may be taken in its place.
    names: Option<FreeNames>,
    is_finished: bool,
}

/// What is done when all files are there.
#[derive(Debug, Default)]
struct Later {
    links: Vec<(PathBuf, Link, i64)>,
    directories: Vec<(PathBuf, u32, i64)>,
}

#[derive(Debug)]
enum Link {
    Symbolic(PathBuf),
    Hard(PathBuf),
}

impl HomeFolder {
    /// Begins a folder of that name in the home, or of the first name of its kind that is free there.
    pub(in super::super) fn create_next(home: &Path, name: String) -> Result<Self, EngineError> {
        let mut names = FreeNames::of(name);
        let mut is_taken = home_error(home, io::ErrorKind::AlreadyExists.into());
        while let Some(name) = names.next() {
            match Self::create(home, name.as_ref()) {
                Ok(mut folder) => {
                    folder.names = Some(names);
                    return Ok(folder);
                }
                Err(EngineError::Home { path, source }) if source.kind() == io::ErrorKind::AlreadyExists => {
                    is_taken = EngineError::Home { path, source };
                }
                error => return error,
            }
        }
        Err(is_taken)
    }

    /// Begins a folder of that name in the home.
    pub(in super::super) fn create(home: &Path, name: &OsStr) -> Result<Self, EngineError> {
        let path = home.join(name);
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(".part");
        let part = home.join(hidden);
        if fs::symlink_metadata(&path).is_ok() {
            return Err(home_error(&path, io::ErrorKind::AlreadyExists.into()));
        }
        DirBuilder::new()
            .mode(0o700)
            .create(&part)
            .map_err(|error| home_error(&part, error))?;
        // Root restores for the user whose home it is.
        let owner = fs::metadata(home).ok().map(|metadata| (metadata.uid(), metadata.gid()));
        let owner = owner.filter(|_| rustix::process::geteuid().is_root());
        Ok(Self {
            part,
            path,
            owner,
            later: Mutex::default(),
            names: None,
            is_finished: false,
        })
    }

    /// Makes the links, sets modes and times, and gives the folder its name.
    pub(in super::super) fn finish(mut self, context: &Context) -> Result<PathBuf, EngineError> {
        let later = std::mem::take(self.later.get_mut().unwrap_or_else(PoisonError::into_inner));
        self.make_links(later.links, context);
        // The innermost first: what is changed within a folder changes its time, and what is closed stays closed.
        for (path, mode, mtime) in later.directories.iter().rev() {
            if let Err(error) = set_attributes(path, *mode, *mtime) {
                context.warn(self.not_restored(path, &error));
            }
        }
        self.own(&self.part).map_err(|error| home_error(&self.part, error))?;
        File::open(&self.part)
            .and_then(|folder| rustix::fs::syncfs(&folder).map_err(io::Error::from))
            .map_err(|error| home_error(&self.path, error))?;
        while let Err(error) = durable::rename_new(&self.part, &self.path) {
            let next = self
                .names
                .as_mut()
                .filter(|_| error.kind() == io::ErrorKind::AlreadyExists);
            match next.and_then(Iterator::next) {
                Some(name) => self.path.set_file_name(name),
                None => return Err(home_error(&self.path, error)),
            }
        }
        self.is_finished = true;
        let home = self.path.parent().unwrap_or(Path::new("/"));
        File::open(home)
            .and_then(|home| home.sync_all())
            .map_err(|error| home_error(&self.path, error))?;
        Ok(self.path.clone())
    }

    /// Makes the links. Second names of files come first, while there is no symbolic link that they could lead through;
    /// those of symbolic links come last.
    fn make_links(&self, links: Vec<(PathBuf, Link, i64)>, context: &Context) {
        let is_of_a_file = |link: &Link| match link {
            Link::Hard(target) => fs::symlink_metadata(self.part.join(target)).is_ok(),
            Link::Symbolic(_) => false,
        };
        let (files, others): (Vec<_>, Vec<_>) = links.into_iter().partition(|(_, link, _)| is_of_a_file(link));
        let (symbolic, hard): (Vec<_>, Vec<_>) = others
            .into_iter()
            .partition(|(_, link, _)| matches!(link, Link::Symbolic(_)));
        for (path, link, mtime) in files.into_iter().chain(symbolic).chain(hard) {
            let made = match &link {
                Link::Symbolic(target) => symlink(target, &path),
                Link::Hard(target) => self.hard_link(target, &path),
            };
            let made = made
                .and_then(|()| self.own(&path))
                .and_then(|()| set_link_time(&path, mtime));
            if let Err(error) = made {
                context.warn(self.not_restored(&path, &error));
            }
        }
    }

    /// Gives a second name to what lies within the folder, reached through nothing but folders.
    fn hard_link(&self, target: &Path, path: &Path) -> io::Result<()> {
        let mut folder = self.part.clone();
        for component in target.parent().unwrap_or(Path::new("")).components() {
            folder.push(component);
            if !fs::symlink_metadata(&folder)?.is_dir() {
                return Err(io::Error::other("the link leads through another link"));
            }
        }
        fs::hard_link(self.part.join(target), path)
    }

    fn not_restored(&self, path: &Path, error: &io::Error) -> Warning {
        let path = path.strip_prefix(&self.part).unwrap_or(path).to_owned();
        Warning::HomeFileNotRestored {
            path,
            why: error.to_string(),
        }
    }

    fn own(&self, path: &Path) -> io::Result<()> {
        self.owner
            .map_or(Ok(()), |(uid, gid)| lchown(path, Some(uid), Some(gid)))
    }

    fn later(&self) -> std::sync::MutexGuard<'_, Later> {
        self.later.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the folders above a path; those that the archive does not describe stay with a mode of their own.
    fn make_parents(&self, path: &Path) -> Result<(), EngineError> {
        let mut missing: Vec<&Path> = path.ancestors().skip(1).take_while(|folder| !folder.is_dir()).collect();
        while let Some(folder) = missing.pop() {
            DirBuilder::new()
                .mode(0o700)
                .create(folder)
                .and_then(|()| self.own(folder))
                .map_err(|error| home_error(folder, error))?;
        }
        Ok(())
    }

    fn directory(&self, path: &Path, entry: &Entry) -> Result<(), EngineError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| home_error(path, error))?;
        self.own(path).map_err(|error| home_error(path, error))?;
        self.later()
            .directories
            .push((path.to_owned(), entry.mode & MODE_BITS, entry.mtime));
        Ok(())
    }

    fn file(
        &self,
        path: &Path,
        entry: &Entry,
        archive: &mut InnerReader<'_>,
        place: &Place,
        context: &Context,
    ) -> Result<(), EngineError> {
        let io = |error| home_error(path, error);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(io)?;
        file.set_len(entry.size).map_err(io)?;
        copy(archive, Some(&file), path, place, context)?;
        self.own(path).map_err(io)?;
        set_attributes(path, entry.mode & MODE_BITS, entry.mtime).map_err(io)
    }
}

impl Drop for HomeFolder {
    fn drop(&mut self) {
        if !self.is_finished
            && let Err(error) = fs::remove_dir_all(&self.part)
        {
            log::warn!("an unfinished folder stays at {}: {error}", self.part.display());
        }
    }
}

/// Reads the whole tree; writes it into the folder if there is one. Gives the bytes of its files.
pub(in super::super) fn read(
    archive: &mut InnerReader<'_>,
    prefix: &str,
    folder: Option<&HomeFolder>,
    place: &Place,
    context: &Context,
) -> Result<u64, EngineError> {
    let mut bytes = 0;
    let mut has_root = false;
    while let Some(entry) = archive.next_entry().map_err(|error| place.format_error(error))? {
        context.cancel.check()?;
        let Some(path) = checked_path(&entry.name, prefix) else {
            return Err(place.foreign(&entry.name));
        };
        has_root = true;
        bytes += if entry.kind == EntryKind::File { entry.size } else { 0 };
        let target = folder.map(|folder| (folder, folder.part.join(&path)));
        match (target, &entry.kind) {
            (None, _) => copy(archive, None, &path, place, context)?,
            (Some((folder, target)), kind) => {
                folder.make_parents(&target)?;
                match kind {
                    EntryKind::Directory => folder.directory(&target, &entry)?,
                    EntryKind::File => folder.file(&target, &entry, archive, place, context)?,
                    EntryKind::Symlink(to) => {
                        let link = Link::Symbolic(PathBuf::from(OsStr::from_bytes(to)));
                        folder.later().links.push((target, link, entry.mtime));
                    }
                    EntryKind::HardLink(to) => match checked_path(to, prefix) {
                        Some(to) => folder.later().links.push((target, Link::Hard(to), entry.mtime)),
                        None => return Err(place.foreign(to)),
                    },
                    EntryKind::Other(_) => context.warn(Warning::HomeFileNotRestored {
                        path,
                        why: "it is neither a file nor a directory nor a link".to_owned(),
                    }),
                }
            }
        }
    }
    if has_root { Ok(bytes) } else { Err(place.empty()) }
}

fn copy(
    archive: &mut InnerReader<'_>,
    file: Option<&File>,
    path: &Path,
    place: &Place,
    context: &Context,
) -> Result<(), EngineError> {
    let mut buffer = vec![0; BLOCK_BYTES];
    while let Some((offset, length)) = archive
        .next_data(&mut buffer)
        .map_err(|error| place.format_error(error))?
    {
        context.cancel.check()?;
        if let Some(file) = file {
            let write = |data: &[u8], place| file.write_all_at(data, place);
            write_sparse(&buffer[..length], offset, write).map_err(|error| home_error(path, error))?;
        }
    }
    Ok(())
}

/// A path of the archive, if it stays within the folder that it has to be in.
fn checked_path(path: &[u8], prefix: &str) -> Option<PathBuf> {
    let path = Path::new(OsStr::from_bytes(path));
    let is_plain = path
        .components()
        .all(|component| matches!(component, Component::Normal(_)));
    let is_clean = !path.as_os_str().as_bytes().contains(&0);
    (is_plain && is_clean && path.starts_with(prefix)).then(|| path.components().collect())
}

fn set_attributes(path: &Path, mode: u32, mtime: i64) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode | 0o400))?;
    let time = u64::try_from(mtime)
        .ok()
        .map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    if let Some(time) = time {
        File::open(path)?.set_modified(time)?;
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
}

fn set_link_time(path: &Path, mtime: i64) -> io::Result<()> {
    let time = Timespec {
        tv_sec: mtime,
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    Ok(utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

pub(super) fn home_error(path: &Path, error: io::Error) -> EngineError {
    super::super::stage::from_io(error, |source: Arc<io::Error>| EngineError::Home {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_within_the_home_are_taken() {
        let checked = |path: &str| checked_path(path.as_bytes(), "dom0-home/user");
        assert_eq!(checked("dom0-home/user/a/b"), Some(PathBuf::from("dom0-home/user/a/b")));
        assert_eq!(checked("dom0-home/user/"), Some(PathBuf::from("dom0-home/user")));
        for path in [
            "/etc/passwd",
            "dom0-home/user/../../x",
            "dom0-home/other/x",
            "dom0-home/users",
            "../x",
            "",
        ] {
            assert_eq!(checked(path), None, "{path}");
        }
    }
}
