// SPDX-License-Identifier: GPL-3.0-or-later
//! Genuine archives of formats 3 and 2: every code, every part, every volume, down to the digests written down beside them.

use std::{collections::BTreeMap, fs, io::Read};

use pedos_backup::{
    crypto::{Decryptor, Digest, Hmac, OldCipher},
    format::{Header, MultiVolume, PartName, decoder, inner::Entry, mac_member, outer, parse_mac, sniffed},
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{layers::read_inner, tools};

fn members(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut reader = outer::Reader::new(archive);
    let mut members = Vec::new();
    while let Some(member) = reader.next_member().unwrap() {
        let mut content = Vec::new();
        reader.read_into(&mut content).unwrap();
        members.push((member.name, content));
    }
    members
}

/// One inner archive from its parts.
fn joined(header: &Header, parts: &[Vec<u8>], passphrase: &[u8]) -> Vec<u8> {
    let open = |part: Vec<u8>| -> Box<dyn Read> {
        if !header.is_encrypted {
            return Box::new(std::io::Cursor::new(part));
        }
        let cipher = OldCipher::from_name(header.crypto_algorithm.as_deref().unwrap()).unwrap();
        Box::new(Decryptor::new(cipher, passphrase, std::io::Cursor::new(part)))
    };
    let mut tar = Vec::new();
    if header.version == 3 {
        decoder(header.compression().unwrap(), open(parts.concat()))
            .read_to_end(&mut tar)
            .unwrap();
    } else {
        let mut rest = parts.iter();
        let next = || rest.next().map(|part| sniffed(open(part.clone()))).transpose();
        MultiVolume::new(next).read_to_end(&mut tar).unwrap();
    }
    tar
}

fn read_whole(archive: &str) {
    let Some(folder) = tools::fixtures() else { return };
    let facts: Value = serde_json::from_slice(&fs::read(folder.join(format!("{archive}.json"))).unwrap()).unwrap();
    let passphrase = facts["passphrase"].as_str().unwrap().as_bytes();
    let members = members(&fs::read(folder.join(format!("{archive}.bak"))).unwrap());
    let header = Header::parse(&members[0].1).unwrap();
    let digest = Digest::from_name(&header.hmac_algorithm).unwrap();
    let mut files: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for pair in members.chunks(2) {
        let [(name, content), (mac_name, mac)] = pair else {
            panic!("a member without its code")
        };
        assert_eq!(*mac_name, mac_member(name));
        let code = parse_mac(mac).unwrap();
        assert!(Hmac::verify(digest, passphrase, content, &code), "{name}");
        if let Ok(part) = PartName::parse_old_member(name) {
            let parts = files.entry(part.file().to_owned()).or_default();
            assert_eq!(parts.len(), part.number() as usize);
            parts.push(content.clone());
        }
    }
    let mut entries: BTreeMap<String, Vec<(Entry, Vec<u8>)>> = BTreeMap::new();
    for (file, parts) in &files {
        entries.insert(
            file.clone(),
            read_inner(&joined(&header, parts, passphrase), 4096).unwrap(),
        );
    }
    for (vm, facts) in facts["vms"].as_object().unwrap() {
        let path = facts["backup_path"].as_str().unwrap();
        for (volume, facts) in facts["volumes"].as_object().unwrap() {
            let name = format!("{path}/{volume}.img");
            let whole = format!("{path}/./{volume}.img");
            let found = entries.get(&name).or_else(|| entries.get(&format!("{path}/.")));
            let (entry, content) = found
                .and_then(|found| {
                    found
                        .iter()
                        .find(|(entry, _)| entry.name == name.as_bytes() || entry.name == whole.as_bytes())
                })
                .unwrap_or_else(|| panic!("{vm} has no {volume}"));
            assert_eq!(entry.size, facts["size"].as_u64().unwrap());
            let digest: String = Sha256::digest(content)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert_eq!(digest, facts["sha256"], "{name}");
        }
    }
    assert!(entries["qubes.xml"][0].1.starts_with(b"<"));
}

#[test]
fn archives_of_format_3_are_read_whole() {
    for archive in ["v3-enc-gz", "v3-plain", "v3-sha1-aes128"] {
        read_whole(archive);
    }
}

#[test]
fn archives_of_format_2_are_read_whole() {
    for archive in ["v2-enc", "v2-gz", "v2-plain"] {
        read_whole(archive);
    }
}
