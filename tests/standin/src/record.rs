// SPDX-License-Identifier: GPL-3.0-or-later
//! `qubes.xml`, as the daemon writes it.

use std::fmt::Write as _;

use crate::{
    dialect::Dialect,
    properties::{Kind, properties},
    settings::settings,
    state::{Assignment, Class, State, Vm, Volume},
};

/// Returns the record of a state.
pub(crate) fn xml(state: &State, dialect: Dialect) -> String {
    let mut xml = String::from("<qubes>\n  <labels>\n");
    for label in &state.labels {
        let (index, color, name) = (label.index, &label.color, &label.name);
        let _ = writeln!(xml, "    <label id=\"label-{index}\" color=\"{color}\">{name}</label>");
    }
    xml.push_str("  </labels>\n  <pools>\n");
    for pool in &state.pools {
        let options = pool.options();
        let options: String = options.iter().map(|(name, value)| attribute(name, value)).collect();
        let (name, driver) = (&pool.name, pool.driver.name());
        let _ = writeln!(xml, "    <pool name=\"{name}\" driver=\"{driver}\"{options}/>");
    }
    xml.push_str("  </pools>\n  <properties>\n");
    for setting in settings(dialect) {
        if let Some(value) = state.settings.get(setting.name) {
            let _ = writeln!(
                xml,
                "    <property name=\"{}\">{}</property>",
                setting.name,
                escaped(value)
            );
        }
    }
    xml.push_str("  </properties>\n  <domains>\n");
    for vm in state.sorted() {
        domain(&mut xml, vm, dialect);
    }
    xml + "  </domains>\n</qubes>\n"
}

fn domain(xml: &mut String, vm: &Vm, dialect: Dialect) {
    let (qid, class) = (vm.qid, vm.class.name());
    let _ = writeln!(xml, "    <domain id=\"domain-{qid}\" class=\"{class}\">");
    xml.push_str("      <properties>\n");
    let own = |name: &str| match name {
        _ if vm.class == Class::Admin => vm.property(name).map(str::to_owned),
        "name" => Some(vm.name.clone()),
        "qid" => Some(vm.qid.to_string()),
        "uuid" => Some(vm.uuid.clone()),
        _ => vm.property(name).map(str::to_owned),
    };
    for property in properties(vm.class, dialect) {
        if let Some(value) = own(property.name) {
            debug_assert!(property.kind != Kind::Bool || matches!(value.as_str(), "True" | "False"));
            let _ = writeln!(
                xml,
                "        <property name=\"{}\">{}</property>",
                property.name,
                escaped(&value)
            );
        }
    }
    xml.push_str("      </properties>\n");
    let features = vm
        .features
        .iter()
        .map(|(name, value)| format!("<feature name=\"{}\">{}</feature>", escaped(name), escaped(value)));
    list(xml, "features", features);
    let tags = vm.tags.iter().map(|tag| format!("<tag name=\"{tag}\"/>"));
    list(xml, "tags", tags);
    let mut classes: Vec<&str> = vm.devices.iter().map(|device| device.class.as_str()).collect();
    classes.sort_unstable();
    classes.dedup();
    for class in classes {
        let _ = writeln!(xml, "      <devices class=\"{class}\">");
        for assignment in vm.devices.iter().filter(|device| device.class == class) {
            device(xml, assignment, dialect);
        }
        xml.push_str("      </devices>\n");
    }
    if !vm.volumes.is_empty() {
        list(xml, "volume-config", vm.volumes.iter().map(volume));
    }
    xml.push_str("    </domain>\n");
}

/// Writes a list of elements, as one empty element where there are none.
fn list(xml: &mut String, name: &str, elements: impl Iterator<Item = String>) {
    let mut elements = elements.peekable();
    if elements.peek().is_none() {
        let _ = writeln!(xml, "      <{name}/>");
        return;
    }
    let _ = writeln!(xml, "      <{name}>");
    for element in elements {
        let _ = writeln!(xml, "        {element}");
    }
    let _ = writeln!(xml, "      </{name}>");
}

fn device(xml: &mut String, device: &Assignment, dialect: Dialect) {
    let mut attributes = attribute("backend-domain", &device.backend) + &attribute("id", &device.port);
    if dialect.differences().assigns_devices {
        attributes += &attribute("mode", &device.mode);
        attributes += &attribute("identity", &device.identity);
    }
    if device.options.is_empty() {
        let _ = writeln!(xml, "        <device{attributes}/>");
        return;
    }
    let _ = writeln!(xml, "        <device{attributes}>");
    for (name, value) in &device.options {
        let (name, value) = (escaped(name), escaped(value));
        let _ = writeln!(xml, "          <option name=\"{name}\">{value}</option>");
    }
    xml.push_str("        </device>\n");
}

fn volume(volume: &Volume) -> String {
    let mut attributes = attribute("name", &volume.name)
        + &attribute("pool", &volume.pool)
        + &attribute("vid", &volume.vid)
        + &attribute("revisions_to_keep", &volume.revisions_to_keep.to_string())
        + &attribute("rw", truth(volume.is_writable))
        + &attribute("save_on_stop", truth(volume.save_on_stop))
        + &attribute("snap_on_start", truth(volume.snap_on_start));
    if volume.is_ephemeral {
        attributes += &attribute("ephemeral", "True");
    }
    if volume.name != "kernel" {
        attributes += &attribute("size", &volume.size_bytes.to_string());
    }
    if let Some(source) = &volume.source {
        attributes += &attribute("source", source);
    }
    format!("<volume{attributes}/>")
}

/// Returns how the daemon spells a truth.
pub(crate) fn truth(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

fn attribute(name: &str, value: &str) -> String {
    format!(" {name}=\"{}\"", escaped(value))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
