// SPDX-License-Identifier: GPL-3.0-or-later
//! Writes the files of a sample, each with the sample's time.

use std::{
    fs::{self, File, FileTimes},
    io,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, SystemTime},
};

/// When everything in the sample was last changed: 2026-01-05 09:00 UTC.
const CHANGED: Duration = Duration::from_secs(1_767_603_600);

/// Writes a file with the sample's time.
pub(super) fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content)?;
    settle(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Returns a file or folder the sample's time.
pub(super) fn settle(path: &Path) -> io::Result<()> {
    let time = SystemTime::UNIX_EPOCH + CHANGED;
    File::open(path)?.set_times(FileTimes::new().set_modified(time).set_accessed(time))
}
