// SPDX-License-Identifier: GPL-3.0-or-later
//! The list of the archives that were made on this system: which they are, by which profile, where, and whether they were
//! verified.
//!
//! It is a text with a JSON object to a line. Lines of the first form, a word and a path, are still read, and a line that a
//! newer program has written is kept as it is. It is changed under a lock and replaced as a whole. What is on the list may be
//! gone; an entry goes from it only where that is certain.

mod archive;
mod line;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::{
    durable,
    format::BackupId,
    host::LocalDir,
    plan::Series,
    transport::{Location, Reach, directory_above},
};

pub use archive::MadeArchive;
use line::Line;

/// The file beside the profiles. Its ending keeps it out of every list of profiles.
const FILE: &str = "pedos-backup.made";

/// How many archives are remembered; the oldest are forgotten first. Years of daily backups are fewer.
const MOST: usize = 2000;

/// The largest list in bytes: as many paths as the system allows to be that long.
const LARGEST_BYTES: u64 = (MOST as u64) * 4400;

/// The mode of the list: it names places of its user.
const MODE: u32 = 0o600;

/// The directory that archives of a series lie in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveFolder(Folder);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Folder {
    Here(PathBuf),
    InVm { vm: String, path: String },
    InStore { reach: Reach, path: String },
}

impl ArchiveFolder {
    /// Returns the directory that a backup is written into; `None` where it goes elsewhere.
    pub fn of_destination(destination: &Location) -> Option<Self> {
        Some(Self(match destination {
            Location::Vm { vm, line } => Folder::in_vm(vm, line.trim()),
            Location::Store { reach, path } => Folder::in_store(reach, path),
            other => Folder::Here(real(other.folder()?)),
        }))
    }

    /// Returns the directory that an archive lies in.
    pub fn of_archive(location: &Location) -> Option<Self> {
        Some(Self(match location {
            Location::File(_) => Folder::Here(real(location.folder()?)),
            Location::Vm { vm, line } => Folder::in_vm(vm, line.rsplit_once('/')?.0),
            Location::Store { reach, path } => Folder::in_store(reach, &directory_above(path)),
            _ => return None,
        }))
    }
}

impl Folder {
    fn in_vm(vm: &str, path: &str) -> Self {
        Self::InVm {
            vm: vm.to_owned(),
            path: path.trim_end_matches('/').to_owned(),
        }
    }

    /// The directory in which the program begins has no name, and differs from the top one.
    fn in_store(reach: &Reach, path: &str) -> Self {
        let inner = path.trim_end_matches('/');
        let inner = if inner == "." { "" } else { inner };
        Self::InStore {
            reach: reach.clone(),
            path: if inner.is_empty() && path.starts_with('/') {
                "/"
            } else {
                inner
            }
            .to_owned(),
        }
    }
}

