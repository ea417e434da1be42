// SPDX-License-Identifier: GPL-3.0-or-later
//! The marks that a backup makes in the copy of the record that it takes along: which VMs are in the archive, where,
//! and by which files.
//!
//! What the archive holds is said in features that all readers know. The list of files is an element of its own, which the
//! existing restorers do not look at; with it, a small file that is not there is missed.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Content, Inventory, InventoryError,
    document::part_mut,
    domain::DOM0,
    edit::{check, item},
    marks::{CONTENT, MADE_UP, MANIFEST, PATH, SIZE},
    read,
    xml::Element,
};

/// Whether a VM does not start without a device: what was said before there was `mode`.
const REQUIRED: &str = "required";

impl Inventory {
    /// Marks what an archive holds: every VM gets the feature `backup-content`, the held ones also where and how much.
    ///
    /// Held VMs lose the features of preloaded disposables but their number, as those belong to a running system.
    /// Lists of files are taken out: they are of another archive.
    ///
    /// # Errors
    /// When a name is not in the document; nothing is changed then.
    pub fn mark_contents(&mut self, contents: &BTreeMap<String, Content>) -> Result<(), InventoryError> {
        let names: BTreeSet<String> = self.domains().into_iter().map(|domain| domain.name).collect();
        if let Some(name) = contents.keys().find(|name| !names.contains(*name)) {
            return Err(InventoryError::NoSuchVm { name: name.clone() });
        }
        for content in contents.values() {
            check(content.path.as_str())?;
        }
        for domain in self.part_mut("domains").elements_mut() {
            let content = read::name(domain).and_then(|name| contents.get(&name));
            domain.retain(|child| child.name != MANIFEST);
            domain
                .elements_mut()
                .filter(|list| list.name == "devices")
                .for_each(say_required);
            let features = part_mut(domain, "features");
            features.retain(|feature| {
                let name = feature.attribute("name").unwrap_or_default();
                let is_preload = name.starts_with("preload-dispvm") && name != "preload-dispvm-max";
                !([CONTENT, PATH, SIZE, MADE_UP].contains(&name) || content.is_some() && is_preload)
            });
            let mut mark = |name: &str, value: &str| features.push(item("feature", name).with_text(value));
            match content {
                Some(content) => {
                    mark(CONTENT, "1");
                    mark(PATH, content.path.as_str());
                    mark(SIZE, &content.size_bytes.to_string());
                }
                None => mark(CONTENT, ""),
            }
        }
        Ok(())
    }

    /// Marks dom0's home as held by the archive: a file of that name, of so many bytes.
    ///
    /// # Errors
    /// When there is no dom0, or the name cannot stand in XML.
    pub fn add_home(&mut self, path: &str, size_bytes: u64) -> Result<(), InventoryError> {
        self.set_feature(DOM0, CONTENT, "1")?;
        self.set_feature(DOM0, PATH, path)?;
        self.set_feature(DOM0, SIZE, &size_bytes.to_string())
    }

    /// Lists the files that an archive holds of a VM, in their order, in place of any such list before.
    ///
    /// # Errors
    /// When there is no such VM, or a name cannot stand in XML.
    pub fn list_files(&mut self, vm: &str, files: &[String]) -> Result<(), InventoryError> {
        files.iter().try_for_each(|file| check(file))?;
        let list = files.iter().map(|file| item("file", file));
        let list = list.fold(Element::new(MANIFEST), Element::with_child);
        let domain = self.element_mut(vm)?;
        domain.retain(|child| child.name != MANIFEST);
        domain.push(list);
        Ok(())
    }
}

/// Says of each device whether it is required. The existing restorer reads only that, and takes a device that does not say
/// so for required; what it is said beside, `mode`, is what counts everywhere else.
fn say_required(list: &mut Element) {
    for device in list.elements_mut().filter(|device| device.name == "device") {
        let Some(mode) = device.attribute("mode") else {
            continue;
        };
        let value = if mode == "required" { "yes" } else { "no" };
        if device.attribute(REQUIRED).is_none() {
            device.attributes.push((REQUIRED.to_owned(), value.to_owned()));
        }
    }
}
