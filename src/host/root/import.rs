// SPDX-License-Identifier: GPL-3.0-or-later
//! Fills a volume beside the old one, which stays in place until the new one is whole and on the disk.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::record::Record;
use crate::{
    durable::{self, WriteBehind},
    host::{HostError, Operation, VolumeImport, files, volume::check_within},
};

/// The mode of a new volume, as a PedOS gives it.
const MODE: u32 = 0o660;

/// A volume's new content while it is written.
#[derive(Debug)]
pub(super) struct FileImport {
    record: Record,
    vm: String,
    volume: String,
    file: File,
    behind: WriteBehind,
    size_bytes: u64,
    /// The volume's file.
    target: PathBuf,
    /// The file that is written; gone when the import is dropped before its end.
    written: Option<PathBuf>,
}

impl FileImport {
    /// Begins a volume of that size, all holes, in the place of what a run that was killed may have left.
    pub(super) fn begin(
        record: Record,
        vm: &str,
        volume: &str,
        target: &Path,
        size_bytes: u64,
    ) -> Result<Self, HostError> {
        let written = beside(target);
        let make = || {
            if let Some(folder) = target.parent() {
                files::make_folder(folder)?;
            }
            match fs::remove_file(&written) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&written)?;
            Ok(file)
        };
        let file = make().map_err(|error| HostError::io(Operation::Make(written.clone()), error))?;
        // From here on the file goes with the value.
        let import = Self {
            record,
            vm: vm.to_owned(),
            volume: volume.to_owned(),
            file,
            behind: WriteBehind::default(),
            size_bytes,
            target: target.to_owned(),
            written: Some(written.clone()),
        };
        import
            .file
            .set_len(size_bytes)
            .map_err(|error| HostError::io(Operation::Make(written.clone()), error))?;
        Ok(import)
    }
}

/// The name beside the volume's that a PedOS uses for the same purpose.
fn beside(target: &Path) -> PathBuf {
    let mut name = target.file_stem().unwrap_or_default().to_owned();
    name.push("-import.img");
    target.with_file_name(name)
}

impl VolumeImport for FileImport {
    fn write_at(&mut self, data: &[u8], offset: u64) -> Result<(), HostError> {
        check_within(self.size_bytes, data, offset, (&self.vm, &self.volume))?;
        self.file
            .write_all_at(data, offset)
            .map_err(|error| HostError::io(Operation::Write(beside(&self.target)), error))?;
        self.behind.wrote(&self.file, offset, data.len() as u64);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), HostError> {
        let Some(written) = self.written.clone() else {
            return Ok(());
        };
        let old_mode = fs::metadata(&self.target).map(|old| old.mode() & 0o7777);
        let put_in_place = || {
            let mode = old_mode.unwrap_or(MODE);
            self.file.set_permissions(fs::Permissions::from_mode(mode))?;
            self.file.sync_all()?;
            fs::rename(&written, &self.target)
        };
        put_in_place().map_err(|error| HostError::io(Operation::Write(self.target.clone()), error))?;
        self.written = None;
        durable::sync_folder_of(&self.target)
            .map_err(|error| HostError::io(Operation::Write(self.target.clone()), error))?;
        self.record
            .edit(|record| Ok(record.set_volume_size(&self.vm, &self.volume, self.size_bytes)?))
    }
}

impl Drop for FileImport {
    fn drop(&mut self) {
        if let Some(written) = self.written.take()
            && let Err(error) = fs::remove_file(&written)
        {
            // Harmless: the next import of this volume replaces it.
            log::warn!("removing {}: {error}", written.display());
        }
    }
}
