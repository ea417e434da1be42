// SPDX-License-Identifier: GPL-3.0-or-later
//! An archive in a directory of a store: it is called `NAME.part` until the store has all of it.
//!
//! What the store can do is asked, or tried on the empty file: whether bytes can be corrected, whether a file can be made
//! safe. A store that takes bytes only in their order, as cloud storage behind rclone does, gets one request at a time.

use std::{
    io::{self, Write},
    sync::Arc,
};

use crate::{
    cancel::CancelToken,
    durable::FreeNames,
    host::Services,
    sftp::{Attributes, Writing},
};

use super::{
    super::{
        DestinationError, Location, Notice, Notices, TransportError,
        location::Reach,
        store::{Connection, StoreError, StoreFault, StoreKind, or_home, path_in_store},
    },
    api::{ArchiveWriter, WriteCapabilities},
    stall::{self, StallWatch},
};

/// How many bytes may be on their way to the store: what a line of 2.5 Gbit/s holds in 100 ms.
const WINDOW_BYTES: usize = 32 << 20;

/// How little room is left where a refusal without a reason means that the disk is full, in bytes.
const FULL_BELOW_BYTES: u64 = 1 << 20;

/// A directory of a store, and how it is reached.
struct Store<'a> {
    reach: Reach,
    directory: String,
    services: &'a dyn Services,
    cancel: CancelToken,
}

/// An archive that a store keeps in a directory.
pub(super) struct StoreWriter<'a> {
    store: Store<'a>,
    name: String,
    names: FreeNames,
    part: String,
    connection: Connection,
    /// None once it is closed.
    writing: Option<Writing>,
    stall: StallWatch,
    /// How much was appended, in bytes.
    bytes: u64,
    is_correctable: bool,
    notices: Notices,
    is_named: bool,
}

impl<'a> StoreWriter<'a> {
    /// Begins an archive under the first name of its kind that is free in a directory.
    pub(super) fn begin(
        reach: &Reach,
        directory: &str,
        name: String,
        services: &'a dyn Services,
        cancel: &CancelToken,
        notices: &Notices,
    ) -> Result<Self, TransportError> {
        let store = Store {
            reach: reach.clone(),
            directory: directory.to_owned(),
            services,
            cancel: cancel.clone(),
        };
        let connection = Connection::open(reach, Some(services), cancel).map_err(|error| store.error(error))?;
        let found = connection.session.stat(or_home(directory));
        match found.map(|found| found.kind) {
            Ok(StoreKind::Directory) => {}
            Ok(_) | Err(StoreFault::NotFound) => {
                let path = store.place("").into();
                return Err(DestinationError::NotADirectory { path }.into());
            }
            Err(fault) => return Err(store.error(connection.error(fault, cancel))),
        }
        let mut names = FreeNames::of(name);
        let (name, writing) = store.create(&connection, &mut names)?;
        let (hears, place) = (Arc::clone(notices), store.place(""));
        let tell = move || hears(Notice::TakesNothing { place });
        let mut writer = Self {
            stall: StallWatch::start(connection.control(), tell),
            part: format!("{name}.part"),
            name,
            names,
            connection,
            writing: Some(writing),
            store,
            bytes: 0,
            is_correctable: true,
            notices: notices.clone(),
            is_named: false,
        };
        if !writer.try_to_correct() {
            writer.begin_anew_in_order()?;
        }
        Ok(writer)
    }

    /// Tries on the empty file whether bytes can be written anew and cut off.
    fn try_to_correct(&mut self) -> bool {
        let Some(writing) = &mut self.writing else { return false };
        let tried = self.stall.over(|| {
            writing.write_at(0, b"trial")?;
            writing.settle()?;
            writing.write_at(0, b"again")?;
            writing.set_bytes(0)
        });
        tried.is_ok()
    }

