// SPDX-License-Identifier: GPL-3.0-or-later
//! Changes to a document: what a PedOS sets on its VMs. The marks of a backup are in `contents.rs`.
//!
//! Each change touches only the elements it is about. A value with characters that XML cannot hold is refused here, so
//! that a document which was changed can always be read again.

use std::collections::BTreeSet;

use super::{
    Device, Domain, Inventory, InventoryError, InventoryFault, VolumeConfig,
    document::part_mut,
    domain::DOM0,
    read,
    xml::{Element, Node, is_name, is_text},
};

/// Properties that a PedOS writes after all others, because they name other VMs or depend on them.
const LATE_PROPERTIES: [&str; 7] = [
    "audiovm",
    "default_dispvm",
    "guivm",
    "kernelopts",
    "management_dispvm",
    "netvm",
    "template",
];

impl Inventory {
    /// Takes all VMs out but dom0 and those named; labels, pools and global properties stay.
    pub fn retain_domains(&mut self, names: &BTreeSet<String>) {
        self.part_mut("domains")
            .retain(|domain| read::name(domain).is_none_or(|name| name == DOM0 || names.contains(&name)));
    }

    /// Adds a VM at the end.
    ///
    /// # Errors
    /// When its name or number is taken, or a text cannot stand in XML.
    pub fn insert_domain(&mut self, domain: &Domain) -> Result<(), InventoryError> {
        let is_taken = |other: &Element| read::is_called(other, &domain.name) || read::qid(other) == Some(domain.qid);
        if self.elements().any(is_taken) {
            let name = domain.name.clone();
            return Err(InventoryFault::VmTaken { name, qid: domain.qid }.into());
        }
        let element = domain_element(domain)?;
        self.part_mut("domains").push(element);
        Ok(())
    }

    /// Takes a VM out.
    ///
    /// # Errors
    /// When it is not there.
    pub fn remove_domain(&mut self, name: &str) -> Result<(), InventoryError> {
        self.element_mut(name)?;
        self.part_mut("domains").retain(|domain| !read::is_called(domain, name));
        Ok(())
    }

    /// Sets one property of a VM.
    ///
    /// # Errors
    /// When there is no such VM, or the text cannot stand in XML.
    pub fn set_property(&mut self, vm: &str, property: &str, value: &str) -> Result<(), InventoryError> {
        set_property(self.element_mut(vm)?, property, value)
    }

    /// Takes one property of a VM back to its default.
    ///
    /// # Errors
    /// When there is no such VM.
    pub fn reset_property(&mut self, vm: &str, property: &str) -> Result<(), InventoryError> {
        part_mut(self.element_mut(vm)?, "properties").retain(|item| item.attribute("name") != Some(property));
        Ok(())
    }

    /// Sets one feature of a VM.
    ///
    /// # Errors
    /// When there is no such VM, or the text cannot stand in XML.
    pub fn set_feature(&mut self, vm: &str, feature: &str, value: &str) -> Result<(), InventoryError> {
        set_item(part_mut(self.element_mut(vm)?, "features"), "feature", feature, value)
    }

    /// Adds one tag to a VM, once.
    ///
    /// # Errors
    /// When there is no such VM, or the text cannot stand in XML.
    pub fn add_tag(&mut self, vm: &str, tag: &str) -> Result<(), InventoryError> {
        add_tag(self.element_mut(vm)?, tag)
    }

    /// Takes one tag of a VM away, which need not be there.
    ///
    /// # Errors
    /// When there is no such VM.
    pub fn remove_tag(&mut self, vm: &str, tag: &str) -> Result<(), InventoryError> {
        part_mut(self.element_mut(vm)?, "tags").retain(|item| item.attribute("name") != Some(tag));
        Ok(())
    }

