// SPDX-License-Identifier: GPL-3.0-or-later
//! Which PedOS to work on, and where an archive goes or comes from, as the command line says it.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::CommandFactory;
use rustix::fs::statvfs;

use crate::{
    durable,
    engine::{DestinationError, EngineError},
    host::{DOM0, Host, HostError, root::RootHost},
    plan::{Destination, Source, check_service_line},
    text,
};

use super::{
    Stop,
    args::{CommonArgs, ROOT_VARIABLE},
    exit::Exit,
};

/// Where a running PedOS answers.
const LIVE_SOCKET: &str = "/var/run/qubesd.sock";

/// The PedOS to work on: the one that was named, else the running one.
pub(super) fn host(common: &CommonArgs) -> Result<Arc<dyn Host>, Stop> {
    if let Some(root) = named_root(common) {
        return Ok(Arc::new(RootHost::open(&root)?));
    }
    let message = if Path::new(LIVE_SOCKET).exists() {
        text::terminal::live_host()
    } else {
        text::terminal::no_host()
    };
    Err(Stop::Said(Exit::Usage, vec![message]))
}

/// The folder of the PedOS to work on, if one was named.
pub(super) fn named_root(common: &CommonArgs) -> Option<PathBuf> {
    let named = env::var_os(ROOT_VARIABLE).filter(|value| !value.is_empty());
    common.root.clone().or_else(|| named.map(PathBuf::from))
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
pub(super) fn destination<A: CommandFactory>(vm: Option<&str>, location: &str) -> Result<Destination, Stop> {
    if let Some(machine) = vm.filter(|vm| *vm != DOM0) {
        let line = service_line::<A>(location)?;
        return Ok(Destination::Service {
            machine: machine.to_owned(),
            line,
        });
    }
    let path = path::<A>(location)?;
    if path.is_dir() {
        return Ok(Destination::Directory(path));
    }
    // Who writes it like a directory does not mean a file.
    if location.ends_with('/') || location.ends_with("/.") {
        return Err(EngineError::from(DestinationError::NotADirectory { path }).into());
    }
    Ok(Destination::File(path))
}

/// Where a backup is.
pub(super) fn source<A: CommandFactory>(vm: Option<&str>, location: &str) -> Result<Source, Stop> {
    match vm.filter(|vm| *vm != DOM0) {
        Some(machine) => Ok(Source::Service {
            machine: machine.to_owned(),
            line: service_line::<A>(location)?,
        }),
        None => Ok(Source::File(path::<A>(location)?)),
    }
}

/// What a service is told, if it will do with it what its user means.
fn service_line<A: CommandFactory>(location: &str) -> Result<String, Stop> {
    let line = location.trim();
    check_service_line(line).map_err(|problem| Stop::usage::<A>(text::line_problem(problem).full_text()))?;
    Ok(line.to_owned())
}

fn path<A: CommandFactory>(location: &str) -> Result<PathBuf, Stop> {
    if location.is_empty() {
        return Err(Stop::usage::<A>("the location of the backup is empty"));
    }
    let path = Path::new(location);
    std::path::absolute(path).map_err(|error| HostError::io(location, error).into())
}

/// The room at a destination, where that can be known.
pub(super) fn free_bytes(destination: &Destination) -> Option<u64> {
    let folder = match destination {
        Destination::Directory(path) => path.as_path(),
        Destination::File(path) => path.parent()?,
        Destination::Service { .. } => return None,
    };
    let found = statvfs(folder).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
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
        let of = |vm, place: &str| destination::<BackupArgs>(vm, place).ok();
        assert_eq!(of(None, name), Some(Destination::Directory(folder.path().into())));
        assert_eq!(
            of(Some("dom0"), &format!("{name}/x")),
            Some(Destination::File(folder.path().join("x")))
        );
        let service = Destination::Service {
            machine: "sys-usb".into(),
            line: "/mnt/my disk".into(),
        };
        assert_eq!(of(Some("sys-usb"), " /mnt/my disk "), Some(service));
    }

    #[test]
    fn a_relative_path_is_joined_to_the_current_directory_here_and_kept_elsewhere() {
        let here = env::current_dir().unwrap();
        assert_eq!(
            source::<RestoreArgs>(None, "x").ok(),
            Some(Source::File(here.join("x")))
        );
        let there = Source::Service {
            machine: "vm".into(),
            line: "x".into(),
        };
        assert_eq!(source::<RestoreArgs>(Some("vm"), "x").ok(), Some(there));
    }

    #[test]
    fn a_command_that_would_lose_the_archive_is_a_usage_error() {
        let refused = destination::<BackupArgs>(Some("vm"), "gzip > /x.gz");
        assert!(matches!(refused, Err(Stop::Usage { text, .. }) if text.contains("sh -c")));
    }
}
