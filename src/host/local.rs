// SPDX-License-Identifier: GPL-3.0-or-later
//! Folders of dom0's own file system that this program reads and writes with plain calls of the operating system.
//!
//! Only a host that runs in dom0, or on a folder laid out like it, can hand one out: a program in another VM reaches dom0
//! through services alone, and a path would lead it to files of its own.

use std::path::{Path, PathBuf};

/// A folder of dom0's own file system, as a path on this computer. It need not be there yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDir(PathBuf);

impl LocalDir {
    /// Says that this path leads to a folder of dom0.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
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
