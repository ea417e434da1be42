// SPDX-License-Identifier: GPL-3.0-or-later
//! Runs both halves of a restore or a verification: reading and opening on one thread, unpacking on another, with two
//! parts in memory at most.

use std::{
    sync::{Arc, mpsc::sync_channel},
    thread,
};

use crate::{
    engine::{
        ArchiveError, Context, EngineError, Failure, OpenedArchive, Protection, VmReport, VmResult, Warning,
        meter::Meter, panics::of_panic, workers::Workers,
    },
    host::Services,
    inventory::{ArchivePath, Inventory},
    plan::{Access, RestoreRow},
};

use super::{
    index::{Index, RunIndex},
    keys::KeysAhead,
    members::Members,
    owners::Owners,
    part_format::PartFormat,
    ranges,
    reader::Reader,
    scout::{KEYS_LEFT, Scout},
    target::Target,
    unpack::{Unpacked, Unpacker},
    wanted::{Wanted, owners, wanted, will_be_read},
};

/// What came of the data.
pub(super) struct DataResult {
    pub(super) vms: Vec<VmReport>,
    /// The bytes of data that came, holes not counted.
    pub(super) data_bytes: u64,
    /// Why the archive could not be read to its end, if it could not.
    pub(super) broken: Option<EngineError>,
    /// What is wrong with the archive beside what failed a VM.
    pub(super) findings: Vec<ArchiveError>,
}

/// What is read of an archive.
#[derive(Clone, Copy)]
pub(super) enum Scope<'a> {
    /// Everything of the VMs; what else stands in the archive is looked at as well.
    Everything,
    /// Only what is needed to get at the VMs.
    Vms,
    /// Only this file of each VM; all others are passed over as they stand.
    OneFile(&'a str),
}

/// An archive that was opened, with all that is needed to read its data.
pub(super) struct Archive<'a> {
    access: &'a Access,
    opened: &'a OpenedArchive,
    services: Option<&'a dyn Services>,
    context: &'a Context,
    /// Its index, where its members can be read in any order.
    pub(super) index: Option<Arc<Index>>,
}

impl<'a> Archive<'a> {
    /// Takes the run's index of the archive, where it can have one.
    pub(super) fn new(
        access: &'a Access,
        opened: &'a OpenedArchive,
        index: &RunIndex,
        services: Option<&'a dyn Services>,
        context: &'a Context,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            access,
            opened,
            services,
            context,
            index: index.get(&access.source, &context.cancel)?,
        })
    }

    /// Opens the members of these rows, and walks a second time over the same file where that can order keys ahead.
    fn members(&self, rows: &[&RestoreRow]) -> Result<(Members, Option<Members>), EngineError> {
        let (source, cancel) = (&self.access.source, &self.context.cancel);
        let prefixes: Vec<String> = rows.iter().map(|row| prefix(row)).collect();
        let mut members = Members::open(source, &prefixes, self.services, cancel)?;
        let mut ahead = match self.opened.info.protection {
            Protection::Scrypt => Members::open_ranged(source, cancel)?,
            Protection::Hmac { .. } => None,
        };
        if let Some(index) = &self.index {
            for members in [Some(&mut members), ahead.as_mut()].into_iter().flatten() {
                members.arrange(Arc::clone(&index.members));
            }
        }
        Ok((members, ahead))
    }

    /// Reads the data of `rows` to the end of the archive into `target`.
    pub(super) fn read(
        self,
        rows: &[&RestoreRow],
        scope: Scope<'_>,
        target: &mut dyn Target,
    ) -> Result<DataResult, EngineError> {
        let (mut members, mut ahead) = self.members(rows)?;
        let known = self.index.unwrap_or_default();
        let audits = matches!(scope, Scope::Everything);
        if let Some(position) = known.trailing.filter(|_| audits) {
            self.context.warn(Warning::BehindTheEnd { position });
        }
        let only = match scope {
            Scope::OneFile(file) => Some(file),
            Scope::Everything | Scope::Vms => None,
        };
        let wanted = wanted(rows.iter().copied(), only);
        let owners = owners(&wanted);
        let is_read = |file: &str| will_be_read(&wanted, &owners, false, file);
        members.will_read(ranges::of_parts(&known.members, is_read));
        if let Some(ahead) = &mut ahead {
            ahead.will_read(ranges::of_heads(&known.members, is_read));
        }
        let run = Run {
            access: self.access,
            opened: self.opened,
            context: self.context,
            wanted: &wanted,
            owners: &owners,
            audits,
        };
        let announced = rows.iter().map(|row| row.content.size_bytes).sum();
        let total_bytes = members.archive_bytes().unwrap_or(announced);
        let (unpacked, read) = run.carry_out(&mut members, ahead, target, total_bytes);
        let read = read.and_then(|findings| members.finish(&self.context.cancel).map(|()| findings));
        result(unpacked, read, known.findings.clone())
    }
}

/// One walk over an archive, with both halves at work.
struct Run<'a> {
    access: &'a Access,
    opened: &'a OpenedArchive,
    context: &'a Context,
    wanted: &'a [Wanted<'a>],
    /// Whose a file is.
    owners: &'a Owners<'a>,
    audits: bool,
}

