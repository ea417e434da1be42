// SPDX-License-Identifier: GPL-3.0-or-later
//! Which PedOS to work on, and where an archive goes or comes from, as the command line says it.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::CommandFactory;

use crate::{
    durable,
    engine::EngineError,
    host::{self, DOM0, Host, HostError, OpenError, Operation, System, root::RootHost},
    text::{line_problem, sanitize, terminal},
    transport::{DestinationError, Location, Reach, STANDARD, check_line},
};

use super::{args::CommonArgs, exit::Exit, stop::Stop};

/// The PedOS to work on: the one that was named, else the running one.
pub(super) fn host(common: &CommonArgs) -> Result<Arc<dyn Host>, Stop> {
    host::open(named_root(common).as_deref()).map_err(|error| match error {
        OpenError::Host(error) => error.into(),
        error => Stop::Said(Exit::Usage, vec![terminal::no_pedos(&error)]),
    })
}

/// Finds before anything is asked that a VM which is to take or to hold a backup is not there or does not run.
pub(super) fn check_vm(system: &System, name: &str) -> Result<(), HostError> {
    let name_of = || name.to_owned();
    match system.vm(name) {
        None => Err(HostError::NoSuchVm { name: name_of() }),
        Some(vm) if !vm.is_running && !system.starts_vms => Err(HostError::NotRunning { name: name_of() }),
        Some(_) => Ok(()),
    }
}

/// The folder of the PedOS to work on, if one was named.
pub(super) fn named_root(common: &CommonArgs) -> Option<PathBuf> {
    host::named_root(common.root.clone())
}

/// A new PedOS. As long as nothing was restored into it, it goes again when this goes.
pub(super) struct NewRoot {
    path: PathBuf,
    /// The folders on the way to it that were made for it, the lowest first; itself included.
    made: Vec<PathBuf>,
    is_kept: bool,
}

impl NewRoot {
    pub(super) fn create(path: &Path) -> Result<(Self, Arc<dyn Host>), HostError> {
        // A link counts as there, also one that leads nowhere.
        let missing = path.ancestors().filter(|path| !path.as_os_str().is_empty());
        let missing = missing.take_while(|path| path.symlink_metadata().is_err());
        let made: Vec<PathBuf> = missing.map(Path::to_owned).collect();
        let is_empty = || durable::names_in(path).is_ok_and(|mut entries| entries.next().is_none());
        let new = Self {
            path: path.to_owned(),
            // What somebody else put there is not taken away.
            is_kept: made.is_empty() && !is_empty(),
            made,
        };
        let host = RootHost::create(path)?;
        Ok((new, Arc::new(host)))
    }

    /// Returns the folder from which it is taken away again, if it was made.
    pub(super) fn folder_above(&self) -> Option<&Path> {
        let above = self.made.last()?.parent()?;
        Some(if above.as_os_str().is_empty() {
            Path::new(".")
        } else {
            above
        })
    }

    /// It stays from now on.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }

    fn remove(&self) -> io::Result<()> {
        for name in durable::names_in(&self.path)? {
            fs::remove_dir_all(self.path.join(name?))?;
        }
        self.made.iter().try_for_each(fs::remove_dir)
    }
}

impl Drop for NewRoot {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        let result = self.remove();
        if let Err(error) = result.or_else(|error| match error.kind() {
            // It was not even begun.
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        }) {
            log::warn!("an empty PedOS stays in {}: {error}", self.path.display());
        }
    }
}

/// Where a backup goes.
pub(super) fn destination<A: CommandFactory>(
    vm: Option<&str>,
    store: Option<&str>,
    location: &OsStr,
) -> Result<Location, Stop> {
    if let Some(elsewhere) = elsewhere::<A>(vm, store, location) {
        return elsewhere;
    }
    if location == STANDARD {
        return Ok(Location::Standard);
    }
    let path = path::<A>(location)?;
    match path.metadata() {
        Ok(found) if found.is_dir() => return Ok(Location::Folder(path)),
        Ok(_) => {}
        // The archive does not exist yet. If its parent is no directory, the writer says so.
        Err(error) if durable::is_absence(&error) => {}
        Err(error) => return Err(HostError::io(Operation::Open(path), error).into()),
    }
    // Who writes it like a directory does not mean a file.
    let bytes = location.as_bytes();
    if bytes.ends_with(b"/") || bytes.ends_with(b"/.") {
        return Err(EngineError::from(DestinationError::NotADirectory { path }).into());
    }
    Ok(Location::File(path))
}

/// Where a backup is.
pub(super) fn source<A: CommandFactory>(
    vm: Option<&str>,
    store: Option<&str>,
    location: &OsStr,
) -> Result<Location, Stop> {
    match elsewhere::<A>(vm, store, location) {
        Some(elsewhere) => elsewhere,
        None if location == STANDARD => Ok(Location::Standard),
        None => path::<A>(location).map(Location::File),
    }
}

/// A place in a store or in a VM; `None` where neither is named.
fn elsewhere<A: CommandFactory>(
    vm: Option<&str>,
    store: Option<&str>,
    location: &OsStr,
) -> Option<Result<Location, Stop>> {
    let vm = vm.filter(|vm| *vm != DOM0);
    match store {
        Some(program) => Some(in_store::<A>(vm, program, location)),
        None => vm.map(|vm| in_vm::<A>(vm, location)),
    }
}

/// A command of this computer that takes or prints a backup.
pub(super) fn command<A: CommandFactory>(command: &str) -> Result<Location, Stop> {
    if command.trim().is_empty() {
        return Err(Stop::usage::<A>("the command is empty"));
    }
    Ok(Location::Command(command.to_owned()))
}