    /// Adds one device to a VM.
    ///
    /// # Errors
    /// When there is no such VM, or a text cannot stand in XML.
    pub fn add_device(&mut self, vm: &str, device: &Device) -> Result<(), InventoryError> {
        add_device(self.element_mut(vm)?, device)
    }

    /// Sets the label of a VM.
    ///
    /// # Errors
    /// When there is no such VM, or the text cannot stand in XML.
    pub fn set_label(&mut self, vm: &str, label: &str) -> Result<(), InventoryError> {
        self.set_property(vm, "label", label)
    }

    /// Notes how large a volume is now.
    ///
    /// # Errors
    /// When there is no such VM.
    pub fn set_volume_size(&mut self, vm: &str, volume: &str, bytes: u64) -> Result<(), InventoryError> {
        set_of_volume(self.element_mut(vm)?, volume, "size", &bytes.to_string());
        Ok(())
    }

    /// Sets how many old states of a volume are kept.
    ///
    /// # Errors
    /// When there is no such VM.
    pub fn set_revisions(&mut self, vm: &str, volume: &str, count: i32) -> Result<(), InventoryError> {
        set_of_volume(self.element_mut(vm)?, volume, "revisions_to_keep", &count.to_string());
        Ok(())
    }

    /// Adds a colour label under the next free number.
    ///
    /// # Errors
    /// When the name is taken or cannot stand in XML.
    pub fn add_label(&mut self, name: &str, color: u32) -> Result<(), InventoryError> {
        check(name)?;
        let labels = self.labels();
        if labels.iter().any(|entry| entry.label.name == name) {
            let name = name.to_owned();
            return Err(InventoryFault::LabelTaken { name }.into());
        }
        let mut number = labels.len() + 1;
        while labels.iter().any(|label| label.id == format!("label-{number}")) {
            number += 1;
        }
        let label = Element::new("label")
            .with("id", format!("label-{number}"))
            .with("color", format!("{color:#08x}"));
        self.part_mut("labels").push(label.with_text(name));
        Ok(())
    }

    /// Sets one global property.
    ///
    /// # Errors
    /// When the text cannot stand in XML.
    pub fn set_global(&mut self, property: &str, value: &str) -> Result<(), InventoryError> {
        set_sorted(self.part_mut("properties"), property, value)
    }
}

/// The element of a VM. Its list of files is not in it: that is said only of VMs in an archive.
pub(super) fn domain_element(domain: &Domain) -> Result<Element, InventoryError> {
    let mut element = Element::new("domain")
        .with("id", format!("domain-{}", domain.qid))
        .with("class", domain.class.wire_name());
    element.push(Element::new("properties"));
    element.push(Element::new("features"));
    element.push(Element::new("tags"));
    for (name, value) in &domain.properties {
        set_property(&mut element, name, value)?;
    }
    for (name, value) in &domain.features {
        set_item(part_mut(&mut element, "features"), "feature", name, value)?;
    }
    for tag in &domain.tags {
        add_tag(&mut element, tag)?;
    }
    for device in &domain.devices {
        add_device(&mut element, device)?;
    }
    if !domain.volumes.is_empty() {
        let volumes = domain.volumes.iter().map(volume);
        element.push(volumes.fold(Element::new("volume-config"), Element::with_child));
    }
    check_tree(&element)?;
    if read::name(&element).as_deref() != Some(domain.name.as_str()) {
        return Err(InventoryFault::OtherName.into());
    }
    Ok(element)
}

/// An element with a name of its own in an attribute, as a `qubes.xml` has them everywhere.
pub(super) fn item(kind: &str, name: &str) -> Element {
    Element::new(kind).with("name", name)
}

pub(super) fn check(text: &str) -> Result<(), InventoryError> {
    if is_text(text) {
        return Ok(());
    }
    Err(InventoryFault::ControlInValue.into())
}

fn check_tree(element: &Element) -> Result<(), InventoryError> {
    for (name, value) in &element.attributes {
        check(value)?;
        if !is_name(name) {
            return Err(InventoryFault::AttributeName.into());
        }
    }
    element.elements().try_for_each(check_tree)
}

