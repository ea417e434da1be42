// SPDX-License-Identifier: GPL-3.0-or-later
//! Runs both halves of a restore or a verification: reading and opening on one thread, unpacking on another, with two
//! parts in memory at most.

use std::{
    sync::{Arc, mpsc::sync_channel},
    thread,
};

use crate::{
    host::Host,
    inventory::Inventory,
    plan::{Access, RestoreRow},
};

use super::{
    ArchiveError, Context, EngineError, Failure, MachineReport, MachineResult, OpenedArchive, Protection, Warning,
    ahead::{KEYS_LEFT, KeysAhead, Scout, will_be_read},
    dialect::Dialect,
    index::Index,
    meter::Meter,
    reader::Reader,
    source::Members,
    stage::of_panic,
    unpack::{Target, Unpacked, Unpacker, wanted},
    workers::Workers,
};

/// What came of the data.
pub(super) struct DataResult {
    pub(super) machines: Vec<MachineReport>,
    /// The bytes of data that came, holes not counted.
    pub(super) data_bytes: u64,
    /// Why the archive could not be read to its end, if it could not.
    pub(super) broken: Option<EngineError>,
    /// What is wrong with the archive beside what failed a machine.
    pub(super) findings: Vec<ArchiveError>,
}

/// What is read of an archive.
#[derive(Clone, Copy)]
pub(super) enum Scope<'a> {
    /// Everything of the machines; what else stands in the archive is looked at as well.
    Everything,
    /// Only what is needed to get at the machines.
    Machines,
    /// Only this file of each machine; all others are passed over as they stand.
    OneFile(&'a str),
}

/// Reads the data of `rows` to the end of the archive into `target`. The index is that of the archive, where it is a file.
pub(super) fn read_data(
    access: &Access,
    opened: &OpenedArchive,
    index: Option<Index>,
    rows: &[&RestoreRow],
    scope: Scope<'_>,
    target: &mut dyn Target,
    host: &dyn Host,
    context: &Context,
) -> Result<DataResult, EngineError> {
    let prefixes: Vec<String> = rows.iter().map(|row| prefix(row)).collect();
    let audits = matches!(scope, Scope::Everything);
    let only = match scope {
        Scope::OneFile(file) => Some(file),
        Scope::Everything | Scope::Machines => None,
    };
    let mut members = Members::open(&access.source, &prefixes, host, &context.cancel)?;
    let known = index.unwrap_or_default();
    let order = members.archive_bytes().map(|_| known.members);
    if let Some(order) = &order {
        members.arrange(Arc::clone(order));
    }
    if let Some(position) = known.trailing.filter(|_| audits) {
        context.warn(Warning::BehindTheEnd { position });
    }
    let announced = rows.iter().map(|row| row.content.size_bytes).sum();
    let meter = Meter::new(context, Some(members.archive_bytes().unwrap_or(announced)));
    let promised = promised(&opened.inventory);
    let workers = Arc::new(Workers::for_reading(context.resources));
    let dialect = Dialect::of(&opened.info, access, Arc::clone(&workers));
    // A second look at the same file, which walks ahead of the first.
    let scout = match (&access.source, &opened.info.protection) {
        (source, Protection::Scrypt) => Members::open_file(source)?,
        _ => None,
    };
    let scout = scout.map(|mut members| {
        members.arrange(order.unwrap_or_default());
        members
    });
    let stops_at_failure = target.stops_at_failure();
    let wanted = wanted(rows.iter().copied(), only);
    let (pieces, received) = sync_channel(0);
    let (empties, emptied) = sync_channel(2);
    thread::scope(|scope| {
        let unpacker = Unpacker {
            context,
            wanted: &wanted,
            pieces: &received,
            empties: &empties,
            target,
            meter: &meter,
            dialect: &dialect,
            filter: &opened.info.filter,
            data_bytes: 0,
            findings: Vec::new(),
        };
        let (ordered, keys) = sync_channel(KEYS_LEFT);
        let mut reader = Reader {
            context,
            dialect: &dialect,
            wanted: &wanted,
            promised: &promised,
            stops_at_failure,
            audits,
            pieces,
            empties: emptied,
            meter: &meter,
            keys: KeysAhead::default(),
        };
        let scouting = scout.map(|members| {
            reader.keys = KeysAhead::new(keys);
            let (wanted, dialect) = (&wanted, &dialect);
            let scout = Scout {
                members,
                wants: move |file: &str| will_be_read(wanted, stops_at_failure, file),
                dialect,
                cancel: &context.cancel,
            };
            scope.spawn(move || scout.run(&ordered))
        });
        let reading = scope.spawn(move || {
            let read = reader.run(&mut members);
            read.and_then(|findings| members.finish().map(|()| findings))
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
        result(unpacked, read, known.findings)
    })
}

/// Where the inventory says that machines are.
fn promised(inventory: &Inventory) -> Vec<String> {
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
            blame(&mut unpacked.machines, &error);
            Some(error)
        }
    };
    findings.append(&mut unpacked.findings);
    Ok(DataResult {
        machines: unpacked.machines,
        data_bytes: unpacked.data_bytes,
        broken,
        findings,
    })
}

/// What the members of a row begin with: for a machine its folder with the slash, since `vm1` would match `vm10`.
fn prefix(row: &RestoreRow) -> String {
    let path = row.content.path.trim_end_matches('/');
    if row.is_home() {
        format!("{path}.")
    } else {
        format!("{path}/")
    }
}

/// When the archive ends early, that is why machines are missing, rather than that they were never in it.
fn blame(machines: &mut [MachineReport], cause: &EngineError) {
    for machine in machines {
        if let MachineResult::Failed(Failure(error @ EngineError::Archive(ArchiveError::Missing { .. }))) =
            &mut machine.result
        {
            *error = cause.clone();
        }
    }
}

/// Tells what is wrong with the archive beside what failed a machine.
pub(super) fn warn_of(findings: &[ArchiveError], context: &Context) {
    findings
        .iter()
        .for_each(|error| context.warn(Warning::Archive(error.clone())));
}

/// Whether the archive does not say which small files there are of these machines.
pub(super) fn has_unlisted_files(rows: &[&RestoreRow]) -> bool {
    rows.iter()
        .any(|row| !row.is_home() && !row.is_made_up() && row.domain.files.is_none())
}
