// SPDX-License-Identifier: GPL-3.0-or-later
//! The reading side of a backup: header, inventory, and then each VM. A source that fails costs its VM and no
//! other; whether a source changed while it was read is seen when all of its VM was.

use std::{
    cell::RefCell,
    io::{self, Write},
    sync::mpsc::SyncSender,
};

use crate::{
    engine::{
        Context, EngineError, Failure, ItemResult, ItemState, VmReport, VmResult,
        io_errors::{format_internal, internal},
        meter::Meter,
        workers::Pending,
    },
    extent::Extent,
    format::{BackupId, HEADER_MAC_MEMBER, HEADER_MEMBER, Header, INVENTORY_FILE, inner},
    host::{DataBound, VolumeSource},
    plan::BackupPlan,
    units::unix_now,
};

use super::{
    blocks::BlockWriter,
    buffers::Buffers,
    contents::{Contents, Item, VmContents, is_of_one_vm, member_name, volume_error},
    home,
    inner::InnerWriter,
    keys::{KeyMaker, SureKeys},
    messages::{PackMessage, writer_gone},
    read_ahead::ReadAhead,
};

/// The reading side of a backup.
pub(super) struct Reading<'a> {
    pub(super) plan: &'a BackupPlan,
    pub(super) contents: &'a Contents,
    pub(super) context: &'a Context,
    pub(super) keys: &'a KeyMaker<'a>,
    pub(super) sure_keys: RefCell<SureKeys<'a>>,
    pub(super) flow: &'a SyncSender<PackMessage>,
    pub(super) buffers: &'a Buffers,
    pub(super) meter: &'a Meter<'a>,
}

impl<'a> Reading<'a> {
    /// Reads everything. A VM that cannot be read to its end fails, and the others go on; where none is there in the
    /// end, the first cause is the error.
    pub(super) fn read_all(&self, backup_id: &BackupId) -> Result<Vec<VmReport>, EngineError> {
        let contents = self.contents;
        self.write_header(backup_id)?;
        self.write_small(INVENTORY_FILE, INVENTORY_FILE, &contents.inventory)?;
        let mut reports = Vec::new();
        for vm in &contents.vms {
            self.context.observer.item(&vm.name, ItemState::Working);
            let report = self.write_vm(vm)?;
            let state = match &report.result {
                VmResult::Failed(failure) => ItemState::Failed(failure.clone()),
                _ => ItemState::Done,
            };
            self.context.observer.item(&vm.name, state);
            reports.push(report);
        }
        self.meter.finish();
        let is_any_there = reports.iter().any(|report| report.result.is_there());
        let first = reports.iter().find_map(|report| match &report.result {
            VmResult::Failed(Failure(error)) => Some(error.clone()),
            _ => None,
        });
        if let (false, Some(error)) = (is_any_there, first) {
            return Err(error);
        }
        self.send(PackMessage::End)?;
        Ok(reports)
    }

    /// Writes the items of a VM. One of its volumes that is no longer in the state in which it was opened is named.
    fn write_vm(&self, vm: &VmContents) -> Result<VmReport, EngineError> {
        let mut results = Vec::new();
        let mut failure = None;
        for item in &vm.items {
            results.push(match self.write_item(vm, item) {
                Ok(None) => ItemResult::Done,
                Ok(Some(shortfall)) => ItemResult::Failed(Failure(shortfall)),
                Err(error) if is_of_one_vm(&error) => {
                    failure = failure.or(Some(Failure(error.clone())));
                    ItemResult::Failed(Failure(error))
                }
                Err(error) => return Err(error),
            });
        }
        for (item, result) in vm.items.iter().zip(&mut results) {
            // What was not read to its end cannot have changed while it was.
            if let (Item::Volume { name, source, .. }, ItemResult::Done) = (item, &result)
                && let Some(error) = change_of(&vm.name, name, source.as_ref())
            {
                *result = ItemResult::Failed(Failure(error));
            }
        }
        let shortfall = results.iter().find_map(|result| match result {
            ItemResult::Failed(failure) => Some(failure.clone()),
            ItemResult::Done | ItemResult::Skipped => None,
        });
        let shortfall = shortfall.or_else(|| vm.lacks.clone().map(Failure));
        let result = match (failure, shortfall) {
            (Some(failure), _) => VmResult::Failed(failure),
            (None, Some(shortfall)) => VmResult::Partly(shortfall),
            (None, None) => VmResult::Done,
        };
        Ok(vm.report(results, result))
    }

    fn send(&self, flow: PackMessage) -> Result<(), EngineError> {
        self.flow.send(flow).map_err(|_| writer_gone())
    }

    fn write_header(&self, backup_id: &BackupId) -> Result<(), EngineError> {
        let header = Header::v4(backup_id.clone(), self.plan.compression).to_bytes();
        let sealed = self.keys.seal_header(header.clone());
        self.send(PackMessage::Plain {
            member: HEADER_MEMBER.to_owned(),
            data: Pending::ready(Ok(header)),
        })?;
        self.send(PackMessage::Plain {
            member: HEADER_MAC_MEMBER.to_owned(),
            data: sealed,
        })
    }

