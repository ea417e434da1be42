// SPDX-License-Identifier: GPL-3.0-or-later
//! Inventories in the form of version 3.2 and before (`QubesVmCollection`), converted into the form of today.
//!
//! What such a document says goes over; what only repeats the defaults of that time is dropped, so that a VM gets the
//! defaults of the system that it comes to. Nothing is guessed: what cannot be understood is left out, and what refers
//! to a VM that is not there keeps a name that no VM has, so that a plan can say that it is missing.

mod literal;
mod network;
mod vm;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Class, InventoryBound, InventoryError, InventoryFault,
    document::MOST_DOMAINS,
    domain::DOM0,
    edit::{domain_element, item},
    fresh,
    xml::Element,
};
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
        domains.push(fresh::dom0());
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
        .with_child(fresh::labels())
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

/// A VM of the old document.
struct Vm<'a> {
    element: &'a Element,
    name: &'a str,
    qid: u32,
    class: Class,
}

impl<'a> Vm<'a> {
    /// `None` for an element that is no VM.
    fn new(element: &'a Element) -> Option<Result<Self, InventoryError>> {
        let kind = element.name.strip_prefix("Qubes")?.strip_suffix("Vm")?;
        Some(Self::read(element, kind))
    }

    fn read(element: &'a Element, kind: &str) -> Result<Self, InventoryError> {
        let name = element.attribute("name").unwrap_or_default();
        let number = element.attribute("qid").and_then(|text| text.trim().parse().ok());
        let Some(qid) = number else {
            let name = name.to_owned();
            return Err(InventoryFault::NoNumber { name }.into());
        };
        let class = class(kind, qid, element);
        let name = if class == Class::AdminVm { DOM0 } else { name };
        if name.is_empty() {
            let id = qid.to_string();
            return Err(InventoryFault::NoName { id }.into());
        }
        Ok(Self {
            element,
            name,
            qid,
            class,
        })
    }

    fn attribute(&self, name: &str) -> Option<&'a str> {
        self.element.attribute(name)
    }

    /// A flag; `None` when the document does not say.
    fn flag(&self, name: &str) -> Option<bool> {
        self.attribute(name).map(|text| text.eq_ignore_ascii_case("true"))
    }
}

fn class(kind: &str, qid: u32, element: &Element) -> Class {
    match kind {
        "Template" | "TemplateH" => Class::TemplateVm,
        "Admin" | "Dom0Net" => Class::AdminVm,
        _ if qid == 0 => Class::AdminVm,
        "Disposable" => Class::DispVm,
        "App" | "H" | "Net" | "Proxy" | "Cow" | "" => match element.attribute("template_qid") {
            Some(template) if !is_none(template) => Class::AppVm,
            _ => Class::StandaloneVm,
        },
        _ => Class::Other(element.name.clone()),
    }
}

/// What the old document writes where there is nothing.
fn is_none(text: &str) -> bool {
    text.is_empty() || text.eq_ignore_ascii_case("none")
}

/// The names of the VMs by their numbers.
struct Numbers {
    names: BTreeMap<u32, String>,
    /// The names alone.
    taken: BTreeSet<String>,
}

/// What an attribute says that names a VM by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reference<'a> {
    /// There is no such attribute.
    Unset,
    /// It names no VM on purpose.
    Nobody,
    /// It names a VM of the document.
    Vm(&'a str),
    /// It names a VM that is not in the document; in its place a name that no VM has.
    Missing(String),
}

impl Numbers {
    fn new(vms: &[Vm<'_>]) -> Result<Self, InventoryError> {
        let mut names = BTreeMap::new();
        for vm in vms {
            if names.insert(vm.qid, vm.name.to_owned()).is_some() {
                return Err(InventoryFault::SameNumber { qid: vm.qid }.into());
            }
        }
        let taken = names.values().cloned().collect();
        Ok(Self { names, taken })
    }

    fn find(&self, number: Option<&str>) -> Reference<'_> {
        let Some(text) = number.map(str::trim) else {
            return Reference::Unset;
        };
        if is_none(text) {
            return Reference::Nobody;
        }
        let number = text.parse::<u32>().ok();
        if let Some(name) = number.and_then(|number| self.names.get(&number)) {
            return Reference::Vm(name);
        }
        let mut name = number.map_or("missing-qid".to_owned(), |number| format!("missing-qid-{number}"));
        while self.has(&name) {
            name.push('x');
        }
        Reference::Missing(name)
    }

    /// Whether a VM has that name.
    fn has(&self, name: &str) -> bool {
        self.taken.contains(name)
    }

    /// Numbers that no VM has, in their order.
    fn free(&self) -> impl Iterator<Item = u32> + '_ {
        (1..).filter(|qid| !self.names.contains_key(qid))
    }
}

#[cfg(test)]
mod tests;
