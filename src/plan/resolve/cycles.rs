// SPDX-License-Identifier: GPL-3.0-or-later
//! Net VMs that reach the network through each other.
//!
//! Templates cannot form a circle: an AppVM is based on a TemplateVM, which is based on nothing, and a disposable on an
//! AppVM; anything else is a template of the wrong kind. A disposable template may name itself as its own default.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::RestoreRow;

/// The names in the archive of all usable rows that reach the network through themselves.
pub(super) fn find(rows: &[RestoreRow], usable: &BTreeSet<String>) -> BTreeSet<String> {
    let next: BTreeMap<&str, (&str, &str)> = rows
        .iter()
        .filter(|row| row.is_selected && usable.contains(&row.domain.name))
        .filter_map(|row| Some((row.name_here.as_str(), (row.netvm.name()?, row.domain.name.as_str()))))
        .collect();
    let mut found = BTreeSet::new();
    let mut done = BTreeSet::new();
    for start in next.keys() {
        let mut path = Vec::new();
        let mut current = *start;
        while !done.contains(current) {
            let Some((through, archived)) = next.get(current) else {
                break;
            };
            done.insert(current);
            path.push((current, *archived));
            current = through;
        }
        if let Some(begin) = path.iter().position(|(name, _)| *name == current) {
            found.extend(path[begin..].iter().map(|(_, archived)| (*archived).to_owned()));
        }
    }
    found
}
