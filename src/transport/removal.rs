// SPDX-License-Identifier: GPL-3.0-or-later
//! Removes archives that were made before.
//!
//! What is removed is the very file that was found: between the two its user reads it, to be sure of what it is. A link is
//! never followed to what would be removed, and nothing is removed but a plain file. Which archive may go is not decided
//! here.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::fs::OFlags;

use crate::{
    cancel::CancelToken,
    durable,
    host::{HostError, Services},
    io_error::IoError,
    sftp::Attributes,
};

use super::{
    Location,
    location::Reach,
    store::{Connection, StoreError, StoreFault, StoreKind},
    vm_script,
};

/// How long a VM may take for an answer: it syncs its disk after a removal.
const PATIENCE: Duration = Duration::from_secs(90);

/// Tells a file from every other one that may take its name. Arguments: the directory, and the file's name.
const FIND: &str = "f=$d/$2; [ ! -L \"$f\" ] || { echo odd; exit; }; [ -e \"$f\" ] || { echo absent; exit; }; \
     [ -f \"$f\" ] || { echo odd; exit; }; echo \"file $(stat -c %d:%i:%s:%Y -- \"$f\")\"";

/// Removes the file that was found. Arguments: the directory, the file's name, and what `FIND` told of it.
const REMOVE: &str = "f=$d/$2; [ -e \"$f\" ] || [ -L \"$f\" ] || { echo absent; exit; }; \
     [ ! -L \"$f\" ] && [ -f \"$f\" ] && [ \"$(stat -c %d:%i:%s:%Y -- \"$f\")\" = \"$3\" ] || { echo changed; exit; }; \
     rm -f -- \"$f\" 2>/dev/null; [ ! -e \"$f\" ] || { echo kept; exit; }; \
     sync \"$d\" 2>/dev/null || sync; echo removed";

/// Tells for each of some names whether something has it. Arguments: the directory, and the names.
const THERE: &str =
    "shift; for n; do f=$d/$n; if [ -e \"$f\" ] || [ -L \"$f\" ]; then echo there; else echo absent; fi; done";

/// Why an archive was not removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemovalError {
    /// Nothing has its name any more.
    #[error("it is not there any more")]
    NotThere,
    /// Its name leads to something that is no plain file.
    #[error("it is no plain file")]
    NotAFile,
    /// Another file took its name after it was found.
    #[error("it was replaced or changed in the meantime")]
    Changed,
    /// The VM did not remove it.
    #[error("the VM did not remove it")]
    Kept,
    /// It lies where nothing can be removed.
    #[error("nothing can be removed there")]
    Impossible,
    /// The VM does not run, or its service cannot be reached.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The store cannot be reached, or did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The answer of the operating system.
    #[error("{0}")]
    Io(IoError),
}

impl From<io::Error> for RemovalError {
    fn from(error: io::Error) -> Self {
        Self::Io(error.into())
    }
}

/// An archive that was found and can be removed: it and no other file that takes its name.
pub struct FoundArchive<'a>(Found<'a>);

enum Found<'a> {
    Here {
        file: File,
        path: PathBuf,
    },
    InVm {
        script: InVm<'a>,
        /// What tells the file from others.
        mark: String,
    },
    InStore {
        store: InStore,
        /// What the store says of the file.
        seen: Attributes,
    },
}

impl fmt::Debug for FoundArchive<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FoundArchive")
    }
}

/// A file in a VM, and the way to it.
struct InVm<'a> {
    vm: String,
    directory: String,
    name: String,
    services: &'a dyn Services,
    cancel: CancelToken,
}

impl InVm<'_> {
    fn ask(&self, script: &str, more: &[&str]) -> Result<String, RemovalError> {
        let arguments = [&[self.directory.as_str(), self.name.as_str()], more].concat();
        let line = vm_script::line(script, &arguments).ok_or(RemovalError::Impossible)?;
        let answer = vm_script::ask(&self.vm, &line, self.services, &self.cancel, Some(PATIENCE))?;
        Ok(answer.unwrap_or_default().pop().unwrap_or_default())
    }
}

/// A file in a store, and the way to it.
struct InStore {
    connection: Connection,
    path: String,
    cancel: CancelToken,
}

impl InStore {
    fn error(&self, fault: StoreFault) -> RemovalError {
        match fault {
            StoreFault::NotFound => RemovalError::NotThere,
            fault => self.connection.error(fault, &self.cancel).into(),
        }
    }

    fn look(&self) -> Result<Attributes, RemovalError> {
        let seen = self.connection.session.stat_link(&self.path);
        seen.map_err(|fault| self.error(fault))
    }

    /// A store has no call that removes a file only if it is a certain one, so it is looked at once more just before.
    fn remove(&self, seen: &Attributes) -> Result<(), RemovalError> {
        if self.look()? != *seen {
            return Err(RemovalError::Changed);
        }
        let removed = self.connection.session.remove(&self.path);
        removed.map_err(|fault| self.error(fault))
    }
}

