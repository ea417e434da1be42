// SPDX-License-Identifier: GPL-3.0-or-later
//! Archives that earlier runs have left unfinished: found in a directory, and removed on demand.
//!
//! Only a file of our own naming pattern counts, and only one that nobody writes. On this computer the lock of its writer
//! tells that; in a VM a script looks whether a process has the file open.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
    time::Duration,
};

use rustix::fs::OFlags;

use crate::{
    cancel::CancelToken,
    durable,
    host::{HostError, Services},
    io_error::IoError,
};

use super::{
    Location,
    location::Reach,
    store::{Connection, StoreError, StoreFault, StoreKind, is_left_behind, path_in_store},
    vm_script,
};

/// How long a VM may take to remove a file: it syncs its disks before.
const PATIENCE: Duration = Duration::from_secs(90);

/// The most leftovers that are named.
const MOST_LEFTOVERS: usize = 20;

/// What stands before and after the time in the name of an unfinished archive, and what the time looks like: a `0` is any
/// digit.
const BEGINNING: &str = "pedos-backup-";
const TIME: &str = "0000-00-00T000000";
const END: &str = ".part";

/// An archive that an earlier run has left unfinished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Its name in its directory.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was last written, in seconds since 1970.
    pub changed: i64,
}

/// Why a leftover was not removed.
#[derive(Debug, Clone)]
pub enum LeftoverError {
    /// A program is writing it: it is no leftover any more.
    InUse,
    /// It is something else than a leftover of ours.
    NotOurs,
    /// The VM does not run any more, or its service cannot be reached.
    Host(HostError),
    /// The VM did not remove it.
    Kept,
    /// The store did not.
    Store(StoreError),
    /// The answer of the operating system.
    Io(IoError),
}

/// Returns whether a file of that name can be an unfinished archive of ours.
pub(super) fn is_leftover_name(name: &str) -> bool {
    let inner = name.strip_prefix(BEGINNING).and_then(|name| name.strip_suffix(END));
    let Some((time, rest)) = inner.and_then(|inner| inner.split_at_checked(TIME.len())) else {
        return false;
    };
    let is_like = |(found, pattern): (u8, u8)| match pattern {
        b'0' => found.is_ascii_digit(),
        other => found == other,
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // The second archive of the same second has a number.
    time.bytes().zip(TIME.bytes()).all(is_like) && (rest.is_empty() || rest.strip_prefix('-').is_some_and(is_number))
}

/// Returns the leftovers in a directory of this computer, the newest first.
pub(super) fn in_directory(folder: &Path) -> Vec<Leftover> {
    // A directory that cannot be read may still be written to.
    let names = durable::names_in(folder).into_iter().flatten().flatten();
    let names = names.filter_map(|name| name.into_string().ok());
    let found = names.filter(|name| is_leftover_name(name)).filter_map(|name| {
        let metadata = open(&folder.join(&name)).ok()?.metadata().ok()?;
        Some(Leftover {
            name,
            bytes: metadata.len(),
            changed: metadata.mtime(),
        })
    });
    sorted(found.collect())
}

/// Returns the newest ones, the newest first.
pub(super) fn sorted(mut leftovers: Vec<Leftover>) -> Vec<Leftover> {
    leftovers.sort_by(|a, b| b.name.cmp(&a.name));
    leftovers.truncate(MOST_LEFTOVERS);
    leftovers
}

/// Opens a leftover and takes the lock that its writer would hold.
fn open(path: &Path) -> Result<File, LeftoverError> {
    let io_error = |error: io::Error| LeftoverError::Io(error.into());
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let opened = OpenOptions::new().write(true).custom_flags(flags).open(path);
    let file = match opened {
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(LeftoverError::NotOurs);
        }
        opened => opened.map_err(io_error)?,
    };
    if !file.metadata().map_err(io_error)?.is_file() {
        return Err(LeftoverError::NotOurs);
    }
    // Where locks do not work nobody can tell whether somebody writes it.
    file.try_lock().map_err(|_| LeftoverError::InUse)?;
    Ok(file)
}

/// Removes a leftover from the directory that a location names. One that is gone already is as good as removed. Touches
/// disks and waits for VMs.
///
/// # Errors
/// Why it is still there.
pub fn remove_leftover(
    location: &Location,
    name: &str,
    services: Option<&dyn Services>,
    cancel: &CancelToken,
) -> Result<(), LeftoverError> {
    if !is_leftover_name(name) {
        return Err(LeftoverError::NotOurs);
    }
    match (location, location.folder(), services) {
        (_, Some(folder), _) => remove_here(&folder.join(name)),
        (Location::Store { reach, path }, ..) => remove_in_store(reach, path, name, services, cancel),
        (Location::Vm { vm, line }, None, Some(services)) => remove_in_vm(vm, line, name, services, cancel),
        _ => Err(LeftoverError::NotOurs),
    }
}

