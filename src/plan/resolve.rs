// SPDX-License-Identifier: GPL-3.0-or-later
//! Works out the table of a restore: what becomes of every VM here, and what stands in the way.
//!
//! VMs depend on each other, and the order of an inventory says nothing about it. So the rows are gone over until
//! nothing changes any more: a VM that has a problem or is left out is no template and no net VM for another.

mod changes;
mod cycles;
mod devices;
mod links;
mod made_up;
mod names;
mod peers;
mod resolver;

use std::collections::BTreeSet;

use crate::{
    host::{Reference, System},
    inventory::{Domain, Inventory},
};

pub(super) use self::peers::Kind;
use self::{peers::Peers, resolver::Resolver};
use super::{RestoreChoices, RestoreProblem, RestoreRemark, RestoreRow, RestoreTable};

/// Works out what happens to each VM of the archive, from what the host has and what the user decided.
pub fn resolve(inventory: &Inventory, system: &System, choices: &RestoreChoices) -> RestoreTable {
    let mut rows: Vec<RestoreRow> = inventory.domains().into_iter().filter_map(new_row).collect();
    rows.sort_by_key(RestoreRow::is_home);
    let resolver = Resolver { system, choices };
    for row in &mut rows {
        resolver.select(row);
    }
    made_up::leave_out(&mut rows, resolver);
    if choices.policy.verify_only {
        return RestoreTable { rows };
    }
    resolver.name_all(&mut rows);
    for row in rows.iter_mut().filter(|row| row.is_selected) {
        resolver.check_home(row);
        resolver.check_data(row);
        resolver.place(row);
    }
    resolver.link_until_settled(&mut rows);
    made_up::leave_out(&mut rows, resolver);
    resolver.settle(&mut rows);
    RestoreTable { rows }
}

fn new_row(domain: Domain) -> Option<RestoreRow> {
    let content = domain.content()?;
    Some(RestoreRow::new(domain, content))
}

impl Resolver<'_> {
    fn select(self, row: &mut RestoreRow) {
        let selected = self.choices.selected.as_ref();
        row.is_selected = selected.is_none_or(|selected| selected.contains(&row.domain.name));
        if !row.is_selected {
            row.remarks.push(RestoreRemark::LeftOut);
        }
    }

    fn check_home(self, row: &mut RestoreRow) {
        let policy = &self.choices.policy;
        if !row.is_home() || policy.ignore_user_mismatch || policy.accept_missing {
            return;
        }
        let Some(here) = &self.system.user else { return };
        let archived = row.content.path.last();
        if archived != here {
            row.problems.push(RestoreProblem::UserMismatch {
                archived: archived.to_owned(),
                here: here.clone(),
            });
        }
    }

    fn check_data(self, row: &mut RestoreRow) {
        if let Some(what) = self.choices.missing.get(&row.domain.name) {
            row.problems.push(RestoreProblem::DataMissing { what: what.clone() });
        }
    }

    /// Finds kernel and pool, which no other row has a part in.
    fn place(self, row: &mut RestoreRow) {
        if row.is_home() {
            return;
        }
        self.find_kernel(row);
        let chosen = self.choices.pools.get(&row.domain.name);
        row.pool = chosen.or(self.choices.pool.as_ref()).cloned();
        let Some(name) = &row.pool else { return };
        match self.system.pools.iter().find(|pool| pool.name == *name) {
            None => row.problems.push(RestoreProblem::PoolMissing { name: name.clone() }),
            Some(pool) if !pool.is_reachable => row.problems.push(RestoreProblem::PoolOutOfReach {
                name: name.clone(),
                driver: pool.driver.clone(),
            }),
            Some(_) => {}
        }
    }

    fn find_kernel(self, row: &mut RestoreRow) {
        let chosen = self.choices.kernels.get(&row.domain.name);
        if let Some(chosen) = chosen {
            row.kernel = chosen.clone();
        }
        let (Some(name), Some(kernels)) = (row.kernel.name(), &self.system.kernels) else {
            return;
        };
        let policy = &self.choices.policy;
        if kernels.iter().any(|kernel| kernel == name) || policy.accept_missing {
            return;
        }
        if (policy.ignore_missing || policy.default_missing) && chosen.is_none() {
            row.kernel = Reference::Default;
        } else {
            row.problems.push(RestoreProblem::KernelMissing {
                name: name.to_owned(),
                is_chosen: chosen.is_some(),
            });
        }
    }

    /// Goes over the rows until nothing changes. The rows that others can refer to only become fewer, so it ends.
    fn link_until_settled(self, rows: &mut [RestoreRow]) {
        let mut usable: BTreeSet<String> = BTreeSet::new();
        let is_usable = |row: &&RestoreRow| row.is_selected && row.problems.is_empty() && !row.is_home();
        usable.extend(rows.iter().filter(is_usable).map(|row| row.domain.name.clone()));
        let mut in_cycles = BTreeSet::new();
        loop {
            self.skip_broken(rows);
            let peers = Peers::new(rows, &usable, self.choices);
            for row in rows.iter_mut().filter(|row| row.is_selected && !row.is_home()) {
                row.problems.retain(|problem| !links::is_link_problem(problem));
                let is_in_cycle = in_cycles.contains(&row.domain.name);
                self.link(row, &peers, is_in_cycle);
            }
            let before = usable.len();
            let left: BTreeSet<&str> = rows
                .iter()
                .filter(is_usable)
                .map(|row| row.domain.name.as_str())
                .collect();
            usable.retain(|name| left.contains(name.as_str()));
            if usable.len() == before {
                let found = cycles::find(rows, &usable);
                if found.is_empty() {
                    break;
                }
                in_cycles.extend(found);
            }
        }
        self.skip_broken(rows);
    }

    fn skip_broken(self, rows: &mut [RestoreRow]) {
        if !self.choices.policy.skip_broken {
            return;
        }
        for row in rows
            .iter_mut()
            .filter(|row| row.is_selected && !row.problems.is_empty())
        {
            let problems = std::mem::take(&mut row.problems);
            row.is_selected = false;
            row.remarks.push(RestoreRemark::SkippedBroken { problems });
        }
    }

    /// What depends on the final selection, and what is worth knowing.
    fn settle(self, rows: &mut [RestoreRow]) {
        let selected = rows.iter().filter(|row| row.is_selected && !row.is_home());
        let usable = selected.map(|row| row.domain.name.clone()).collect();
        let peers = Peers::new(rows, &usable, self.choices);
        for row in rows.iter_mut().filter(|row| row.is_selected && !row.is_home()) {
            self.link_properties(row, &peers);
            self.link_tags(row, &peers);
            self.find_devices(row, &peers);
            changes::note(row, self);
        }
    }
}

#[cfg(test)]
mod tests;