fn set_property(domain: &mut Element, property: &str, value: &str) -> Result<(), InventoryError> {
    set_sorted(part_mut(domain, "properties"), property, value)
}

/// Sets a property in its place: a PedOS writes them by name, the late ones after the others.
fn set_sorted(list: &mut Element, name: &str, value: &str) -> Result<(), InventoryError> {
    check(name)?;
    check(value)?;
    if let Some(found) = list.find_mut(|item| item.attribute("name") == Some(name)) {
        found.set_text(value);
        return Ok(());
    }
    let key = |name: &str| (LATE_PROPERTIES.contains(&name), name.to_owned());
    let is_later = |node: &Node| match node {
        Node::Element(element) => key(element.attribute("name").unwrap_or_default()) > key(name),
        _ => false,
    };
    let place = list.children.iter().position(is_later).unwrap_or(list.children.len());
    list.insert(place, item("property", name).with_text(value));
    Ok(())
}

fn set_item(list: &mut Element, kind: &str, name: &str, value: &str) -> Result<(), InventoryError> {
    check(name)?;
    check(value)?;
    if let Some(found) = list.find_mut(|item| item.attribute("name") == Some(name)) {
        found.set_text(value);
        return Ok(());
    }
    list.push(item(kind, name).with_text(value));
    Ok(())
}

fn add_tag(domain: &mut Element, tag: &str) -> Result<(), InventoryError> {
    check(tag)?;
    let tags = part_mut(domain, "tags");
    if tags.elements().all(|item| item.attribute("name") != Some(tag)) {
        tags.push(item("tag", tag));
    }
    Ok(())
}

fn add_device(domain: &mut Element, device: &Device) -> Result<(), InventoryError> {
    let mut element = Element::new("device");
    element.attributes.clone_from(&device.attributes);
    for (name, value) in &device.options {
        check(value)?;
        element.push(item("option", name).with_text(value.as_str()));
    }
    check_tree(&element)?;
    let is_list = |list: &Element| list.name == "devices" && list.attribute("class") == Some(&device.class);
    if let Some(list) = domain.find_mut(is_list) {
        list.push(element);
        return Ok(());
    }
    check(&device.class)?;
    // A PedOS writes the devices before the volumes.
    let before_volumes = domain
        .children
        .iter()
        .position(|node| matches!(node, Node::Element(element) if element.name == "volume-config"));
    let list = Element::new("devices").with("class", device.class.as_str());
    domain.insert(
        before_volumes.unwrap_or(domain.children.len()),
        list.with_child(element),
    );
    Ok(())
}

fn set_of_volume(domain: &mut Element, volume: &str, attribute: &str, value: &str) {
    let config = part_mut(domain, "volume-config");
    for element in config.elements_mut().filter(|e| e.attribute("name") == Some(volume)) {
        match element.attributes.iter_mut().find(|(name, _)| name == attribute) {
            Some((_, known)) => value.clone_into(known),
            None => element.attributes.push((attribute.to_owned(), value.to_owned())),
        }
    }
}

fn volume(volume: &VolumeConfig) -> Element {
    let truth = |is| if is { "True" } else { "False" };
    let mut element = item("volume", &volume.name)
        .with("pool", volume.pool.as_str())
        .with("vid", volume.vid.as_str());
    if let Some(count) = volume.revisions_to_keep {
        element = element.with("revisions_to_keep", count.to_string());
    }
    element = element
        .with("rw", truth(volume.is_writable))
        .with("save_on_stop", truth(volume.save_on_stop))
        .with("snap_on_start", truth(volume.snap_on_start));
    if let Some(size) = volume.size_bytes {
        element = element.with("size", size.to_string());
    }
    match &volume.source {
        Some(source) => element.with("source", source.as_str()),
        None => element,
    }
}
