// SPDX-License-Identifier: GPL-3.0-or-later
//! Genuine archives of every format come back as they were made, and are verified to the last byte.
//!
//! They lie in the folder that the variable `PEDOS_BACKUP_FIXTURES` names; without it these tests say so and pass.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::support::{
    archive,
    programs::{self, passfile, restore_new},
    roots,
    tools::{self, shell},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What the reference restorer reads.
const RESTORED_BY_THE_REFERENCE: [&str; 7] = [
    "v4-gzip-some",
    "v4-zstd",
    "v4-none",
    "v4-exact-chunks",
    "v3-enc-gz",
    "v3-plain",
    "v3-sha1-aes128",
];

/// What it reads no more, although older versions wrote it.
const OF_FORMAT_2: [&str; 3] = ["v2-plain", "v2-gz", "v2-enc"];

#[test]
fn genuine_archives_come_back_as_they_were_made() {
    let Some(fixtures) = tools::fixtures() else { return };
    for name in RESTORED_BY_THE_REFERENCE {
        let folder = tempfile::tempdir().unwrap();
        let (made, restored) = (json(&fixtures, name, "json"), json(&fixtures, name, "restore.json"));
        let here = expect_whole(folder.path(), &fixtures.join(format!("{name}.bak")), &made, &[]);
        for (vm, expected) in restored["vms"].as_object().unwrap() {
            expect_genuine(name, &here, vm, expected, &made);
        }
    }
}

#[test]
fn archives_of_format_2_come_back_as_they_were_made() {
    let Some(fixtures) = tools::fixtures() else { return };
    for name in OF_FORMAT_2 {
        let folder = tempfile::tempdir().unwrap();
        let made = json(&fixtures, name, "json");
        let here = expect_whole(folder.path(), &fixtures.join(format!("{name}.bak")), &made, &[]);
        for vm in made["vms"].as_object().unwrap().keys() {
            expect_volumes(name, &here, vm, &made);
        }
    }
}