    /// Writes one item. Returns what it lacks, where it is in the archive all the same.
    fn write_item(&self, vm: &VmContents, item: &Item) -> Result<Option<EngineError>, EngineError> {
        let file_name = item.file_name();
        self.meter.at_work(&vm.name, &file_name);
        let member = member_name(vm, item);
        match item {
            Item::Volume { name, source, bound } => {
                self.prepare_after(vm, name);
                self.write_volume(&vm.name, name, &member, (source.as_ref(), *bound))
                    .map(|()| None)
            }
            Item::File { content, .. } => self.write_small(&member, &member, content).map(|()| None),
            Item::Placeholder => self.write_small(&member, &member, &[]).map(|()| None),
            Item::Home { home, size } => {
                let prefix = vm.path.prefix();
                self.write_file(&member, size.data_bytes + size.overhead_bytes, |archive| {
                    home::write(archive, &home.folder, &prefix, self.meter, self.context)
                })
            }
        }
    }

    /// Writes one file of the archive. Where its source fails in the midst of it, the file is taken back.
    fn write_file<T>(
        &self,
        member: &str,
        expected_bytes: u64,
        fill: impl FnOnce(&mut InnerWriter<'a>) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let mut archive = self.open(member, expected_bytes)?;
        match fill(&mut archive) {
            Ok(filled) => {
                close(archive)?;
                Ok(filled)
            }
            Err(error) => {
                drop(archive);
                if is_of_one_vm(&error) {
                    self.send(PackMessage::FileLost)?;
                }
                Err(error)
            }
        }
    }

    /// Begins an inner archive.
    fn open(&self, member: &str, expected_bytes: u64) -> Result<InnerWriter<'a>, EngineError> {
        let how = (self.plan.compression, self.plan.level);
        let keys = self.sure_keys.borrow_mut().take(member)?;
        let workers = self.keys.workers;
        let blocks = BlockWriter::begin(member, expected_bytes, how, (workers, keys), self.flow, self.buffers)?;
        Ok(inner::Writer::new(blocks))
    }

    fn write_small(&self, member: &str, name: &str, content: &[u8]) -> Result<(), EngineError> {
        let mut archive = self.open(member, content.len() as u64)?;
        let time = unix_now();
        let head = inner::NewMember::small_file(name, time.cast_signed(), content.len() as u64);
        archive.member(&head).map_err(format_internal)?;
        archive.write_all(content).map_err(internal)?;
        archive.end_member().map_err(format_internal)?;
        self.meter.add(if member == INVENTORY_FILE {
            0
        } else {
            content.len() as u64
        })?;
        close(archive)
    }

    fn write_volume(
        &self,
        vm: &str,
        volume: &str,
        member: &str,
        (source, bound): (&dyn VolumeSource, DataBound),
    ) -> Result<(), EngineError> {
        let failed = |error| volume_error(vm, volume, error);
        let extents = source.extents().map_err(failed)?;
        let extents = inner::block_extents(extents, source.size_bytes());
        let data_bytes = extents.iter().map(|extent| extent.length).sum();
        self.meter.correct(bound.data_bytes, data_bytes);
        self.write_file(member, data_bytes, |archive| {
            archive
                .sparse_member(member, source.size_bytes(), &extents)
                .map_err(format_internal)?;
            self.copy_extents(archive, source, &extents, &failed)?;
            archive.end_member().map_err(format_internal)
        })
    }

    /// Lets the volume that follows find out where it holds data while this one is read.
    fn prepare_after(&self, vm: &VmContents, volume: &str) {
        let volumes = self
            .contents
            .vms
            .iter()
            .flat_map(|vm| vm.items.iter().map(move |item| (&vm.name, item)));
        let mut volumes = volumes.filter_map(|(vm, item)| match item {
            Item::Volume { name, source, .. } => Some((vm, name, source)),
            Item::File { .. } | Item::Placeholder | Item::Home { .. } => None,
        });
        // Up to and with this one.
        if volumes.any(|(of, name, _)| *of == vm.name && name == volume)
            && let Some((_, _, source)) = volumes.next()
        {
            source.prepare();
        }
    }

    fn copy_extents(
        &self,
        archive: &mut InnerWriter<'a>,
        source: &dyn VolumeSource,
        extents: &[Extent],
        failed: &impl Fn(io::Error) -> EngineError,
    ) -> Result<(), EngineError> {
        let mut ahead = ReadAhead::new(source, extents);
        ahead.has_read(0);
        for extent in extents {
            let mut offset = extent.offset;
            let end = extent.end();
            while offset < end {
                let length = archive.pass(end - offset, |blocks, most| {
                    blocks.fill(most, |room| {
                        self.context.cancel.check()?;
                        source.read_at(room, offset).map_err(failed)
                    })
                })?;
                ahead.has_read(length);
                self.meter.add(length)?;
                offset += length;
            }
        }
        Ok(())
    }
}

/// Returns what happened to a volume since it was opened, to the end of reading it.
fn change_of(vm: &str, volume: &str, source: &dyn VolumeSource) -> Option<EngineError> {
    match source.change() {
        Ok(None) => None,
        Ok(Some(change)) => Some(EngineError::VolumeChanged {
            vm: vm.to_owned(),
            volume: volume.to_owned(),
            change,
        }),
        Err(error) => Some(volume_error(vm, volume, error)),
    }
}

/// Ends an inner archive and sends its last part.
fn close(archive: InnerWriter<'_>) -> Result<(), EngineError> {
    archive.finish().map_err(format_internal)?.finish()
}
