// SPDX-License-Identifier: GPL-3.0-or-later
//! What is known of a live PedOS beside its record. It is asked for anew whenever a list is read, but for what an event
//! stream that is alive has not called out of date.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::{
    adminapi::{ListedVm, PowerState},
    cancel::CancelToken,
    host::{
        DOM0, HostError,
        picture::{BACKUP_TIME, BLOCK_DRIVER, DaemonVolume, KERNEL_DRIVER, Opener, Sight},
    },
    inventory::Inventory,
    units::MIB,
};

use super::daemon::LiveDaemon;

/// How often a list looks whether another one is read.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Held by a list while it is read, which may take as long as the daemon does.
    facts: Mutex<Facts>,
    /// How many event streams are alive. Without one nothing holds longer than one list.
    streams: AtomicUsize,
    /// What was called out of date and is not forgotten yet: an event waits for no list.
    stale: Mutex<Vec<Stale>>,
}

/// What was asked for, as far as it still holds.
#[derive(Debug, Default)]
struct Facts {
    globals: Option<BTreeMap<String, String>>,
    kernels: Option<Option<Vec<String>>>,
    free_bytes: BTreeMap<String, Option<u64>>,
    starts: BTreeMap<String, Option<i64>>,
    volumes: BTreeMap<(String, String), Option<DaemonVolume>>,
}

/// What an event says about what is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stale {
    /// Everything.
    All,
    /// What concerns the whole system.
    System,
    /// What concerns that VM.
    Vm(String),
    /// What concerns that VM, and the room in pools.
    VmAndRoom(String),
}

impl Facts {
    fn forget(&mut self, stale: &Stale) {
        match stale {
            Stale::All => *self = Self::default(),
            Stale::System => {
                self.globals = None;
                self.kernels = None;
                self.free_bytes.clear();
            }
            Stale::Vm(vm) | Stale::VmAndRoom(vm) => {
                if matches!(stale, Stale::VmAndRoom(_)) {
                    self.free_bytes.clear();
                }
                self.starts.remove(vm);
                self.volumes.retain(|(of, _), _| of != vm);
            }
        }
    }
}

