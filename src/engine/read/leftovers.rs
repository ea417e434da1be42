// SPDX-License-Identifier: GPL-3.0-or-later
//! What a restore that was killed has left: VMs that still have the tag of an unfinished one, and folders of dom0's home
//! that never got their name. Data that was being written lies within those VMs' folders and goes with them.

use std::{ffi::OsStr, fs, io, path::PathBuf, thread, time::Duration};

use crate::{
    durable::names_in,
    engine::EngineError,
    host::{Host, HostError, IN_PROGRESS_TAG, Intake, RestoreTurn, TurnGuard, Vms},
};

/// What the name of a folder with a restored home begins with.
pub(super) const HOME_FOLDER: &str = "home-restore-";

/// How often to look whether it is this restore's turn.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Waits for the turn to restore into a host. `check` ends the wait with its error, `tell` hears once who has the turn.
///
/// # Errors
/// What `check` says, or the host's when it cannot tell whose turn it is.
pub fn wait_for_turn(
    host: &dyn Intake,
    check: impl Fn() -> Result<(), EngineError>,
    tell: impl FnOnce(Option<u32>),
) -> Result<TurnGuard, EngineError> {
    let mut tell = Some(tell);
    loop {
        check()?;
        match host.restore_turn()? {
            RestoreTurn::Mine(guard) => return Ok(guard),
            RestoreTurn::Taken { process } => {
                if let Some(tell) = tell.take() {
                    tell(process);
                }
            }
        }
        thread::sleep(LOOK_AGAIN);
    }
}

/// What a killed restore has left in a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// VMs that are not whole.
    pub vms: Vec<String>,
    /// Folders of dom0's home that are not whole.
    pub folders: Vec<PathBuf>,
}

impl Leftovers {
    /// Looks for them. While a restore runs there are none: what is unfinished is that one's.
    ///
    /// # Errors
    /// When the host cannot be read.
    pub fn find(host: &dyn Host) -> Result<Self, EngineError> {
        match host.restore_turn()? {
            RestoreTurn::Mine(turn) => Self::find_in(host, &turn),
            RestoreTurn::Taken { .. } => Ok(Self::default()),
        }
    }

    /// The same for one who has the turn.
    ///
    /// # Errors
    /// When the host cannot be read.
    pub fn find_in(host: &dyn Host, _: &TurnGuard) -> Result<Self, EngineError> {
        let is_unfinished = |tags: &[String]| tags.iter().any(|tag| tag == IN_PROGRESS_TAG);
        let vms = host.system()?.vms.into_iter();
        Ok(Self {
            vms: vms.filter(|vm| is_unfinished(&vm.tags)).map(|vm| vm.name).collect(),
            folders: unfinished_folders(host)?,
        })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.vms.is_empty() && self.folders.is_empty()
    }

    /// Takes them away, for one who has the turn. Returns what could not be taken away, with the reason.
    pub fn remove(&self, host: &dyn Intake, _: &TurnGuard) -> Vec<(String, EngineError)> {
        let mut kept: Vec<(String, EngineError)> = Vec::new();
        kept.extend(
            remove_vms(host, &self.vms)
                .into_iter()
                .map(|(vm, error)| (vm, error.into())),
        );
        for folder in &self.folders {
            if let Err(error) = fs::remove_dir_all(folder) {
                let what = folder.to_string_lossy().into_owned();
                kept.push((what, home_error(folder.clone(), error)));
            }
        }
        if let Err(error) = host.commit() {
            kept.push((String::new(), error.into()));
        }
        kept
    }
}

/// Removes VMs. One that another of them names can only go after that one. Returns those that stay, with the reason.
pub(super) fn remove_vms(host: &dyn Intake, vms: &[String]) -> Vec<(String, HostError)> {
    let mut names = vms.to_vec();
    loop {
        // What others are based on was created first.
        let removed = names.iter().rev().map(|vm| (vm, host.remove_vm(vm)));
        let mut kept: Vec<(String, HostError)> = removed
            .filter_map(|(vm, removed)| Some((vm.clone(), removed.err()?)))
            .collect();
        kept.reverse();
        let is_at_its_end = kept.len() == names.len() || kept.iter().any(|(_, why)| why.is_of_the_host());
        if kept.is_empty() || is_at_its_end {
            return kept;
        }
        names = kept.into_iter().map(|(vm, _)| vm).collect();
    }
}

/// The folders in dom0's home that a restore had begun.
fn unfinished_folders(host: &dyn Vms) -> Result<Vec<PathBuf>, EngineError> {
    let Some(home) = host.home()? else {
        return Ok(Vec::new());
    };
    let home = home.folder.path();
    let names = match names_in(home) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        names => names.map_err(|error| home_error(home.to_owned(), error))?,
    };
    let mut folders = Vec::new();
    for name in names {
        let name = name.map_err(|error| home_error(home.to_owned(), error))?;
        let path = home.join(&name);
        // A link of such a name is none of ours.
        if is_unfinished(&name) && path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

/// Whether a folder has the name that a restored home has while it is filled.
fn is_unfinished(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    let inner = name.strip_prefix(b".").and_then(|name| name.strip_suffix(b".part"));
    inner.is_some_and(|name| name.starts_with(HOME_FOLDER.as_bytes()))
}

fn home_error(path: PathBuf, error: io::Error) -> EngineError {
    EngineError::Home {
        path,
        source: error.into(),
    }
}