    /// Begins the file once more, for a store that takes bytes only in their order. What it holds of the trial goes.
    fn begin_anew_in_order(&mut self) -> Result<(), TransportError> {
        self.is_correctable = false;
        if let Some(writing) = self.writing.take() {
            // That it could not be corrected is an error of the file.
            let _ = writing.close();
        }
        let path = self.store.path(&self.part);
        let removed = self.connection.session.remove(&path);
        removed
            .or_else(|fault| {
                if fault == StoreFault::NotFound {
                    Ok(())
                } else {
                    Err(fault)
                }
            })
            .map_err(|fault| self.error(fault))?;
        let begun = Writing::create(&self.connection.session, &path, 0);
        self.writing = Some(begun.map_err(|fault| self.error(fault))?);
        Ok(())
    }

    fn error(&self, fault: StoreFault) -> TransportError {
        if self.stall.has_ended_it() {
            let (place, after) = (self.store.place(""), stall::ENDED_AFTER);
            return DestinationError::Stalled { place, after }.into();
        }
        // OpenSSH's server has one word for all that its system refuses.
        let is_full = || {
            let room = self.connection.session.room(or_home(&self.store.directory));
            room.is_some_and(|bytes| bytes < FULL_BELOW_BYTES)
        };
        let fault = match fault {
            StoreFault::Refused { .. } if is_full() => StoreFault::Full,
            fault => fault,
        };
        self.store.error(self.connection.error(fault, &self.store.cancel))
    }

    /// Does something with the open file.
    fn with_file(&mut self, work: impl FnOnce(&mut Writing) -> Result<(), StoreFault>) -> Result<(), TransportError> {
        let done = match &mut self.writing {
            Some(writing) => self.stall.over(|| work(writing)),
            None => Err(StoreFault::Lost),
        };
        done.map_err(|fault| self.error(fault))
    }

    /// Has the store give the archive its name, or the next one where that is taken.
    fn name_it(&mut self) -> Result<(), TransportError> {
        let part = self.store.path(&self.part);
        loop {
            let session = self.connection.session.clone();
            let path = self.store.path(&self.name);
            // A store whose renaming replaces files has no other way to keep them.
            if is_free(session.stat_link(&path)).map_err(|fault| self.error(fault))? {
                match session.rename(&part, &path) {
                    Ok(()) => return self.check_named(&path),
                    Err(fault) if fault.ends_session() => return self.look_again(&path, fault),
                    // Somebody else took the name in between.
                    Err(StoreFault::Refused { .. }) if session.stat_link(&path).is_ok() => {}
                    Err(fault) => return Err(self.error(fault)),
                }
            }
            let Some(name) = self.names.next() else {
                let place = self.store.place(&self.name);
                return Err(DestinationError::Taken { place }.into());
            };
            self.name = name;
        }
    }

    /// Looks at the archive under its name.
    fn check_named(&mut self, path: &str) -> Result<(), TransportError> {
        match self.connection.session.stat(path) {
            Err(fault) if fault.ends_session() => self.look_again(path, fault),
            // That it has all of its bytes was seen before.
            Err(_) => Ok(()),
            found => self.check_bytes(found),
        }
    }

    /// Finds out over a new connection whether the archive got its name before the old one was lost.
    fn look_again(&mut self, path: &str, fault: StoreFault) -> Result<(), TransportError> {
        let lost = self.error(fault);
        self.store.cancel.check()?;
        let again = Connection::open(&self.store.reach, Some(self.store.services), &self.store.cancel);
        self.connection = again.map_err(|error| self.store.error(error))?;
        match self.connection.session.stat_link(&self.store.path(&self.part)) {
            Err(StoreFault::NotFound) => self.check_bytes(self.connection.session.stat(path)),
            _ => Err(lost),
        }
    }

    /// Makes sure that the store holds as many bytes as it was sent.
    fn check_bytes(&self, found: Result<Attributes, StoreFault>) -> Result<(), TransportError> {
        match found.map_err(|fault| self.error(fault))?.bytes {
            Some(bytes) if bytes == self.bytes => Ok(()),
            _ => {
                let place = self.store.place(&self.name);
                Err(DestinationError::NotKept { place }.into())
            }
        }
    }
}

/// Whether a name is free, by what is found there.
fn is_free(found: Result<Attributes, StoreFault>) -> Result<bool, StoreFault> {
    match found {
        Err(StoreFault::NotFound) => Ok(true),
        found => found.map(|_| false),
    }
}

