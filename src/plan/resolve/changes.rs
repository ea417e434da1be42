// SPDX-License-Identifier: GPL-3.0-or-later
//! What will be different from the archive, for the user to know before anything is done.

use crate::{
    host::{Reference, check_vm_name},
    plan::{Renaming, RestoreRemark, RestoreRow},
};

use super::Resolver;

/// Notes what changes about a VM that is restored.
pub(super) fn note(row: &mut RestoreRow, resolver: Resolver<'_>) {
    let mut remarks = Vec::new();
    // A name that no VM can have is a problem of the row, and nothing that will happen.
    if row.name_here != row.domain.name && check_vm_name(&row.name_here).is_ok() {
        remarks.push(RestoreRemark::Renamed {
            from: row.domain.name.clone(),
            to: row.name_here.clone(),
            why: renaming(row, resolver),
        });
    }
    let template = row.domain.property("template").filter(|name| !name.is_empty());
    if let (Some(from), Some(to)) = (template, &row.template)
        && from != to
    {
        let (from, to) = (from.to_owned(), to.clone());
        remarks.push(RestoreRemark::TemplateChanged { from, to });
    }
    let changed = |property, to: &Reference| {
        let from = Reference::of_property(row.domain.property(property));
        (from != *to).then(|| (from, to.clone()))
    };
    let netvm = changed("netvm", &row.netvm);
    remarks.extend(netvm.map(|(from, to)| RestoreRemark::NetVmChanged { from, to }));
    let dispvm = changed("default_dispvm", &row.dispvm);
    remarks.extend(dispvm.map(|(from, to)| RestoreRemark::DispVmChanged { from, to }));
    let kernel = changed("kernel", &row.kernel);
    remarks.extend(kernel.map(|(from, to)| RestoreRemark::KernelChanged { from, to }));
    remarks.extend(row.pool.clone().map(|name| RestoreRemark::PoolChosen { name }));
    // What changes of the VM itself comes before what is left out of it.
    remarks.append(&mut row.remarks);
    row.remarks = remarks;
}

/// Why a VM gets another name.
fn renaming(row: &RestoreRow, resolver: Resolver<'_>) -> Renaming {
    let name = &row.domain.name;
    if resolver.choices.names.contains_key(name) {
        Renaming::Chosen
    } else if check_vm_name(name).is_err() {
        Renaming::Invalid
    } else if resolver.system.vm(name).is_some() {
        Renaming::TakenHere
    } else {
        Renaming::TakenByAnother
    }
}
