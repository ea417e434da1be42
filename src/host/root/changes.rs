// SPDX-License-Identifier: GPL-3.0-or-later
//! Changes of a root folder, found by a cheap look: what the file system says of the record, of the folders that VMs and
//! kernels have their names in, and of the volumes. No file is opened, nothing of a home is looked at, and the record is
//! read only when it is another file.
//!
//! A look rather than inotify: it works on every file system, file servers among them, and it needs none of the watches
//! that a user has only so many of.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::record::Record;
use crate::{
    cancel::CancelToken,
    host::{Changes, HostError, Stamp, layout::Layout, picture},
    units::MIB,
};

/// How often a folder is looked at: soon enough for someone who starts a VM and turns back to the list.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Room on a disk is news when it changes by more than this part of what there was, and by more than these bytes.
const ROOM_SHARE: u64 = 16;
const LEAST_ROOM_BYTES: u64 = 64 * MIB;

/// What is remembered of a root folder.
#[derive(Debug)]
pub(super) struct FolderChanges {
    layout: Layout,
    record: Record,
    cancel: CancelToken,
    watched: Watched,
    seen: Seen,
}

/// The places that are looked at. They follow from the record, and are found anew when that has changed.
#[derive(Debug)]
struct Watched {
    paths: Vec<PathBuf>,
    /// The folders of the pools, of which the free room counts too.
    pools: Vec<PathBuf>,
}

/// What was found at one time.
#[derive(Debug)]
struct Seen {
    stamps: Vec<Option<Stamp>>,
    free_bytes: Vec<Option<u64>>,
}

impl FolderChanges {
    pub(super) fn new(layout: &Layout, record: &Record, cancel: &CancelToken) -> Result<Self, HostError> {
        let watched = Watched::of(layout, record)?;
        Ok(Self {
            layout: layout.clone(),
            record: record.clone(),
            cancel: cancel.clone(),
            seen: watched.look(),
            watched,
        })
    }

    fn has_changed(&mut self) -> Result<bool, HostError> {
        let now = self.watched.look();
        if now.stamps == self.seen.stamps && !now.has_other_room(&self.seen) {
            return Ok(false);
        }
        // The look comes after the list of places, so that a change between the two is found the next time.
        self.watched = Watched::of(&self.layout, &self.record)?;
        self.seen = self.watched.look();
        Ok(true)
    }
}

impl Seen {
    /// Returns whether there is so much more or less room than before that it may decide whether something fits. Every
    /// other program on the same disk changes the room a little, all the time.
    fn has_other_room(&self, before: &Self) -> bool {
        let differs = |(now, before): (&Option<u64>, &Option<u64>)| match (now, before) {
            (Some(now), Some(before)) => now.abs_diff(*before) > (before / ROOM_SHARE).max(LEAST_ROOM_BYTES),
            (now, before) => now != before,
        };
        self.free_bytes.iter().zip(&before.free_bytes).any(differs)
    }
}

impl Changes for FolderChanges {
    fn wait(&mut self, timeout: Duration) -> Result<bool, HostError> {
        let start = Instant::now();
        loop {
            self.cancel.check()?;
            if self.has_changed()? {
                return Ok(true);
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(false);
            }
            self.cancel.sleep(left.min(LOOK_EVERY))?;
        }
    }
}

impl Watched {
    fn of(layout: &Layout, record: &Record) -> Result<Self, HostError> {
        let inventory = record.read()?;
        let mut paths = vec![
            layout.record(),
            layout.running(),
            layout.kernels(),
            layout.homes(),
            layout.groups(),
        ];
        let pools = inventory.pools();
        for domain in inventory.domains() {
            paths.extend(layout.vm(&domain.class, &domain.name));
            let saved = domain.volumes.iter().filter(|volume| volume.save_on_stop);
            paths.extend(saved.filter_map(|volume| {
                let pool = pools.iter().find(|pool| pool.name == volume.pool)?;
                layout.volume(pool, &volume.vid)
            }));
        }
        Ok(Self {
            paths,
            pools: pools.iter().filter_map(|pool| layout.pool(pool)).collect(),
        })
    }

    fn look(&self) -> Seen {
        let stamp = |path: &PathBuf| fs::metadata(path).ok().map(|found| Stamp::of(&found));
        let free = |path: &PathBuf| picture::free_bytes(Path::new(path));
        Seen {
            stamps: self.paths.iter().map(stamp).collect(),
            free_bytes: self.pools.iter().map(free).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_more_or_less_room_is_no_news() {
        let seen = |free_bytes: Option<u64>| Seen {
            stamps: Vec::new(),
            free_bytes: vec![free_bytes],
        };
        let is_news = |before, now| seen(now).has_other_room(&seen(before));
        assert!(!is_news(Some(1000 * MIB), Some(940 * MIB)));
        assert!(is_news(Some(1000 * MIB), Some(900 * MIB)));
        assert!(is_news(Some(1000 * MIB), Some(1100 * MIB)));
        assert!(!is_news(Some(100_000 * MIB), Some(99_000 * MIB)));
        assert!(is_news(Some(100_000 * MIB), Some(90_000 * MIB)));
        assert!(is_news(None, Some(0)) && is_news(Some(0), None) && !is_news(None, None));
    }
}
