// SPDX-License-Identifier: GPL-3.0-or-later
//! Where the state of a volume that a backup saves lies, by the driver of its pool.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rustix::fs::OFlags;

use crate::adminapi::{AdminVolume, PoolInfo};

use super::fault::HelperFault;

/// The folder of the devices of logical volumes, below dom0's root.
const MAPPER: &str = "dev/mapper";

/// The driver of pools in which VMs that run write to the only copy of their volumes.
pub(super) const WRITTEN_IN_PLACE: &str = "file";

/// A state of a volume.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct VolumeState {
    /// The file or device.
    pub(super) path: PathBuf,
    /// Whether a VM that starts writes to this state.
    pub(super) is_written_in_place: bool,
    /// Its name among the logical volumes, which may have to be activated.
    logical: Option<String>,
}

impl VolumeState {
    /// Finds the state of a volume that a backup saves.
    pub(super) fn of(root: &Path, name: &str, volume: &AdminVolume, pool: &PoolInfo) -> Result<Self, HelperFault> {
        let nowhere = || HelperFault::Place {
            name: volume.vid.clone(),
        };
        let has_no_snapshots = volume.revisions_to_keep < 0;
        match pool.driver.as_str() {
            "file" | "file-reflink" => {
                let folder = pool.option("dir_path").and_then(below).ok_or_else(nowhere)?;
                let mut file = below(&volume.vid).ok_or_else(nowhere)?.as_os_str().to_owned();
                file.push(".img");
                Ok(Self {
                    path: root.join(folder).join(file),
                    is_written_in_place: pool.driver == WRITTEN_IN_PLACE || has_no_snapshots,
                    logical: None,
                })
            }
            "lvm_thin" => {
                let (group, logical) = logical_name(&volume.vid).ok_or_else(nowhere)?;
                let path = newest(root, group, logical);
                Ok(Self {
                    path,
                    is_written_in_place: has_no_snapshots,
                    logical: Some(volume.vid.clone()),
                })
            }
            driver => Err(HelperFault::OutOfReach {
                pool: name.to_owned(),
                driver: driver.to_owned(),
            }),
        }
    }

    /// Opens it for reading.
    pub(super) fn open(&self, root: &Path) -> Result<File, HelperFault> {
        if let Some(logical) = self
            .logical
            .as_ref()
            .filter(|_| root == Path::new("/") && !self.path.exists())
        {
            activate(logical);
        }
        open_plain(root, &self.path, Access::Read)
    }
}

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// Opens a file or device in the place of a volume. The folders of pools belong to a group, so somebody of it may have put
/// a link or a pipe there; among the devices, where links are usual, only root does.
pub(super) fn open_plain(root: &Path, path: &Path, access: Access) -> Result<File, HelperFault> {
    let is_device = path.starts_with(root.join("dev"));
    let no_link = if is_device { OFlags::empty() } else { OFlags::NOFOLLOW };
    // A pipe would be waited for.
    let flags = OFlags::NONBLOCK | no_link;
    let file = OpenOptions::new()
        .read(access == Access::Read)
        .write(access == Access::Write)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    let file = file.map_err(|error| HelperFault::file(path, &error))?;
    let kind = file
        .metadata()
        .map_err(|error| HelperFault::file(path, &error))?
        .file_type();
    if !kind.is_file() && !kind.is_block_device() {
        return Err(HelperFault::Place {
            name: path.display().to_string(),
        });
    }
    Ok(file)
}

/// Where the data of an import into a volume lie until it ends; nothing for drivers that are not known.
pub(super) fn import_path(root: &Path, volume: &AdminVolume, pool: &PoolInfo) -> Option<PathBuf> {
    match pool.driver.as_str() {
        "file" | "file-reflink" => {
            let folder = root.join(below(pool.option("dir_path")?)?);
            let mut file = below(&volume.vid)?.as_os_str().to_owned();
            file.push("-import.img");
            Some(folder.join(file))
        }
        "lvm_thin" => {
            let (group, logical) = logical_name(&volume.vid)?;
            Some(root.join(MAPPER).join(device_name(group, &format!("{logical}-import"))))
        }
        _ => None,
    }
}

/// Makes the device of a logical volume that has none. Where that fails, opening it tells.
fn activate(logical: &str) {
    let mut lvchange = Command::new("/usr/sbin/lvchange");
    lvchange.args(["--activate", "y", "--ignoreactivationskip", "--", logical]);
    lvchange
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _ = lvchange.status();
}

/// The device of a logical volume. A volume whose VM ended while the system crashed may have its newest old state only.
fn newest(root: &Path, group: &str, logical: &str) -> PathBuf {
    let folder = root.join(MAPPER);
    let path = folder.join(device_name(group, logical));
    if path.exists() {
        return path;
    }
    let start = format!("{}--", device_name(group, logical));
    let time = |name: &str| -> Option<u64> { name.strip_prefix(&start)?.strip_suffix("--back")?.parse().ok() };
    let names = fs::read_dir(&folder).into_iter().flatten().flatten();
    let old = names.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        Some((time(&name)?, entry.path()))
    });
    old.max().map_or(path, |(_, path)| path)
}

