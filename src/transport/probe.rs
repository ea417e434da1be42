// SPDX-License-Identifier: GPL-3.0-or-later
//! What is known of the place of an archive before anything is written or read there.
//!
//! A directory of this computer is looked at; in a VM a small script looks. Where the VM's service runs no script, the line
//! itself tells what will be done with it.

mod api;
mod in_store;
mod in_vm;

use std::{fs, io, os::unix::fs::MetadataExt, path::Path, time::UNIX_EPOCH};

use rustix::{
    fs::{Access, access},
    io::Errno,
};

use crate::{cancel::CancelToken, durable, host::Services};

use super::{
    Location,
    file_system::{free_bytes, largest_file_bytes},
    leftover,
};

pub use api::{PlaceKind, Probe, ProbeError, Purpose};
pub(super) use in_vm::{ask_vm, is_written_as_command};

/// Finds out about a place. Touches disks and waits for VMs.
///
/// # Errors
/// Why it will not do.
pub fn probe(
    location: &Location,
    purpose: Purpose,
    services: Option<&dyn Services>,
    cancel: &CancelToken,
) -> Result<Probe, ProbeError> {
    match (location, purpose) {
        (Location::Folder(path), Purpose::Write) => directory(path),
        (Location::File(path), Purpose::Write) => directory(super::location::folder_of(path)),
        (Location::Folder(path) | Location::File(path), Purpose::Read) => archive(path),
        (Location::Files(paths), _) => {
            paths
                .iter()
                .map(|path| archive(path))
                .try_fold(Probe::of(PlaceKind::Local), |whole, part| {
                    let part = part?;
                    let bytes = whole.bytes.unwrap_or(0).checked_add(part.bytes.unwrap_or(0));
                    Ok(Probe {
                        bytes,
                        changed: whole.changed.max(part.changed),
                        ..whole
                    })
                })
        }
        (Location::Standard | Location::Command(_), _) => Ok(Probe::of(PlaceKind::Stream)),
        (Location::Vm { vm, line }, purpose) => match services {
            Some(services) => in_vm::look(vm, line, purpose, services, cancel),
            None => in_vm::by_line(line),
        },
        (Location::Store { reach, path }, purpose) => in_store::look(reach, path, purpose, services, cancel),
        (Location::Registered { .. }, _) => Ok(Probe::of(PlaceKind::VmPath)),
    }
}

fn directory(path: &Path) -> Result<Probe, ProbeError> {
    check_absolute(path)?;
    let found = match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(no_directory(path)),
        found => found.map_err(io_problem)?,
    };
    if !found.is_dir() {
        return Err(ProbeError::NotADirectory);
    }
    if !may(path, Access::WRITE_OK | Access::EXEC_OK)? {
        return Err(ProbeError::NotWritable);
    }
    Ok(Probe {
        bytes: free_bytes(path),
        largest_file_bytes: largest_file_bytes(path),
        is_readable_again: true,
        device: Some(found.dev()),
        leftovers: leftover::in_directory(path),
        ..Probe::of(PlaceKind::Local)
    })
}

/// Whether this user may do something with a file or directory.
fn may(path: &Path, wanted: Access) -> Result<bool, ProbeError> {
    match access(path, wanted) {
        Ok(()) => Ok(true),
        Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) => Ok(false),
        Err(error) => Err(io_problem(error.into())),
    }
}

/// What can be done where there is nothing of that name.
fn no_directory(path: &Path) -> ProbeError {
    // A link that leads nowhere is in the way of a directory.
    let is_link = path.symlink_metadata().is_ok();
    match path.parent().filter(|parent| parent.is_dir() && !is_link) {
        Some(parent) => match may(parent, Access::WRITE_OK | Access::EXEC_OK) {
            Ok(true) => ProbeError::CanBeMade,
            Ok(false) => ProbeError::CannotBeMade,
            Err(error) => error,
        },
        None => ProbeError::NotFound,
    }
}

/// Makes the directory that a location names, where the one above it is there. Touches disks and waits for VMs.
///
/// # Errors
/// Why it was not made.
pub fn make_directory(
    location: &Location,
    services: Option<&dyn Services>,
    cancel: &CancelToken,
) -> Result<(), ProbeError> {
    match (location, services) {
        (Location::Folder(path), _) => {
            check_absolute(path)?;
            match fs::create_dir(path) {
                // Somebody was faster: what is there now is looked at.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(ProbeError::CannotBeMade),
                made => made.and_then(|()| durable::sync_folder_of(path)).map_err(io_problem),
            }
        }
        (Location::Vm { vm, line }, Some(services)) => in_vm::make_directory(vm, line, services, cancel),
        (Location::Store { reach, path }, services) => in_store::make_directory(reach, path, services, cancel),
        _ => Err(ProbeError::CannotBeMade),
    }
}

fn archive(path: &Path) -> Result<Probe, ProbeError> {
    check_absolute(path)?;
    let found = path.metadata().map_err(io_problem)?;
    if !found.is_file() {
        return Err(ProbeError::NotAFile);
    }
    if !may(path, Access::READ_OK)? {
        return Err(ProbeError::NotReadable);
    }
    if found.len() == 0 {
        return Err(ProbeError::EmptyFile);
    }
    let changed = found
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok(Probe {
        bytes: Some(found.len()),
        changed: changed.and_then(|since| i64::try_from(since.as_secs()).ok()),
        ..Probe::of(PlaceKind::Local)
    })
}

fn check_absolute(path: &Path) -> Result<(), ProbeError> {
    if path.is_absolute() {
        Ok(())
    } else {
        Err(ProbeError::NotAbsolute)
    }
}

fn io_problem(error: io::Error) -> ProbeError {
    match error.kind() {
        io::ErrorKind::NotFound => ProbeError::NotFound,
        io::ErrorKind::NotADirectory => ProbeError::NotADirectory,
        io::ErrorKind::PermissionDenied => ProbeError::NotReadable,
        _ => ProbeError::Io(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_made_where_the_one_above_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let never = CancelToken::default();
        let look = |path: &Path| probe(&Location::Folder(path.into()), Purpose::Write, None, &never);
        let new = folder.path().join("new");
        assert!(matches!(look(&new.join("below")), Err(ProbeError::NotFound)));
        assert!(matches!(look(&new), Err(ProbeError::CanBeMade)));
        make_directory(&Location::Folder(new.clone()), None, &never).unwrap();
        assert_eq!(look(&new).unwrap().kind, PlaceKind::Local);
        let dangling = folder.path().join("link");
        std::os::unix::fs::symlink("/none/at/all", &dangling).unwrap();
        assert!(matches!(look(&dangling), Err(ProbeError::NotFound)));
        // Where nobody may write, not even the superuser.
        let in_proc = make_directory(&Location::Folder("/proc/new".into()), None, &never);
        assert!(in_proc.is_err());
    }

    #[test]
    fn what_an_earlier_run_left_is_found_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let name = "pedos-backup-2026-01-02T030405.part";
        std::fs::write(folder.path().join(name), "123").unwrap();
        let never = CancelToken::default();
        let found = probe(&Location::Folder(folder.path().into()), Purpose::Write, None, &never).unwrap();
        assert_eq!(found.leftovers.len(), 1);
        assert_eq!((found.leftovers[0].name.as_str(), found.leftovers[0].bytes), (name, 3));
    }
}
