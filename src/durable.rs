// SPDX-License-Identifier: GPL-3.0-or-later
//! Small files that are replaced as a whole: a reader sees the old content or the new one, also after a power cut.
//!
//! The new content goes to a neighbour of the file, is synced, takes the file's name, and the folder is synced after it.
//! Large files (archives, volumes) are written where they are made; for them there is only [`WriteBehind`].

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    num::NonZeroU64,
    ops::Range,
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Advice, CWD, Dir, Mode, OFlags, RenameFlags, fadvise, renameat_with},
    io::{Errno, retry_on_intr},
    process::geteuid,
};

/// Reads the first bytes of a file, at most so many. What comes is counted, not what the system says of the size, since a
/// device may stand in the file's place; a named pipe that nobody writes to is empty.
///
/// # Errors
/// When the file cannot be opened or read.
pub fn read_at_most(path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let likely = file.metadata()?.len().min(most_bytes);
    // A buffer that grows would leave copies of a passphrase behind.
    let mut content = Vec::with_capacity(usize::try_from(likely + 1).unwrap_or(0));
    file.take(most_bytes).read_to_end(&mut content)?;
    Ok(content)
}

/// Puts a content in the place of a file, which need not be there; a new file gets the mode and the owner that [`hand_over`] gives
/// it, an old one keeps its own.
///
/// # Errors
/// When it cannot be written, synced or put in place: the old content is still there then. Where only the folder cannot be
/// synced the new content is in place, and a power cut may bring the old one back.
pub fn replace(path: &Path, content: &[u8], new_mode: u32) -> io::Result<()> {
    let old = match fs::metadata(path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let mode = old.as_ref().map_or(new_mode, |old| old.mode() & 0o7777);
    let owner = old.map_or(Owner::OfTheFolder, |old| Owner::Known(old.uid(), old.gid()));
    replace_with_mode(path, content, mode, owner)
}

/// The same, but the file has this mode afterwards, whatever it had before.
///
/// # Errors
/// As [`replace`].
pub fn replace_private(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    replace_with_mode(path, content, mode, Owner::Caller)
}

/// Who owns a file that is written.
#[derive(Debug, Clone, Copy)]
enum Owner {
    /// Who writes it.
    Caller,
    /// Who owned the one before.
    Known(u32, u32),
    /// Where root writes it, those for whom the folder is.
    OfTheFolder,
}

/// Gives a new file of root to those for whom its folder is: what a timer makes as root is there for the user who looks at it. In a
/// folder of root's own, and for everybody else, nothing changes. A file system without owners keeps it as it is.
pub fn hand_over(file: &File, folder: &Path) {
    const WRITABLE_BY_GROUP: u32 = 0o020;
    if !geteuid().is_root() {
        return;
    }
    let Ok((found, own)) = fs::metadata(folder).and_then(|found| Ok((found, file.metadata()?))) else {
        return;
    };
    if found.uid() != 0 {
        let _ = std::os::unix::fs::fchown(file, Some(found.uid()), Some(found.gid()));
    } else if found.gid() != 0 && found.mode() & WRITABLE_BY_GROUP != 0 {
        // The group may do what root may.
        let mode = own.mode() | (own.mode() & 0o600) >> 3;
        let _ = std::os::unix::fs::fchown(file, None, Some(found.gid()));
        let _ = file.set_permissions(fs::Permissions::from_mode(mode & 0o7777));
    }
}

fn replace_with_mode(path: &Path, content: &[u8], mode: u32, owner: Owner) -> io::Result<()> {
    let neighbour = neighbour(path)?;
    match fs::remove_file(&neighbour) {
        // Left by a run that was killed.
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let written = write_new(&neighbour, content, mode, owner).and_then(|()| fs::rename(&neighbour, path));
    if let Err(error) = written {
        // The first error is the one to tell; a neighbour that stays is replaced next time.
        let _ = fs::remove_file(&neighbour);
        return Err(error);
    }
    sync_folder_of(path)
}

fn write_new(path: &Path, content: &[u8], mode: u32, owner: Owner) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode & 0o600)
        .open(path)?;
    if let Owner::Known(uid, gid) = owner {
        // Only root may give a file away, and for others it is theirs already.
        let _ = std::os::unix::fs::fchown(&file, Some(uid), Some(gid));
    }
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    if let Owner::OfTheFolder = owner {
        hand_over(&file, folder_of(path));
    }
    file.write_all(content)?;
    file.sync_all()
}

