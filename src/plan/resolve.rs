// SPDX-License-Identifier: GPL-3.0-or-later
//! Works out the table of a restore: names, templates and net VMs of every machine, and what stands in the way.
//!
//! Machines depend on each other, and the order of an inventory says nothing about it. So the rows are gone over until
//! nothing changes any more: a machine that has a problem or is left out is no template and no net VM for another.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    host::{LONGEST_MACHINE_NAME, Reference, System, is_valid_machine_name},
    inventory::{Class, Domain, Inventory},
};

use super::{OnConflict, RestoreChoices, RestoreProblem, RestoreRemark, RestoreRow, RestoreTable};

/// How many names are tried for a machine whose own is taken.
const RENAME_ATTEMPTS: u32 = 9999;

/// Works out what happens to each machine of the archive, from what the host has and what the user decided.
pub fn resolve(inventory: &Inventory, system: &System, choices: &RestoreChoices) -> RestoreTable {
    let mut rows: Vec<RestoreRow> = inventory
        .domains()
        .into_iter()
        .filter_map(|domain| new_row(domain, choices))
        .collect();
    rows.sort_by_key(RestoreRow::is_home);
    if choices.policy.verify_only {
        return RestoreTable { rows };
    }
    let resolver = Resolver { system, choices };
    resolver.name_all(&mut rows, &archive_names(inventory));
    resolver.check_home(&mut rows);
    // Each round can only take machines away from the others, so it ends after as many rounds as there are rows.
    while resolver.link_all(&mut rows) {}
    for row in &mut rows {
        note_changes(row);
    }
    RestoreTable { rows }
}

fn archive_names(inventory: &Inventory) -> BTreeSet<String> {
    inventory
        .domains()
        .into_iter()
        .filter(|domain| domain.content().is_some())
        .map(|domain| domain.name)
        .collect()
}

fn new_row(domain: Domain, choices: &RestoreChoices) -> Option<RestoreRow> {
    let content = domain.content()?;
    let is_selected = choices
        .selected
        .as_ref()
        .is_none_or(|selected| selected.contains(&domain.name));
    Some(RestoreRow {
        content,
        is_selected,
        name_here: domain.name.clone(),
        template: domain
            .property("template")
            .filter(|name| !name.is_empty())
            .map(str::to_owned),
        netvm: archived_netvm(&domain),
        problems: Vec::new(),
        remarks: if is_selected {
            Vec::new()
        } else {
            vec![RestoreRemark::LeftOut]
        },
        domain,
    })
}

fn archived_netvm(domain: &Domain) -> Reference {
    Reference::of_property(domain.property("netvm"))
}

/// What the existing tools write for "yes".
fn is_true(domain: &Domain, property: &str) -> bool {
    !matches!(
        domain
            .property(property)
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str(),
        "" | "false" | "0" | "no" | "off"
    )
}

/// What one round of linking knows of the rows: the usable ones, by their name in the archive.
struct Usable {
    name_here: String,
    class: Class,
    provides_network: bool,
    template_for_dispvms: bool,
}

struct Resolver<'a> {
    system: &'a System,
    choices: &'a RestoreChoices,
}

