// SPDX-License-Identifier: GPL-3.0-or-later
//! A folder that dom0's home is restored into, which gets its name once it is whole.
//!
//! Links are made last, so that nothing is ever written through one that the archive brought along.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown, lchown, symlink},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps, futimens, mknodat, utimensat};

use crate::{
    durable::{self, FreeNames},
    engine::{
        Context, EngineError, Warning,
        home_fault::{HomeFault, HomeRefusal},
        io_errors::home_error,
    },
    format::inner::Entry,
    host::LocalDir,
};

use super::super::home_read::HomeRead;

/// The bits of a mode that are restored. Programs that take their file's owner are not made from an archive.
const MODE_BITS: u32 = 0o1777;

/// A folder that is being filled. Dropped before [`HomeFolder::finish`] it goes with all that is in it.
#[derive(Debug)]
pub(in super::super) struct HomeFolder {
    pub(super) part: PathBuf,
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

/// A link as the archive has it; the target of a hard one lies within the folder.
#[derive(Debug)]
pub(super) enum Link {
    Symbolic(PathBuf),
    Hard(PathBuf),
}

impl HomeFolder {
    /// Begins a folder of that name in the home, or of the first name of its kind that is free there.
    pub(in super::super) fn create_next(home: &LocalDir, name: String) -> Result<Self, EngineError> {
        let home = home.path();
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

    /// Sets modes and times of folders, and renames the folder to its final name.
    pub(in super::super) fn finish(mut self, context: &Context) -> Result<PathBuf, EngineError> {
        let later = std::mem::take(self.later.get_mut().unwrap_or_else(PoisonError::into_inner));
        // The innermost first: what is changed within a folder changes its time, and what is closed stays closed.
        for (path, mode, mtime) in later.directories.iter().rev() {
            if let Err(error) = set_attributes(path, *mode, *mtime) {
                context.warn(self.not_restored(path, error));
            }
        }
        self.own(&self.part).map_err(|error| home_error(&self.part, error))?;
        File::open(&self.part)
            .and_then(|folder| rustix::io::retry_on_intr(|| rustix::fs::syncfs(&folder)).map_err(io::Error::from))
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
    pub(super) fn make_links(&self, home: &mut HomeRead, context: &Context) {
        let links = std::mem::take(&mut self.later().links);
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
                Link::Symbolic(target) => symlink(target, &path).map_err(HomeRefusal::from),
                Link::Hard(target) => self.hard_link(target, &path),
            };
            if let Err(why) = made {
                home.refuse(self.within(&path), why, context);
                continue;
            }
            // A second name has the owner and the time of the first.
            let is_described = matches!(link, Link::Hard(_));
            let described = || self.own(&path).and_then(|()| set_link_time(&path, mtime));
            if let Err(error) = if is_described { Ok(()) } else { described() } {
                context.warn(self.not_restored(&path, error));
            }
        }
    }

    /// Makes a second name for what lies within the folder, reached through nothing but folders.
    fn hard_link(&self, target: &Path, path: &Path) -> Result<(), HomeRefusal> {
        let mut folder = self.part.clone();
        for component in target.parent().unwrap_or(Path::new("")).components() {
            folder.push(component);
            if !fs::symlink_metadata(&folder)?.is_dir() {
                return Err(HomeRefusal::Fault(HomeFault::LinkThroughLink));
            }
        }
        Ok(fs::hard_link(self.part.join(target), path)?)
    }

    fn within(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.part).unwrap_or(path).to_owned()
    }

    pub(super) fn not_restored(&self, path: &Path, error: io::Error) -> Warning {
        Warning::HomeFileNotRestored {
            path: self.within(path),
            why: error.into(),
        }
    }

    fn own(&self, path: &Path) -> io::Result<()> {
        self.owner
            .map_or(Ok(()), |(uid, gid)| lchown(path, Some(uid), Some(gid)))
    }

    /// Keeps a link to be made when all files are there.
    pub(super) fn link_later(&self, path: PathBuf, link: Link, mtime: i64) {
        self.later().links.push((path, link, mtime));
    }

    fn later(&self) -> std::sync::MutexGuard<'_, Later> {
        self.later.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the folders above a path; those that the archive does not describe stay with a mode of their own.
    pub(super) fn make_parents(&self, path: &Path) -> io::Result<()> {
        let mut missing = Vec::new();
        for folder in path.ancestors().skip(1) {
            if durable::is_folder(folder)? {
                break;
            }
            missing.push(folder);
        }
        while let Some(folder) = missing.pop() {
            self.make_folder(folder)?;
        }
        Ok(())
    }

    pub(super) fn directory(&self, path: &Path, entry: &Entry) -> io::Result<()> {
        self.make_parents(path)?;
        if !durable::is_folder(path)? {
            self.make_folder(path)?;
        }
        let described = (path.to_owned(), entry.mode & MODE_BITS, entry.mtime);
        self.later().directories.push(described);
        Ok(())
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(path)?;
        self.own(path)
    }

    pub(super) fn fifo(&self, path: &Path, entry: &Entry) -> io::Result<()> {
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        self.own(path)?;
        fs::set_permissions(path, Permissions::from_mode(entry.mode & MODE_BITS))?;
        set_link_time(path, entry.mtime)
    }

    /// Begins a file of that size.
    pub(super) fn begin_file(&self, path: &Path, entry: &Entry) -> io::Result<File> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path)?;
        let sized = match self.owner {
            Some((uid, gid)) => fchown(&file, Some(uid), Some(gid)),
            None => Ok(()),
        }
        .and_then(|()| {
            if entry.size > 0 {
                file.set_len(entry.size)
            } else {
                Ok(())
            }
        });
        match sized {
            Ok(()) => Ok(file),
            Err(error) => {
                fs::remove_file(path)?;
                Err(error)
            }
        }
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

/// Mode and time of a file whose content is there.
pub(super) fn describe_file(file: &File, entry: &Entry) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(entry.mode & MODE_BITS))?;
    Ok(futimens(file, &times(entry.mtime))?)
}

fn set_attributes(path: &Path, mode: u32, mtime: i64) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    set_link_time(path, mtime)
}

fn set_link_time(path: &Path, mtime: i64) -> io::Result<()> {
    Ok(utimensat(CWD, path, &times(mtime), AtFlags::SYMLINK_NOFOLLOW)?)
}

fn times(mtime: i64) -> Timestamps {
    let time = Timespec {
        tv_sec: mtime,
        tv_nsec: 0,
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}
