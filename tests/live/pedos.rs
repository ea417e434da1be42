// SPDX-License-Identifier: GPL-3.0-or-later
//! Stand-ins as these tests need them, and what is compared of a VM.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use pedos_backup::{
    engine::{self, Context, Report},
    host::{self, Host},
    transport::Location,
};
use pedos_standin::{Call, Dialect, Standin};

use crate::support::jobs;

/// The versions of the daemon.
pub(crate) const DIALECTS: [Dialect; 3] = [Dialect::V4_2, Dialect::V4_3, Dialect::V4_4];

/// Opens a live PedOS.
pub(crate) fn open(pedos: &Standin) -> Arc<dyn Host> {
    host::open(Some(pedos.root())).unwrap()
}

/// The calls since the journal was cleared, as text.
pub(crate) fn calls(pedos: &Standin) -> Vec<String> {
    let line = |call: &Call| format!("{}+{} {}", call.method, call.argument, call.destination);
    pedos.journal().iter().map(line).collect()
}

/// Everything that is set on a VM, but for what no restore can bring back.
pub(crate) fn settings(pedos: &Standin, vm: &str) -> BTreeMap<String, String> {
    let text = |method: &str, argument: &str| {
        let answer = pedos.call(method, argument, vm, b"");
        String::from_utf8_lossy(answer.strip_prefix(b"0\0").unwrap_or(&answer)).into_owned()
    };
    let mut all = BTreeMap::new();
    let own = [
        "name ", "qid ", "uuid ", "dispid ", "xid ", "icon ", "ip ", "ip6 ", "mac ", "visible_",
    ];
    for line in text("admin.vm.property.GetAll", "").lines() {
        if !own.iter().any(|start| line.starts_with(start)) {
            let (name, value) = line.split_once(' ').unwrap();
            all.insert(format!("property {name}"), value.to_owned());
        }
    }
    for name in text("admin.vm.feature.List", "").lines() {
        all.insert(format!("feature {name}"), text("admin.vm.feature.Get", name));
    }
    for name in text("admin.vm.tag.List", "").lines() {
        all.insert(format!("tag {name}"), String::new());
    }
    all.insert("rules".to_owned(), text("admin.vm.firewall.Get", ""));
    all.insert("notes".to_owned(), text("admin.vm.notes.Get", ""));
    // Where it lies, and how much of it is used, is the pool's.
    let own = ["pool=", "vid=", "size=", "usage=", "source=", "path=", "is_outdated="];
    for volume in text("admin.vm.volume.List", "").lines() {
        for line in text("admin.vm.volume.Info", volume).lines() {
            if !own.iter().any(|start| line.starts_with(start)) {
                let (name, value) = line.split_once('=').unwrap();
                all.insert(format!("volume {volume} {name}"), value.to_owned());
            }
        }
    }
    for class in ["pci", "block"] {
        for method in ["Assigned", "List"] {
            let method = format!("admin.vm.device.{class}.{method}");
            all.insert(method.clone(), text(&method, "").replace(&format!("'{vm}'"), "'*'"));
        }
    }
    all
}

/// The content of a volume.
pub(crate) fn volume(pedos: &Standin, vm: &str, volume: &str) -> Vec<u8> {
    std::fs::read(pedos.volume_path(vm, volume)).unwrap()
}

/// Data of that many bytes which no two seeds share, with a hole in the middle.
pub(crate) fn data(seed: u8, bytes: usize) -> Vec<u8> {
    let mut state = u64::from(seed) + 1;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let hole = bytes / 4..bytes * 3 / 4;
    (0..bytes)
        .map(|at| if hole.contains(&at) { 0 } else { next() })
        .collect()
}

/// Whether a folder holds nothing that a run left unfinished.
pub(crate) fn holds_no_part(folder: &Path) -> bool {
    let names = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    names.into_iter().all(|name| !name.to_string_lossy().ends_with(".part"))
}

/// Restores all of an archive into a live PedOS, beside VMs of the same names.
pub(crate) fn restore(archive: &Path, pedos: &Standin) -> Report {
    let host = open(pedos);
    let plan = jobs::renaming_plan(Location::File(archive.to_owned()).into(), host.as_ref()).unwrap();
    engine::restore::run(&plan, host.as_ref(), &Context::default()).unwrap()
}
