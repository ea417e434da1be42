// SPDX-License-Identifier: GPL-3.0-or-later
//! Inventories in the form of version 3.2 and before (`QubesVmCollection`), converted into the form of today.
//!
//! What such a document says goes over; what only repeats the defaults of that time is dropped, so that a VM gets the
//! defaults of the system that it comes to. Nothing is guessed: what cannot be understood is left out, and what refers
//! to a VM that is not there keeps a name that no VM has, so that a plan can say that it is missing.

mod entries;
mod literal;
mod network;
mod vm;

use std::collections::BTreeMap;

use super::{
    Class, InventoryBound, InventoryError,
    document::MOST_DOMAINS,
    domain::DOM0,
    edit::{domain_element, item},
    empty,
    xml::Element,
};
use entries::{Numbers, Reference, Vm, is_none};
use network::Networks;

/// The outermost element.
pub(super) const ROOT: &str = "QubesVmCollection";

/// Global properties that name a VM by its number.
const VM_GLOBALS: [&str; 4] = ["clockvm", "default_netvm", "default_template", "updatevm"];

/// Converts a whole document.
pub(super) fn convert(old: &Element) -> Result<Element, InventoryError> {
    let vms = old.elements().filter_map(Vm::new);
    let vms = vms.collect::<Result<Vec<_>, _>>()?;
    if vms.len() > MOST_DOMAINS {
        return Err(InventoryError::TooLarge {
            what: InventoryBound::Vms,
        });
    }
    let mut numbers = Numbers::new(&vms)?;
    let mut domains = Element::new("domains");
    // The first versions had no dom0 in it.
    if !vms.iter().any(|vm| vm.class == Class::AdminVm) {
        domains.push(empty::dom0());
        numbers.names.entry(0).or_insert_with(|| DOM0.to_owned());
        numbers.taken.insert(DOM0.to_owned());
    }
    let mut networks = Networks::new(numbers.find(old.attribute("default_netvm")));
    for vm in &vms {
        let mut domain = vm.domain(&numbers)?;
        networks.connect(vm, &mut domain, &numbers);
        domains.push(domain_element(&domain)?);
    }
    for domain in networks.made_up(&numbers) {
        domains.push(domain_element(&domain)?);
    }
    Ok(Element::new("qubes")
        .with_child(empty::labels())
        .with_child(Element::new("pools"))
        .with_child(globals(old, &numbers))
        .with_child(domains))
}

fn globals(old: &Element, numbers: &Numbers) -> Element {
    let mut globals = BTreeMap::new();
    if let Some(kernel) = old.attribute("default_kernel") {
        globals.insert("default_kernel", if is_none(kernel) { "" } else { kernel });
    }
    for name in VM_GLOBALS {
        match numbers.find(old.attribute(name)) {
            Reference::Nobody => globals.insert(name, ""),
            Reference::Vm(vm) => globals.insert(name, vm),
            Reference::Unset | Reference::Missing(_) => None,
        };
    }
    let properties = globals
        .into_iter()
        .map(|(name, value)| item("property", name).with_text(value));
    properties.fold(Element::new("properties"), Element::with_child)
}

#[cfg(test)]
mod tests;
