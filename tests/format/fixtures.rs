// SPDX-License-Identifier: GPL-3.0-or-later
//! Genuine archives of format 4: every member, every volume, down to the digests that were written down beside them.

use std::fs;

use pedos_backup::format::inner::EntryKind;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    layers::{expanded, open_archive, read_inner},
    tools,
};

fn texts(value: &Value) -> Vec<String> {
    let text = |item: &Value| item.as_str().unwrap().to_owned();
    value.as_array().unwrap().iter().map(text).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read_whole(archive: &str) {
    let Some(folder) = tools::fixtures() else { return };
    let facts: Value = serde_json::from_slice(&fs::read(folder.join(format!("{archive}.json"))).unwrap()).unwrap();
    let bytes = fs::read(folder.join(format!("{archive}.bak"))).unwrap();
    let (header, names, files) = open_archive(&bytes, facts["passphrase"].as_str().unwrap().as_bytes());
    assert_eq!(names, texts(&facts["members"]));
    let compression = header.compression().unwrap();
    let mut volumes = 0;
    for (vm, backup) in facts["backup"].as_object().unwrap() {
        for file in texts(&backup["files"]) {
            let subdir = backup["subdir"].as_str().unwrap();
            let name = if vm == "dom0" {
                subdir.to_owned()
            } else {
                format!("{subdir}{file}")
            };
            let tar = expanded(&files[&name], compression);
            let entries = read_inner(&tar, 4096).unwrap();
            if vm == "dom0" {
                assert!(entries.len() > 3 && entries.iter().all(|(entry, _)| entry.name.starts_with(name.as_bytes())));
                continue;
            }
            let [(entry, content)] = &entries[..] else {
                panic!("{name}: {entries:?}")
            };
            assert_eq!((&entry.kind, &*entry.name), (&EntryKind::File, name.as_bytes()));
            let facts = &facts["volumes"][vm][file.trim_end_matches(".img")];
            if let Some(size) = facts["size"].as_u64() {
                assert_eq!(entry.size, size, "{name}");
                assert_eq!(hex(&Sha256::digest(content)), facts["sha256"], "{name}");
                volumes += 1;
            }
        }
    }
    let expected: usize = facts["volumes"]
        .as_object()
        .unwrap()
        .values()
        .map(|found| found.as_object().unwrap().len())
        .sum();
    assert_eq!(volumes, expected);
    let inventory = expanded(&files["qubes.xml"], compression);
    let entries = read_inner(&inventory, 100).unwrap();
    assert!(entries[0].1.starts_with(b"<qubes"));
}

#[test]
fn a_compressed_archive_is_read_whole() {
    read_whole("v4-gzip-some");
}

#[test]
fn an_archive_without_compression_is_read_whole() {
    read_whole("v4-none");
}

#[test]
fn an_archive_of_dom0_alone_is_read_whole() {
    read_whole("v4-dom0-only");
}

#[test]
fn an_archive_whose_parts_are_exactly_full_is_read_whole() {
    read_whole("v4-exact-chunks");
}

#[test]
fn an_unknown_compressor_is_named() {
    let Some(folder) = tools::fixtures() else { return };
    let facts: Value = serde_json::from_slice(&fs::read(folder.join("v4-zstd.json")).unwrap()).unwrap();
    let bytes = fs::read(folder.join("v4-zstd.bak")).unwrap();
    let (header, names, _) = open_archive(&bytes, facts["passphrase"].as_str().unwrap().as_bytes());
    assert_eq!(names, texts(&facts["members"]));
    assert_eq!(header.compression_filter.as_deref(), Some("zstd"));
}
