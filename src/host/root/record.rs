// SPDX-License-Identifier: GPL-3.0-or-later
//! The record of the VMs (`qubes.xml`) on the disk: read when it has changed, changed under a lock, replaced whole.
//!
//! A restore makes thousands of small changes, and writing a record of 300 VMs and syncing it for each would take
//! minutes. So the first change takes a lock that other programs respect, the changes after it are made in memory, and
//! all of them are written together: when [`Record::commit`] is called, and at the latest [`DELAY`] after the first one.
//! Each write is a new file that takes the old one's name after it has been synced, so that a crash at any moment leaves
//! a whole record, old or new, at most [`DELAY`] behind. What could not be written is reported by the next call.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::fs::{FlockOperation, flock};

use crate::{
    cancel::CancelToken,
    durable,
    host::{HostError, Operation},
    inventory::Inventory,
};

/// How long changes may wait in memory: long enough to gather those of a VM, short enough to lose nothing of note.
const DELAY: Duration = Duration::from_millis(200);
/// How long to wait for another program that changes the record; each holds the lock for about [`DELAY`].
const PATIENCE: Duration = Duration::from_secs(20);
/// How often to look whether the other program is done.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// The mode of a record that was not there before: dom0's user shares it with the system through a group.
const MODE: u32 = 0o660;

/// The record. Clones are the same record.
#[derive(Debug, Clone)]
pub(super) struct Record {
    owner: Arc<Owner>,
    /// Ends the wait for another program that has the lock.
    cancel: CancelToken,
}

/// Writes what is left to write when the last clone goes. The thread that writes late changes holds only what is shared,
/// and ends with the process.
#[derive(Debug)]
struct Owner {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    inventory: Arc<Inventory>,
    /// The file that `inventory` was read from or written to.
    stamp: Stamp,
    /// Held while there are changes that are not on the disk.
    lock: Option<File>,
    /// A thread is on its way to write them.
    is_awaited: bool,
    /// The last write failed.
    has_failed: bool,
}

/// Tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp([i64; 6]);

impl Record {
    /// Reads the record.
    pub(super) fn open(path: PathBuf) -> Result<Self, HostError> {
        let (inventory, stamp) = load(&path)?;
        Ok(Self {
            owner: Arc::new(Owner {
                shared: Arc::new(Shared {
                    path,
                    state: Mutex::new(State {
                        inventory,
                        stamp,
                        lock: None,
                        is_awaited: false,
                        has_failed: false,
                    }),
                }),
            }),
            cancel: CancelToken::default(),
        })
    }

    /// The same record. Its changes give up waiting for another program when the token is cancelled.
    pub(super) fn with_cancel(&self, cancel: &CancelToken) -> Self {
        Self {
            owner: Arc::clone(&self.owner),
            cancel: cancel.clone(),
        }
    }

    fn shared(&self) -> &Shared {
        &self.owner.shared
    }

    /// The record as it is now, changes that are not yet on the disk included.
    pub(super) fn read(&self) -> Result<Arc<Inventory>, HostError> {
        let shared = self.shared();
        self.cancel.check()?;
        let mut state = shared.state();
        if state.lock.is_none() {
            state.refresh(&shared.path)?;
        }
        Ok(Arc::clone(&state.inventory))
    }

    /// Changes the record. A change that fails must not have changed anything.
    pub(super) fn edit<T>(&self, change: impl FnOnce(&mut Inventory) -> Result<T, HostError>) -> Result<T, HostError> {
        let (mut state, fresh_lock) = self.to_change()?;
        let result = change(Arc::make_mut(&mut state.inventory));
        if result.is_ok() && fresh_lock.is_some() {
            state.lock = fresh_lock;
        }
        if result.is_ok() && !state.is_awaited {
            // Where the system has no thread for it, the next change or the commit brings it to the disk.
            state.is_awaited = self.write_late();
        }
        result
    }

    /// Changes the record and brings it to the disk. Where either fails, the change is neither in memory nor on the disk.
    pub(super) fn edit_at_once<T>(
        &self,
        change: impl FnOnce(&mut Inventory) -> Result<T, HostError>,
    ) -> Result<T, HostError> {
        let (mut state, fresh_lock) = self.to_change()?;
        let is_alone = fresh_lock.is_some();
        let before = Arc::clone(&state.inventory);
        let mut changed = Inventory::clone(&before);
        let result = change(&mut changed)?;
        state.inventory = Arc::new(changed);
        state.lock = fresh_lock.or_else(|| state.lock.take());
        if let Err(error) = state.write(&self.shared().path) {
            state.inventory = before;
            state.take_back(&self.shared().path, is_alone);
            return Err(error);
        }
        Ok(result)
    }

    /// Brings all changes to the disk, or says why that could not be done.
    pub(super) fn commit(&self) -> Result<(), HostError> {
        self.shared().state().write(&self.shared().path)
    }

    /// Returns whether the changes will be written without being asked for.
    fn write_late(&self) -> bool {
        let shared = Arc::clone(&self.owner.shared);
        let late = thread::Builder::new().spawn(move || {
            thread::sleep(DELAY);
            let mut state = shared.state();
            state.is_awaited = false;
            if let Err(error) = state.write(&shared.path) {
                log::warn!("{error}; will be tried again");
            }
            // Nothing here may take the lock again before another program that waits for it has looked.
            thread::sleep(2 * LOOK_AGAIN);
            drop(state);
        });
        late.is_ok()
    }