impl Resolver<'_> {
    fn name_all(&self, rows: &mut [RestoreRow], archive_names: &BTreeSet<String>) {
        let mut taken: BTreeSet<String> = self.choices.names.values().cloned().collect();
        for row in rows.iter_mut().filter(|row| row.is_selected && !row.is_home()) {
            self.name(row, archive_names, &taken);
            taken.insert(row.name_here.clone());
        }
        let mut count = BTreeMap::new();
        for row in rows.iter().filter(|row| row.is_selected && !row.is_home()) {
            *count.entry(row.name_here.clone()).or_insert(0) += 1;
        }
        for row in rows.iter_mut().filter(|row| row.is_selected && !row.is_home()) {
            if count.get(&row.name_here).is_some_and(|times| *times > 1) {
                row.problems.push(RestoreProblem::NameTwice);
            }
        }
    }

    fn name(&self, row: &mut RestoreRow, archive_names: &BTreeSet<String>, taken: &BTreeSet<String>) {
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
        if self.system.machine(&row.name_here).is_none() {
            return;
        }
        let free =
            |name: &str| self.system.machine(name).is_none() && !archive_names.contains(name) && !taken.contains(name);
        match self.choices.policy.on_conflict {
            OnConflict::Rename if chosen.is_none() => match free_name(&row.domain.name, free) {
                Some(name) => row.name_here = name,
                None => row.problems.push(RestoreProblem::NameTaken),
            },
            OnConflict::Skip if chosen.is_none() => {
                row.is_selected = false;
                row.remarks.push(RestoreRemark::SkippedConflict);
            }
            _ => row.problems.push(RestoreProblem::NameTaken),
        }
    }

    fn check_home(&self, rows: &mut [RestoreRow]) {
        let policy = &self.choices.policy;
        if policy.ignore_user_mismatch || policy.accept_missing {
            return;
        }
        let Some(here) = &self.system.user else { return };
        for row in rows.iter_mut().filter(|row| row.is_home() && row.is_selected) {
            let archived = row.content.path.rsplit('/').next().unwrap_or_default().to_owned();
            if archived != *here {
                row.problems.push(RestoreProblem::UserMismatch {
                    archived,
                    here: here.clone(),
                });
            }
        }
    }

    /// Finds template and net VM of every row, from the rows that were usable after the round before. Gives whether a
    /// row stopped being usable.
    fn link_all(&self, rows: &mut [RestoreRow]) -> bool {
        let usable: BTreeMap<String, Usable> = rows
            .iter()
            .filter(|row| row.is_selected && row.problems.is_empty())
            .map(|row| {
                let usable = Usable {
                    name_here: row.name_here.clone(),
                    class: row.domain.class.clone(),
                    provides_network: is_true(&row.domain, "provides_network"),
                    template_for_dispvms: is_true(&row.domain, "template_for_dispvms"),
                };
                (row.domain.name.clone(), usable)
            })
            .collect();
        for row in rows.iter_mut().filter(|row| row.is_selected && !row.is_home()) {
            row.problems.retain(|problem| {
                !matches!(
                    problem,
                    RestoreProblem::TemplateMissing { .. } | RestoreProblem::NetVmMissing { .. }
                )
            });
            self.link_template(row, &usable);
            self.link_netvm(row, &usable);
        }
        if self.choices.policy.skip_broken {
            for row in rows
                .iter_mut()
                .filter(|row| row.is_selected && !row.problems.is_empty())
            {
                row.is_selected = false;
                row.problems.clear();
                row.remarks.push(RestoreRemark::SkippedBroken);
            }
        }
        let is_usable = |row: &&RestoreRow| row.is_selected && row.problems.is_empty();
        rows.iter().filter(is_usable).count() < usable.len()
    }

    fn link_template(&self, row: &mut RestoreRow, usable: &BTreeMap<String, Usable>) {
        let is_disposable = row.domain.class == Class::DispVm;
        let fits_here = |name: &str| {
            self.system.machine(name).is_some_and(|machine| {
                if is_disposable {
                    machine.template_for_dispvms
                } else {
                    machine.class == Class::TemplateVm
                }
            })
        };
        let fits = |row: &&Usable| {
            if is_disposable {
                row.template_for_dispvms
            } else {
                row.class == Class::TemplateVm
            }
        };
        if !row.domain.class.has_template() {
            row.template = None;
            return;
        }
        let archived = row.domain.property("template").filter(|name| !name.is_empty());
        if let Some(chosen) = self.choices.templates.get(&row.domain.name) {
            row.template = Some(chosen.clone());
            if !fits_here(chosen) && !usable.values().filter(fits).any(|other| other.name_here == *chosen) {
                row.problems
                    .push(RestoreProblem::TemplateMissing { name: chosen.clone() });
            }
            return;
        }
        let Some(archived) = archived else { return };
        if let Some(restored) = usable.get(archived).filter(fits) {
            row.template = Some(restored.name_here.clone());
        } else if fits_here(archived) || self.choices.policy.accept_missing {
            row.template = Some(archived.to_owned());
        } else {
            let default = if is_disposable {
                "default_dispvm"
            } else {
                "default_template"
            };
            let default = self.system.globals.get(default).filter(|name| fits_here(name));
            match default.filter(|_| self.choices.policy.ignore_missing) {
                Some(default) => row.template = Some(default.clone()),
                None => row.problems.push(RestoreProblem::TemplateMissing {
                    name: archived.to_owned(),
                }),
            }
        }
    }

    fn link_netvm(&self, row: &mut RestoreRow, usable: &BTreeMap<String, Usable>) {
        let fits_here = |name: &str| {
            self.system
                .machine(name)
                .is_some_and(|machine| machine.provides_network)
        };
        if let Some(chosen) = self.choices.netvms.get(&row.domain.name) {
            row.netvm = chosen.clone();
            if let Reference::Named(name) = chosen {
                let is_restored = usable
                    .values()
                    .any(|other| other.provides_network && other.name_here == *name);
                if !fits_here(name) && !is_restored {
                    row.problems.push(RestoreProblem::NetVmMissing { name: name.clone() });
                }
            }
            return;
        }
        let Reference::Named(archived) = archived_netvm(&row.domain) else {
            return;
        };
        if let Some(restored) = usable.get(&archived).filter(|other| other.provides_network) {
            row.netvm = Reference::Named(restored.name_here.clone());
        } else if fits_here(&archived) || self.choices.policy.accept_missing {
            row.netvm = Reference::Named(archived);
        } else if self.choices.policy.ignore_missing {
            row.netvm = Reference::Default;
        } else {
            row.problems.push(RestoreProblem::NetVmMissing { name: archived });
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

fn note_changes(row: &mut RestoreRow) {
    if !row.is_selected {
        return;
    }
    if row.name_here != row.domain.name {
        row.remarks.push(RestoreRemark::Renamed {
            to: row.name_here.clone(),
        });
    }
    if let (Some(from), Some(to)) = (row.domain.property("template"), &row.template)
        && from != to
        && !row.is_home()
    {
        row.remarks.push(RestoreRemark::TemplateChanged {
            from: from.to_owned(),
            to: to.clone(),
        });
    }
    if let Reference::Named(from) = archived_netvm(&row.domain)
        && row.netvm != Reference::Named(from.clone())
    {
        row.remarks.push(RestoreRemark::NetVmChanged {
            from,
            to: row.netvm.clone(),
        });
    }
}
