// SPDX-License-Identifier: GPL-3.0-or-later
//! The names that VMs get here: what the user chose, else their own, else a free one where a rule says so.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    host::{LONGEST_VM_NAME, check_vm_name, is_valid_vm_name, nearest_vm_name},
    inventory::Class,
    plan::{OnConflict, RestoreProblem, RestoreRemark, RestoreRow},
};

use super::Resolver;

/// How many names are tried for a VM whose own is taken.
const RENAME_ATTEMPTS: u32 = 9999;

impl Resolver<'_> {
    /// Sets the name of every selected VM. No two rows without a problem have the same.
    pub(super) fn name_all(self, rows: &mut [RestoreRow]) {
        // Names that are not given away by a rule: those of the archive, of the host, and those that the user chose.
        let archived: BTreeSet<String> = rows.iter().map(|row| row.domain.name.clone()).collect();
        let is_named = |row: &&RestoreRow| row.is_selected && !row.is_home();
        let chosen = rows.iter().filter(is_named);
        let chosen = chosen.filter_map(|row| self.choices.names.get(&row.domain.name).cloned());
        let mut taken: BTreeSet<String> = chosen.collect();
        for row in rows.iter_mut().filter(|row| row.is_selected && !row.is_home()) {
            self.name(row, &archived, &mut taken);
        }
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for row in rows.iter().filter(is_named) {
            *count.entry(row.name_here.clone()).or_default() += 1;
        }
        for row in rows.iter_mut().filter(|row| row.is_selected && !row.is_home()) {
            if count.get(&row.name_here).is_some_and(|times| *times > 1) {
                row.problems.push(RestoreProblem::NameTwice);
            }
        }
    }

    fn name(self, row: &mut RestoreRow, archived: &BTreeSet<String>, taken: &mut BTreeSet<String>) {
        if matches!(row.domain.class, Class::Other(_) | Class::RemoteVm) {
            row.problems.push(RestoreProblem::ClassUnknown);
        }
        let chosen = self.choices.names.get(&row.domain.name);
        if let Some(name) = chosen {
            row.name_here.clone_from(name);
        }
        // Nobody asked for the name of what was made up.
        let policy = match self.choices.policy.on_conflict {
            _ if row.is_made_up() => OnConflict::Rename,
            policy => policy,
        };
        let is_here = |name: &str| self.system.vm(name).is_some();
        // A name that the user chose for another VM is that VM's.
        let is_anothers = chosen.is_none() && policy == OnConflict::Rename && taken.contains(&row.name_here);
        let problem = match check_vm_name(&row.name_here) {
            Err(why) => RestoreProblem::NameInvalid {
                why,
                is_chosen: chosen.is_some(),
            },
            Ok(()) if is_here(&row.name_here) || is_anothers => RestoreProblem::NameTaken,
            Ok(()) => return,
        };
        match policy {
            OnConflict::Rename if chosen.is_none() => {
                let is_free = |name: &str| !is_here(name) && !archived.contains(name) && !taken.contains(name);
                match free_name(&row.domain.name, is_free) {
                    Some(name) => {
                        taken.insert(name.clone());
                        row.name_here = name;
                    }
                    None => row.problems.push(problem),
                }
            }
            OnConflict::Skip if chosen.is_none() && problem == RestoreProblem::NameTaken => {
                row.is_selected = false;
                row.problems.clear();
                row.remarks.push(RestoreRemark::SkippedConflict);
            }
            _ => row.problems.push(problem),
        }
    }
}

/// A free name as near to that one as it can be: itself as far as a VM can have it, else `NAME-1`, `NAME-2`, ...,
/// with as much of it as fits.
fn free_name(name: &str, is_free: impl Fn(&str) -> bool) -> Option<String> {
    let nearest = nearest_vm_name(name);
    let is_usable = |candidate: &str| is_valid_vm_name(candidate) && is_free(candidate);
    if nearest != name && is_usable(&nearest) {
        return Some(nearest);
    }
    (1..=RENAME_ATTEMPTS).find_map(|number| {
        let suffix = format!("-{number}");
        let kept: String = nearest.chars().take(LONGEST_VM_NAME - suffix.len()).collect();
        Some(kept + &suffix).filter(|candidate| is_usable(candidate))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_names_are_tried_and_no_more() {
        let last = format!("work-{RENAME_ATTEMPTS}");
        assert_eq!(free_name("work", |name| name == last), Some(last.clone()));
        let beyond = format!("work-{}", RENAME_ATTEMPTS + 1);
        assert_eq!(free_name("work", |name| name == beyond), None);
    }
}
