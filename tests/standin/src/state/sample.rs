// SPDX-License-Identifier: GPL-3.0-or-later
//! The PedOS that the recordings begin with, and larger ones made from it.

use std::collections::BTreeMap;

use super::{Class, Device, Driver, Label, Pool, Power, State, Vm, new_volumes};
use crate::layout;

/// The kernel that is installed.
const KERNEL: &str = "6.6.0-test";
/// When the VMs that run at the beginning were started.
const STARTED: &str = "1700000000.0";

/// What a state for a test differs in from the recorded one.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// The driver of the pool of all VMs.
    pub(crate) driver: Driver,
    /// Whether logical volumes are block devices.
    pub(crate) has_devices: bool,
    /// How many VMs there are, dom0 included, if that is more than there are anyway.
    pub(crate) vms: usize,
    /// The VMs that there are; all of them without.
    pub(crate) only: Option<Vec<String>>,
}

struct Seed {
    name: &'static str,
    class: Class,
    label: &'static str,
    properties: &'static [(&'static str, &'static str)],
    is_running: bool,
}

const SEEDS: [Seed; 11] = [
    seed("tpl-main", Class::Template, "black", &[], false),
    seed("tpl-minimal", Class::Template, "black", &[], false),
    seed(
        "sys-net",
        Class::App,
        "red",
        &[("template", "tpl-main"), ("provides_network", "True"), ("netvm", "")],
        true,
    ),
    seed(
        "sys-firewall",
        Class::App,
        "green",
        &[
            ("template", "tpl-main"),
            ("provides_network", "True"),
            ("netvm", "sys-net"),
        ],
        true,
    ),
    seed(
        "sys-usb",
        Class::App,
        "red",
        &[("template", "tpl-main"), ("netvm", "")],
        true,
    ),
    seed(
        "default-dvm",
        Class::App,
        "red",
        &[("template", "tpl-main"), ("template_for_dispvms", "True")],
        false,
    ),
    seed("work", Class::App, "blue", &[("template", "tpl-main")], true),
    seed("personal", Class::App, "yellow", &[("template", "tpl-main")], false),
    seed(
        "vault",
        Class::App,
        "black",
        &[
            ("template", "tpl-minimal"),
            ("netvm", ""),
            ("include_in_backups", "True"),
        ],
        false,
    ),
    seed("legacy", Class::Standalone, "gray", &[("virt_mode", "hvm")], false),
    seed("hidden", Class::App, "gray", &[("template", "tpl-main")], false),
];

const fn seed(
    name: &'static str,
    class: Class,
    label: &'static str,
    properties: &'static [(&'static str, &'static str)],
    is_running: bool,
) -> Seed {
    Seed {
        name,
        class,
        label,
        properties,
        is_running,
    }
}

const LABELS: [(&str, &str); 8] = [
    ("red", "0xcc0000"),
    ("orange", "0xf57900"),
    ("yellow", "0xedd400"),
    ("green", "0x73d216"),
    ("gray", "0x555555"),
    ("blue", "0x3465a4"),
    ("purple", "0x75507b"),
    ("black", "0x000000"),
];

/// Returns the state.
pub(crate) fn sample(options: &Sample) -> State {
    let pool = match options.driver {
        Driver::LvmThin => layout::THIN_POOL,
        Driver::Zfs => layout::ZFS_POOL,
        _ => "varlibqubes",
    };
    let mut state = State {
        labels: labels(),
        pools: pools(options.driver),
        settings: settings(pool),
        kernels: vec![KERNEL.to_owned()],
        devices: devices(),
        ..State::default()
    };
    let mut dom0 = Vm::new("dom0", Class::Admin, 0, uuid_of(0));
    dom0.properties.insert("label".to_owned(), "black".to_owned());
    dom0.power = Power::Running;
    state.vms.push(dom0);
    for (index, seed) in SEEDS.iter().enumerate() {
        let is_wanted = |only: &Vec<String>| only.iter().any(|name| name == seed.name);
        if options.only.as_ref().is_none_or(is_wanted) {
            add(&mut state, u32::try_from(index).unwrap_or_default() + 1, seed);
        }
    }
    while state.vms.len() < options.vms {
        let qid = state.vms.last().map_or(1, |vm| vm.qid + 1);
        let template = seed(
            "",
            Class::App,
            LABELS[qid as usize % LABELS.len()].0,
            &[("template", "tpl-main")],
            false,
        );
        add(&mut state, qid, &template);
    }
    if state.vm("sys-firewall").is_none() {
        state.settings.remove("default_netvm");
    }
    if state.vm("default-dvm").is_none() {
        state.settings.remove("default_dispvm");
    }
    state
}

