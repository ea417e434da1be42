// SPDX-License-Identifier: GPL-3.0-or-later
//! Restores dom0's home into a new folder of the home, which gets its name once it is whole.
//!
//! No name of the archive becomes a path unchecked, and links are made last, so that nothing is ever written through
//! one that the archive brought along.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown, lchown, symlink},
    },
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps, futimens, mknodat, utimensat};

use crate::{
    durable::{self, FreeNames},
    format::inner::{Entry, EntryKind},
};

use super::judge::{HomeFault, Judge};

use super::super::{
    ArchiveError, Context, EngineError, Warning,
    unpack::{InnerReader, Place, write_sparse},
};

/// How much of a file is taken at once, in bytes.
const BLOCK_BYTES: usize = 256 * 1024;

/// The bits of a mode that are restored. Programs that take their file's owner are not made from an archive.
const MODE_BITS: u32 = 0o1777;

/// How many entries that cannot be restored are named one by one.
const MOST_NAMED: u64 = 100;

/// What came of a home.
#[derive(Debug, Default)]
pub(in super::super) struct HomeRead {
    /// The bytes of its files.
    pub(in super::super) bytes: u64,
    /// The first entry that cannot be restored, and how many there are.
    pub(in super::super) refused: Option<(PathBuf, u64)>,
}

impl HomeRead {
    /// Names an entry that is left out.
    fn refuse(&mut self, path: PathBuf, why: HomeRefusal, context: &Context) {
        let (_, count) = self.refused.get_or_insert_with(|| (path.clone(), 0));
        *count += 1;
        if *count <= MOST_NAMED {
            context.warn(Warning::HomeEntryRefused { path, why });
        }
    }

    /// What is to be said of the home as a whole.
    pub(in super::super) fn fault(&self) -> Option<ArchiveError> {
        let (path, count) = self.refused.clone()?;
        Some(ArchiveError::HomeEntries { path, count })
    }
}

/// Why an entry of a home is left out.
#[derive(Debug, Clone)]
pub enum HomeRefusal {
    /// No system takes it.
    Fault(HomeFault),
    /// This system does not take it.
    System(Arc<io::Error>),
}

impl fmt::Display for HomeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => write!(f, "{fault:?}"),
            Self::System(error) => write!(f, "{error}"),
        }
    }
}

impl PartialEq for HomeRefusal {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for HomeRefusal {}

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

/// A link as the archive has it; the target of a hard one lies within the folder.
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

