// SPDX-License-Identifier: GPL-3.0-or-later
//! The inventory, in the form of today and in that of version 3.2 and before.

use std::collections::BTreeSet;

use pedos_backup::{inventory::Inventory, text};

use crate::input::expect_words;

pub(crate) fn inventory(input: &[u8]) {
    read(input);
}

/// The old form needs a root of its own to be reached.
pub(crate) fn old_inventory(input: &[u8]) {
    let content = [b"<QubesVmCollection ".as_slice(), input, b"</QubesVmCollection>"].concat();
    read(&content);
}

/// An inventory that parses prints to a text that parses to an equal inventory. Removing all VMs leaves an inventory.
fn read(content: &[u8]) {
    let mut inventory = match Inventory::parse(content) {
        Ok(inventory) => inventory,
        Err(error) => return expect_words(&text::inventory_error(&error).full_text()),
    };
    if let Ok(record) = Inventory::parse_record(content) {
        assert_eq!(record.to_xml(), inventory.to_xml(), "two readers");
    }
    let xml = inventory.to_xml();
    match Inventory::parse_record(&xml) {
        Ok(again) => {
            assert_eq!(again.to_xml(), xml, "printed and read");
            assert_eq!(again.domains(), inventory.domains());
            assert_eq!(again.labels(), inventory.labels());
            assert_eq!(again.pools(), inventory.pools());
            assert_eq!(again.globals(), inventory.globals());
        }
        Err(error) => panic!("{error}: {}", String::from_utf8_lossy(&xml)),
    }
    let domains = inventory.domains();
    let names: BTreeSet<_> = domains.iter().map(|domain| domain.name.as_str()).collect();
    assert_eq!(names.len(), domains.len(), "two VMs of one name");
    for domain in &domains {
        assert_eq!(inventory.domain(&domain.name).as_ref(), Some(domain));
        if let Some(content) = domain.content() {
            assert!(content.path.within(&content.path.member("private.img")).is_some() || content.path.is_empty());
        }
    }
    inventory.retain_domains(&BTreeSet::new());
    assert!(Inventory::parse_record(&inventory.to_xml()).is_ok());
}
