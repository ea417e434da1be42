// SPDX-License-Identifier: GPL-3.0-or-later
//! Whether another wizard is open on the same PedOS. A job takes its own locks where it needs them; this is there only to
//! tell the user in time.

use std::{
    fs::{File, OpenOptions},
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

/// A wizard that is open on a PedOS, as long as it lives.
#[derive(Debug)]
pub(super) struct Presence {
    /// Locked by the first wizard; the lock goes with the program, however it ends.
    _file: Option<File>,
    is_first: bool,
}

impl Presence {
    /// Makes a wizard known. `root` is the root directory of the PedOS.
    pub(super) fn announce(root: &Path) -> Self {
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let mut hasher = DefaultHasher::new();
        root.hash(&mut hasher);
        let name = format!("pedos-backup-{:016x}.lock", hasher.finish());
        let path = glib::user_runtime_dir().join(name);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        // Where nothing can be known, nothing is said.
        let is_first = file.as_ref().map_or(true, |file| file.try_lock().is_ok());
        Self {
            _file: file.ok(),
            is_first,
        }
    }

    /// Returns whether another wizard was open already.
    pub(super) fn has_neighbour(&self) -> bool {
        !self.is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_wizard_on_the_same_root_is_known_and_one_on_another_is_not() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = Presence::announce(one.path());
        assert!(!first.has_neighbour());
        assert!(Presence::announce(one.path()).has_neighbour());
        assert!(!Presence::announce(other.path()).has_neighbour());
        drop(first);
        assert!(!Presence::announce(one.path()).has_neighbour());
    }
}
