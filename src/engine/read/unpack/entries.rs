// SPDX-License-Identifier: GPL-3.0-or-later
//! What is in the inner archive of one file: read to its end and held until the file is known to be whole.

use std::thread;

use crate::{
    engine::{ArchiveError, Context, Damage, EngineError, SettingFault, Warning, names::PLACEHOLDER},
    format::inner::{Entry, EntryKind},
    host::{Restored, VmFile, VolumeImport},
    inventory::volume_of_file,
    plan::RestoreRow,
    units::MIB,
};

use super::{
    super::{
        file_position::{FilePosition, lossy},
        home_read::HomeRead,
        part_format::PartFormat,
        target::{InnerReader, Target},
    },
    fill::Filler,
};

/// The longest small file that is taken, in bytes: real ones have a few thousand.
const SMALL_FILE_BYTES: u64 = 4 * MIB;

/// What came of an entry.
pub(super) struct Received {
    /// Its name in the VM's folder.
    pub(super) name: String,
    /// Its size, holes included.
    pub(super) size_bytes: u64,
    /// Its data, holes not counted.
    pub(super) data_bytes: u64,
    pub(super) staged: Staged,
}

impl Received {
    /// What came of dom0's home, which its target has kept already.
    pub(super) fn of_home(user: &str, home: &HomeRead) -> Self {
        Self {
            name: user.to_owned(),
            size_bytes: home.bytes,
            data_bytes: home.bytes,
            staged: home.fault().map_or(Staged::Nothing, Staged::InPart),
        }
    }
}

/// What was read of a file and is put in place once the file is known to be whole.
pub(super) enum Staged {
    Volume(Option<Box<dyn VolumeImport>>),
    File(VmFile, Vec<u8>),
    /// Kept already, but for a part of it.
    InPart(ArchiveError),
    Nothing,
}

/// Holds the content of the inner archive of a VM's file: one entry that has the file's name, or in formats that
/// have such a whole folder.
pub(super) fn stage_entries(
    target: &mut dyn Target,
    row: &RestoreRow,
    file: &str,
    part_format: &PartFormat,
    place: &FilePosition,
    archive: &mut InnerReader<'_>,
    context: &Context,
) -> Result<Vec<Received>, EngineError> {
    let mut holder = Holder {
        target,
        row,
        place,
        archive,
        context,
    };
    let first = holder.next()?.ok_or_else(|| place.empty())?;
    if part_format.holds_trees() && (first.kind == EntryKind::Directory || first.name != place.name.as_bytes()) {
        return holder.hold_tree(file, first);
    }
    if first.name != place.name.as_bytes() || first.kind != EntryKind::File {
        let name = lossy(&first.name);
        return Err(place.damaged(Damage::InnerOther { name }));
    }
    let received = holder.stage(file, &first)?;
    match holder.next()? {
        None => Ok(vec![received]),
        Some(entry) => {
            let name = lossy(&entry.name);
            Err(place.damaged(Damage::InnerMore { name }))
        }
    }
}

struct Holder<'a, 'r> {
    target: &'a mut dyn Target,
    row: &'a RestoreRow,
    place: &'a FilePosition,
    archive: &'a mut InnerReader<'r>,
    context: &'a Context,
}

impl Holder<'_, '_> {
    fn next(&mut self) -> Result<Option<Entry>, EngineError> {
        self.archive
            .next_entry()
            .map_err(|error| self.place.format_error(error))
    }

    /// A folder: volumes and known small files that lie in it directly are held, the rest belongs to programs of its
    /// time and is only read.
    fn hold_tree(&mut self, file: &str, first: Entry) -> Result<Vec<Received>, EngineError> {
        let mut all: Vec<Received> = Vec::new();
        let mut size_bytes = 0;
        let first_name = lossy(&first.name);
        let mut next = Some(first);
        while let Some(entry) = next {
            // What stands elsewhere or has no use here costs the VM nothing, whatever it is.
            let path = self.within_folder(&entry).unwrap_or_default();
            let is_kept = volume_of(self.row, &path).is_some() || VmFile::from_file_name(&path).is_some();
            if entry.kind == EntryKind::File && is_kept {
                if all.iter().any(|received| received.name == path) {
                    return Err(self.place.damaged(Damage::InnerTwice { name: path }));
                }
                all.push(self.stage(&path, &entry)?);
            }
            size_bytes += entry.size;
            next = self.next()?;
        }
        if all.is_empty() {
            // Another file in the place of a volume or of rules is not what was promised, however whole it is.
            if volume_of(self.row, file).is_some() || VmFile::from_file_name(file).is_some() {
                return Err(self.place.damaged(Damage::InnerOther { name: first_name }));
            }
            all.push(Received {
                name: file.to_owned(),
                size_bytes,
                data_bytes: 0,
                staged: Staged::Nothing,
            });
        }
        Ok(all)
    }

    /// The path of an entry in the VM's folder.
    fn within_folder(&self, entry: &Entry) -> Option<String> {
        let path = entry.relative_path()?;
        let path = self.row.content.path.within_path(&path)?;
        Some(path.to_string_lossy().into_owned())
    }

