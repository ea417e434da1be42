// SPDX-License-Identifier: GPL-3.0-or-later
//! Where the content of an archive goes.

use std::io::Read;

use crate::{
    engine::{Context, EngineError, ItemResult},
    format::inner,
    host::{VmFile, VolumeImport},
    plan::RestoreRow,
};

use super::{file_position::FilePosition, home_read::HomeRead};

/// Where the content of an archive goes.
pub(super) trait Target: Send {
    /// A volume of a VM, to be filled; `None` where nothing is kept.
    fn volume(
        &mut self,
        row: &RestoreRow,
        volume: &str,
        size_bytes: u64,
    ) -> Result<Option<Box<dyn VolumeImport>>, EngineError>;

    /// A file of a VM that is neither a volume nor a small file that is known; `None` where it is of no use.
    fn other_file(&mut self, _: &RestoreRow, _: &str, _: u64) -> Result<Option<Box<dyn VolumeImport>>, EngineError> {
        Ok(None)
    }

    /// Restores a small file of a VM. Returns its result: a file that fails alone leaves its VM partly done.
    fn vm_file(&mut self, row: &RestoreRow, file: VmFile, content: &[u8]) -> Result<ItemResult, EngineError>;

    /// dom0's home: reads the whole inner archive.
    fn home(
        &mut self,
        row: &RestoreRow,
        archive: &mut InnerReader<'_>,
        place: &FilePosition,
        context: &Context,
    ) -> Result<HomeRead, EngineError>;

    /// All files of a VM have come, and it is whole.
    fn complete(&mut self, row: &RestoreRow) -> Result<(), EngineError>;

    /// A VM failed; what there is of it has to go. VMs of which nothing is said by the end of the target's
    /// life are not whole either.
    fn give_up(&mut self, row: &RestoreRow);

    /// Whether what else there is of a VM is of no use once something of it was bad.
    fn stops_at_failure(&self) -> bool {
        true
    }
}

/// The inner archive of one file.
pub(super) type InnerReader<'a> = inner::Reader<Box<dyn Read + 'a>>;
