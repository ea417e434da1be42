// SPDX-License-Identifier: GPL-3.0-or-later
//! The ground for a new VM: its folder in each pool, which must hold nothing that is anyone's.
//!
//! A VM that is taken away loses its folders with all that is in them, so a folder with content that no record knows
//! must never become a new VM's. The one exception is what a run leaves that is killed while it makes a VM:
//! volumes that were never written.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{SeekFrom, seek},
    io::Errno,
};

use crate::{
    durable,
    host::{HostError, Operation, Refusal},
};

/// The volumes that lie in a VM's folder.
const VOLUME_FILES: [&str; 3] = ["private.img", "root.img", "volatile.img"];

/// Looks at a new VM's folders. Returns the volumes that were left there without content and are to be replaced.
pub(super) fn look(folders: impl IntoIterator<Item = PathBuf>) -> Result<Vec<PathBuf>, HostError> {
    let mut leftovers = Vec::new();
    for folder in folders {
        let found = look_at(&folder).map_err(|error| HostError::io(Operation::Read(folder.clone()), error))?;
        leftovers.extend(found.ok_or(Refusal::InTheWay { path: folder })?);
    }
    Ok(leftovers)
}

/// The volumes without content in a folder, or `None` where there is something else.
fn look_at(folder: &Path) -> io::Result<Option<Vec<PathBuf>>> {
    match folder.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(Vec::new())),
        Err(error) => return Err(error),
        Ok(found) if !found.is_dir() => return Ok(None),
        Ok(_) => {}
    }
    let mut leftovers = Vec::new();
    for found in durable::names_in(folder)? {
        let found = found?;
        let is_volume = VOLUME_FILES.iter().any(|name| found == *name);
        let path = folder.join(found);
        if !is_volume || !is_hole(&path)? {
            return Ok(None);
        }
        leftovers.push(path);
    }
    Ok(Some(leftovers))
}

/// Whether a file is one hole: both by what it takes and by what its file system says of its data, since either may be
/// late or rough on some.
fn is_hole(path: &Path) -> io::Result<bool> {
    let found = path.symlink_metadata()?;
    if !found.is_file() || found.blocks() != 0 {
        return Ok(false);
    }
    let file = fs::File::open(path)?;
    Ok(matches!(seek(&file, SeekFrom::Data(0)), Err(Errno::NXIO)))
}
