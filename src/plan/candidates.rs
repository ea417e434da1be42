// SPDX-License-Identifier: GPL-3.0-or-later
//! What can be chosen for a VM that is restored: what is here, and what is restored together with it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    host::{Reference, System},
    inventory::Class,
};

use super::{RestoreProblem, RestoreRow, RestoreTable, resolve::Kind};

/// What can be chosen for one VM, each list sorted, all of them names here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Candidates {
    /// Templates; empty for a class without one.
    pub templates: Vec<String>,
    /// Net VMs, without those that reach the network through the VM itself.
    pub netvms: Vec<String>,
    /// Disposable templates.
    pub dispvms: Vec<String>,
    /// Kernels; empty where it is not known which there are.
    pub kernels: Vec<String>,
    /// Pools within reach.
    pub pools: Vec<PoolOffer>,
}

/// A pool that volumes can go into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolOffer {
    /// Its name.
    pub name: String,
    /// The bytes that can still be written into it, where that is known.
    pub free_bytes: Option<u64>,
    /// Whether it is the host's default.
    pub is_default: bool,
}

impl RestoreTable {
    /// What can be chosen for a row of this table.
    pub fn candidates(&self, system: &System, row: &RestoreRow) -> Candidates {
        if row.is_home() {
            return Candidates::default();
        }
        let template = match row.domain.class {
            Class::DispVm => Kind::DispVmTemplate,
            _ => Kind::Template,
        };
        let mut netvms = self.names(system, Kind::NetVm);
        let below = self.below(row);
        netvms.retain(|name| !below.contains(name.as_str()));
        Candidates {
            templates: if row.domain.class.has_template() {
                self.names(system, template)
            } else {
                Vec::new()
            },
            netvms: netvms.into_iter().collect(),
            dispvms: self.names(system, Kind::DispVmTemplate).into_iter().collect(),
            kernels: system.kernels.clone().unwrap_or_default(),
            pools: pools(system),
        }
    }

    /// The names here of all VMs of a kind that will be here. One with a problem counts: it can be solved.
    fn names(&self, system: &System, kind: Kind) -> Vec<String> {
        let here = system.vms.iter().filter(|vm| kind.fits_vm(vm));
        let restored = self.selected().filter(|row| !row.is_home() && kind.fits_row(row));
        let names = here.map(|vm| &vm.name).chain(restored.map(|row| &row.name_here));
        let names: BTreeSet<&String> = names.collect();
        names.into_iter().cloned().collect()
    }

    /// What a row reaches the network through, or will once what stands against that is solved: as long as a VM of
    /// the archive cannot be used, another one of its name or the default takes its place.
    fn leads_to<'t>(&'t self, row: &'t RestoreRow) -> Option<&'t str> {
        let missing = row.problems.iter().find_map(|problem| match problem {
            RestoreProblem::NetVmMissing { name, .. } => Some(name.as_str()),
            _ => None,
        });
        let archived = row.domain.property("netvm").filter(|_| row.netvm == Reference::Default);
        let name = missing.or(row.netvm.name()).or(archived)?;
        let restored = self.selected().find(|other| other.domain.name == name);
        Some(restored.map_or(name, |other| other.name_here.as_str()))
    }

    /// The names here of a row and of all that reach the network through it.
    fn below<'t>(&'t self, row: &'t RestoreRow) -> BTreeSet<&'t str> {
        let through: BTreeMap<&str, &str> = self
            .selected()
            .filter_map(|row| Some((row.name_here.as_str(), self.leads_to(row)?)))
            .collect();
        let start = row.name_here.as_str();
        let reaches = |name: &&str| {
            let mut current = *name;
            // No way is longer than there are VMs; a circle among the others does not lead here.
            for _ in 0..=through.len() {
                match through.get(current) {
                    Some(next) if *next == start => return true,
                    Some(next) => current = next,
                    None => return false,
                }
            }
            false
        };
        through.keys().copied().filter(reaches).chain([start]).collect()
    }
}

/// The pools of a host that volumes can go into.
pub fn pools(system: &System) -> Vec<PoolOffer> {
    let default = system.globals.get("default_pool");
    let reachable = system.pools.iter().filter(|pool| pool.is_reachable);
    let offers = reachable.map(|pool| PoolOffer {
        name: pool.name.clone(),
        free_bytes: pool.free_bytes,
        is_default: default == Some(&pool.name),
    });
    offers.collect()
}