#[test]
fn archives_of_format_2_need_no_header() {
    let Some(fixtures) = tools::fixtures() else { return };
    for (name, options) in [
        ("v2-plain", &["--encrypted=no"][..]),
        ("v2-plain", &[]),
        ("v2-gz", &["--encrypted=no"]),
        ("v2-enc", &["--encrypted"]),
        ("v2-enc", &[]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let made = json(&fixtures, name, "json");
        let bytes = fs::read(fixtures.join(format!("{name}.bak"))).unwrap();
        let members = archive::members(&bytes);
        let rest: Vec<_> = members
            .iter()
            .filter(|member| !member.name.starts_with("backup-header"))
            .collect();
        let bare = folder.path().join("bare");
        fs::write(&bare, archive::assemble(&bytes, &rest)).unwrap();
        let here = expect_whole(folder.path(), &bare, &made, options);
        for vm in made["vms"].as_object().unwrap().keys() {
            expect_volumes(name, &here, vm, &made);
        }
    }
}

/// Verifies an archive and restores it into a new root.
fn expect_whole(folder: &Path, archive: &Path, made: &Value, options: &[&str]) -> std::path::PathBuf {
    let pass = passfile(folder, made["passphrase"].as_str().unwrap());
    roots::make(&folder.join("empty"), &[]);
    let verified = [&["--verify-only"][..], options].concat();
    programs::restore(&folder.join("empty"), &pass, archive, &verified).expect(0);
    let here = folder.join("here");
    let mut command = programs::qvm_backup_restore();
    command
        .arg("--new-root")
        .arg(&here)
        .arg("-p")
        .arg(&pass)
        .args(options)
        .arg(archive);
    programs::finish(&mut command).expect(0);
    here
}

fn json(fixtures: &Path, name: &str, ending: &str) -> Value {
    serde_json::from_slice(&fs::read(fixtures.join(format!("{name}.{ending}"))).unwrap()).unwrap()
}

/// Compares one VM with what the reference restorer made of it. Its target had other templates, hence not those.
fn expect_genuine(archive: &str, here: &Path, name: &str, expected: &Value, made: &Value) {
    let domains = roots::domains(here);
    let domain = domains
        .get(name)
        .unwrap_or_else(|| panic!("{archive}: {name} is missing"));
    assert_eq!(domain.class.wire_name(), expected["class"], "{archive}: {name}");
    assert_eq!(domain.label, expected["label"].as_str().unwrap(), "{archive}: {name}");
    for (property, value) in expected["properties"].as_object().unwrap() {
        assert_eq!(
            domain.property(property),
            value.as_str(),
            "{archive}: {name}.{property}"
        );
    }
    let features: BTreeMap<_, _> = domain.features.iter().cloned().collect();
    for (feature, value) in expected["features"].as_object().unwrap() {
        assert_eq!(
            features.get(feature).map(String::as_str),
            value.as_str(),
            "{archive}: {name}: {feature}"
        );
    }
    assert_eq!(
        features.keys().filter(|feature| feature.starts_with("backup-")).count(),
        0,
        "{archive}: {name}"
    );
    let tags: BTreeSet<_> = domain.tags.iter().map(String::as_str).collect();
    for tag in expected["tags"].as_array().unwrap() {
        assert!(
            tags.contains(tag.as_str().unwrap()),
            "{archive}: {name}: {tag} of {tags:?}"
        );
    }
    assert_eq!(
        domain.devices.len(),
        expected["devices"].as_array().unwrap().len(),
        "{archive}: {name}: devices"
    );
    let folder = roots::vm_folder(here, domain);
    let notes = fs::read_to_string(folder.join("notes.txt")).ok();
    assert_eq!(notes.as_deref(), expected["notes"].as_str(), "{archive}: {name}: notes");
    assert_eq!(
        folder.join("firewall.xml").is_file(),
        !expected["firewall"].is_null(),
        "{archive}: {name}: firewall"
    );
    if let Ok(rules) = fs::read_to_string(folder.join("firewall.xml")) {
        assert_eq!(
            rules.matches("<rule>").count(),
            expected["firewall"].as_array().unwrap().len(),
            "{archive}: {name}"
        );
    }
    expect_volumes(archive, here, name, made);
}

/// Compares the volumes of a VM with what was in them when the archive was made.
fn expect_volumes(archive: &str, here: &Path, name: &str, made: &Value) {
    let domains = roots::domains(here);
    let volumes = roots::volume_files(here, &domains[name]);
    let facts = match &made["volumes"] {
        Value::Null => &made["vms"][name]["volumes"],
        all => &all[name],
    };
    // A VM that an old archive only implies has no volumes in it.
    for (volume, facts) in facts.as_object().into_iter().flatten() {
        let bytes = fs::read(&volumes[volume]).unwrap();
        assert_eq!(
            bytes.len() as u64,
            facts["size"].as_u64().unwrap(),
            "{archive}: {name}: {volume}"
        );
        let digest: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(digest, facts["sha256"].as_str().unwrap(), "{archive}: {name}: {volume}");
    }
}

#[test]
fn a_genuine_home_goes_to_a_folder_of_its_own() {
    let Some(fixtures) = tools::fixtures() else { return };
    let folder = tempfile::tempdir().unwrap();
    let made = json(&fixtures, "v4-dom0-only", "json");
    let pass = passfile(folder.path(), made["passphrase"].as_str().unwrap());
    let here = folder.path().join("here");
    restore_new(&here, &pass, &fixtures.join("v4-dom0-only.bak")).expect(0);
    let found = shell(&here, "find home -type f -o -type l | sort", &[]);
    assert!(
        found.contains("home-restore-") && found.contains("Documents/notes.txt"),
        "{found}"
    );
    assert!(
        found.contains("link-to-notes") && found.contains("name with space é.txt"),
        "{found}"
    );
}

#[test]
fn a_genuine_archive_stays_closed_to_a_wrong_passphrase() {
    let Some(fixtures) = tools::fixtures() else { return };
    let folder = tempfile::tempdir().unwrap();
    let pass = passfile(folder.path(), "not that");
    let here = folder.path().join("here");
    restore_new(&here, &pass, &fixtures.join("v4-none.bak")).expect_failure(&[5]);
    let vms = if here.join("var/lib/qubes/qubes.xml").exists() {
        roots::domains(&here).len()
    } else {
        1
    };
    assert_eq!(vms, 1, "only dom0, if anything");
}
