// SPDX-License-Identifier: GPL-3.0-or-later
//! Reads the content of a successful answer as what the service that was called says it is, and looks at what is known of
//! the recorded system.

use pedos_backup::adminapi::{
    AdminVolume, Assignment, CurrentState, FirewallRule, ImportTarget, ListedVm, OldAttachment, PoolDriver, PoolInfo,
    PoolUsage, PowerState, Property, PropertyType, PropertyValue, escape, parse_flag, parse_label_color, parse_names,
    parse_number, print_label_color,
};

use super::recording::Exchange;

/// What a content can be.
pub(super) const KINDS: [&str; 21] = [
    "assignments",
    "attachments",
    "color",
    "default",
    "done",
    "drivers",
    "feature",
    "flag",
    "import",
    "names",
    "notes",
    "number",
    "pool",
    "properties",
    "property",
    "rules",
    "state",
    "system",
    "usage",
    "vms",
    "volume",
];

/// Reads it, and says what it was.
pub(super) fn check(exchange: &Exchange, content: &[u8]) -> &'static str {
    let service = exchange.service();
    let call = service.trim_start_matches("admin.").trim_start_matches("vm.");
    match call {
        "List" => vms(content),
        "CurrentState" => {
            let state = CurrentState::parse(content).unwrap();
            assert_eq!(state.memory_kib == Some(0), state.state == PowerState::Halted);
            "state"
        }
        "property.GetAll" => properties(content),
        "property.Get" => {
            PropertyValue::parse(content).unwrap();
            "property"
        }
        "property.GetDefault" => {
            assert_eq!(
                PropertyValue::parse_default(content).unwrap().is_none(),
                content.is_empty()
            );
            "default"
        }
        "volume.Info" => volume(content),
        pool if pool.starts_with("pool.") && pool != "pool.List" && pool != "pool.volume.List" => {
            of_pools(pool, content)
        }
        "label.Get" => {
            let color = parse_label_color(content).unwrap();
            assert_eq!(print_label_color(color).as_bytes(), content);
            "color"
        }
        "label.Index" => {
            assert_eq!(parse_number(content), Ok(1));
            "number"
        }
        "tag.Get" => {
            parse_flag(content).unwrap();
            "flag"
        }
        "firewall.Get" => {
            FirewallRule::parse_all(content).unwrap();
            "rules"
        }
        "internal.vm.volume.ImportBegin" => {
            let target = ImportTarget::parse(content).unwrap();
            assert_eq!(format!("{} {}", target.size, target.path.display()).as_bytes(), content);
            "import"
        }
        "device.pci.Assigned" | "device.block.Assigned" => {
            assert!(!Assignment::parse_all(content).unwrap().is_empty());
            "assignments"
        }
        "device.pci.List" => {
            OldAttachment::parse_all(content).unwrap();
            "attachments"
        }
        "feature.Get" => "feature",
        "notes.Get" => {
            std::str::from_utf8(content).unwrap();
            "notes"
        }
        "internal.GetSystemInfo" => "system",
        list if list.ends_with(".List") || list.ends_with(".ListSnapshots") => {
            let names = parse_names(content).unwrap();
            let lines: String = names.iter().map(|name| format!("{name}\n")).collect();
            assert_eq!(lines.as_bytes(), content);
            "names"
        }
        _ => {
            assert_eq!(content, b"", "{}", exchange.name);
            "done"
        }
    }
}

/// What is asked of pools and not of one volume.
fn of_pools(call: &str, content: &[u8]) -> &'static str {
    match call {
        "pool.Info" => {
            let pool = PoolInfo::parse(content).unwrap();
            assert!(pool.option("name").is_some());
            assert_eq!(pool.size.is_none(), pool.included_in.is_some());
            "pool"
        }
        "pool.UsageDetails" => {
            let usage = PoolUsage::parse(content).unwrap();
            assert_eq!(usage.data_usage.is_some(), !content.is_empty());
            "usage"
        }
        "pool.ListDrivers" => {
            let drivers = PoolDriver::parse_all(content).unwrap();
            assert!(drivers.iter().any(|driver| driver.name == "lvm_thin"));
            "drivers"
        }
        other => panic!("{other} is not known"),
    }
}

fn vms(content: &[u8]) -> &'static str {
    let vms = ListedVm::parse_all(content).unwrap();
    assert!(!vms.is_empty());
    let has_uuids = vms.iter().filter(|vm| vm.uuid.is_some()).count();
    assert!(has_uuids == 0 || has_uuids == vms.len(), "all have one or none has");
    for vm in vms {
        assert!(!matches!(vm.state, PowerState::Other(_)), "{vm:?}");
        assert!(vm.more.is_empty(), "{vm:?}");
    }
    "vms"
}

fn properties(content: &[u8]) -> &'static str {
    let properties = Property::parse_all(content).unwrap();
    let mut again = String::new();
    for Property { name, value } in &properties {
        let kind = match &value.kind {
            PropertyType::Text => "str",
            PropertyType::Number => "int",
            PropertyType::Truth => "bool",
            PropertyType::Vm => "vm",
            PropertyType::Label => "label",
            PropertyType::Other(other) => panic!("{name} is of type {other}"),
        };
        let is_default = if value.is_default { "True" } else { "False" };
        let value = escape(&value.value);
        again.push_str(&format!("{name} default={is_default} type={kind} {value}\n"));
    }
    assert_eq!(again.as_bytes(), content, "nothing is lost");
    "properties"
}

fn volume(content: &[u8]) -> &'static str {
    let volume = AdminVolume::parse(content).unwrap();
    assert!(volume.more.is_empty(), "{volume:?}");
    assert!(volume.usage.is_some() && volume.path.is_some());
    assert!(!(volume.is_kept && volume.is_snapshot), "{volume:?}");
    assert_eq!(volume.source.is_some(), volume.is_snapshot);
    "volume"
}
