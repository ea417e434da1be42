// SPDX-License-Identifier: GPL-3.0-or-later
//! Net VMs of old VMs and of their disposables.
//!
//! In version 3.2 a VM said which net VM its disposables use; today it names a VM that they are made from. So one
//! is made up for each such net VM that is not the default, as the existing restorer does it.

use std::collections::BTreeMap;

use crate::inventory::{Class, Domain, marks};

use super::entries::{Numbers, Reference, Vm};

/// The longest name of a VM, in characters.
const LONGEST_NAME: usize = 31;

/// The net VMs of the document.
pub(super) struct Networks<'a> {
    default: Reference<'a>,
    /// The names of the VMs that are made up, by the net VM of their disposables.
    made_up: BTreeMap<Option<&'a str>, String>,
}

impl<'a> Networks<'a> {
    pub(super) fn new(default: Reference<'a>) -> Self {
        Self {
            default,
            made_up: BTreeMap::new(),
        }
    }

    /// Sets what a VM and its disposables reach the network through.
    pub(super) fn connect(&mut self, vm: &Vm<'_>, domain: &mut Domain, numbers: &'a Numbers) {
        if domain.class == Class::AdminVm {
            return;
        }
        let netvm = own(vm, numbers);
        match &netvm {
            Reference::Unset => {}
            Reference::Nobody => set(domain, "netvm", ""),
            Reference::Vm(name) => set(domain, "netvm", name),
            Reference::Missing(name) => set(domain, "netvm", name),
        }
        let of_disposables = match (vm.flag("uses_default_dispvm_netvm"), netvm) {
            // Version 3.2 wrote the first of these attributes; the existing restorer reads the second.
            (Some(false), _) => given(vm, &["dispvm_netvm", "dispvm_netvm_qid"], numbers),
            (_, Reference::Unset) => self.default.clone(),
            (_, netvm) => netvm,
        };
        // Without a known default nothing can be said to differ from it.
        if of_disposables == self.default || matches!(self.default, Reference::Unset | Reference::Missing(_)) {
            return;
        }
        match of_disposables {
            Reference::Nobody => self.set_dispvm(domain, None, numbers),
            Reference::Vm(name) => self.set_dispvm(domain, Some(name), numbers),
            Reference::Unset | Reference::Missing(_) => {}
        }
    }

    fn set_dispvm(&mut self, domain: &mut Domain, netvm: Option<&'a str>, numbers: &Numbers) {
        if !self.made_up.contains_key(&netvm) {
            let wanted = format!("disp-{}", netvm.unwrap_or("no-netvm"));
            let is_taken = |name: &str| self.made_up.values().any(|other| other == name);
            let name = if fits(&wanted) && !is_taken(&wanted) {
                wanted
            } else {
                let first = self.made_up.len() + 1;
                shortened(&wanted, first, |name| is_taken(name) || numbers.has(name))
            };
            self.made_up.insert(netvm, name);
        }
        set(domain, "default_dispvm", &self.made_up[&netvm]);
    }

    /// The VMs to make disposables from. One that the document has already under that name is left as it is.
    pub(super) fn made_up(self, numbers: &Numbers) -> Vec<Domain> {
        let missing = self.made_up.into_iter().filter(|(_, name)| !numbers.has(name));
        let made_up = missing.zip(numbers.free());
        made_up
            .map(|((netvm, name), qid)| made_up_domain(name, qid, netvm))
            .collect()
    }
}

/// What a VM itself reaches the network through.
fn own<'a>(vm: &Vm<'_>, numbers: &'a Numbers) -> Reference<'a> {
    let is_kind = |kind| vm.element.name == kind;
    match vm.flag("uses_default_netvm") {
        Some(false) => given(vm, &["netvm_qid"], numbers),
        // Nothing was above a net VM, and it was not written for it.
        None if is_kind("QubesNetVm") => Reference::Nobody,
        // A proxy VM never followed the default, and that was not written either.
        None if is_kind("QubesProxyVm") => numbers.find(vm.attribute("netvm_qid")),
        _ if is_kind("QubesNetVm") => Reference::Nobody,
        _ => Reference::Unset,
    }
}

/// The net VM of the first attribute that is there; none of them means none.
fn given<'a>(vm: &Vm<'_>, attributes: &[&str], numbers: &'a Numbers) -> Reference<'a> {
    let text = attributes.iter().find_map(|name| vm.attribute(name));
    numbers.find(Some(text.unwrap_or("none")))
}

fn set(domain: &mut Domain, property: &str, value: &str) {
    domain.properties.push((property.to_owned(), value.to_owned()));
}

fn fits(name: &str) -> bool {
    name.chars().count() <= LONGEST_NAME
}

/// As much of a name as fits, with a number from the first one on that makes it different from all others.
fn shortened(name: &str, first: usize, is_taken: impl Fn(&str) -> bool) -> String {
    let mut number = first;
    loop {
        let suffix = format!("-{number}");
        let kept: String = name.chars().take(LONGEST_NAME - suffix.len()).collect();
        let candidate = kept + &suffix;
        if !is_taken(&candidate) {
            return candidate;
        }
        number += 1;
    }
}

fn made_up_domain(name: String, qid: u32, netvm: Option<&str>) -> Domain {
    let qid_text = qid.to_string();
    let properties = [
        ("label", "red"),
        ("name", &name),
        ("qid", &qid_text),
        ("template_for_dispvms", "True"),
        ("netvm", netvm.unwrap_or_default()),
    ];
    let properties = properties.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let features = [(marks::CONTENT, "1"), (marks::MADE_UP, "1")];
    Domain {
        class: Class::AppVm,
        qid,
        label: "red".to_owned(),
        properties: properties.to_vec(),
        features: features
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        name,
        ..Domain::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_name_is_as_long_as_a_name_of_a_vm_can_be() {
        assert!(fits(&"x".repeat(LONGEST_NAME)) && !fits(&"x".repeat(LONGEST_NAME + 1)));
        let name = |length: usize| shortened(&"x".repeat(length), 1, |_| false);
        for length in [LONGEST_NAME, LONGEST_NAME + 1, 99] {
            assert_eq!(name(length), format!("{}-1", "x".repeat(LONGEST_NAME - 2)));
        }
    }
}
