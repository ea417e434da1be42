// SPDX-License-Identifier: GPL-3.0-or-later
//! The names that machines get here: what the user chose, else their own, else a free one where a rule says so.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    host::{LONGEST_MACHINE_NAME, is_valid_machine_name},
    inventory::Class,
    plan::{OnConflict, RestoreProblem, RestoreRemark, RestoreRow},
};

use super::Resolver;

/// How many names are tried for a machine whose own is taken.
const RENAME_ATTEMPTS: u32 = 9999;

impl Resolver<'_> {
    /// Gives every selected machine its name. No two rows without a problem have the same.
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
        if !is_valid_machine_name(&row.name_here) {
            row.problems.push(RestoreProblem::NameInvalid);
            return;
        }
        let is_here = |name: &str| self.system.machine(name).is_some();
        let is_free = |name: &str| !is_here(name) && !archived.contains(name) && !taken.contains(name);
        let policy = self.choices.policy.on_conflict;
        // A name that the user chose for another machine is that machine's.
        let is_anothers = chosen.is_none() && taken.contains(&row.name_here);
        if policy == OnConflict::Rename && chosen.is_none() && (is_here(&row.name_here) || is_anothers) {
            match free_name(&row.domain.name, is_free) {
                Some(name) => {
                    taken.insert(name.clone());
                    row.name_here = name;
                }
                None => row.problems.push(RestoreProblem::NameTaken),
            }
        } else if is_here(&row.name_here) {
            if policy == OnConflict::Skip && chosen.is_none() {
                row.is_selected = false;
                row.problems.clear();
                row.remarks.push(RestoreRemark::SkippedConflict);
            } else {
                row.problems.push(RestoreProblem::NameTaken);
            }
        }
    }
}

/// `NAME-1`, `NAME-2`, ..., with as much of the name as fits.
fn free_name(name: &str, is_free: impl Fn(&str) -> bool) -> Option<String> {
    (1..=RENAME_ATTEMPTS).find_map(|number| {
        let suffix = format!("-{number}");
        let kept: String = name.chars().take(LONGEST_MACHINE_NAME - suffix.len()).collect();
        Some(kept + &suffix).filter(|candidate| is_free(candidate))
    })
}
