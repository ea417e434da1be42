// SPDX-License-Identifier: GPL-3.0-or-later
//! `internal.GetSystemInfo`: all VMs in one JSON document, spaced as Python spaces it.

use super::Call;
use crate::{
    answer::{Answer, text},
    daemon::Daemon,
    properties,
    state::{Class, Vm},
};

pub(super) fn get(daemon: &mut Daemon, _: &Call<'_>) -> Answer {
    let vms = daemon.state.sorted();
    let vms: Vec<String> = vms.into_iter().map(|vm| member(daemon, vm)).collect();
    text(format!("{{\"domains\": {{{}}}}}", vms.join(", ")))
}

fn member(daemon: &Daemon, vm: &Vm) -> String {
    let value = |name: &str| properties::value(&daemon.state, vm, name).1;
    let label = value("label");
    let color = daemon.state.label(&label).map(|label| label.color.as_str());
    let tags: Vec<String> = vm.tags.iter().map(|tag| string(Some(tag))).collect();
    let named = |name: &str| match value(name) {
        value if value.is_empty() => "null".to_owned(),
        value => string(Some(&value)),
    };
    let is_template = vm.is("template_for_dispvms").to_string();
    let guivm = if vm.class == Class::Admin {
        "null".to_owned()
    } else {
        named("guivm")
    };
    let fields = [
        ("internal", string(vm.feature("internal"))),
        ("tags", format!("[{}]", tags.join(", "))),
        ("type", string(Some(vm.class.name()))),
        ("template_for_dispvms", is_template),
        ("default_dispvm", named("default_dispvm")),
        ("icon", string(Some(&format!("appvm-{label}")))),
        ("label", string(color)),
        ("guivm", guivm),
        ("relayvm", named("relayvm")),
        ("transport_rpc", named("transport_rpc")),
        ("power_state", string(Some(vm.power.name()))),
        ("uuid", string(Some(&vm.uuid))),
    ];
    let newer = ["internal", "label", "relayvm", "transport_rpc", "uuid"];
    let fields = fields
        .iter()
        .filter(|(name, _)| daemon.differences().has_uuids || !newer.contains(name));
    let fields: Vec<String> = fields.map(|(name, value)| format!("\"{name}\": {value}")).collect();
    format!("{}: {{{}}}", string(Some(&vm.name)), fields.join(", "))
}

/// A string, or `null`. What is in it is ASCII.
fn string(text: Option<&str>) -> String {
    text.map_or_else(
        || "null".to_owned(),
        |text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    )
}