/// What the system calls the device of a logical volume.
fn device_name(group: &str, logical: &str) -> String {
    format!("{}-{}", group.replace('-', "--"), logical.replace('-', "--"))
}

/// The group and the name of a logical volume that can be that of a VM's volume.
fn logical_name(vid: &str) -> Option<(&str, &str)> {
    let (group, logical) = vid.split_once('/')?;
    let is_plain = |name: &str| {
        let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '+' | '-');
        !name.is_empty() && name.chars().all(is_known) && !name.starts_with(['-', '.'])
    };
    // What a running VM writes to, an import, and an old state have names of their own.
    let is_other = ["-snap", "-import", "-back"].iter().any(|end| logical.ends_with(end));
    (is_plain(group) && is_plain(logical) && !is_other).then_some((group, logical))
}

/// A path below a root, of one that is absolute or relative to it; nothing where it is not plain.
pub(super) fn below(path: &str) -> Option<&Path> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
    path.split('/').all(is_plain).then_some(Path::new(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(vid: &str, revisions: i32) -> AdminVolume {
        let text = format!(
            "pool=p\nvid={vid}\nsize=1\nusage=1\nrw=True\nsource=\npath=\nsave_on_stop=True\nsnap_on_start=False\n\
             revisions_to_keep={revisions}\nephemeral=False\n"
        );
        AdminVolume::parse(text.as_bytes()).unwrap()
    }

    fn pool(text: &str) -> PoolInfo {
        PoolInfo::parse(text.as_bytes()).unwrap()
    }

    fn state(root: &Path, vid: &str, revisions: i32, options: &str) -> Result<VolumeState, HelperFault> {
        VolumeState::of(root, "p", &volume(vid, revisions), &pool(options))
    }

    #[test]
    fn each_driver_keeps_it_in_its_place() {
        let root = Path::new("/r");
        let reflink = "driver=file-reflink\ndir_path=/var/lib/qubes\n";
        let of = |vid: &str, revisions, options: &str| state(root, vid, revisions, options).unwrap();
        let found = of("appvms/a/private", 1, reflink);
        assert_eq!(found.path, Path::new("/r/var/lib/qubes/appvms/a/private.img"));
        assert!(!found.is_written_in_place);
        assert!(of("appvms/a/private", -1, reflink).is_written_in_place);
        assert!(of("appvms/a/private", 1, "driver=file\ndir_path=/x\n").is_written_in_place);
        let lvm = "driver=lvm_thin\nvolume_group=qubes_dom0\nthin_pool=vm-pool\n";
        let found = of("qubes_dom0/vm-sys-net-private", 1, lvm);
        assert_eq!(found.path, Path::new("/r/dev/mapper/qubes_dom0-vm--sys--net--private"));
        assert!(!found.is_written_in_place);
    }

    #[test]
    fn no_name_leads_elsewhere() {
        let root = Path::new("/r");
        let reflink = "driver=file-reflink\ndir_path=/var/lib/qubes\n";
        for vid in ["../x", "a/../../x", "", "a/./b"] {
            assert!(state(root, vid, 1, reflink).is_err(), "{vid:?}");
        }
        assert!(state(root, "a", 1, "driver=file\ndir_path=/../x\n").is_err());
        assert!(state(root, "a", 1, "driver=file\n").is_err());
        for vid in [
            "x",
            "vg/",
            "vg/a/b",
            "vg/vm-a-private-snap",
            "vg/x-import",
            "vg/x-12-back",
            "-vg/x",
            "vg/a b",
        ] {
            assert!(state(root, vid, 1, "driver=lvm_thin\n").is_err(), "{vid:?}");
        }
        let zfs = state(root, "a", 1, "driver=zfs\n").unwrap_err();
        assert!(matches!(zfs, HelperFault::OutOfReach { .. }));
    }

    #[test]
    fn the_newest_old_state_stands_for_a_volume_that_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let mapper = folder.path().join(MAPPER);
        fs::create_dir_all(&mapper).unwrap();
        for name in [
            "vg-vm--a--private--99--back",
            "vg-vm--a--private--100--back",
            "vg-vm--a--private--x--snap",
        ] {
            fs::write(mapper.join(name), name).unwrap();
        }
        let path = || {
            state(folder.path(), "vg/vm-a-private", 1, "driver=lvm_thin\n")
                .unwrap()
                .path
        };
        assert_eq!(path(), mapper.join("vg-vm--a--private--100--back"));
        fs::write(mapper.join("vg-vm--a--private"), "").unwrap();
        assert_eq!(path(), mapper.join("vg-vm--a--private"));
    }
}
