// SPDX-License-Identifier: GPL-3.0-or-later
//! The properties of VMs and of the whole system: which there are, of what type, and what their defaults are.

use crate::{
    dialect::Dialect,
    state::{Class, State, Vm},
};

/// The type of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Str,
    Int,
    Bool,
    Vm,
    Label,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::Int => "int",
            Self::Bool => "bool",
            Self::Vm => "vm",
            Self::Label => "label",
        }
    }

    /// A value as events have it: the daemon has `None` where the protocol has nothing.
    pub(crate) fn in_events(self, value: &str) -> String {
        match self {
            Self::Str => value.to_owned(),
            _ if value.is_empty() => "None".to_owned(),
            _ => value.to_owned(),
        }
    }
}

/// What `Set` does with a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Free,
    /// It cannot be set, and that is said.
    ReadOnly,
    /// It cannot be set once the VM is there, and the connection is closed without a word.
    Once,
}

/// A property.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) access: Access,
    /// The classes that have it, by a letter for each.
    classes: &'static str,
    /// The first dialect that has it.
    since: Dialect,
}

const ALL: &str = "ATSD";
/// All classes with memory, and dom0.
const DOM0_TOO: &str = "ATSD0R";

const fn free(name: &'static str, kind: Kind, classes: &'static str) -> Property {
    of(name, kind, Access::Free, classes, Dialect::V4_2)
}

const fn fixed(name: &'static str, kind: Kind, classes: &'static str) -> Property {
    of(name, kind, Access::ReadOnly, classes, Dialect::V4_2)
}

const fn of(name: &'static str, kind: Kind, access: Access, classes: &'static str, since: Dialect) -> Property {
    Property {
        name,
        kind,
        access,
        classes,
        since,
    }
}

/// In the order in which they are listed.
const PROPERTIES: [Property; 55] = [
    free("auto_cleanup", Kind::Bool, "D"),
    free("autostart", Kind::Bool, ALL),
    free("backup_timestamp", Kind::Int, ALL),
    free("debug", Kind::Bool, ALL),
    free("default_user", Kind::Str, ALL),
    of("devices_denied", Kind::Str, Access::ReadOnly, "ATSD0", Dialect::V4_3),
    of("dispid", Kind::Int, Access::Once, "D", Dialect::V4_2),
    fixed("dns", Kind::Str, ALL),
    fixed("gateway", Kind::Str, ALL),
    fixed("gateway6", Kind::Str, ALL),
    fixed("icon", Kind::Str, DOM0_TOO),
    free("include_in_backups", Kind::Bool, DOM0_TOO),
    free("installed_by_rpm", Kind::Bool, ALL),
    free("ip", Kind::Str, ALL),
    free("ip6", Kind::Str, ALL),
    free("kernel", Kind::Str, ALL),
    free("keyboard_layout", Kind::Str, "ATSD0"),
    fixed("klass", Kind::Str, DOM0_TOO),
    free("label", Kind::Label, DOM0_TOO),
    free("mac", Kind::Str, ALL),
    free("maxmem", Kind::Int, ALL),
    of("maxmem", Kind::Int, Access::Free, "0", Dialect::V4_4),
    free("memory", Kind::Int, ALL),
    of("name", Kind::Str, Access::Once, DOM0_TOO, Dialect::V4_2),
    free("provides_network", Kind::Bool, ALL),
    of("qid", Kind::Int, Access::Once, DOM0_TOO, Dialect::V4_2),
    free("qrexec_timeout", Kind::Int, ALL),
    of("relayvm", Kind::Vm, Access::Free, "R", Dialect::V4_3),
    of("remote_name", Kind::Str, Access::Free, "R", Dialect::V4_3),
    free("shutdown_timeout", Kind::Int, ALL),
    fixed("start_time", Kind::Str, ALL),
    fixed("stubdom_mem", Kind::Int, ALL),
    of("stubdom_uuid", Kind::Str, Access::ReadOnly, ALL, Dialect::V4_3),
    fixed("stubdom_xid", Kind::Int, ALL),
    free("template_for_dispvms", Kind::Bool, "AS"),
    of("transport_rpc", Kind::Str, Access::Free, "R", Dialect::V4_3),
    fixed("updateable", Kind::Bool, "ATSD0R"),
    of("uuid", Kind::Str, Access::Once, DOM0_TOO, Dialect::V4_2),
    free("vcpus", Kind::Int, ALL),
    free("virt_mode", Kind::Str, ALL),
    fixed("visible_gateway", Kind::Str, ALL),
    fixed("visible_gateway6", Kind::Str, ALL),
    fixed("visible_ip", Kind::Str, ALL),
    fixed("visible_ip6", Kind::Str, ALL),
    fixed("visible_netmask", Kind::Str, ALL),
    fixed("xid", Kind::Int, ALL),
    of("appvm_default_bootmode", Kind::Str, Access::Free, "T", Dialect::V4_3),
    free("audiovm", Kind::Vm, ALL),
    of("bootmode", Kind::Str, Access::Free, ALL, Dialect::V4_3),
    free("default_dispvm", Kind::Vm, "ATSD0"),
    free("guivm", Kind::Vm, ALL),
    free("kernelopts", Kind::Str, ALL),
    free("management_dispvm", Kind::Vm, ALL),
    free("netvm", Kind::Vm, ALL),
    free("template", Kind::Vm, "AD"),
];

