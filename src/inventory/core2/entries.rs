// SPDX-License-Identifier: GPL-3.0-or-later
//! The VMs of an old document, and their names by their numbers.

use std::collections::{BTreeMap, BTreeSet};

use crate::inventory::{Class, InventoryError, InventoryFault, domain::DOM0, xml::Element};

/// A VM of the old document.
pub(super) struct Vm<'a> {
    pub(super) element: &'a Element,
    pub(super) name: &'a str,
    pub(super) qid: u32,
    pub(super) class: Class,
}

impl<'a> Vm<'a> {
    /// `None` for an element that is no VM.
    pub(super) fn new(element: &'a Element) -> Option<Result<Self, InventoryError>> {
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

    pub(super) fn attribute(&self, name: &str) -> Option<&'a str> {
        self.element.attribute(name)
    }

    /// A flag; `None` when the document does not say.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
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
pub(super) fn is_none(text: &str) -> bool {
    text.is_empty() || text.eq_ignore_ascii_case("none")
}

/// The names of the VMs by their numbers.
pub(super) struct Numbers {
    pub(super) names: BTreeMap<u32, String>,
    /// The names alone.
    pub(super) taken: BTreeSet<String>,
}

/// What an attribute says that names a VM by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference<'a> {
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
    pub(super) fn new(vms: &[Vm<'_>]) -> Result<Self, InventoryError> {
        let mut names = BTreeMap::new();
        for vm in vms {
            if names.insert(vm.qid, vm.name.to_owned()).is_some() {
                return Err(InventoryFault::SameNumber { qid: vm.qid }.into());
            }
        }
        let taken = names.values().cloned().collect();
        Ok(Self { names, taken })
    }

    pub(super) fn find(&self, number: Option<&str>) -> Reference<'_> {
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
    pub(super) fn has(&self, name: &str) -> bool {
        self.taken.contains(name)
    }

    /// Numbers that no VM has, in their order.
    pub(super) fn free(&self) -> impl Iterator<Item = u32> + '_ {
        (1..).filter(|qid| !self.names.contains_key(qid))
    }
}