    /// Returns the record as it may be changed, and the lock that programs which change it respect, if it had to be taken.
    /// The lock is on the folder, so that no file is left. While another program has it, the record can be read here.
    fn to_change(&self) -> Result<(MutexGuard<'_, State>, Option<File>), HostError> {
        let shared = self.shared();
        let start = Instant::now();
        loop {
            self.cancel.check()?;
            let mut state = shared.state();
            if state.has_failed {
                state.write(&shared.path)?;
            }
            if state.lock.is_some() {
                return Ok((state, None));
            }
            if let Some(lock) = shared.try_lock()? {
                state.refresh(&shared.path)?;
                return Ok((state, Some(lock)));
            }
            drop(state);
            let after = start.elapsed();
            if after >= PATIENCE {
                let path = shared.folder();
                return Err(HostError::RecordLocked { path, after });
            }
            self.cancel.sleep(LOOK_AGAIN)?;
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if let Err(error) = self.shared.state().write(&self.shared.path) {
            log::error!("{error}");
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = state.write(&self.path) {
            log::error!("the last changes are lost: {error}");
        }
    }
}

impl Shared {
    fn folder(&self) -> PathBuf {
        self.path.with_file_name("")
    }

    /// Returns the lock, or `None` while another program has it.
    fn try_lock(&self) -> Result<Option<File>, HostError> {
        let failed = |error| HostError::io(Operation::Lock(self.folder()), error);
        let file = File::open(self.folder()).map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(file)),
            Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => Ok(None),
            Err(error) => Err(failed(error.into())),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A change that panicked left a whole tree: elements are made first and put in last.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn refresh(&mut self, path: &Path) -> Result<(), HostError> {
        let now = fs::metadata(path).map_err(|error| reading(path, error))?;
        if stamp(&now) != self.stamp {
            (self.inventory, self.stamp) = load(path)?;
        }
        Ok(())
    }

    fn write(&mut self, path: &Path) -> Result<(), HostError> {
        if self.lock.is_none() {
            return Ok(());
        }
        let result = durable::replace(path, &self.inventory.to_xml(), MODE).and_then(|()| fs::metadata(path));
        self.has_failed = result.is_err();
        let written = result.map_err(|error| HostError::io(Operation::Write(path.to_owned()), error))?;
        self.stamp = stamp(&written);
        self.lock = None;
        Ok(())
    }

    /// Undoes a write that failed. It may have failed after the file had got its name, when the folder was synced: then
    /// the content of before is written again. `is_alone` says that nothing else waits to be written.
    fn take_back(&mut self, path: &Path, is_alone: bool) {
        let is_in_place = fs::metadata(path).is_ok_and(|now| stamp(&now) != self.stamp);
        if is_in_place {
            if let Err(error) = self.write(path) {
                log::warn!("{error}; will be tried again");
            }
        } else if is_alone {
            self.lock = None;
            self.has_failed = false;
        }
    }
}

fn load(path: &Path) -> Result<(Arc<Inventory>, Stamp), HostError> {
    let read = || {
        let file = File::open(path)?;
        let stamp = stamp(&file.metadata()?);
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(&file, LARGEST_BYTES + 1), &mut bytes)?;
        Ok((bytes, stamp))
    };
    let (bytes, stamp) = read().map_err(|error| reading(path, error))?;
    Ok((Arc::new(Inventory::parse_record(&bytes)?), stamp))
}

/// As much as an inventory may have; one byte more is enough for it to be refused.
const LARGEST_BYTES: u64 = 64 << 20;

fn reading(path: &Path, error: io::Error) -> HostError {
    HostError::io(Operation::Read(path.to_owned()), error)
}

fn stamp(file: &fs::Metadata) -> Stamp {
    Stamp([
        file.ino().cast_signed(),
        file.size().cast_signed(),
        file.mtime(),
        file.mtime_nsec(),
        file.ctime(),
        file.ctime_nsec(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        durable::faults::fail_syncs_of_folders,
        inventory::{Class, Domain},
    };

    #[test]
    fn a_change_whose_folder_cannot_be_synced_does_not_stay_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("qubes.xml");
        fs::write(&path, Inventory::empty().to_xml()).unwrap();
        let record = Record::open(path.clone()).unwrap();
        let add = |record: &Record| {
            record.edit_at_once(|record| {
                Ok(record.insert_domain(&Domain {
                    name: "a".to_owned(),
                    class: Class::AppVm,
                    qid: 1,
                    properties: vec![("name".to_owned(), "a".to_owned())],
                    ..Domain::default()
                })?)
            })
        };
        let before = fs::read(&path).unwrap();
        // The second time the sync fails also when the record of before is put back, which has its name by then.
        for failures in [1, 2] {
            fail_syncs_of_folders(failures);
            assert!(matches!(add(&record), Err(HostError::Io { .. })));
            assert_eq!(fs::read(&path).unwrap(), before);
            assert!(record.read().unwrap().domain("a").is_none());
        }
        add(&record).unwrap();
        let after = Inventory::parse(&fs::read(&path).unwrap()).unwrap();
        assert!(after.domain("a").is_some());
    }

    #[test]
    fn a_record_is_read_up_to_the_size_of_an_inventory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("qubes.xml");
        let load_of = |bytes: u64| {
            File::create(&path).unwrap().set_len(bytes).unwrap();
            load(&path).err().unwrap().to_string()
        };
        // Zeros are no record, but of the size of one.
        assert_ne!(load_of(LARGEST_BYTES), load_of(LARGEST_BYTES + 1));
        assert_eq!(load_of(LARGEST_BYTES + 1), load_of(LARGEST_BYTES + 9999));
    }
}