fn letter(class: Class) -> char {
    match class {
        Class::Admin => '0',
        Class::App => 'A',
        Class::Template => 'T',
        Class::Standalone => 'S',
        Class::Disposable => 'D',
        Class::Remote => 'R',
    }
}

/// Returns the properties of VMs of a class, in the order of lists.
pub(crate) fn properties(class: Class, dialect: Dialect) -> impl Iterator<Item = Property> {
    let mine = PROPERTIES
        .into_iter()
        .filter(move |property| property.classes.contains(letter(class)) && property.since <= dialect);
    mine.map(move |mut property| {
        if dialect == Dialect::V4_2 && matches!(property.name, "xid" | "stubdom_xid") {
            property.kind = Kind::Str;
        }
        property
    })
}

/// Returns a property of VMs of a class.
pub(crate) fn property(class: Class, dialect: Dialect, name: &str) -> Option<Property> {
    properties(class, dialect).find(|property| property.name == name)
}

/// Returns the value of a property and whether it is the default.
pub(crate) fn value(state: &State, vm: &Vm, name: &str) -> (bool, String) {
    let is_dom0 = vm.class == Class::Admin;
    match name {
        "name" => (is_dom0, vm.name.clone()),
        "qid" => (is_dom0, vm.qid.to_string()),
        "uuid" => (is_dom0, vm.uuid.clone()),
        _ => match vm.property(name) {
            Some(value) => (false, value.to_owned()),
            None => (true, default(state, vm, name).unwrap_or_default()),
        },
    }
}