fn neighbour(path: &Path) -> io::Result<PathBuf> {
    let mut name = path
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?
        .to_owned();
    name.push(".tmp");
    Ok(path.with_file_name(name))
}

/// Makes a new file that is whole when it is seen, and never takes the place of anything. The mode is what the file
/// system makes of it.
///
/// # Errors
/// When it cannot be written, synced or named, `AlreadyExists` where something has its name; nothing new is there then.
pub fn create(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let neighbour = neighbour(path)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&neighbour)?;
    let written = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| rename_new(&neighbour, path));
    if let Err(error) = written {
        // The first error is the one to tell.
        let _ = fs::remove_file(&neighbour);
        return Err(error);
    }
    hand_over(&file, folder_of(path));
    sync_folder_of(path).inspect_err(|_| {
        // What is said not to be there must not be there.
        if is_named(&file, path).unwrap_or(false) {
            let _ = fs::remove_file(path);
        }
    })
}

/// Renames without ever replacing a file that somebody has put there meanwhile.
///
/// # Errors
/// When it cannot be renamed, `AlreadyExists` where something has the new name.
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => return Ok(()),
        // File systems without this call (FAT among them).
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
        Err(error) => return Err(error.into()),
    }
    if fs::symlink_metadata(to).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

/// Why a file that was written did not get its name.
#[derive(Debug, thiserror::Error)]
pub enum NamingError {
    /// Something has that name already.
    #[error("the name is taken")]
    Taken,
    /// The name under which it was written leads to another file, or nowhere.
    #[error("the file was replaced or removed while it was written")]
    Replaced,
    /// The operating system's answer.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Renames an open file, written as `from`, to its final name. Never gives that name to another file.
///
/// A rename goes by name, so the name is held against device and inode of the open file before it, and the final name
/// after it: a file that was put there in between loses the final name again. A link from the descriptor would need no
/// second look, but FAT and exFAT have no links, and a crash between link and removal would leave two names. Both numbers
/// are stable on every file system as long as the file is open.
///
/// # Errors
/// When the file is not under its first name any more, the final name is taken, or the system refuses.
pub fn name_written(file: &File, from: &Path, to: &Path) -> Result<(), NamingError> {
    if !is_named(file, from)? {
        return Err(NamingError::Replaced);
    }
    let renamed = rename_new(from, to);
    // A file server that answers a repeated request says that there is nothing to rename, although it has done it.
    if is_named(file, to)? {
        return Ok(());
    }
    match renamed {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(NamingError::Taken),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(NamingError::Replaced),
        Err(error) => Err(error.into()),
        Ok(()) => {
            rename_new(to, from)?;
            Err(NamingError::Replaced)
        }
    }
}

/// Whether a name leads to this open file.
///
/// # Errors
/// When neither can be told.
pub fn is_named(file: &File, name: &Path) -> io::Result<bool> {
    let file = file.metadata()?;
    match fs::symlink_metadata(name) {
        Ok(named) => Ok((named.dev(), named.ino()) == (file.dev(), file.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A name, and the names that may be taken in its place where it is taken: `NAME`, `NAME-2`, `NAME-3` and so on.
#[derive(Debug, Clone)]
pub struct FreeNames {
    name: String,
    next: u32,
}

impl FreeNames {
    /// So many are tried at most: something else is wrong by then.
    const MOST: u32 = 1000;

    /// The names, this one first.
    pub fn of(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            next: 1,
        }
    }
}

impl Iterator for FreeNames {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let number = self.next;
        self.next += 1;
        match number {
            1 => Some(self.name.clone()),
            2..=Self::MOST => Some(format!("{}-{number}", self.name)),
            _ => None,
        }
    }
}

/// Syncs the folder that a file lies in, so that its name is on the disk as well as its content.
///
/// # Errors
/// When it cannot be opened or synced.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = folder_of(path);
    #[cfg(test)]
    if faults::comes_up() {
        return Err(io::Error::from_raw_os_error(5));
    }
    match File::open(folder)?.sync_all() {
        // File systems that have no such call keep their folders by themselves.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

/// The folder that a file lies in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Whether there is certainly no folder of that name: nothing, or something else. Where the system cannot say, because a disk fails or
/// the user may not look, this is false, and what is done with the folder next says why.
pub fn is_no_folder(path: &Path) -> bool {
    is_folder(path).is_ok_and(|is_folder| !is_folder)
}

/// Returns whether there is a folder of that name, or a link to one.
///
/// # Errors
/// When the system cannot say.
pub fn is_folder(path: &Path) -> io::Result<bool> {
    match path.metadata() {
        Ok(found) => Ok(found.is_dir()),
        Err(error) if is_absence(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether an error says that nothing has that name. Every other error leaves it open.
pub fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The names in a folder. The standard library's reader panics where a folder cannot be closed, as on a disk that fails.
///
/// # Errors
/// When it cannot be opened as a folder; each name may have its own error, and behind one nothing comes any more.
pub fn names_in(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<OsString>> + use<>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let entries = Dir::new(retry_on_intr(|| rustix::fs::open(folder, flags, Mode::empty()))?)?;
    let name = |entry: Result<rustix::fs::DirEntry, Errno>| match entry {
        Ok(entry) => match entry.file_name().to_bytes() {
            b"." | b".." => None,
            name => Some(Ok(OsStr::from_bytes(name).to_owned())),
        },
        Err(error) => Some(Err(error.into())),
    };
    Ok(entries.filter_map(name))
}

/// A disk that fails when a folder is synced, for tests of what is done then.
#[cfg(test)]
pub(crate) mod faults {
    use std::cell::Cell;

    thread_local!(static SYNCS_THAT_FAIL: Cell<u32> = const { Cell::new(0) });

    /// The next so many syncs of folders by this thread fail.
    pub(crate) fn fail_syncs_of_folders(count: u32) {
        SYNCS_THAT_FAIL.set(count);
    }

    pub(super) fn comes_up() -> bool {
        let left = SYNCS_THAT_FAIL.get();
        SYNCS_THAT_FAIL.set(left.saturating_sub(1));
        left > 0
    }
}

/// How much may lie in the memory of the system before it is asked to bring it to the disk, in bytes.
const BEHIND_BYTES: u64 = 8 << 20;

/// Has a large file brought to the disk while more of it is written, so that the sync at its end has little left to wait
/// for.
#[derive(Debug, Default)]
pub struct WriteBehind {
    /// What was written since the system was asked last: where it lies, and how much it is.
    span: Option<Range<u64>>,
    bytes: u64,
}

impl WriteBehind {
    /// Hears that something was written to the file.
    pub fn wrote(&mut self, file: &File, offset: u64, bytes: u64) {
        let span = self.span.take().unwrap_or(offset..offset);
        let span = span.start.min(offset)..span.end.max(offset + bytes);
        self.bytes += bytes;
        if self.bytes < BEHIND_BYTES {
            self.span = Some(span);
            return;
        }
        self.bytes = 0;
        // What the system does for this advice first is to begin writing what is not on the disk yet. Where it does not, the
        // sync takes longer; and it is the sync that tells of errors.
        let _ = fadvise(
            file,
            span.start,
            NonZeroU64::new(span.end - span.start),
            Advice::DontNeed,
        );
    }
}

#[cfg(test)]
mod tests;
