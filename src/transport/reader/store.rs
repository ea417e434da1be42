// SPDX-License-Identifier: GPL-3.0-or-later
//! An archive in a store. What is not asked for is not fetched, and a connection that was lost is made again: reading goes on
//! where it stood.

use std::{
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    cancel::CancelToken,
    host::Services,
    sftp::{Attributes, Reading},
};

use super::{
    super::{
        SourceError, TransportError,
        location::{Location, Reach},
        store::{Held, Shared, StoreError, StoreKind},
    },
    api::{ArchiveReader, Ranged},
    joined::seek_target,
};

/// How many bytes may be on their way from the store.
const WINDOW_BYTES: usize = 32 << 20;

/// How much is read at a time where the archive's headers are looked for, in bytes: the last block of a
/// member and the header behind it.
const BUFFER_BYTES: usize = 1024;

/// How long is waited before each attempt to connect anew: about a minute in all.
const PAUSES: [Duration; 7] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
    Duration::from_secs(30),
];

/// Where an archive is, and how to get there once more.
#[derive(Clone)]
struct Place {
    reach: Reach,
    path: String,
    shared: Arc<Shared>,
    services: Option<Arc<dyn Services>>,
    cancel: CancelToken,
}

/// An archive in a store, open for reading.
pub(super) struct StoreReader {
    place: Place,
    held: Held,
    reading: Reading,
    /// What is going to be read, for a reading that begins anew.
    will_read: Vec<Range<u64>>,
    /// What the archive was when it was opened.
    found: Attributes,
    bytes: u64,
    position: u64,
}

impl StoreReader {
    pub(super) fn open(
        reach: &Reach,
        path: &str,
        shared: &Arc<Shared>,
        services: Option<&dyn Services>,
        cancel: &CancelToken,
    ) -> Result<Self, TransportError> {
        if let Some(services) = services.and_then(Services::shared) {
            shared.reached_by(services);
        }
        let place = Place {
            reach: reach.clone(),
            path: path.to_owned(),
            shared: Arc::clone(shared),
            services: shared.services(),
            cancel: cancel.clone(),
        };
        let opened = place.open(services.or(place.services.as_deref()));
        let held = opened.map_err(|error| error.reading(place.to_string()))?;
        if held.file.attributes().kind == StoreKind::Directory {
            let kind = super::super::Unreadable::Directory;
            let place = place.to_string();
            return Err(SourceError::NotReadable { place, kind }.into());
        }
        Ok(Self::new(place, held))
    }

    fn new(place: Place, held: Held) -> Self {
        let found = held.file.attributes();
        Self {
            place,
            reading: Reading::new(Arc::clone(&held.file), WINDOW_BYTES),
            held,
            will_read: Vec::new(),
            bytes: found.bytes.unwrap_or(0),
            found,
            position: 0,
        }
    }

    /// Opens the archive over a new connection. Returns whether it is still the same one.
    fn reopen(&mut self) -> Result<bool, StoreError> {
        self.place.shared.forget(&self.held);
        self.held = self.place.open(self.place.services.as_deref())?;
        self.reading = Reading::new(Arc::clone(&self.held.file), WINDOW_BYTES);
        self.reading.will_read(self.will_read.clone());
        Ok(self.held.file.attributes() == self.found)
    }

    fn read_once(&mut self, position: u64, buffer: &mut [u8]) -> Result<usize, StoreError> {
        let read = self.reading.read_at(position, self.bytes, buffer);
        read.map_err(|fault| self.held.connection.error(fault, &self.place.cancel))
    }

    /// Reads some bytes, and connects anew as often as that helps.
    fn read_some(&mut self, position: u64, buffer: &mut [u8]) -> Result<usize, TransportError> {
        let mut pauses = PAUSES.iter();
        let mut result = self.read_once(position, buffer);
        while let Err(StoreError::Fault { fault, .. }) = &result
            && fault.ends_session()
            && let Some(pause) = pauses.next()
        {
            log::warn!("reading {} was interrupted: {fault}", self.place);
            self.place.cancel.sleep(*pause)?;
            result = match self.reopen() {
                Ok(true) => self.read_once(position, buffer),
                Ok(false) => {
                    let place = self.place.to_string();
                    return Err(SourceError::Changed { place }.into());
                }
                Err(error) => Err(error),
            };
        }
        result.map_err(|error| error.reading(self.place.to_string()))
    }
}

impl Place {
    fn open(&self, services: Option<&dyn Services>) -> Result<Held, StoreError> {
        self.shared.open(&self.reach, &self.path, services, &self.cancel)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (reach, path) = (self.reach.clone(), self.path.clone());
        Location::Store { reach, path }.fmt(f)
    }
}

impl Read for StoreReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.read_some(self.position, buffer).map_err(io::Error::other)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for StoreReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = seek_target(to, self.position, self.bytes)?;
        Ok(self.position)
    }
}

impl ArchiveReader for StoreReader {
    fn size_bytes(&self) -> Option<u64> {
        Some(self.bytes)
    }

    fn ranged(&self) -> Option<Box<dyn Ranged>> {
        let held = self.place.open(self.place.services.as_deref()).ok()?;
        let is_same = held.file.attributes() == self.found;
        is_same.then(|| Box::new(StoreRanges(Mutex::new(Self::new(self.place.clone(), held)))) as Box<dyn Ranged>)
    }

    fn will_read(&mut self, ranges: Vec<Range<u64>>) {
        self.will_read.clone_from(&ranges);
        self.reading.will_read(ranges);
    }

    fn buffer_bytes(&self) -> Option<usize> {
        Some(BUFFER_BYTES)
    }
}

/// Access to every byte of an archive in a store.
struct StoreRanges(Mutex<StoreReader>);

impl Ranged for StoreRanges {
    fn read_exact_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        let mut reader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reader.position = position;
        reader.read_exact(buffer)
    }

    fn forget(&self, _position: u64, _bytes: u64) {
        // Nothing is kept but what is on its way.
    }
}
