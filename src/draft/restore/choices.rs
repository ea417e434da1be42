// SPDX-License-Identifier: GPL-3.0-or-later
//! What the user decides about the VMs of an archive, and what there is to choose from.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    host::Reference,
    plan::{
        Candidates, Cure, DevicePort, Missing, OnConflict, PoolOffer, RestoreChoices, RestorePolicy, RestoreTable,
        pools, resolve,
    },
};

use super::{RestoreDraft, resolved::Resolved};

impl RestoreDraft {
    /// Whether a VM of the archive is selected.
    pub fn is_selected(&self, name: &str) -> bool {
        self.selected.contains(name)
    }

    /// Replaces the selection.
    pub fn select(&mut self, names: impl IntoIterator<Item = String>) {
        self.selected = names.into_iter().collect();
    }

    /// Selects one more VM.
    pub fn select_too(&mut self, vm: &str) {
        self.selected.insert(vm.to_owned());
    }

    /// Leaves a VM out that was selected.
    pub fn leave_out(&mut self, vm: &str) {
        self.selected.remove(vm);
    }

    /// Leaves out every VM that cannot be restored as things stand. What remains can be.
    pub fn leave_out_blocked(&mut self) {
        while let Some(table) = self.table() {
            let blocked: Vec<&str> = table.blocked().map(|row| row.domain.name.as_str()).collect();
            let before = self.selected.len();
            blocked.iter().for_each(|name| self.leave_out(name));
            // What a left out VM was made up for goes with it, and is not among those that were selected.
            if self.selected.len() == before {
                break;
            }
        }
    }

    /// Sets the name that a VM gets here; the empty name is the one in the archive.
    pub fn set_name(&mut self, vm: &str, name: &str) {
        let name = Some(name).filter(|name| !name.is_empty());
        set(&mut self.choices.names, vm, name.map(str::to_owned));
    }

    /// Sets the template that a VM gets here; `None` is what the archive says.
    pub fn set_template(&mut self, vm: &str, template: Option<String>) {
        set(&mut self.choices.templates, vm, template);
    }

    /// Sets the net VM that a VM gets here; `None` is what the archive says.
    pub fn set_netvm(&mut self, vm: &str, netvm: Option<Reference>) {
        set(&mut self.choices.netvms, vm, netvm);
    }

    /// Sets the default disposable template that a VM gets here; `None` is what the archive says.
    pub fn set_dispvm(&mut self, vm: &str, dispvm: Option<Reference>) {
        set(&mut self.choices.dispvms, vm, dispvm);
    }

    /// Sets the kernel that a VM gets here; `None` is what the archive says.
    pub fn set_kernel(&mut self, vm: &str, kernel: Option<Reference>) {
        set(&mut self.choices.kernels, vm, kernel);
    }

    /// Puts the volumes of a VM into a pool; `None` is the pool of all.
    pub fn set_pool(&mut self, vm: &str, pool: Option<String>) {
        set(&mut self.choices.pools, vm, pool);
    }

    /// Puts the volumes of all VMs that have no pool of their own into a pool; `None` is the host's default.
    pub fn set_pool_of_all(&mut self, pool: Option<String>) {
        self.choices.pool = pool;
    }

    /// The pool of all VMs that have none of their own, if one was chosen.
    pub fn pool_of_all(&self) -> Option<&str> {
        self.choices.pool.as_deref()
    }

    /// The pools of the host that volumes can go into.
    pub fn pools(&self) -> Vec<PoolOffer> {
        self.system.as_deref().map(pools).unwrap_or_default()
    }

    /// Keeps or drops one device of a VM.
    pub fn set_device(&mut self, vm: &str, port: &DevicePort, is_kept: bool) {
        let devices = self.choices.devices.entry(vm.to_owned()).or_default();
        devices.insert(port.clone(), is_kept);
    }

    /// Takes of which VMs the archive does not hold everything, with what is missing, from a look at the archive.
    pub fn set_missing(&mut self, missing: BTreeMap<String, Missing>) {
        self.choices.missing = missing;
    }

    /// Does what cures a problem of a VM, if nothing more has to be chosen for it. Returns whether that was so; else the
    /// user chooses from what [`Self::candidates`] offers, or types a name.
    pub fn apply(&mut self, vm: &str, cure: &Cure) -> bool {
        match cure {
            Cure::RestoreToo { name } => self.select_too(name),
            Cure::LeaveOut => self.leave_out(vm),
            Cure::IgnoreMissing => self.ignores_missing = true,
            Cure::IgnoreUserMismatch => self.ignores_user_mismatch = true,
            // A taken name gets a free one unless the user insisted on it.
            Cure::RenameConflicting => self.set_name(vm, ""),
            Cure::ChooseName
            | Cure::ChooseTemplate
            | Cure::ChooseNetVm
            | Cure::ChooseDispVm
            | Cure::ChooseKernel
            | Cure::ChoosePool
            | Cure::SolveFirst { .. } => return false,
        }
        true
    }

    /// The decisions in the words of a plan.
    pub fn choices(&self) -> RestoreChoices {
        RestoreChoices {
            selected: Some(self.selected.clone()),
            policy: RestorePolicy {
                ignore_missing: self.ignores_missing,
                default_missing: false,
                accept_missing: false,
                skip_broken: false,
                on_conflict: OnConflict::Rename,
                drop_devices: self.drops_devices,
                ignore_user_mismatch: self.ignores_user_mismatch,
                verify_only: self.verifies_only,
            },
            ..self.choices.clone()
        }
    }

    /// What happens to each VM of the archive, as far as both sides are known.
    pub fn table(&self) -> Option<Arc<RestoreTable>> {
        let (archive, system) = (self.archive()?, self.system.as_ref()?);
        let choices = self.choices();
        let mut resolved = self.resolved.borrow_mut();
        if let Some(known) = &*resolved
            && Arc::ptr_eq(&known.archive, archive)
            && Arc::ptr_eq(&known.system, system)
            && known.choices == choices
        {
            return Some(Arc::clone(&known.table));
        }
        let table = Arc::new(resolve(&archive.inventory, system, &choices));
        *resolved = Some(Resolved {
            archive: Arc::clone(archive),
            system: Arc::clone(system),
            choices,
            table: Arc::clone(&table),
        });
        Some(table)
    }

    /// What can be chosen for a VM of the archive, as far as both sides are known.
    pub fn candidates(&self, table: &RestoreTable, vm: &str) -> Candidates {
        match (self.system.as_ref(), table.row(vm)) {
            (Some(system), Some(row)) => table.candidates(system, row),
            _ => Candidates::default(),
        }
    }
}

fn set<T>(map: &mut BTreeMap<String, T>, key: &str, value: Option<T>) {
    match value {
        Some(value) => map.insert(key.to_owned(), value),
        None => map.remove(key),
    };
}