/// Returns the default of a property; `None` where it has none.
pub(crate) fn default(state: &State, vm: &Vm, name: &str) -> Option<String> {
    let get = |name: &str| value(state, vm, name).1;
    let own = |text: &str| Some(text.to_owned());
    let when = |condition: bool, text: &str| own(if condition { text } else { "" });
    let truth = |condition: bool| own(if condition { "True" } else { "False" });
    match name {
        "name" | "qid" | "uuid" | "label" | "template" | "dispid" => None,
        "klass" => own(vm.class.name()),
        "icon" => Some(format!("{}-{}", vm.class.name().to_lowercase(), get("label"))),
        "updateable" => truth(matches!(vm.class, Class::Template | Class::Standalone | Class::Admin)),
        "include_in_backups" => truth(vm.class != Class::Disposable || get("auto_cleanup") != "True"),
        "autostart" | "debug" | "installed_by_rpm" | "provides_network" | "template_for_dispvms" | "auto_cleanup" => {
            own("False")
        }
        "keyboard_layout" => own("us++"),
        "maxmem" if vm.class == Class::Admin => own("4096"),
        "maxmem" if get("virt_mode") == "hvm" => own("0"),
        "default_user" | "kernel" | "kernelopts" | "management_dispvm" | "maxmem" | "memory" | "qrexec_timeout"
        | "shutdown_timeout" | "vcpus" | "virt_mode" => {
            match vm.property("template").and_then(|template| state.vm(template)) {
                Some(template) => Some(value(state, template, name).1),
                None => own_default(state, name),
            }
        }
        "mac" => own("00:16:3e:5e:6c:00"),
        "start_time" => own(&vm.start_time),
        "stubdom_xid" => own("-1"),
        "xid" => Some(vm.xid.to_string()),
        "audiovm" => system(state, "default_audiovm"),
        "guivm" => system(state, "default_guivm"),
        "bootmode" | "appvm_default_bootmode" => own("default"),
        "default_dispvm" if vm.class == Class::Disposable => Some(get("template")),
        "default_dispvm" => system(state, "default_dispvm"),
        "netvm" if vm.class == Class::Template || get("provides_network") == "True" => own(""),
        "netvm" => system(state, "default_netvm"),
        "dns" => when(!get("netvm").is_empty(), "10.139.1.1 10.139.1.2"),
        "ip" => {
            let has_network = !get("netvm").is_empty() || get("provides_network") == "True";
            when(has_network, &format!("10.137.{}.{}", vm.qid / 256, vm.qid % 256))
        }
        "gateway" => when(get("provides_network") == "True", &get("ip")),
        "visible_ip" => Some(get("ip")),
        "visible_netmask" => when(!get("ip").is_empty(), "255.255.255.255"),
        "visible_gateway" => {
            let netvm = get("netvm");
            Some(state.vm(&netvm).map_or_else(String::new, |vm| value(state, vm, "ip").1))
        }
        _ => own(""),
    }
}

fn own_default(state: &State, name: &str) -> Option<String> {
    let fixed = match name {
        "default_user" => "user",
        "kernelopts" => "swiotlb=2048",
        "maxmem" => "4000",
        "memory" => "400",
        "vcpus" => "2",
        "virt_mode" => "pvh",
        "kernel" => return system(state, "default_kernel"),
        "management_dispvm" => return system(state, "management_dispvm"),
        "qrexec_timeout" => return system(state, "default_qrexec_timeout"),
        "shutdown_timeout" => return system(state, "default_shutdown_timeout"),
        _ => return None,
    };
    Some(fixed.to_owned())
}

fn system(state: &State, name: &str) -> Option<String> {
    Some(crate::settings::value(state, name).1)
}

/// Properties of text that are `None` in the daemon where they are empty.
const NONE_WHERE_EMPTY: [&str; 6] = [
    "gateway",
    "gateway6",
    "ip",
    "ip6",
    "visible_gateway",
    "visible_gateway6",
];

/// Returns how the daemon shows a VM in the text of some exceptions.
pub(crate) fn shown(state: &State, vm: &Vm, dialect: Dialect) -> String {
    let mut text = format!(
        "<{} at 0x7f0000000000 name='{}' qid={}",
        vm.class.name(),
        vm.name,
        vm.qid
    );
    for property in properties(vm.class, dialect).filter(|property| !matches!(property.name, "name" | "qid")) {
        let value = value(state, vm, property.name).1;
        let is_none = value.is_empty()
            && (property.kind != Kind::Str
                || NONE_WHERE_EMPTY.contains(&property.name)
                || property.name.starts_with("visible"));
        let value = if is_none { "None" } else { &value };
        text.push_str(&format!(" {}={value}", property.name));
    }
    text + ">"
}
