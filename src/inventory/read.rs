// SPDX-License-Identifier: GPL-3.0-or-later
//! From the elements of a `qubes.xml` to typed values.
//!
//! Nothing fails here: what is not there is left empty, what is more than once there counts as the readers of a PedOS
//! count it. Whether a document is acceptable at all was decided when it was parsed.

use super::{
    Class, Device, Domain, Label, LabelEntry, PoolEntry, VolumeConfig, domain::DOM0, marks, truth::is_true,
    xml::Element,
};

/// Whether the VM goes by that name.
pub(super) fn is_called(element: &Element, wanted: &str) -> bool {
    name(element).is_some_and(|name| name == wanted)
}

/// The VM's name: a property, but for dom0, which has none.
pub(super) fn name(element: &Element) -> Option<String> {
    if element.attribute("class") == Some(Class::AdminVm.wire_name()) {
        return Some(DOM0.to_owned());
    }
    property(element, "name")
}

/// The VM's number: its property or, where that is missing, the number in the element's id.
pub(super) fn qid(element: &Element) -> Option<u32> {
    if let Some(text) = property(element, "qid") {
        return text.parse().ok();
    }
    element.attribute("id")?.strip_prefix("domain-")?.parse().ok()
}

fn property(element: &Element, wanted: &str) -> Option<String> {
    let mut properties = element.child("properties")?.named("property");
    let found = properties.find(|property| property.attribute("name") == Some(wanted))?;
    Some(found.text())
}

/// The name and text of all `item`s in `list`.
pub(super) fn pairs(element: &Element, list: &str, item: &str) -> Vec<(String, String)> {
    let lists = element.named(list);
    let items = lists.flat_map(|list| list.named(item));
    items
        .filter_map(|item| Some((item.attribute("name")?.to_owned(), item.text())))
        .collect()
}

pub(super) fn domain(element: &Element, labels: &[LabelEntry]) -> Domain {
    let properties = pairs(element, "properties", "property");
    let label = properties.iter().find(|(name, _)| name == "label");
    let label = label.map(|(_, text)| {
        let by_id = labels.iter().find(|label| label.id == *text);
        by_id.map_or_else(|| text.clone(), |entry| entry.label.name.clone())
    });
    let tags = element.named("tags").flat_map(|tags| tags.named("tag"));
    let volumes = element.named("volume-config").flat_map(|config| config.named("volume"));
    let Ok(class) = element.attribute("class").unwrap_or_default().parse();
    Domain {
        name: name(element).unwrap_or_default(),
        qid: qid(element).unwrap_or_default(),
        label: label.unwrap_or_default(),
        properties,
        features: pairs(element, "features", "feature"),
        tags: tags
            .filter_map(|tag| tag.attribute("name").map(str::to_owned))
            .collect(),
        devices: devices(element),
        volumes: volumes.map(|element| volume(element, &class)).collect(),
        files: marks::files(element),
        class,
    }
}

fn devices(element: &Element) -> Vec<Device> {
    let mut devices = Vec::new();
    for list in element.named("devices") {
        let class = list.attribute("class").unwrap_or_default();
        devices.extend(list.named("device").map(|device| {
            Device {
                class: class.to_owned(),
                attributes: device.attributes.clone(),
                options: device
                    .named("option")
                    .filter_map(|option| Some((option.attribute("name")?.to_owned(), option.text())))
                    .collect(),
            }
        }));
    }
    devices
}

/// A volume of a VM of that class. An attribute that is not there means the default of the class, as the system's own
/// loader takes it.
fn volume(element: &Element, class: &Class) -> VolumeConfig {
    let text = |name| element.attribute(name).unwrap_or_default().to_owned();
    let is = |name| element.attribute(name).is_some_and(is_true);
    VolumeConfig {
        name: text("name"),
        pool: text("pool"),
        vid: text("vid"),
        size_bytes: text("size").parse().ok(),
        save_on_stop: match element.attribute("save_on_stop") {
            Some(text) => is_true(text),
            None => class.keeps_volume(&text("name")),
        },
        revisions_to_keep: text("revisions_to_keep").parse().ok(),
        is_writable: is("rw"),
        snap_on_start: is("snap_on_start"),
        source: element.attribute("source").map(str::to_owned),
    }
}

pub(super) fn label(element: &Element) -> Option<LabelEntry> {
    let color = element.attribute("color").unwrap_or_default();
    let color = u32::from_str_radix(color.trim_start_matches("0x"), 16).unwrap_or_default();
    Some(LabelEntry {
        id: element.attribute("id")?.to_owned(),
        label: Label {
            name: element.text(),
            color,
        },
    })
}

pub(super) fn pool(element: &Element) -> Option<PoolEntry> {
    Some(PoolEntry {
        name: element.attribute("name")?.to_owned(),
        driver: element.attribute("driver").unwrap_or_default().to_owned(),
        dir_path: element.attribute("dir_path").map(str::to_owned),
        revisions_to_keep: element
            .attribute("revisions_to_keep")
            .and_then(|text| text.parse().ok()),
    })
}
