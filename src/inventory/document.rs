// SPDX-License-Identifier: GPL-3.0-or-later
//! The document: a `qubes.xml` as a tree, with the questions that can be asked of it.
//!
//! Reading is forgiving where the existing tools are (what is missing is absent, what is unknown is kept) and strict where
//! a guess could mix VMs up: every VM has a class, a name and a number, and no name stands there twice.
//! It is read in `parse.rs`, changes are made in `edit.rs`, the way from element to value is in `read.rs`.

use std::collections::{BTreeMap, HashSet};

use super::{
    Domain, InventoryBound, InventoryError, InventoryFault, LabelEntry, PoolEntry, read,
    xml::{Element, Node},
};

/// The most VMs of one document. A PedOS numbers its VMs up to 254 by default; some raise that.
pub(super) const MOST_DOMAINS: usize = 10_000;

/// A whole `qubes.xml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    pub(super) root: Element,
}

impl Inventory {
    /// The document with this root, if its VMs can be told apart.
    pub(super) fn checked(root: Element) -> Result<Self, InventoryError> {
        let inventory = Self { root };
        inventory.check_domains()?;
        Ok(inventory)
    }

    /// Prints the document. What was read and not changed comes out as a PedOS prints it.
    pub fn to_xml(&self) -> Vec<u8> {
        self.root.print()
    }

    /// The VMs in document order.
    pub fn domains(&self) -> Vec<Domain> {
        let labels = self.labels();
        self.elements().map(|element| read::domain(element, &labels)).collect()
    }

    /// The VM of that name; "dom0" for the administrative domain.
    pub fn domain(&self, name: &str) -> Option<Domain> {
        let labels = self.labels();
        let element = self.elements().find(|element| read::is_called(element, name))?;
        Some(read::domain(element, &labels))
    }

    /// The colour labels in document order.
    pub fn labels(&self) -> Vec<LabelEntry> {
        let labels = self.root.child("labels").into_iter();
        let elements = labels.flat_map(|labels| labels.named("label"));
        elements.filter_map(read::label).collect()
    }

    /// The storage pools in document order.
    pub fn pools(&self) -> Vec<PoolEntry> {
        let pools = self.root.child("pools").into_iter();
        let elements = pools.flat_map(|pools| pools.named("pool"));
        elements.filter_map(read::pool).collect()
    }

    /// The global properties that are set.
    pub fn globals(&self) -> BTreeMap<String, String> {
        read::pairs(&self.root, "properties", "property").into_iter().collect()
    }

    /// The lowest number that no VM has yet; 0 is dom0's.
    pub fn free_qid(&self) -> u32 {
        let used: HashSet<u32> = self.elements().filter_map(read::qid).collect();
        let mut qid = 1;
        while used.contains(&qid) {
            qid += 1;
        }
        qid
    }

    /// The elements of all VMs.
    pub(super) fn elements(&self) -> impl Iterator<Item = &Element> {
        let domains = self.root.child("domains").into_iter();
        domains.flat_map(|domains| domains.named("domain"))
    }

    /// The element of a VM, to be changed.
    pub(super) fn element_mut(&mut self, name: &str) -> Result<&mut Element, InventoryError> {
        let domains = self.root.child_mut("domains");
        let is_it = |element: &Element| element.name == "domain" && read::is_called(element, name);
        domains
            .and_then(|domains| domains.find_mut(is_it))
            .ok_or_else(|| InventoryError::NoSuchVm { name: name.to_owned() })
    }

    /// A part of the document by its name, made when it is missing.
    pub(super) fn part_mut(&mut self, name: &str) -> &mut Element {
        part_mut(&mut self.root, name)
    }

    fn check_domains(&self) -> Result<(), InventoryError> {
        let mut names = HashSet::new();
        for element in self.elements() {
            if element.attribute("class").is_none() {
                return Err(InventoryFault::NoClass.into());
            }
            let name = match read::name(element) {
                Some(name) if !name.is_empty() => name,
                _ => {
                    let id = element.attribute("id").unwrap_or_default().to_owned();
                    return Err(InventoryFault::NoName { id }.into());
                }
            };
            if read::qid(element).is_none() {
                return Err(InventoryFault::NoNumber { name }.into());
            }
            if names.len() == MOST_DOMAINS {
                return Err(InventoryError::TooLarge {
                    what: InventoryBound::Vms,
                });
            }
            if !names.insert(name.clone()) {
                return Err(InventoryFault::SameName { name }.into());
            }
        }
        Ok(())
    }
}

/// The child of that name, made at the end when it is missing.
pub(super) fn part_mut<'a>(parent: &'a mut Element, name: &str) -> &'a mut Element {
    let found = parent
        .children
        .iter()
        .position(|node| matches!(node, Node::Element(element) if element.name == name));
    if found.is_none() {
        parent.push(Element::new(name));
    }
    parent
        .child_mut(name)
        .expect("because it was pushed just above when it was not there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_so_many_vms_and_no_more() {
        let of_vms = |count: usize| {
            let vms: String = (0..count)
                .map(|number| {
                    format!(
                        "<domain id=\"domain-{number}\" class=\"AppVM\"><properties><property name=\"name\">v{number}</property></properties></domain>"
                    )
                })
                .collect();
            Inventory::parse(format!("<qubes><domains>{vms}</domains></qubes>").as_bytes())
        };
        assert_eq!(of_vms(MOST_DOMAINS).unwrap().domains().len(), MOST_DOMAINS);
        let what = InventoryBound::Vms;
        assert_eq!(of_vms(MOST_DOMAINS + 1), Err(InventoryError::TooLarge { what }));
    }
}