/// What both halves have to say.
type Halves = (Result<Unpacked, EngineError>, Result<Vec<ArchiveError>, EngineError>);

impl Run<'_> {
    fn carry_out(
        &self,
        members: &mut Members,
        ahead: Option<Members>,
        target: &mut dyn Target,
        total_bytes: u64,
    ) -> Halves {
        let (context, wanted, owners) = (self.context, self.wanted, self.owners);
        let meter = Meter::new(context, Some(total_bytes));
        let promised = promised(&self.opened.inventory);
        let workers = Arc::new(Workers::for_reading(context.resources));
        let part_format = PartFormat::of(&self.opened.info, self.access, workers);
        let stops_at_failure = target.stops_at_failure();
        let (messages, received) = sync_channel(0);
        let (empties, emptied) = sync_channel(2);
        thread::scope(|scope| {
            let unpacker = Unpacker {
                context,
                wanted,
                messages: &received,
                empties: &empties,
                target,
                meter: &meter,
                part_format: &part_format,
                filter: &self.opened.info.filter,
                data_bytes: 0,
                findings: Vec::new(),
            };
            let (ordered, keys) = sync_channel(KEYS_LEFT);
            let mut reader = Reader {
                context,
                part_format: &part_format,
                wanted,
                owners,
                promised: &promised,
                promised_owners: Owners::of(promised.iter()),
                stops_at_failure,
                audits: self.audits,
                messages,
                empties: emptied,
                meter: &meter,
                keys: KeysAhead::default(),
            };
            let scouting = ahead.map(|members| {
                reader.keys = KeysAhead::new(keys);
                let part_format = &part_format;
                let scout = Scout {
                    members,
                    wants: move |file: &str| will_be_read(wanted, owners, stops_at_failure, file),
                    part_format,
                    cancel: &context.cancel,
                };
                scope.spawn(move || {
                    confine_reading(self.access);
                    scout.run(&ordered);
                })
            });
            let reading = scope.spawn(move || {
                confine_reading(self.access);
                reader.run(members)
            });
            let unpacked = unpacker.run();
            // The reading side must not wait for a receiver that has gone.
            drop(received);
            let read = reading.join().unwrap_or_else(|panic| Err(of_panic(panic.as_ref())));
            // Whatever went wrong there was only help that did not come.
            let _ = scouting.map(thread::ScopedJoinHandle::join);
            if read.is_ok() {
                meter.finish();
            }
            (unpacked, read)
        })
    }
}

/// Confines the calling thread to the archive, where that is a file: also in a restore that needs more than files elsewhere.
fn confine_reading(access: &Access) {
    if let Some(rules) = access.confinement() {
        rules.enter();
    }
}

/// Where the inventory says that VMs are.
fn promised(inventory: &Inventory) -> Vec<ArchivePath> {
    let contents = inventory.domains().into_iter().filter_map(|domain| domain.content());
    let paths = contents.map(|content| content.path);
    paths.filter(|path| !path.is_empty()).collect()
}

/// Puts together what both halves have to say.
fn result(
    unpacked: Result<Unpacked, EngineError>,
    read: Result<Vec<ArchiveError>, EngineError>,
    mut findings: Vec<ArchiveError>,
) -> Result<DataResult, EngineError> {
    let mut unpacked = match (unpacked, &read) {
        // The half that unpacks gives up where the other one has broken off.
        (Err(EngineError::Cancelled), Err(error)) => return Err(error.clone()),
        (unpacked, _) => unpacked?,
    };
    let broken = match read {
        Ok(found) => {
            findings.extend(found);
            None
        }
        Err(EngineError::Cancelled) => return Err(EngineError::Cancelled),
        Err(error) => {
            blame(&mut unpacked.vms, &error);
            Some(error)
        }
    };
    findings.append(&mut unpacked.findings);
    Ok(DataResult {
        vms: unpacked.vms,
        data_bytes: unpacked.data_bytes,
        broken,
        findings,
    })
}

/// What the members of a row begin with.
fn prefix(row: &RestoreRow) -> String {
    if row.is_home() {
        row.content.path.part_prefix()
    } else {
        row.content.path.prefix()
    }
}

/// When the archive ends early, that is why VMs are missing, rather than that they were never in it.
fn blame(vms: &mut [VmReport], cause: &EngineError) {
    for vm in vms {
        if let VmResult::Failed(Failure(error @ EngineError::Archive(ArchiveError::Missing { .. }))) = &mut vm.result {
            *error = cause.clone();
        }
    }
}

/// Tells what is wrong with the archive beside what failed a VM.
pub(super) fn warn_of(findings: &[ArchiveError], context: &Context) {
    findings
        .iter()
        .for_each(|error| context.warn(Warning::Archive(error.clone())));
}

/// Whether the archive does not say which small files there are of these VMs.
pub(super) fn has_unlisted_files(rows: &[&RestoreRow]) -> bool {
    rows.iter()
        .any(|row| !row.is_home() && !row.is_made_up() && row.domain.files.is_none())
}
