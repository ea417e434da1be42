// SPDX-License-Identifier: GPL-3.0-or-later
//! What a restore has begun and not completed. Dropping it ends the imports badly and takes the VMs away: that is what
//! happens when the caller goes without a word.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    IN_PROGRESS_TAG,
    daemon::{Daemon, Verdict},
    fault::HelperFault,
};

/// From when on a VM is known to be restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// There was none of that name.
    BeforeItsCreation,
    /// It was there already.
    SomeTime,
}

/// What is begun.
pub(super) struct Incomplete {
    daemon: Daemon,
    /// The VMs in the order in which they were begun.
    vms: Vec<(String, Since)>,
    /// The imports that are open, by VM and volume, with the place that takes the data.
    imports: BTreeMap<(String, String), PathBuf>,
}

impl Incomplete {
    pub(super) fn new(daemon: Daemon) -> Self {
        Self {
            daemon,
            vms: Vec::new(),
            imports: BTreeMap::new(),
        }
    }

    /// Takes note of a VM that is being restored.
    pub(super) fn add(&mut self, vm: String, since: Since) {
        self.vms.retain(|(known, _)| *known != vm);
        self.vms.push((vm, since));
    }

    /// Hears that a VM carries the tag: from now on one of that name without it is another one.
    pub(super) fn is_tagged(&mut self, vm: &str) {
        let known = self.vms.iter_mut().find(|(known, _)| known == vm);
        if let Some((_, since)) = known {
            *since = Since::SomeTime;
        }
    }

    /// Forgets a VM that is complete, or gone; imports of it that are open went with it.
    pub(super) fn settle(&mut self, vm: &str) {
        self.vms.retain(|(known, _)| known != vm);
        self.imports.retain(|(of, _), _| of != vm);
    }

    /// Takes note of an import.
    pub(super) fn begin(&mut self, vm: String, volume: String, path: PathBuf) {
        self.imports.insert((vm, volume), path);
    }

    /// Ends an import. One that could not be ended stays known, and is ended badly at last.
    pub(super) fn end(&mut self, vm: String, volume: String, verdict: Verdict) -> Result<(), HelperFault> {
        let key = (vm, volume);
        let Some(path) = self.imports.get(&key) else {
            return Err(HelperFault::NotBeingRestored);
        };
        self.daemon.end_import(&key.0, &key.1, verdict, path)?;
        self.imports.remove(&key);
        Ok(())
    }

    /// Ends all imports badly and takes all VMs away.
    pub(super) fn take_away(&mut self) {
        for ((vm, volume), path) in std::mem::take(&mut self.imports) {
            // The VM goes next, and its volumes with it.
            let _ = self.daemon.end_import(&vm, &volume, Verdict::Bad, &path);
        }
        let mut left = std::mem::take(&mut self.vms);
        // A VM that another one names cannot be removed before that one. What others are based on was begun first.
        loop {
            let before = left.len();
            left.reverse();
            left.retain(|(vm, since)| self.is_unfinished(vm, *since) && self.daemon.remove(vm).is_err());
            left.reverse();
            if left.is_empty() || left.len() == before {
                return;
            }
        }
    }

    /// Whether it is the VM that was begun. A caller that dies right after it created a VM has not tagged it yet. Of others
    /// only the tag tells that nobody made a VM of that name meanwhile.
    fn is_unfinished(&self, vm: &str, since: Since) -> bool {
        since == Since::BeforeItsCreation || self.daemon.has_tag(vm, IN_PROGRESS_TAG) == Ok(true)
    }
}

impl Drop for Incomplete {
    fn drop(&mut self) {
        self.take_away();
    }
}
