// SPDX-License-Identifier: GPL-3.0-or-later
//! The files behind volumes, below the root: what starts, stops, imports and removals do to them, driver by driver.
//!
//! A plain file stands for a logical volume, or a loop device where that was asked for. Nothing is encrypted and no blocks
//! are shared.

use std::{
    fs::{self, File},
    io::{self, Seek},
    os::unix::fs::{FileExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use rustix::{fs::SeekFrom, io::Errno};

use crate::{
    devices::Devices,
    layout,
    state::{Driver, Volume},
};

/// What is copied at once, in bytes.
const BLOCK_BYTES: u64 = 1 << 16;

/// The file of a volume, or one beside it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'a> {
    /// What is kept.
    Committed,
    /// What the running VM writes to.
    Live,
    /// What an import writes to.
    Import,
    /// What was kept before.
    Revision(&'a str),
}

/// Returns the path of a part, as the daemon names it.
pub(crate) fn path(volume: &Volume, part: Part<'_>) -> String {
    path_of(volume.driver, &volume.vid, part)
}

fn path_of(driver: Driver, vid: &str, part: Part<'_>) -> String {
    let store = layout::STORE;
    match driver {
        Driver::LinuxKernel => format!("{store}/vm-kernels/{vid}/modules.img"),
        Driver::LvmThin => {
            let suffix = match part {
                Part::Committed => String::new(),
                Part::Live => "-snap".to_owned(),
                Part::Import => "-import".to_owned(),
                Part::Revision(id) => format!("-{id}"),
            };
            format!("/dev/mapper/{}", escaped(&format!("{vid}{suffix}")))
        }
        Driver::Zfs => match part {
            Part::Committed => format!("/dev/zvol/{vid}"),
            Part::Live => format!("/dev/zvol/{vid}.live"),
            Part::Import => format!("/dev/zvol/{}/.importing/{}", layout::CONTAINER, vid.replace('/', "_")),
            Part::Revision(id) => format!("/dev/zvol/{vid}@{id}"),
        },
        Driver::FileReflink | Driver::File => match part {
            Part::Committed => format!("{store}/{vid}.img"),
            Part::Live if driver == Driver::File => format!("{store}/{vid}-cow.img"),
            Part::Live => format!("{store}/{vid}-dirty.img"),
            Part::Import => format!("{store}/{vid}-import.img"),
            Part::Revision(id) => format!("{store}/{vid}.img.{id}@2026-01-01T00:00:00Z"),
        },
    }
}

/// Returns what `volume.Info` names as the path.
pub(crate) fn shown_path(volume: &Volume) -> String {
    let part = match volume.driver {
        Driver::Zfs => return String::new(),
        Driver::FileReflink => Part::Live,
        Driver::LvmThin if !volume.save_on_stop => Part::Live,
        _ => Part::Committed,
    };
    path(volume, part)
}

/// Returns a vid as device names and marks of running volumes have it.
pub(crate) fn escaped(vid: &str) -> String {
    vid.replace('-', "--").replace('/', "-")
}

/// The files below a root.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    pub(crate) root: PathBuf,
    /// Where logical volumes are block devices.
    pub(crate) devices: Option<Devices>,
}

impl Storage {
    pub(crate) fn file(&self, volume: &Volume, part: Part<'_>) -> PathBuf {
        layout::below(&self.root, &path(volume, part))
    }

    /// Makes the file of a new volume that is kept.
    pub(crate) fn create(&self, volume: &Volume) -> io::Result<()> {
        if volume.save_on_stop {
            self.make(volume, Part::Committed, volume.size_bytes)?;
        }
        Ok(())
    }

    fn devices_of(&self, volume: &Volume) -> Option<&Devices> {
        self.devices.as_ref().filter(|_| volume.driver == Driver::LvmThin)
    }

    /// Removes a file that may be missing, or a device.
    fn take_away(&self, path: &Path) -> io::Result<()> {
        if let Some(devices) = &self.devices {
            devices.forget(path);
        }
        remove(path)
    }

    /// Gives a volume that content, and its size.
    pub(crate) fn fill(&self, volume: &mut Volume, content: &[u8]) -> io::Result<()> {
        let bytes = content.len() as u64;
        if self.devices_of(volume).is_none() {
            volume.size_bytes = bytes;
            return fs::write(self.file(volume, Part::Committed), content);
        }
        volume.size_bytes = volume.driver.rounded(bytes);
        let device = self.make(volume, Part::Committed, volume.size_bytes)?;
        device.write_all_at(content, 0)
    }

    /// Makes an empty file of that size.
    fn make(&self, volume: &Volume, part: Part<'_>, bytes: u64) -> io::Result<File> {
        let path = self.file(volume, part);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        if let Some(devices) = self.devices_of(volume) {
            self.take_away(&path)?;
            return devices.make(&path, bytes);
        }
        let file = File::create(&path)?;
        let mode = if volume.driver == Driver::File { 0o664 } else { 0o600 };
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.set_len(bytes)?;
        Ok(file)
    }

    /// What happens to a volume when its VM starts. An import into a pool of files that share blocks is lost.
    pub(crate) fn start(&self, volume: &mut Volume) -> io::Result<()> {
        if volume.driver == Driver::LinuxKernel {
            return Ok(());
        }
        if volume.driver == Driver::FileReflink && volume.import_bytes.take().is_some() {
            self.take_away(&self.file(volume, Part::Import))?;
        }
        let writes_in_place = volume.save_on_stop && volume.revisions_to_keep < 0;
        match volume.driver {
            Driver::LvmThin if writes_in_place => Ok(()),
            Driver::FileReflink if writes_in_place => {
                fs::rename(self.file(volume, Part::Committed), self.file(volume, Part::Live))
            }
            Driver::File => self.make(volume, Part::Live, volume.size_bytes).map(drop),
            _ => {
                let live = self.make(volume, Part::Live, volume.size_bytes)?;
                match &volume.source {
                    Some(source) if volume.snap_on_start => {
                        let source = path_of(volume.driver, source, Part::Committed);
                        copy(&layout::below(&self.root, &source), &live)
                    }
                    _ if volume.save_on_stop => copy(&self.file(volume, Part::Committed), &live),
                    _ => Ok(()),
                }
            }
        }
    }

    /// What happens to a volume when its VM stops.
    pub(crate) fn stop(&self, volume: &mut Volume) -> io::Result<()> {
        let live = self.file(volume, Part::Live);
        match volume.driver {
            Driver::LinuxKernel => Ok(()),
            Driver::LvmThin | Driver::FileReflink if volume.save_on_stop => {
                if live.exists() {
                    self.commit(volume, Part::Live)?;
                }
                Ok(())
            }
            _ => self.take_away(&live),
        }
    }

    /// Makes a part what is kept; what was kept before becomes a revision.
    pub(crate) fn commit(&self, volume: &mut Volume, part: Part<'_>) -> io::Result<()> {
        let committed = self.file(volume, Part::Committed);
        if volume.revisions_to_keep > 0 && committed.exists() && volume.driver != Driver::File {
            volume.revisions_made += 1;
            let id = match volume.driver {
                Driver::LvmThin => format!("{}-back", seconds_now() + volume.revisions_made),
                _ => volume.revisions_made.to_string(),
            };
            fs::rename(&committed, self.file(volume, Part::Revision(&id)))?;
            volume.revisions.push(id);
            self.prune(volume)?;
        }
        self.take_away(&committed)?;
        fs::rename(self.file(volume, part), &committed)?;
        volume.size_bytes = length(&File::open(&committed)?)?;
        Ok(())
    }

    /// Takes revisions away that are more than wanted.
    pub(crate) fn prune(&self, volume: &mut Volume) -> io::Result<()> {
        let wanted = usize::try_from(volume.revisions_to_keep).unwrap_or_default();
        while volume.revisions.len() > wanted {
            let id = volume.revisions.remove(0);
            self.take_away(&self.file(volume, Part::Revision(&id)))?;
        }
        Ok(())
    }

    /// Makes the file for an import. Whoever holds the file of one that was begun before writes into nothing.
    pub(crate) fn begin_import(&self, volume: &mut Volume, bytes: u64) -> io::Result<()> {
        self.take_away(&self.file(volume, Part::Import))?;
        self.make(volume, Part::Import, volume.driver.rounded(bytes))?;
        volume.import_bytes = Some(bytes);
        Ok(())
    }

    /// Ends an import: its data become the volume, or are thrown away.
    pub(crate) fn end_import(&self, volume: &mut Volume, is_good: bool) -> io::Result<()> {
        volume.import_bytes = None;
        if is_good {
            return self.commit(volume, Part::Import);
        }
        self.take_away(&self.file(volume, Part::Import))
    }

    /// Takes away all that is there of a volume.
    pub(crate) fn remove(&self, volume: &Volume) -> io::Result<()> {
        if volume.driver == Driver::LinuxKernel {
            return Ok(());
        }
        let revisions = volume.revisions.iter().map(|id| Part::Revision(id));
        for part in [Part::Committed, Part::Live, Part::Import].into_iter().chain(revisions) {
            self.take_away(&self.file(volume, part))?;
        }
        Ok(())
    }

    pub(crate) fn resize(&self, volume: &mut Volume, bytes: u64) -> io::Result<()> {
        let bytes = volume.driver.rounded(bytes);
        for part in [Part::Committed, Part::Live] {
            let path = self.file(volume, part);
            if let Some(devices) = self.devices_of(volume).filter(|_| path.exists()) {
                devices.resize(&path, bytes)?;
            } else if path.exists() {
                File::options().write(true).open(path)?.set_len(bytes)?;
            }
        }
        volume.size_bytes = bytes;
        Ok(())
    }

    /// The bytes that a volume takes on the disk.
    pub(crate) fn usage(&self, volume: &Volume) -> u64 {
        let used = [Part::Committed, Part::Live].into_iter().filter_map(|part| {
            let path = self.file(volume, part);
            match self.devices_of(volume) {
                Some(devices) => devices.usage(&path),
                None => Some(fs::metadata(path).ok()?.blocks() * 512),
            }
        });
        used.max().unwrap_or_default()
    }
}

/// The size of a file or device.
fn length(mut file: &File) -> io::Result<u64> {
    file.seek(io::SeekFrom::End(0))
}

pub(crate) fn seconds_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// Removes a file that may be missing.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Copies what is no hole.
fn copy(source: &Path, target: &File) -> io::Result<()> {
    let source = File::open(source)?;
    let end = length(&source)?;
    let mut offset = 0;
    let mut block = vec![0; usize::try_from(BLOCK_BYTES).unwrap_or_default()];
    while offset < end {
        let data = match rustix::fs::seek(&source, SeekFrom::Data(offset)) {
            Ok(data) => data,
            Err(Errno::NXIO) => break,
            // A block device tells nothing of its holes.
            Err(Errno::INVAL) => offset,
            Err(error) => return Err(error.into()),
        };
        let hole = match rustix::fs::seek(&source, SeekFrom::Hole(data)) {
            Err(Errno::INVAL) => end,
            hole => hole?,
        };
        offset = data;
        while offset < hole {
            let wanted = usize::try_from((hole - offset).min(BLOCK_BYTES)).unwrap_or_default();
            source.read_exact_at(&mut block[..wanted], offset)?;
            if block[..wanted].iter().any(|byte| *byte != 0) {
                target.write_all_at(&block[..wanted], offset)?;
            }
            offset += wanted as u64;
        }
    }
    if length(target)? < end {
        target.set_len(end)?;
    }
    Ok(())
}