    fn stage(&mut self, name: &str, entry: &Entry) -> Result<Received, EngineError> {
        let size_bytes = entry.size;
        let (data, staged) = if let Some(volume) = volume_of(self.row, name) {
            self.compare_size(volume, size_bytes);
            let mut import = self.target.volume(self.row, volume, size_bytes)?;
            let data = self.copy_volume(import.as_deref_mut())?;
            (data, Staged::Volume(import))
        } else if let Some(file) = small_file(name, size_bytes) {
            let content = self.read_small(size_bytes)?;
            (size_bytes, Staged::File(file, content))
        } else {
            let mut import = self.target.other_file(self.row, name, size_bytes)?;
            // Rules that are too long to be read are unreadable, and must not leave their VM open.
            let is_endless = import.is_none() && name == VmFile::Firewall.file_name();
            if import.is_none() && !is_endless {
                self.refuse_or_warn(name, size_bytes)?;
            }
            let data = self.copy_volume(import.as_deref_mut())?;
            let staged = if is_endless {
                Staged::File(VmFile::Firewall, Vec::new())
            } else {
                Staged::Volume(import)
            };
            (data, staged)
        };
        Ok(Received {
            name: name.to_owned(),
            size_bytes,
            data_bytes: data,
            staged,
        })
    }

    /// A volume that has no place here must not be lost in silence; anything else of no use is only named.
    fn refuse_or_warn(&self, name: &str, size_bytes: u64) -> Result<(), EngineError> {
        if volume_of_file(name).is_some() {
            return Err(ArchiveError::NoSuchVolume {
                vm: self.row.domain.name.clone(),
                file: name.to_owned(),
            }
            .into());
        }
        if let Some(file) = VmFile::from_file_name(name) {
            self.context.warn(Warning::SettingNotRestored {
                vm: self.row.name_here.clone(),
                what: Restored::File(file),
                why: SettingFault::TooLarge { bytes: size_bytes },
            });
        } else if name != PLACEHOLDER {
            self.context.warn(Warning::UnknownFile {
                member: self.place.name.clone(),
            });
        }
        Ok(())
    }

    /// A volume may have been resized while its VM ran, so that another size is no proof of damage.
    fn compare_size(&self, volume: &str, found: u64) {
        let known = self.row.domain.volumes.iter().find(|known| known.name == volume);
        if let Some(announced) = known.and_then(|known| known.size_bytes).filter(|size| *size != found) {
            self.context.warn(Warning::VolumeSizeDiffers {
                vm: self.row.domain.name.clone(),
                volume: volume.to_owned(),
                announced,
                found,
            });
        }
    }

    fn read_small(&mut self, size_bytes: u64) -> Result<Vec<u8>, EngineError> {
        let mut content = vec![0; size_bytes as usize];
        let mut buffer = vec![0; 64 * 1024];
        while let Some((offset, length)) = self.next_data(&mut buffer)? {
            content[offset as usize..][..length].copy_from_slice(&buffer[..length]);
        }
        Ok(content)
    }

    /// Copies what holds data; zeros that were sent as data are left as holes. Returns how many bytes of data came.
    fn copy_volume(&mut self, import: Option<&mut (dyn VolumeImport + 'static)>) -> Result<u64, EngineError> {
        let cancel = &self.context.cancel;
        thread::scope(|scope| {
            let mut filler = Filler::start(scope, import, cancel);
            let read = self.read_into(&mut filler);
            // What was written wrong is the cause of what could not be handed over, and a full disk that of most things.
            filler.finish().and(read)
        })
    }

    fn read_into(&mut self, filler: &mut Filler<'_>) -> Result<u64, EngineError> {
        let mut data_bytes = 0;
        while let Some((offset, length)) = self.next_data(filler.room())? {
            self.context.cancel.check()?;
            data_bytes += length as u64;
            if !filler.put(offset, length) {
                break;
            }
        }
        Ok(data_bytes)
    }

    fn next_data(&mut self, buffer: &mut [u8]) -> Result<Option<(u64, usize)>, EngineError> {
        self.archive
            .next_data(buffer)
            .map_err(|error| self.place.format_error(error))
    }
}

/// The volume that a file holds, if a VM like this one keeps it.
fn volume_of<'a>(row: &RestoreRow, name: &'a str) -> Option<&'a str> {
    let volume = volume_of_file(name)?;
    row.domain.keeps_volume(volume).then_some(volume)
}

/// The kind of a small file of which so many bytes are taken.
fn small_file(name: &str, size_bytes: u64) -> Option<VmFile> {
    VmFile::from_file_name(name).filter(|_| size_bytes <= SMALL_FILE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_file_has_a_largest_size() {
        for file in VmFile::ALL {
            let name = file.file_name();
            assert_eq!(small_file(name, SMALL_FILE_BYTES), Some(file));
            assert_eq!(small_file(name, SMALL_FILE_BYTES + 1), None);
        }
        assert_eq!(small_file("private.img", 1), None);
    }
}
