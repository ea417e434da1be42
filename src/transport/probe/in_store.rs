// SPDX-License-Identifier: GPL-3.0-or-later
//! What is known of a directory or an archive of a store.

use crate::{cancel::CancelToken, host::Services};

use super::{
    super::{
        leftover::{self, Leftover},
        location::Reach,
        store::{Connection, StoreEntry, StoreFault, StoreKind, directory_above, is_left_behind, or_home},
    },
    api::{PlaceKind, Probe, ProbeError, Purpose},
};

/// Finds out about a directory or an archive of a store.
pub(super) fn look(
    reach: &Reach,
    path: &str,
    purpose: Purpose,
    services: Option<&dyn Services>,
    cancel: &CancelToken,
) -> Result<Probe, ProbeError> {
    let connection = Connection::open(reach, services, cancel).map_err(ProbeError::Store)?;
    let failed = |fault| ProbeError::Store(connection.error(fault, cancel));
    let path = or_home(path);
    let found = match connection.session.stat(path) {
        Err(StoreFault::NotFound) if purpose == Purpose::Write => return Err(no_directory(&connection, path)),
        Err(StoreFault::NotFound) => return Err(ProbeError::NotFound),
        found => found.map_err(failed)?,
    };
    match (purpose, found.kind) {
        (Purpose::Write, StoreKind::Directory) => Ok(Probe {
            bytes: connection.session.room(path),
            is_readable_again: true,
            leftovers: leftovers(connection.session.list(path).map_err(failed)?),
            ..Probe::of(PlaceKind::Store)
        }),
        (Purpose::Write, _) => Err(ProbeError::NotADirectory),
        (Purpose::Read, StoreKind::Directory) => Err(ProbeError::NotAFile),
        (Purpose::Read, _) if found.bytes == Some(0) => Err(ProbeError::EmptyFile),
        (Purpose::Read, _) => Ok(Probe {
            bytes: found.bytes,
            changed: found.changed,
            ..Probe::of(PlaceKind::Store)
        }),
    }
}

/// What can be done where there is nothing of that name.
fn no_directory(connection: &Connection, path: &str) -> ProbeError {
    match connection.session.stat(&directory_above(path)) {
        Ok(found) if found.kind == StoreKind::Directory => ProbeError::CanBeMade,
        _ => ProbeError::NotFound,
    }
}

fn leftovers(entries: Vec<StoreEntry>) -> Vec<Leftover> {
    let found = entries.into_iter().filter_map(|entry| {
        let changed = entry.attributes.changed?;
        let is_one = leftover::is_leftover_name(&entry.name) && is_left_behind(changed);
        is_one.then(|| Leftover {
            bytes: entry.attributes.bytes.unwrap_or(0),
            changed,
            name: entry.name,
        })
    });
    leftover::sorted(found.collect())
}

/// Makes a directory.
pub(super) fn make_directory(
    reach: &Reach,
    path: &str,
    services: Option<&dyn Services>,
    cancel: &CancelToken,
) -> Result<(), ProbeError> {
    let connection = Connection::open(reach, services, cancel).map_err(ProbeError::Store)?;
    let made = connection.session.make_directory(path.trim_end_matches('/'));
    match made {
        // Somebody was faster: what is there now is looked at.
        Err(StoreFault::Refused { .. }) if connection.session.stat(path).is_ok() => Ok(()),
        Err(StoreFault::NotPermitted) => Err(ProbeError::CannotBeMade),
        made => made.map_err(|fault| ProbeError::Store(connection.error(fault, cancel))),
    }
}
