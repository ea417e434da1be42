// SPDX-License-Identifier: GPL-3.0-or-later
//! The part of a VM's file system that its services work in.

use std::path::PathBuf;

/// Where a VM's services work.
#[derive(Debug, Clone)]
pub(super) struct VmFiles {
    /// The VM's file system.
    pub(super) root: PathBuf,
    /// Its user's home, a folder in it.
    pub(super) home: PathBuf,
}
