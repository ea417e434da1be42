// SPDX-License-Identifier: GPL-3.0-or-later
//! Folders of dom0's own file system that this program reads and writes with plain calls of the operating system.
//!
//! Only a host that runs in dom0, or on a folder laid out like it, can hand one out: a program in another VM reaches dom0
//! through services alone, and a path would lead it to files of its own.

use std::{
    fs::{DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// The mode of a folder that is made, as a PedOS has that of its profiles.
const MODE: u32 = 0o770;

/// A folder of dom0's own file system, as a path on this computer. It need not be there yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDir(PathBuf);

impl LocalDir {
    /// Says that this path leads to a folder of dom0.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Makes the folder where it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(MODE).create(&self.0)
    }

    /// Makes the folder where it is not there, and waits until no other program has it locked. The lock ends with the returned
    /// file.
    ///
    /// # Errors
    /// When it cannot be made or locked.
    pub fn lock(&self) -> io::Result<File> {
        self.make()?;
        let lock = File::open(&self.0)?;
        lock.lock()?;
        Ok(lock)
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for LocalDir {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}