fn add(state: &mut State, qid: u32, seed: &Seed) {
    let name = if seed.name.is_empty() {
        format!("vm-{qid:03}")
    } else {
        seed.name.to_owned()
    };
    let mut vm = Vm::new(&name, seed.class, qid, uuid_of(qid));
    for (name, value) in seed.properties {
        vm.properties.insert((*name).to_owned(), (*value).to_owned());
    }
    vm.properties.insert("label".to_owned(), seed.label.to_owned());
    vm.tags = ["audiovm-dom0", "guivm-dom0"].map(str::to_owned).into();
    match seed.name {
        "vault" => {
            vm.features = vec![
                ("service.clocksync".to_owned(), String::new()),
                ("menu-items".to_owned(), "a.desktop b.desktop".to_owned()),
            ];
            vm.tags.insert("secret".to_owned());
        }
        "hidden" => vm.features = vec![("internal".to_owned(), "1".to_owned())],
        _ => {}
    }
    if seed.is_running {
        vm.power = Power::Running;
        vm.start_time = STARTED.to_owned();
        vm.xid = 1 + i32::try_from(state.vms.iter().filter(|vm| vm.xid > 0).count()).unwrap_or_default();
    }
    let template = vm.property("template").and_then(|name| state.vm(name));
    let pool = |name: &str| {
        let wanted = match name {
            "kernel" => "linux-kernel",
            _ => state.settings.get("default_pool").map_or("", String::as_str),
        };
        state.pool(wanted).cloned().unwrap_or_else(|| state.pools[0].clone())
    };
    vm.volumes = new_volumes(&vm, KERNEL, |name| template?.volume(name), pool);
    state.vms.push(vm);
}

fn uuid_of(qid: u32) -> String {
    match qid {
        0 => "00000000-0000-0000-0000-000000000000".to_owned(),
        _ => format!("5eed0000-0000-4000-8000-{qid:012x}"),
    }
}

fn labels() -> Vec<Label> {
    let labels = LABELS.iter().enumerate().map(|(index, (name, color))| Label {
        index: index + 1,
        name: (*name).to_owned(),
        color: (*color).to_owned(),
    });
    labels.collect()
}

fn pools(driver: Driver) -> Vec<Pool> {
    let pool = |name: &str, driver| Pool {
        name: name.to_owned(),
        driver,
        revisions_to_keep: 1,
    };
    let file_driver = if driver == Driver::File {
        Driver::File
    } else {
        Driver::FileReflink
    };
    let mut pools = vec![
        pool("varlibqubes", file_driver),
        pool("linux-kernel", Driver::LinuxKernel),
    ];
    match driver {
        Driver::LvmThin => pools.push(pool(layout::THIN_POOL, driver)),
        Driver::Zfs => pools.push(pool(layout::ZFS_POOL, driver)),
        _ => {}
    }
    pools
}

fn settings(pool: &str) -> BTreeMap<String, String> {
    let settings = [
        ("default_dispvm", "default-dvm"),
        ("default_kernel", KERNEL),
        ("default_netvm", "sys-firewall"),
        ("default_pool", pool),
        ("default_pool_kernel", "linux-kernel"),
        ("default_template", "tpl-main"),
    ];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn devices() -> Vec<Device> {
    let devices = [
        ("pci", "dom0", "00_14.0", "0x8086:0xa36d::p0c0330"),
        ("pci", "dom0", "00_1f.6", "0x8086:0x15bb::p020000"),
        ("block", "sys-usb", "sda", "b123456"),
    ];
    let devices = devices.map(|(class, backend, port, identity)| Device {
        class: class.to_owned(),
        backend: backend.to_owned(),
        port: port.to_owned(),
        identity: identity.to_owned(),
    });
    devices.into()
}
