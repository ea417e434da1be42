// SPDX-License-Identifier: GPL-3.0-or-later
//! Block devices in the place of logical volumes: loop devices, which root can make. The kernel takes a device away with its
//! last descriptor, so that nothing is left of a test that was killed.

use std::{
    collections::HashMap,
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, symlink},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, PoisonError},
};

/// The devices of a stand-in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Devices {
    held: Arc<Mutex<HashMap<PathBuf, Held>>>,
}

/// A device, and the file behind it.
#[derive(Debug)]
struct Held {
    device: File,
    backing: File,
}

impl Devices {
    /// Makes a device of zeros with that size, and a link to it.
    pub(crate) fn make(&self, link: &Path, bytes: u64) -> io::Result<File> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("device");
        let backing = options().create_new(true).open(&path)?;
        backing.set_len(bytes)?;
        let name = losetup("--find", Some("--show"), &path)?;
        let opened = options().open(&name);
        // While it is open it stays.
        losetup("--detach", None, &name)?;
        let device = opened?;
        let held = Held {
            device: device.try_clone()?,
            backing,
        };
        symlink(&name, link)?;
        self.held().insert(name, held);
        Ok(device)
    }

    /// Lets go of the device behind a link. Whoever has it open keeps it.
    pub(crate) fn forget(&self, link: &Path) {
        if let Ok(name) = fs::read_link(link) {
            self.held().remove(&name);
        }
    }

    /// Makes a device larger.
    pub(crate) fn resize(&self, link: &Path, bytes: u64) -> io::Result<()> {
        let name = fs::read_link(link)?;
        if let Some(held) = self.held().get(&name) {
            held.backing.set_len(bytes)?;
        }
        losetup("--set-capacity", None, &name).map(drop)
    }

    /// The bytes that the device behind a link takes on the disk.
    pub(crate) fn usage(&self, link: &Path) -> Option<u64> {
        let held = self.held();
        let held = held.get(&fs::read_link(link).ok()?)?;
        // What was written is on its way.
        held.device.sync_all().ok()?;
        Some(held.backing.metadata().ok()?.blocks() * 512)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn options() -> OpenOptions {
    let mut options = File::options();
    options.read(true).write(true);
    options
}

/// Runs `losetup`, and returns the path that it prints.
fn losetup(option: &str, other: Option<&str>, path: &Path) -> io::Result<PathBuf> {
    let output = Command::new("losetup").arg(option).args(other).arg(path).output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let printed = output.stdout.trim_ascii();
    Ok(PathBuf::from(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(
        printed,
    )))
}

/// Whether this user can make such devices.
///
/// # Errors
///
/// Why not.
pub fn can_make_devices() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    Devices::default().make(&folder.path().join("link"), 1 << 20).map(drop)
}
