// SPDX-License-Identifier: GPL-3.0-or-later
//! What a file system of this computer says of itself.

use std::{os::unix::fs::MetadataExt, path::Path};

use rustix::fs::{statfs, statvfs};

use super::{DestinationError, Location};

/// The largest file that a FAT file system takes, in bytes: its size field has 32 bits.
pub(super) const FAT_LARGEST_FILE_BYTES: u64 = u32::MAX as u64;

/// The number by which Linux knows a FAT file system (`MSDOS_SUPER_MAGIC`).
const FAT_MAGIC: u64 = 0x4d44;

/// Returns how many bytes this user can still write below that path; `None` where that is not known.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let system = statvfs(path).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}

/// Returns the size of the largest file that can be written below that path, in bytes, where there is such a limit.
pub(super) fn largest_file_bytes(path: &Path) -> Option<u64> {
    // The field's type differs between architectures; the number fits in all of them.
    let is_fat = statfs(path).is_ok_and(|system| u64::try_from(system.f_type).is_ok_and(|magic| magic == FAT_MAGIC));
    is_fat.then_some(FAT_LARGEST_FILE_BYTES)
}

/// Makes sure that the directory of a location is still on the file system of that number, where one is known. A directory that
/// is not there is for who writes into it.
///
/// # Errors
/// [`DestinationError::OtherDisk`] where it is on another one.
pub fn check_device(location: &Location, device: Option<u64>) -> Result<(), DestinationError> {
    match (location.folder(), device) {
        (Some(path), Some(device)) if path.metadata().is_ok_and(|found| found.dev() != device) => {
            let path = path.to_owned();
            Err(DestinationError::OtherDisk { path })
        }
        _ => Ok(()),
    }
}