/// Finds an archive that is a file of this computer, of a directory of a VM, or of a store. Touches disks and waits for VMs.
///
/// # Errors
/// When there is no plain file of that name, or it cannot be looked at.
pub fn find_archive<'a>(
    location: &Location,
    services: Option<&'a dyn Services>,
    cancel: &CancelToken,
) -> Result<FoundArchive<'a>, RemovalError> {
    let (vm, line, services) = match (location, services) {
        (Location::File(path), _) => return find_here(path),
        (Location::Store { reach, path }, _) => return find_in_store(reach, path, services, cancel),
        (Location::Vm { vm, line }, Some(services)) => (vm, line, services),
        _ => return Err(RemovalError::Impossible),
    };
    let (directory, name) = directory_and_name(line).ok_or(RemovalError::Impossible)?;
    let script = InVm {
        vm: vm.clone(),
        directory: directory.to_owned(),
        name: name.to_owned(),
        services,
        cancel: cancel.clone(),
    };
    let answer = script.ask(FIND, &[])?;
    match answer.strip_prefix("file ") {
        Some(mark) => {
            let mark = mark.to_owned();
            Ok(FoundArchive(Found::InVm { script, mark }))
        }
        None if answer == "absent" => Err(RemovalError::NotThere),
        None if answer == "odd" => Err(RemovalError::NotAFile),
        None => Err(RemovalError::Impossible),
    }
}

fn find_here<'a>(path: &Path) -> Result<FoundArchive<'a>, RemovalError> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(RemovalError::NotAFile);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(RemovalError::NotThere),
        opened => opened?,
    };
    if !file.metadata()?.is_file() {
        return Err(RemovalError::NotAFile);
    }
    let path = path.to_owned();
    Ok(FoundArchive(Found::Here { file, path }))
}

fn find_in_store<'a>(
    reach: &Reach,
    path: &str,
    services: Option<&dyn Services>,
    cancel: &CancelToken,
) -> Result<FoundArchive<'a>, RemovalError> {
    let store = InStore {
        connection: Connection::open(reach, services, cancel)?,
        path: path.to_owned(),
        cancel: cancel.clone(),
    };
    let seen = store.look()?;
    if seen.kind != StoreKind::File {
        return Err(RemovalError::NotAFile);
    }
    Ok(FoundArchive(Found::InStore { store, seen }))
}

impl FoundArchive<'_> {
    /// Removes the archive, and has the disk know it.
    ///
    /// # Errors
    /// Why it is still there, or what took its place.
    pub fn remove(self) -> Result<(), RemovalError> {
        match self.0 {
            Found::Here { file, path } => remove_here(&file, &path),
            Found::InVm { script, mark } => match script.ask(REMOVE, &[&mark])?.as_str() {
                "removed" => Ok(()),
                "absent" => Err(RemovalError::NotThere),
                "changed" => Err(RemovalError::Changed),
                _ => Err(RemovalError::Kept),
            },
            Found::InStore { store, seen } => store.remove(&seen),
        }
    }
}

fn remove_here(file: &File, path: &Path) -> Result<(), RemovalError> {
    if !durable::is_named(file, path)? {
        return Err(RemovalError::Changed);
    }
    fs::remove_file(path)?;
    if let Err(error) = durable::sync_folder_of(path) {
        // It is gone as long as the power stays.
        log::warn!(
            "{} is removed, and its directory could not be synced: {error}",
            path.display()
        );
    }
    Ok(())
}

/// Tells for each location whether something is there now. All that lie in VMs lie in one directory of one VM, and all that
/// lie in stores in one store.
///
/// # Errors
/// When the VM or the store cannot be asked.
pub fn are_there(
    locations: &[&Location],
    services: Option<&dyn Services>,
    cancel: &CancelToken,
) -> Result<Vec<bool>, RemovalError> {
    let mut vm_says = ask_vm(locations, services, cancel)?.into_iter();
    let mut store = None;
    let mut there = Vec::new();
    for location in locations {
        there.push(match location {
            Location::File(path) => path.symlink_metadata().is_ok(),
            Location::Vm { line, .. } if directory_and_name(line).is_some() => {
                vm_says.next().is_some_and(|answer| answer == "there")
            }
            Location::Store { reach, path } => {
                if store.is_none() {
                    store = Some(Connection::open(reach, services, cancel)?);
                }
                store
                    .as_ref()
                    .map_or(Ok(false), |store| is_in_store(store, path, cancel))?
            }
            _ => false,
        });
    }
    Ok(there)
}

/// What a VM says of each archive that lies there.
fn ask_vm(
    locations: &[&Location],
    services: Option<&dyn Services>,
    cancel: &CancelToken,
) -> Result<Vec<String>, HostError> {
    let in_vm = locations.iter().filter_map(|location| match location {
        Location::Vm { vm, line } => directory_and_name(line).map(|(directory, name)| (vm, directory, name)),
        _ => None,
    });
    let in_vm: Vec<(&String, &str, &str)> = in_vm.collect();
    let (Some((vm, directory, _)), Some(services)) = (in_vm.first(), services) else {
        return Ok(Vec::new());
    };
    let arguments: Vec<&str> = std::iter::once(*directory)
        .chain(in_vm.iter().map(|(_, _, name)| *name))
        .collect();
    let Some(line) = vm_script::line(THERE, &arguments) else {
        return Ok(Vec::new());
    };
    Ok(vm_script::ask(vm, &line, services, cancel, Some(PATIENCE))?.unwrap_or_default())
}

fn is_in_store(store: &Connection, path: &str, cancel: &CancelToken) -> Result<bool, RemovalError> {
    match store.session.stat_link(path) {
        Ok(_) => Ok(true),
        Err(fault) if fault.ends_session() => Err(store.error(fault, cancel).into()),
        Err(_) => Ok(false),
    }
}

/// Takes the path of an archive in a VM apart.
fn directory_and_name(line: &str) -> Option<(&str, &str)> {
    let (directory, name) = line.rsplit_once('/')?;
    let directory = if directory.is_empty() { "/" } else { directory };
    (!name.is_empty() && name != "." && name != "..").then_some((directory, name))
}

#[cfg(test)]
mod tests;
