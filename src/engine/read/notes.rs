// SPDX-License-Identifier: GPL-3.0-or-later
//! The notes of the VMs in an archive: small members, of which each costs one key.

use std::collections::BTreeMap;

use crate::{
    engine::{ArchiveError, Context, EngineError, Failure, ItemResult, OpenedArchive},
    host::{Services, System, VmFile, VolumeImport},
    plan::{Access, Outlet, RestoreChoices, RestorePolicy, RestoreRow, confinement, resolve},
};

use super::{
    archive::{Archive, Scope},
    confined::confined,
    file_position::FilePosition,
    home_read::HomeRead,
    index::RunIndex,
    target::{InnerReader, Target},
};

/// The notes of VMs, by their names in the archive. A VM without any is not among them.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    by_vm: BTreeMap<String, Result<String, EngineError>>,
    /// Why the archive could not be read to its end, if it could not: notes of further VMs may be missing then.
    pub broken: Option<EngineError>,
}

impl Notes {
    /// The notes of a VM, or why they could not be read.
    pub fn of(&self, vm: &str) -> Option<&Result<String, EngineError>> {
        self.by_vm.get(vm)
    }
}

/// Reads the notes of all VMs in an archive, and passes everything else over: of a file without reading it.
///
/// # Errors
/// When the archive cannot be read at all, or the work is cancelled.
pub fn read_notes(
    access: &Access,
    opened: &OpenedArchive,
    services: Option<&dyn Services>,
    context: &Context,
) -> Result<Notes, EngineError> {
    confined(confinement(access, Outlet::Nothing).as_ref(), || {
        collect(access, opened, services, context)
    })
}

fn collect(
    access: &Access,
    opened: &OpenedArchive,
    services: Option<&dyn Services>,
    context: &Context,
) -> Result<Notes, EngineError> {
    let file = VmFile::Notes.file_name();
    let choices = RestoreChoices {
        policy: RestorePolicy {
            verify_only: true,
            ..RestorePolicy::default()
        },
        ..RestoreChoices::default()
    };
    let table = resolve(&opened.inventory, &System::default(), &choices);
    let rows: Vec<&RestoreRow> = table.selected().filter(|row| !row.is_home()).collect();
    let mut target = Collected(BTreeMap::new());
    let archive = Archive::new(access, opened, &RunIndex::default(), services, context)?;
    let result = archive.read(&rows, Scope::OneFile(file), &mut target)?;
    let mut notes = Notes {
        by_vm: target.0.into_iter().map(|(name, text)| (name, Ok(text))).collect(),
        broken: result.broken,
    };
    for vm in result.vms {
        // A VM without notes has no such file, which is all that could be wrong with one that was not read.
        let is_damaged = |failure: &Failure| !matches!(failure.0, EngineError::Archive(ArchiveError::Missing { .. }));
        let failed = vm.items.into_iter().find_map(|item| match item.result {
            ItemResult::Failed(failure) if item.name == file && is_damaged(&failure) => Some(failure),
            _ => None,
        });
        if let Some(Failure(error)) = failed {
            notes.by_vm.insert(vm.name, Err(error));
        }
    }
    Ok(notes)
}

/// The notes that have come.
struct Collected(BTreeMap<String, String>);

impl Target for Collected {
    fn volume(&mut self, _: &RestoreRow, _: &str, _: u64) -> Result<Option<Box<dyn VolumeImport>>, EngineError> {
        Ok(None)
    }

    fn vm_file(&mut self, row: &RestoreRow, file: VmFile, content: &[u8]) -> Result<ItemResult, EngineError> {
        if file == VmFile::Notes {
            let text = String::from_utf8_lossy(content).into_owned();
            self.0.insert(row.domain.name.clone(), text);
        }
        Ok(ItemResult::Done)
    }

    fn home(
        &mut self,
        _: &RestoreRow,
        _: &mut InnerReader<'_>,
        _: &FilePosition,
        _: &Context,
    ) -> Result<HomeRead, EngineError> {
        Ok(HomeRead::default())
    }

    fn complete(&mut self, _: &RestoreRow) -> Result<(), EngineError> {
        Ok(())
    }

    fn give_up(&mut self, _: &RestoreRow) {}
}