/// A directory or an archive of a store.
fn in_store<A: CommandFactory>(vm: Option<&str>, program: &str, location: &OsStr) -> Result<Location, Stop> {
    let program = program.trim();
    if program.is_empty() || program.contains(['\n', '\r', '\0']) {
        return Err(Stop::usage::<A>("the program of --store is one line"));
    }
    let path = text::<A>(location)?;
    Ok(Location::Store {
        reach: Reach {
            vm: vm.map(str::to_owned),
            program: program.to_owned(),
        },
        path: path.to_owned(),
    })
}

fn in_vm<A: CommandFactory>(vm: &str, location: &OsStr) -> Result<Location, Stop> {
    Ok(Location::Vm {
        vm: vm.to_owned(),
        line: service_line::<A>(text::<A>(location)?)?,
    })
}

/// Several files that are one backup. Where the first one is named again among the others, as a shell does for `NAME.*`,
/// it is meant once.
pub(super) fn parts<A: CommandFactory>(first: &OsStr, others: &[PathBuf]) -> Result<Location, Stop> {
    let mut paths = vec![path::<A>(first)?];
    for other in others {
        let other = path::<A>(other.as_os_str())?;
        if !(paths.len() == 1 && paths[0] == other) {
            paths.push(other);
        }
    }
    for (index, path) in paths.iter().enumerate() {
        if paths[..index].contains(path) {
            let name = sanitize(&path.to_string_lossy());
            return Err(Stop::usage::<A>(format!("the file '{name}' is joined twice")));
        }
    }
    Ok(Location::Files(paths))
}

/// What is told to a VM or to a store, which take text and no other bytes.
pub(super) fn text<A: CommandFactory>(argument: &OsStr) -> Result<&str, Stop> {
    argument.to_str().ok_or_else(|| {
        let shown = sanitize(&argument.to_string_lossy());
        Stop::usage::<A>(format!(
            "'{shown}' is not for this computer's file system and is not valid UTF-8"
        ))
    })
}

/// What a service is told, if it will do with it what its user means.
fn service_line<A: CommandFactory>(location: &str) -> Result<String, Stop> {
    let line = location.trim();
    check_line(line).map_err(|problem| Stop::usage::<A>(line_problem(problem).full_text()))?;
    Ok(line.to_owned())
}

fn path<A: CommandFactory>(location: &OsStr) -> Result<PathBuf, Stop> {
    if location.is_empty() {
        return Err(Stop::usage::<A>("the location of the backup is empty"));
    }
    let path = Path::new(location);
    std::path::absolute(path).map_err(|error| HostError::io(Operation::Open(location.into()), error).into())
}

#[cfg(test)]
mod tests {
    use super::{
        super::args::{BackupArgs, RestoreArgs},
        *,
    };

    #[test]
    fn a_directory_a_file_and_a_vm_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().to_str().unwrap();
        let of = |vm, place: &str| destination::<BackupArgs>(vm, None, OsStr::new(place)).ok();
        assert_eq!(of(None, name), Some(Location::Folder(folder.path().into())));
        assert_eq!(
            of(Some("dom0"), &format!("{name}/x")),
            Some(Location::File(folder.path().join("x")))
        );
        let service = Location::Vm {
            vm: "sys-usb".into(),
            line: "/mnt/my disk".into(),
        };
        assert_eq!(of(Some("sys-usb"), " /mnt/my disk "), Some(service));
    }

    #[test]
    fn a_relative_path_is_joined_to_the_current_directory_here_and_kept_elsewhere() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(
            source::<RestoreArgs>(None, None, OsStr::new("x")).ok(),
            Some(Location::File(here.join("x")))
        );
        let there = Location::Vm {
            vm: "vm".into(),
            line: "x".into(),
        };
        assert_eq!(
            source::<RestoreArgs>(Some("vm"), None, OsStr::new("x")).ok(),
            Some(there)
        );
    }

    #[test]
    fn joined_files_keep_their_order_and_none_is_there_twice() {
        let of = |first: &str, others: &[&str]| {
            let others: Vec<PathBuf> = others.iter().map(PathBuf::from).collect();
            parts::<RestoreArgs>(OsStr::new(first), &others).ok()
        };
        let joined = |paths: &[&str]| Some(Location::Files(paths.iter().map(PathBuf::from).collect()));
        assert_eq!(of("/a.0", &["/a.1", "/a.2"]), joined(&["/a.0", "/a.1", "/a.2"]));
        assert_eq!(of("/a.0", &["/a.0", "/a.1"]), joined(&["/a.0", "/a.1"]));
        assert_eq!(of("/a.0", &["/a.1", "/a.1"]), None);
        assert_eq!(of("/a.0", &["/a.1", "/a.0"]), None);
    }

    #[test]
    fn a_path_is_bytes_and_what_a_vm_is_told_is_text() {
        let odd = OsStr::from_bytes(b"/x/\xff");
        assert_eq!(
            source::<RestoreArgs>(None, None, odd).ok(),
            Some(Location::File(odd.into()))
        );
        assert!(matches!(
            source::<RestoreArgs>(Some("vm"), None, odd),
            Err(Stop::Usage { .. })
        ));
        assert!(matches!(
            destination::<BackupArgs>(Some("vm"), None, odd),
            Err(Stop::Usage { .. })
        ));
    }

    #[test]
    fn a_command_that_would_lose_the_archive_is_a_usage_error() {
        let refused = destination::<BackupArgs>(Some("vm"), None, OsStr::new("gzip > /x.gz"));
        assert!(matches!(refused, Err(Stop::Usage { text, .. }) if text.contains("sh -c")));
    }
}