    /// Sets modes and times of folders, and gives the folder its name.
    pub(in super::super) fn finish(mut self, context: &Context) -> Result<PathBuf, EngineError> {
        let later = std::mem::take(self.later.get_mut().unwrap_or_else(PoisonError::into_inner));
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
    fn make_links(&self, home: &mut HomeRead, context: &Context) {
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
                Link::Symbolic(target) => symlink(target, &path),
                Link::Hard(target) => self.hard_link(target, &path),
            };
            if let Err(error) = made {
                home.refuse(self.within(&path), HomeRefusal::System(Arc::new(error)), context);
                continue;
            }
            // A second name has the owner and the time of the first.
            let is_described = matches!(link, Link::Hard(_));
            let described = || self.own(&path).and_then(|()| set_link_time(&path, mtime));
            if let Err(error) = if is_described { Ok(()) } else { described() } {
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

    fn within(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.part).unwrap_or(path).to_owned()
    }

    fn not_restored(&self, path: &Path, error: &io::Error) -> Warning {
        Warning::HomeFileNotRestored {
            path: self.within(path),
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
    fn make_parents(&self, path: &Path) -> io::Result<()> {
        let mut missing: Vec<&Path> = path.ancestors().skip(1).take_while(|folder| !folder.is_dir()).collect();
        while let Some(folder) = missing.pop() {
            DirBuilder::new().mode(0o700).create(folder)?;
            self.own(folder)?;
        }
        Ok(())
    }

    fn directory(&self, path: &Path, entry: &Entry) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        self.own(path)?;
        let described = (path.to_owned(), entry.mode & MODE_BITS, entry.mtime);
        self.later().directories.push(described);
        Ok(())
    }

    fn fifo(&self, path: &Path, entry: &Entry) -> io::Result<()> {
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        self.own(path)?;
        fs::set_permissions(path, Permissions::from_mode(entry.mode & MODE_BITS))?;
        set_link_time(path, entry.mtime)
    }

    /// Begins a file of that size.
    fn begin_file(&self, path: &Path, entry: &Entry) -> io::Result<File> {
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

/// Mode and time of a file whose content is there.
fn describe_file(file: &File, entry: &Entry) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(entry.mode & MODE_BITS))?;
    Ok(futimens(file, &times(entry.mtime))?)
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

/// Reads the whole tree; writes it into the folder if there is one. What no system or this one does not take is left out
/// and named.
pub(in super::super) fn read(
    archive: &mut InnerReader<'_>,
    prefix: &str,
    folder: Option<&HomeFolder>,
    place: &Place,
    context: &Context,
) -> Result<HomeRead, EngineError> {
    let mut home = HomeRead::default();
    let mut judge = Judge::new(prefix);
    let mut buffer = vec![0; BLOCK_BYTES];
    let mut has_root = false;
    while let Some(entry) = archive.next_entry().map_err(|error| place.format_error(error))? {
        context.cancel.check()?;
        has_root = true;
        let (path, link) = match judge.judge(&entry) {
            Ok(judged) => judged,
            Err(fault) => {
                let path = PathBuf::from(OsStr::from_bytes(&entry.name));
                home.refuse(path, HomeRefusal::Fault(fault), context);
                continue;
            }
        };
        if entry.mode & 0o6000 != 0 && !matches!(entry.kind, EntryKind::Symlink(_) | EntryKind::HardLink(_)) {
            context.warn(Warning::HomePrivilegesDropped { path: path.clone() });
        }
        home.bytes += if entry.kind == EntryKind::File { entry.size } else { 0 };
        let target = folder.map(|folder| (folder, folder.part.join(&path)));
        let made = match target {
            Some((folder, target)) => folder
                .make_parents(&target)
                .and_then(|()| make(folder, target, &entry, link)),
            None => Ok(None),
        };
        match made {
            Ok(file) => {
                copy(archive, file.as_ref(), &path, &mut buffer, place, context)?;
                if let (Some(file), Some(folder)) = (file, folder)
                    && let Err(error) = describe_file(&file, &entry)
                {
                    context.warn(folder.not_restored(&path, &error));
                }
            }
            Err(error) if is_of_the_disk(&error) => return Err(home_error(&path, error)),
            Err(error) => home.refuse(path, HomeRefusal::System(Arc::new(error)), context),
        }
    }
    if !has_root {
        return Err(place.empty());
    }
    if let Some(folder) = folder {
        folder.make_links(&mut home, context);
    }
    Ok(home)
}

/// Makes an entry; returns the file that its content goes into.
fn make(folder: &HomeFolder, target: PathBuf, entry: &Entry, link: Option<PathBuf>) -> io::Result<Option<File>> {
    let link = match (&entry.kind, link) {
        (_, Some(to)) => Link::Hard(to),
        (EntryKind::Symlink(to), None) => Link::Symbolic(PathBuf::from(OsStr::from_bytes(to))),
        (EntryKind::Directory, None) => return folder.directory(&target, entry).map(|()| None),
        (EntryKind::Fifo, None) => return folder.fifo(&target, entry).map(|()| None),
        _ => return folder.begin_file(&target, entry).map(Some),
    };
    folder.later().links.push((target, link, entry.mtime));
    Ok(None)
}

/// Whether an error is one of the whole disk, behind which nothing more can be restored.
fn is_of_the_disk(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    let kind = error.kind();
    let is_device = error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error());
    is_device || matches!(kind, Kind::StorageFull | Kind::QuotaExceeded | Kind::ReadOnlyFilesystem)
}

fn copy(
    archive: &mut InnerReader<'_>,
    file: Option<&File>,
    path: &Path,
    buffer: &mut [u8],
    place: &Place,
    context: &Context,
) -> Result<(), EngineError> {
    while let Some((offset, length)) = archive.next_data(buffer).map_err(|error| place.format_error(error))? {
        context.cancel.check()?;
        if let Some(file) = file {
            let write = |data: &[u8], place| file.write_all_at(data, place);
            write_sparse(&buffer[..length], offset, write).map_err(|error| home_error(path, error))?;
        }
    }
    Ok(())
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

pub(super) fn home_error(path: &Path, error: io::Error) -> EngineError {
    super::super::stage::from_io(error, |source: Arc<io::Error>| EngineError::Home {
        path: path.to_owned(),
        source,
    })
}
