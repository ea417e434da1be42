// SPDX-License-Identifier: GPL-3.0-or-later
//! All that the daemon knows.

use std::collections::BTreeMap;

use super::{Class, Pool, Vm};

/// The state of the daemon, as a test sees it.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// dom0 first, then in the order in which they were made.
    pub vms: Vec<Vm>,
    /// In the order of their index, which begins with 1.
    pub labels: Vec<Label>,
    /// In the order of the list.
    pub pools: Vec<Pool>,
    /// The settings of the whole system that are not default.
    pub settings: BTreeMap<String, String>,
    /// The kernels that are installed.
    pub kernels: Vec<String>,
    /// Devices that can be attached or assigned.
    pub devices: Vec<Device>,
}

/// A label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its number.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// `0xRRGGBB`.
    pub color: String,
}

/// A device that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// `pci`, `block`.
    pub class: String,
    /// The VM that has it.
    pub backend: String,
    /// The port, with `_` for `:`.
    pub port: String,
    /// What it is.
    pub identity: String,
}

impl State {
    /// The VM of that name.
    #[must_use]
    pub fn vm(&self, name: &str) -> Option<&Vm> {
        self.vms.iter().find(|vm| vm.name == name)
    }

    pub(crate) fn vm_mut(&mut self, name: &str) -> Option<&mut Vm> {
        self.vms.iter_mut().find(|vm| vm.name == name)
    }

    /// The label of that name.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&Label> {
        self.labels.iter().find(|label| label.name == name)
    }

    /// The pool of that name.
    #[must_use]
    pub fn pool(&self, name: &str) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.name == name)
    }

    /// All VMs, dom0 first, then by name.
    pub(crate) fn sorted(&self) -> Vec<&Vm> {
        let mut vms: Vec<&Vm> = self.vms.iter().collect();
        vms.sort_by_key(|vm| (vm.class != Class::Admin, &vm.name));
        vms
    }

    /// The imports that were begun and not ended: VM and volume.
    #[must_use]
    pub fn open_imports(&self) -> Vec<(String, String)> {
        let volumes = self
            .vms
            .iter()
            .flat_map(|vm| vm.volumes.iter().map(move |volume| (vm, volume)));
        volumes
            .filter(|(_, volume)| volume.import_bytes.is_some())
            .map(|(vm, volume)| (vm.name.clone(), volume.name.clone()))
            .collect()
    }
}
