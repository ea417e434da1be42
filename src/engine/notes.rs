// SPDX-License-Identifier: GPL-3.0-or-later
//! The notes of the machines in an archive: small members, of which each costs one key.

use std::collections::BTreeMap;

use crate::{
    host::{Host, MachineFile, System, VolumeImport},
    plan::{Access, RestoreChoices, RestorePolicy, RestoreRow, resolve},
};

use super::{
    Context, EngineError, Failure, ItemResult, OpenedArchive,
    data::{Archive, Scope},
    home::HomeRead,
    unpack::{InnerReader, Place, Target},
};

/// The notes of machines, by their names in the archive. A machine without any is not among them.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    by_machine: BTreeMap<String, Result<String, EngineError>>,
    /// Why the archive could not be read to its end, if it could not: notes of further machines may be missing then.
    pub broken: Option<EngineError>,
}

impl Notes {
    /// The notes of a machine, or why they could not be read.
    pub fn of(&self, machine: &str) -> Option<&Result<String, EngineError>> {
        self.by_machine.get(machine)
    }
}

/// Reads the notes of all machines in an archive, and passes everything else over: of a file without reading it.
///
/// # Errors
/// When the archive cannot be read at all, or the work is cancelled.
pub fn read_notes(
    access: &Access,
    opened: &OpenedArchive,
    host: &dyn Host,
    context: &Context,
) -> Result<Notes, EngineError> {
    let file = MachineFile::Notes.file_name();
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
    let archive = Archive::new(access, opened, host, context)?;
    let result = archive.read(&rows, Scope::OneFile(file), &mut target)?;
    let mut notes = Notes {
        by_machine: target.0.into_iter().map(|(name, text)| (name, Ok(text))).collect(),
        broken: result.broken,
    };
    for machine in result.machines {
        // A machine without notes has no such file, which is all that could be wrong with one that was not read.
        let is_damaged =
            |failure: &Failure| !matches!(failure.0, EngineError::Archive(super::ArchiveError::Missing { .. }));
        let failed = machine.items.into_iter().find_map(|item| match item.result {
            ItemResult::Failed(failure) if item.name == file && is_damaged(&failure) => Some(failure),
            _ => None,
        });
        if let Some(Failure(error)) = failed {
            notes.by_machine.insert(machine.name, Err(error));
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

    fn machine_file(&mut self, row: &RestoreRow, file: MachineFile, content: &[u8]) -> Result<ItemResult, EngineError> {
        if file == MachineFile::Notes {
            let text = String::from_utf8_lossy(content).into_owned();
            self.0.insert(row.domain.name.clone(), text);
        }
        Ok(ItemResult::Done)
    }

    fn home(
        &mut self,
        _: &RestoreRow,
        _: &mut InnerReader<'_>,
        _: &Place,
        _: &Context,
    ) -> Result<HomeRead, EngineError> {
        Ok(HomeRead::default())
    }

    fn complete(&mut self, _: &RestoreRow) -> Result<(), EngineError> {
        Ok(())
    }

    fn give_up(&mut self, _: &RestoreRow) {}
}
