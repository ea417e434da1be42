// SPDX-License-Identifier: GPL-3.0-or-later
//! Inventories and firewall rules of version 3.2 and before, out of genuine archives, against what the existing restorer
//! made of them.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use pedos_backup::inventory::{Domain, Inventory};
use serde_json::Value;

/// The archives, and what stands between the outer and the inner tar of their members.
const ARCHIVES: [(&str, &str); 6] = [
    ("v3-plain", "cat"),
    (
        "v3-enc-gz",
        "openssl enc -d -md md5 -aes-256-cbc -pass pass:'old pass v3-enc-gz' 2>/dev/null | gzip -d",
    ),
    (
        "v3-sha1-aes128",
        "openssl enc -d -md md5 -aes-128-cbc -pass pass:'old pass v3-sha1-aes128' 2>/dev/null | gzip -d",
    ),
    ("v2-plain", "cat"),
    ("v2-gz", "gzip -d"),
    (
        "v2-enc",
        "openssl enc -d -md md5 -aes-256-cbc -pass pass:'old pass v2-enc' 2>/dev/null",
    ),
];

fn fixtures() -> Option<PathBuf> {
    let folder = std::env::var_os("PEDOS_BACKUP_FIXTURES").map(PathBuf::from);
    if folder.is_none() {
        println!("PEDOS_BACKUP_FIXTURES is not set: nothing was tried");
    }
    folder
}

/// One small file of an archive, unpacked by stock tools; `None` where they cannot be run.
fn unpacked(archive: &str, filter: &str, member: &str) -> Option<Vec<u8>> {
    let path = fixtures()?.join(format!("{archive}.bak"));
    let script = format!("tar -i -xOf \"$1\" \"$2\" | {filter} | tar -xO");
    let mut shell = Command::new("sh");
    let output = shell
        .args(["-c", &script, "sh"])
        .arg(path)
        .arg(member)
        .output()
        .unwrap();
    if output.stdout.is_empty() {
        println!("{archive}: {member} could not be unpacked, nothing was tried");
        return None;
    }
    Some(output.stdout)
}

/// What the existing restorer made of the archives of version 3; all hold the same VMs.
fn yardstick() -> Option<Value> {
    let text = fs::read(fixtures()?.join("v3-enc-gz.restore.json")).unwrap();
    Some(serde_json::from_slice(&text).unwrap())
}

fn texts(object: &Value) -> BTreeMap<String, String> {
    let pairs = object.as_object().unwrap().iter();
    pairs
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

fn as_restored(pairs: &[(String, String)], but: &[&str]) -> BTreeMap<String, String> {
    let pairs = pairs.iter().filter(|(name, _)| !but.contains(&name.as_str()));
    pairs.cloned().collect()
}

fn is_like(domain: &Domain, expected: &Value) {
    let name = &domain.name;
    assert_eq!(domain.class.wire_name(), expected["class"], "{name}");
    assert_eq!(domain.label, expected["label"].as_str().unwrap(), "{name}");
    assert_eq!(domain.property("template"), expected["template"].as_str(), "{name}");
    let not_set = ["name", "qid", "label", "template"];
    assert_eq!(
        as_restored(&domain.properties, &not_set),
        texts(&expected["properties"]),
        "{name}"
    );
    let marks = ["backup-content", "backup-path", "backup-size", "backup-made-up"];
    let mut features = texts(&expected["features"]);
    // This one comes from another file.
    features.remove("menu-items");
    assert_eq!(as_restored(&domain.features, &marks), features, "{name}");
    assert!(domain.tags.is_empty(), "{name}");
    let devices: Vec<String> = domain
        .devices
        .iter()
        .map(|device| format!("{}+{}+_", device.backend().unwrap(), device.id().unwrap()))
        .collect();
    let assigned: Vec<&str> = expected["devices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|device| device["arg"].as_str().unwrap())
        .collect();
    assert_eq!(devices, assigned, "{name}");
    let required =
        |device: &pedos_backup::inventory::Device| device.attributes.contains(&("required".into(), "yes".into()));
    assert!(domain.devices.iter().all(required), "{name}");
    let mut volumes: Vec<&str> = domain.volumes.iter().map(|volume| volume.name.as_str()).collect();
    volumes.sort_unstable();
    let expected: Vec<&String> = expected["volumes"].as_object().unwrap().keys().collect();
    assert_eq!(volumes, expected, "{name}");
    assert!(domain.volumes.iter().all(|volume| volume.save_on_stop), "{name}");
}

#[test]
fn an_old_inventory_becomes_what_the_existing_restorer_makes_of_it() {
    let Some(expected) = yardstick() else { return };
    for (archive, filter) in ARCHIVES {
        let Some(xml) = unpacked(archive, filter, "qubes.xml.000") else {
            continue;
        };
        let inventory = Inventory::parse(&xml).unwrap();
        let globals: BTreeMap<_, _> = inventory.globals();
        assert_eq!(globals, texts(&expected["globals"]), "{archive}");
        let held: BTreeMap<String, Domain> = inventory
            .domains()
            .into_iter()
            .filter(|domain| domain.content().is_some())
            .map(|domain| (domain.name.clone(), domain))
            .collect();
        let plan = expected["plan"].as_object().unwrap();
        assert_eq!(held.keys().collect::<Vec<_>>(), plan.keys().collect::<Vec<_>>());
        for (name, domain) in &held {
            let content = domain.content().unwrap();
            let planned = &plan[name];
            assert_eq!(
                content.path.as_str(),
                planned["subdir"].as_str().unwrap_or_default(),
                "{name}"
            );
            assert_eq!(content.is_made_up(), planned["subdir"].is_null(), "{name}");
            let size = planned["size"].as_str().unwrap_or("0");
            assert_eq!(content.size_bytes.to_string(), size, "{name}");
            if name != "dom0" {
                is_like(domain, &expected["vms"][name]);
            }
        }
        let other = inventory.domain("not-backed-up").unwrap();
        assert!(other.content().is_none() && other.volumes.is_empty());
        // What was converted is a document of today.
        let again = Inventory::parse(&inventory.to_xml()).unwrap();
        assert_eq!(again, inventory);
        assert_eq!(again.labels().len(), 8);
    }
}
