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
    Context, EngineError, Failure, MachineReport, MachineResult, OpenedArchive, Protection,
    ahead::{KEYS_LEFT, KeysAhead, Scout, will_be_read},
    dialect::Dialect,
    meter::Meter,
    reader::Reader,
    source::Members,
    stage::of_panic,
    unpack::{Target, Unpacker, wanted},
    workers::Workers,
};

/// What came of the data.
pub(super) struct DataResult {
    pub(super) machines: Vec<MachineReport>,
    /// The bytes of data that came, holes not counted.
    pub(super) data_bytes: u64,
    /// Why the archive could not be read to its end, if it could not.
    pub(super) broken: Option<EngineError>,
    /// What is in the archive and does not belong there.
    pub(super) strange: Option<EngineError>,
}

/// Reads the data of `rows` to the end of the archive and gives it to `target`.
pub(super) fn read_data(
    access: &Access,
    opened: &OpenedArchive,
    rows: &[&RestoreRow],
    target: &mut dyn Target,
    host: &dyn Host,
    context: &Context,
) -> Result<DataResult, EngineError> {
    read_files(access, opened, rows, None, target, host, context)
}

/// The same for only one file of each machine; all others are passed over as they stand.
pub(super) fn read_files(
    access: &Access,
    opened: &OpenedArchive,
    rows: &[&RestoreRow],
    only: Option<&str>,
    target: &mut dyn Target,
    host: &dyn Host,
    context: &Context,
) -> Result<DataResult, EngineError> {
    let prefixes: Vec<String> = rows.iter().map(|row| prefix(row)).collect();
    let mut members = Members::open(&access.source, &prefixes, host, &context.cancel)?;
    let announced = rows.iter().map(|row| row.content.size_bytes).sum();
    let meter = Meter::new(context, Some(members.archive_bytes().unwrap_or(announced)));
    let promised = promised(&opened.inventory);
    let workers = Arc::new(Workers::for_reading(context.resources));
    let dialect = Dialect::of(&opened.info, access, Arc::clone(&workers));
    // A second look at the same file, which walks ahead of the first.
    let scout = match (&access.source, &opened.info.protection) {
        (source, Protection::Scrypt) if source.is_seekable() => {
            Some(Members::open(source, &prefixes, host, &context.cancel)?)
        }
        _ => None,
    };
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
        };
        let (ordered, keys) = sync_channel(KEYS_LEFT);
        let mut reader = Reader {
            context,
            dialect: &dialect,
            wanted: &wanted,
            promised: &promised,
            stops_at_failure,
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
            read.and_then(|strange| members.finish().map(|()| strange))
        });
        let machines = unpacker.run();
        // The reading side must not wait for a receiver that has gone.
        drop(received);
        let read = reading.join().unwrap_or_else(|panic| Err(of_panic(panic.as_ref())));
        // Whatever went wrong there was only help that did not come.
        let _ = scouting.map(thread::ScopedJoinHandle::join);
        if read.is_ok() {
            meter.finish();
        }
        result(machines, read)
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
    machines: Result<(Vec<MachineReport>, u64), EngineError>,
    read: Result<Option<EngineError>, EngineError>,
) -> Result<DataResult, EngineError> {
    let (mut machines, data_bytes) = match (machines, &read) {
        // The half that unpacks gives up where the other one has broken off.
        (Err(EngineError::Cancelled), Err(error)) => return Err(error.clone()),
        (machines, _) => machines?,
    };
    let (broken, strange) = match read {
        Ok(strange) => (None, strange),
        Err(EngineError::Cancelled) => return Err(EngineError::Cancelled),
        Err(error) => {
            blame(&mut machines, &error);
            (Some(error), None)
        }
    };
    Ok(DataResult {
        machines,
        data_bytes,
        broken,
        strange,
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
        if let MachineResult::Failed(Failure(error @ EngineError::Archive(super::ArchiveError::Missing { .. }))) =
            &mut machine.result
        {
            *error = cause.clone();
        }
    }
}