impl Store<'_> {
    fn path(&self, name: &str) -> String {
        path_in_store(&self.directory, name)
    }

    fn location(&self, name: &str) -> Location {
        let path = if name.is_empty() {
            self.directory.clone()
        } else {
            self.path(name)
        };
        let reach = self.reach.clone();
        Location::Store { reach, path }
    }

    /// Returns where a name is, or the directory itself, for display.
    fn place(&self, name: &str) -> String {
        self.location(name).to_string()
    }

    fn error(&self, error: StoreError) -> TransportError {
        error.writing(self.place(""))
    }

    /// Creates the unfinished file of the first name that is free in both forms.
    fn create(&self, connection: &Connection, names: &mut FreeNames) -> Result<(String, Writing), TransportError> {
        let session = &connection.session;
        let failed = |fault| self.error(connection.error(fault, &self.cancel));
        for name in names.by_ref() {
            let (whole, part) = (self.path(&name), self.path(&format!("{name}.part")));
            let [whole, unfinished] = session.stat_links([&whole, &part]).map_err(failed)?;
            if is_free(whole).map_err(failed)? && is_free(unfinished).map_err(failed)? {
                let created = Writing::create(session, &part, WINDOW_BYTES).map_err(failed)?;
                return Ok((name, created));
            }
        }
        let place = self.place("");
        Err(DestinationError::Taken { place }.into())
    }

    /// Removes an unfinished file, over a new connection if need be.
    fn remove(&self, connection: &Connection, part: &str) -> Result<(), StoreError> {
        let path = self.path(part);
        let gone = |removed| match removed {
            Ok(()) | Err(StoreFault::NotFound) => Ok(()),
            Err(fault) => Err(fault),
        };
        if gone(connection.session.remove(&path)).is_ok() {
            return Ok(());
        }
        // What it still does would only come after the removal.
        connection.control().kill();
        let never = CancelToken::default();
        let again = Connection::open(&self.reach, Some(self.services), &never)?;
        gone(again.session.remove(&path)).map_err(|fault| again.error(fault, &never))
    }
}

impl Write for StoreWriter<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let position = self.bytes;
        self.with_file(|writing| writing.write_at(position, data))
            .map_err(io::Error::other)?;
        self.bytes += data.len() as u64;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // What is in flight is waited for at the end.
        Ok(())
    }
}

impl ArchiveWriter for StoreWriter<'_> {
    fn capabilities(&self) -> WriteCapabilities {
        WriteCapabilities {
            is_correctable: self.is_correctable,
            is_named_when_whole: true,
            is_readable_again: true,
        }
    }

    fn location(&self) -> Location {
        self.store.location(&self.name)
    }

    fn correct(&mut self, position: u64, data: &[u8]) -> io::Result<()> {
        self.with_file(|writing| writing.write_at(position, data))
            .map_err(io::Error::other)
    }

    fn take_back(&mut self, position: u64) -> io::Result<()> {
        self.with_file(|writing| writing.set_bytes(position))
            .map_err(io::Error::other)?;
        self.bytes = position;
        Ok(())
    }

    fn commit(mut self: Box<Self>) -> Result<Location, TransportError> {
        self.with_file(Writing::sync)?;
        if let Some(writing) = self.writing.take() {
            let closed = self.stall.over(|| writing.close());
            closed.map_err(|fault| self.error(fault))?;
        }
        self.check_bytes(self.connection.session.stat(&self.store.path(&self.part)))?;
        self.name_it()?;
        self.is_named = true;
        Ok(self.location())
    }
}

impl Drop for StoreWriter<'_> {
    fn drop(&mut self) {
        if self.is_named {
            return;
        }
        // A store that takes bytes in their order may keep a file when it is closed, so that this comes first. Of others the
        // answers to all that is in flight would have to be waited for.
        if let Some(writing) = self.writing.take().filter(|_| !self.is_correctable) {
            // It goes in any case.
            let _ = writing.close();
        }
        if let Err(error) = self.store.remove(&self.connection, &self.part) {
            let place = self.store.place(&self.part);
            log::warn!("an unfinished archive stays at {place}: {error}");
            (self.notices)(Notice::LeftBehind { place });
        }
    }
}