impl Known {
    /// Takes what is known for itself. Another list may be waiting for the daemon.
    fn facts(&self, cancel: &CancelToken) -> Result<MutexGuard<'_, Facts>, HostError> {
        loop {
            cancel.check()?;
            match self.facts.try_lock() {
                Ok(facts) => return Ok(facts),
                Err(TryLockError::Poisoned(poisoned)) => return Ok(PoisonError::into_inner(poisoned)),
                Err(TryLockError::WouldBlock) => cancel.sleep(LOOK_AGAIN)?,
            }
        }
    }

    fn stale(&self) -> MutexGuard<'_, Vec<Stale>> {
        self.stale.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An event stream is alive from now on. What was asked for before it was may be out of date.
    pub(super) fn begin_stream(&self) {
        self.forget(Stale::All);
        self.streams.fetch_add(1, Ordering::SeqCst);
    }

    /// An event stream has ended.
    pub(super) fn end_stream(&self) {
        self.streams.fetch_sub(1, Ordering::SeqCst);
        self.forget(Stale::All);
    }

    /// Forgets what is out of date: what is known now, and what a list that is being read learns.
    pub(super) fn forget(&self, stale: Stale) {
        let mut known = self.stale();
        if !known.contains(&stale) {
            known.push(stale);
        }
    }

    /// Whether a VM ran when the list was read last.
    pub(super) fn is_running(&self, vm: &str, cancel: &CancelToken) -> Result<bool, HostError> {
        Ok(self.facts(cancel)?.starts.contains_key(vm))
    }

    /// Returns what is known of a system with that record, and asks for the rest; of VMs only for these, where some are
    /// named.
    pub(super) fn sight(
        &self,
        daemon: &LiveDaemon,
        record: &Inventory,
        only: Option<&[String]>,
        cancel: &CancelToken,
    ) -> Result<Sight, HostError> {
        let matters = |vm: &String| only.is_none_or(|vms| vms.contains(vm));
        // The calls of one list are made one after the other, so that two lists do not ask for the same.
        let mut facts = self.facts(cancel)?;
        if self.streams.load(Ordering::SeqCst) == 0 {
            *facts = Facts::default();
        }
        std::mem::take(&mut *self.stale())
            .iter()
            .for_each(|stale| facts.forget(stale));
        let listed = daemon.vms()?;
        let pools = record.pools();
        if facts.globals.is_none() {
            let globals = daemon.globals()?.into_iter();
            facts.globals = Some(globals.map(|global| (global.name, global.value.value)).collect());
        }
        if facts.kernels.is_none() {
            let pool = pools.iter().find(|pool| pool.driver == KERNEL_DRIVER);
            let kernels = pool.map(|pool| daemon.pool_volumes(&pool.name));
            facts.kernels = Some(told(kernels.transpose())?.flatten());
        }
        for pool in pools.iter().filter(|pool| pool.driver == BLOCK_DRIVER) {
            if !facts.free_bytes.contains_key(&pool.name) {
                let usage = told(daemon.pool_usage(&pool.name))?;
                let free = usage.and_then(|usage| Some(usage.data_size?.saturating_sub(usage.data_usage?)));
                // What changes by less is no news.
                facts
                    .free_bytes
                    .insert(pool.name.clone(), free.map(|bytes| bytes / MIB * MIB));
            }
        }
        let running: Vec<&ListedVm> = listed.iter().filter(|vm| is_running(vm)).collect();
        facts.starts.retain(|name, _| running.iter().any(|vm| vm.name == *name));
        for vm in &running {
            if matters(&vm.name) && !facts.starts.contains_key(&vm.name) {
                let start = told(daemon.property(&vm.name, "start_time"))?;
                let seconds = start.and_then(|text| text.parse::<f64>().ok()).map(|time| time as i64);
                facts.starts.insert(vm.name.clone(), seconds);
            }
        }
        ask_for_volumes(&mut facts, daemon, record, matters)?;
        let known = |(key, volume): (&(String, String), &Option<DaemonVolume>)| Some((key.clone(), (*volume)?));
        let free = |(pool, bytes): (&String, &Option<u64>)| Some((pool.clone(), (*bytes)?));
        Ok(Sight {
            running: running
                .iter()
                .map(|vm| (vm.name.clone(), facts.starts.get(&vm.name).copied().flatten()))
                .collect(),
            kernels: facts.kernels.clone().flatten(),
            globals: facts.globals.clone().unwrap_or_default(),
            opener: Opener::Helper {
                volumes: facts.volumes.iter().filter_map(known).collect(),
                free_bytes: facts.free_bytes.iter().filter_map(free).collect(),
            },
        })
    }
}

/// Asks for the sizes of volumes that are no files.
fn ask_for_volumes(
    facts: &mut Facts,
    daemon: &LiveDaemon,
    record: &Inventory,
    matters: impl Fn(&String) -> bool,
) -> Result<(), HostError> {
    let pools = record.pools();
    let is_block = |pool: &str| {
        pools
            .iter()
            .any(|known| known.name == pool && known.driver == BLOCK_DRIVER)
    };
    let mut there = Vec::new();
    for domain in record.domains() {
        let saved = domain.volumes.iter().filter(|volume| volume.save_on_stop);
        for volume in saved.filter(|volume| is_block(&volume.pool)) {
            let key = (domain.name.clone(), volume.name.clone());
            if matters(&domain.name) && !facts.volumes.contains_key(&key) {
                let found = told(daemon.volume(&domain.name, &volume.name))?;
                // Nobody compares it with a backup that was never made.
                let changed = match domain.property(BACKUP_TIME) {
                    Some(_) => told(daemon.changed_at(&domain.name, &volume.name))?.flatten(),
                    None => None,
                };
                let found = found.map(|volume| DaemonVolume {
                    size_bytes: volume.size,
                    used_bytes: volume.usage.unwrap_or(volume.size).min(volume.size),
                    changed,
                });
                facts.volumes.insert(key.clone(), found);
            }
            there.push(key);
        }
    }
    facts.volumes.retain(|key, _| there.contains(key));
    Ok(())
}

/// What the daemon told; nothing where it declined, and where the VM has gone since the list.
fn told<T>(answer: Result<T, HostError>) -> Result<Option<T>, HostError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_of_the_host() => Err(error),
        Err(error) => {
            log::debug!("{error}");
            Ok(None)
        }
    }
}

fn is_running(vm: &ListedVm) -> bool {
    vm.name != DOM0 && !matches!(vm.state, PowerState::Halted | PowerState::NotAvailable)
}