fn remove_here(path: &Path) -> Result<(), LeftoverError> {
    let file = match open(path) {
        Err(LeftoverError::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    if !durable::is_named(&file, path).unwrap_or(false) {
        return Err(LeftoverError::InUse);
    }
    fs::remove_file(path).map_err(|error| LeftoverError::Io(error.into()))
}

fn remove_in_vm(
    vm: &str,
    directory: &str,
    name: &str,
    services: &dyn Services,
    cancel: &CancelToken,
) -> Result<(), LeftoverError> {
    let line = vm_script::line(vm_script::CLEAR, &[directory.trim(), name]).ok_or(LeftoverError::Kept)?;
    let answer = vm_script::ask(vm, &line, services, cancel, Some(PATIENCE)).map_err(LeftoverError::Host)?;
    match answer.unwrap_or_default().last().map(String::as_str) {
        Some("removed") => Ok(()),
        Some("used") => Err(LeftoverError::InUse),
        _ => Err(LeftoverError::Kept),
    }
}

fn remove_in_store(
    reach: &Reach,
    directory: &str,
    name: &str,
    services: Option<&dyn Services>,
    cancel: &CancelToken,
) -> Result<(), LeftoverError> {
    let connection = Connection::open(reach, services, cancel).map_err(LeftoverError::Store)?;
    let path = path_in_store(directory, name);
    let failed = |fault| LeftoverError::Store(connection.error(fault, cancel));
    let found = match connection.session.stat_link(&path) {
        Err(StoreFault::NotFound) => return Ok(()),
        found => found.map_err(failed)?,
    };
    if found.kind != StoreKind::File {
        return Err(LeftoverError::NotOurs);
    }
    if !found.changed.is_some_and(is_left_behind) {
        return Err(LeftoverError::InUse);
    }
    connection.session.remove(&path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "pedos-backup-2026-01-02T030405.part";

    #[test]
    fn only_our_own_naming_pattern_counts() {
        for name in [NAME, "pedos-backup-2026-01-02T030405-2.part"] {
            assert!(is_leftover_name(name), "{name}");
        }
        for name in [
            "pedos-backup-2026-01-02T030405",
            "pedos-backup-x.part",
            "pedos-backup-2026-01-02T030405-.part",
            "pedos-backup-2026-01-02T030405/../x.part",
            "pedos-backup-2026-01-02T03040ä.part",
            "photos.part",
            "pedos-backup-.part",
        ] {
            assert!(!is_leftover_name(name), "{name}");
        }
    }

    #[test]
    fn a_leftover_is_named_and_removed_unless_somebody_writes_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        fs::write(&path, "12345").unwrap();
        fs::write(folder.path().join("photos.part"), "mine").unwrap();
        let place = Location::Folder(folder.path().into());
        let remove = |name: &str| remove_leftover(&place, name, None, &CancelToken::default());
        let found = in_directory(folder.path());
        assert_eq!((found.len(), found[0].name.as_str(), found[0].bytes), (1, NAME, 5));
        // Its writer holds a lock on it.
        let writer = File::options().append(true).open(&path).unwrap();
        writer.try_lock().unwrap();
        assert_eq!(in_directory(folder.path()), []);
        assert!(matches!(remove(NAME), Err(LeftoverError::InUse)));
        assert!(path.exists());
        drop(writer);
        remove(NAME).unwrap();
        assert!(!path.exists());
        remove(NAME).unwrap();
        assert!(matches!(remove("photos.part"), Err(LeftoverError::NotOurs)));
        assert!(folder.path().join("photos.part").exists());
        // A link of that name leads to something that is not ours.
        std::os::unix::fs::symlink(folder.path().join("photos.part"), &path).unwrap();
        assert_eq!(in_directory(folder.path()), []);
        assert!(matches!(remove(NAME), Err(LeftoverError::NotOurs)));
    }

    #[test]
    fn so_many_leftovers_are_named_and_no_more() {
        for (count, named) in [(MOST_LEFTOVERS, MOST_LEFTOVERS), (MOST_LEFTOVERS + 1, MOST_LEFTOVERS)] {
            let leftovers = (0..count).map(|number| Leftover {
                name: format!("pedos-backup-{number:03}.part"),
                bytes: 0,
                changed: 0,
            });
            let sorted = sorted(leftovers.collect());
            assert_eq!(
                (sorted.len(), &sorted[0].name),
                (named, &format!("pedos-backup-{:03}.part", count - 1))
            );
        }
    }
}