/// The path without links, so that two ways to a directory are one.
fn real(folder: &Path) -> PathBuf {
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

/// Remembers an archive that was made. Returns whether it can be remembered: standard output and commands keep nothing that
/// could be found again.
///
/// # Errors
/// When the list cannot be read or written; the older one is still there then.
pub fn remember(folder: &LocalDir, archive: &MadeArchive) -> io::Result<bool> {
    let Some(line) = Line::of(archive) else {
        return Ok(false);
    };
    change(folder, |lines| {
        lines.retain(|known| known.location() != Some(&archive.location));
        lines.push(line);
        drop_gone(lines, folder.path());
        let excess = lines.len().saturating_sub(MOST);
        lines.drain(..excess);
    })?;
    Ok(true)
}

/// Takes archives from the list that were removed.
///
/// # Errors
/// When the list cannot be read or written; the older one is still there then.
pub fn forget(folder: &LocalDir, removed: &[MadeArchive]) -> io::Result<()> {
    if removed.is_empty() {
        return Ok(());
    }
    let is_removed = |line: &Line| line.archive().is_some_and(|known| removed.contains(known));
    change(folder, |lines| lines.retain(|line| !is_removed(line)))
}

/// Returns the archives of a series that were made in a directory, in the order of the list.
pub fn made_in(folder: &LocalDir, series: &Series, directory: &ArchiveFolder) -> Vec<MadeArchive> {
    let is_of_it = |made: &MadeArchive| {
        made.series == *series && ArchiveFolder::of_archive(&made.location).as_ref() == Some(directory)
    };
    let lines = read(folder).unwrap_or_default().into_iter();
    lines.filter_map(Line::into_archive).filter(is_of_it).collect()
}

/// Gives the archives of a profile's series the series of another name.
///
/// # Errors
/// When the list cannot be read or written; the older one is still there then.
pub(super) fn rename_series(folder: &LocalDir, from: &str, to: &str) -> io::Result<()> {
    if read(folder)?.is_empty() {
        return Ok(());
    }
    let old = Series::of_profile(from);
    change(folder, |lines| {
        for line in lines {
            if let Line::Made(archive) = line
                && archive.series == old
            {
                archive.series = Series::of_profile(to);
            }
        }
    })
}

/// Returns how many archives of a series were made in a directory of this computer, if the disk that it is for does not seem to
/// be mounted: none of them is there, and the directory lies on the disk of the list, which is that of the system.
pub fn made_on_absent_disk(folder: &LocalDir, series: &Series, destination: &Location) -> Option<usize> {
    let Location::Folder(path) = destination else {
        return None;
    };
    let device = |path: &Path| fs::metadata(path).ok().map(|found| found.dev());
    if device(path)? != device(folder.path())? {
        return None;
    }
    let made = made_in(folder, series, &ArchiveFolder::of_destination(destination)?);
    let is_there = |archive: &MadeArchive| {
        archive
            .location
            .file()
            .is_some_and(|path| path.symlink_metadata().is_ok())
    };
    (!made.is_empty() && !made.iter().any(is_there)).then_some(made.len())
}

/// Returns the archives of the series of that archive that were made after it, wherever they are. An archive that is not on the
/// list has none.
pub fn newer_than(folder: &LocalDir, id: &BackupId) -> Vec<MadeArchive> {
    let lines = read(folder).unwrap_or_default().into_iter();
    let made: Vec<MadeArchive> = lines.filter_map(Line::into_archive).collect();
    let Some(archive) = made.iter().find(|archive| archive.id == *id) else {
        return Vec::new();
    };
    let is_newer = |other: &&MadeArchive| other.series == archive.series && other.made > archive.made;
    made.iter().filter(is_newer).cloned().collect()
}

/// Returns the names of the archives that were made in a directory, whatever their series, and whether each was verified.
pub fn names_made_in(folder: &LocalDir, directory: &ArchiveFolder) -> BTreeMap<String, bool> {
    let name = |line: Line| {
        let location = line.location()?;
        let is_of_it = ArchiveFolder::of_archive(location).as_ref() == Some(directory);
        let path = match location {
            Location::File(path) => path.to_str()?,
            Location::Vm { line: path, .. } | Location::Store { path, .. } => path,
            _ => return None,
        };
        let name = path.rsplit('/').next().unwrap_or(path);
        is_of_it.then(|| (name.to_owned(), line.is_verified()))
    };
    read(folder).unwrap_or_default().into_iter().filter_map(name).collect()
}

/// Returns the files of this computer on the list, and whether each was verified.
pub(super) fn made_files(folder: &LocalDir) -> Vec<(PathBuf, bool)> {
    let file = |line: Line| Some((line.location()?.file()?.to_owned(), line.is_verified()));
    read(folder).unwrap_or_default().into_iter().filter_map(file).collect()
}

/// Changes the list while nobody else does.
fn change(folder: &LocalDir, change: impl FnOnce(&mut Vec<Line>)) -> io::Result<()> {
    let path = folder.path();
    // Two runs that end at the same time wait for each other.
    let _lock = folder.lock()?;
    let mut lines = read(folder)?;
    change(&mut lines);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    durable::replace(&path.join(FILE), text.as_bytes(), MODE)
}

/// Reads the list; what is no line of it is passed over.
fn read(folder: &LocalDir) -> io::Result<Vec<Line>> {
    let mut bytes = Vec::new();
    match File::open(folder.path().join(FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened?.take(LARGEST_BYTES).read_to_end(&mut bytes)?,
    };
    let lines = bytes.split(|byte| *byte == b'\n');
    let texts = lines.filter_map(|line| std::str::from_utf8(line).ok());
    Ok(texts.filter_map(Line::parse).collect())
}

/// Drops the archives that are certainly gone.
///
/// A directory without an archive may be one that another disk is mounted at, or none. So an archive is gone for certain
/// only where its directory lies on the file system of the list, and holds another archive of the list.
fn drop_gone(lines: &mut Vec<Line>, list: &Path) {
    let Ok(device) = fs::metadata(list).map(|found| found.dev()) else {
        return;
    };
    let is_there = |path: &Path| match fs::symlink_metadata(path) {
        Ok(_) => Some(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(false),
        Err(_) => None,
    };
    let files = lines.iter().filter_map(|line| line.location()?.file());
    let there = files.filter(|path| is_there(path) == Some(true));
    let mut certain: Vec<PathBuf> = there
        .filter_map(Path::parent)
        .filter(|folder| fs::metadata(folder).is_ok_and(|found| found.dev() == device))
        .map(Path::to_owned)
        .collect();
    certain.sort();
    certain.dedup();
    lines.retain(|line| {
        let Some(path) = line.location().and_then(Location::file) else {
            return true;
        };
        let is_certain = path
            .parent()
            .is_some_and(|folder| certain.iter().any(|known| known == folder));
        !(is_certain && is_there(path) == Some(false))
    });
}

#[cfg(test)]
mod tests;
