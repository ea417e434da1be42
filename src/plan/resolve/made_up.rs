// SPDX-License-Identifier: GPL-3.0-or-later
//! VMs that an archive only implies: old formats name disposables that have no data of their own. They are made only
//! if something that is restored refers to them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    host::Reference,
    plan::{RestoreRemark, RestoreRow},
};

use super::{Kind, Resolver};

/// Leaves out the made-up VMs that nothing refers to, and all of them where nothing is made at all.
pub(super) fn leave_out(rows: &mut [RestoreRow], resolver: Resolver<'_>) {
    let is_candidate = |row: &&RestoreRow| row.is_selected && row.is_made_up() && !row.is_home();
    if !rows.iter().any(|row| is_candidate(&row)) {
        return;
    }
    let needed = if resolver.choices.policy.verify_only {
        BTreeSet::new()
    } else {
        needed(rows, resolver)
    };
    for row in rows.iter_mut().filter(|row| is_candidate(&&**row)) {
        let why = if !needed.contains(&row.domain.name) {
            RestoreRemark::NotNeeded
        } else if resolver.has_one_like(row) {
            RestoreRemark::FoundHere
        } else {
            continue;
        };
        row.is_selected = false;
        row.problems.clear();
        row.remarks.push(why);
    }
}

/// The names in the archive of all made-up VMs that a restored VM refers to, be it through another.
fn needed(rows: &[RestoreRow], resolver: Resolver<'_>) -> BTreeSet<String> {
    let by_name: BTreeMap<&str, &RestoreRow> = rows.iter().map(|row| (row.domain.name.as_str(), row)).collect();
    let mut needed = BTreeSet::new();
    let mut open: Vec<&RestoreRow> = rows.iter().filter(|row| row.is_selected && !row.is_made_up()).collect();
    while let Some(row) = open.pop() {
        for name in resolver.references(row) {
            let found = by_name.get(name.as_str());
            if let Some(found) = found.filter(|found| found.is_made_up() && found.is_selected)
                && needed.insert(name)
            {
                open.push(found);
            }
        }
    }
    needed
}

impl Resolver<'_> {
    /// Whether the host has the VM that was made up, be it from a restore before. It counts only if its disposables
    /// reach the same network.
    fn has_one_like(self, row: &RestoreRow) -> bool {
        let is_named = self.choices.names.contains_key(&row.domain.name);
        let vm = self.system.vm(&row.domain.name).filter(|_| !is_named);
        let netvm = Reference::of_property(row.domain.property("netvm"));
        vm.is_some_and(|vm| Kind::DispVmTemplate.fits_vm(vm) && vm.netvm == netvm)
    }

    /// The VMs of the archive that a row refers to as the user has it.
    fn references(self, row: &RestoreRow) -> Vec<String> {
        let name = &row.domain.name;
        let archived = |property| Reference::of_property(row.domain.property(property));
        let template = self.choices.templates.get(name).cloned().map(Reference::Named);
        let pairs = [
            (template, archived("template")),
            (self.choices.netvms.get(name).cloned(), archived("netvm")),
            (self.choices.dispvms.get(name).cloned(), archived("default_dispvm")),
        ];
        let named = pairs.into_iter().filter_map(|(chosen, archived)| match chosen {
            // A name that nobody has yet can be the one that a rule gives to the VM of the archive.
            Some(Reference::Named(name)) if self.system.vm(&name).is_none() => {
                let original = self.choices.names.iter().find(|(_, here)| **here == name);
                match (original, archived) {
                    (Some((original, _)), _) => Some(original.clone()),
                    (None, Reference::Named(archived)) if name.starts_with(&archived) => Some(archived),
                    (None, _) => Some(name),
                }
            }
            Some(_) => None,
            None => archived.name().map(str::to_owned),
        });
        named.collect()
    }
}
