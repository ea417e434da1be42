// SPDX-License-Identifier: GPL-3.0-or-later
//! A vector: an archive, and what every reader should make of it.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    backup::{self, Backup, Member, PASSPHRASE, pack},
    seal,
};

/// An archive with its line in the index.
pub(super) struct Vector {
    pub(super) name: String,
    /// What is wrong, in a sentence.
    pub(super) about: &'static str,
    pub(super) layer: &'static str,
    pub(super) format: u32,
    pub(super) passphrase: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) expected: Expected,
    /// Whether it comes out the same, byte for byte, wherever it is made: what a compressor made does not.
    pub(super) is_exact: bool,
}

/// What a reader should say and do.
pub(super) struct Expected {
    /// "good", "bad", or "refused" where it cannot be opened at all.
    pub(super) verdict: &'static str,
    pub(super) code: Option<&'static str>,
    pub(super) reason: Option<&'static str>,
    /// The VMs that a listing names.
    pub(super) listed: Vec<&'static str>,
    /// Those that come out whole.
    pub(super) restorable: Vec<&'static str>,
}

pub(super) const ALL: [&str; 3] = ["one", "two", "three"];

pub(super) fn good() -> Expected {
    Expected {
        verdict: "good",
        code: None,
        reason: None,
        listed: ALL.into(),
        restorable: ALL.into(),
    }
}

/// An archive that opens and is not good. The reason is empty where the code has none.
pub(super) fn bad(code: &'static str, reason: &'static str, restorable: &[&'static str]) -> Expected {
    Expected {
        verdict: "bad",
        code: Some(code),
        reason: Some(reason).filter(|reason| !reason.is_empty()),
        listed: ALL.into(),
        restorable: restorable.into(),
    }
}

/// An archive that does not open.
pub(super) fn refused(code: &'static str, reason: &'static str) -> Expected {
    Expected {
        verdict: "refused",
        listed: Vec::new(),
        ..bad(code, reason, &[])
    }
}

/// The vectors of one layer of one format.
pub(super) struct Set {
    pub(super) format: u32,
    pub(super) layer: &'static str,
    pub(super) vectors: Vec<Vector>,
}

impl Set {
    pub(super) fn new(format: u32, layer: &'static str) -> Self {
        Self {
            format,
            layer,
            vectors: Vec::new(),
        }
    }

    pub(super) fn bytes(&mut self, name: &str, about: &'static str, bytes: Vec<u8>, expected: Expected) -> &mut Vector {
        self.vectors.push(Vector {
            name: format!("v{}-{}-{name}", self.format, self.layer),
            about,
            layer: self.layer,
            format: self.format,
            passphrase: PASSPHRASE,
            bytes,
            expected,
            is_exact: true,
        });
        self.vectors.last_mut().unwrap()
    }

    pub(super) fn backup(
        &mut self,
        name: &str,
        about: &'static str,
        backup: &Backup,
        expected: Expected,
    ) -> &mut Vector {
        self.bytes(name, about, backup.archive(), expected)
    }

    /// An archive whose members are changed after they were sealed.
    pub(super) fn members(
        &mut self,
        name: &str,
        about: &'static str,
        backup: &Backup,
        change: impl FnOnce(&mut Vec<Member>),
        expected: Expected,
    ) -> &mut Vector {
        let mut members = backup.members();
        change(&mut members);
        self.bytes(name, about, pack(&members), expected)
    }
}

impl Vector {
    pub(super) fn file(&self) -> String {
        format!("{}.bak.gz", self.name)
    }

    /// Its entry in the index.
    pub(super) fn entry(&self) -> Value {
        let volumes = |vm: &str| {
            let volume = backup::volume(vm);
            json!([{ "name": "private", "size_bytes": volume.len(), "sha256": digest(&volume) }])
        };
        let restorable = self.expected.restorable.iter();
        let restorable: Vec<Value> = restorable
            .map(|vm| json!({ "name": vm, "volumes": volumes(vm) }))
            .collect();
        json!({
            "file": self.file(),
            "sha256": digest(&self.bytes),
            "about": self.about,
            "format": self.format,
            "layer": self.layer,
            "passphrase": self.passphrase,
            "is_exact": self.is_exact,
            "verdict": self.expected.verdict,
            "code": self.expected.code,
            "reason": self.expected.reason,
            "listed": self.expected.listed,
            "restorable": restorable,
        })
    }
}

pub(super) fn digest(bytes: &[u8]) -> String {
    seal::hex(&Sha256::digest(bytes))
}

/// The place of a member.
#[track_caller]
pub(super) fn at(members: &[Member], name: &str) -> usize {
    let found = members.iter().position(|member| member.name == name);
    found.unwrap_or_else(|| panic!("no member {name}"))
}

/// Changes a bit of a member's data; places from the end are negative.
#[track_caller]
pub(super) fn flip(members: &mut [Member], name: &str, place: isize) {
    let data = &mut members[at(members, name)].data;
    let place = if place < 0 {
        data.len().strict_add_signed(place)
    } else {
        place as usize
    };
    data[place] ^= 0x10;
}

#[track_caller]
pub(super) fn remove(members: &mut Vec<Member>, name: &str) {
    members.remove(at(members, name));
}

#[track_caller]
pub(super) fn twice(members: &mut Vec<Member>, name: &str) {
    let place = at(members, name);
    members.insert(place, members[place].clone());
}

/// Exchanges what two members hold.
#[track_caller]
pub(super) fn swap(members: &mut [Member], one: &str, other: &str) {
    let (one, other) = (at(members, one), at(members, other));
    let data = members[one].data.clone();
    members[one].data = std::mem::replace(&mut members[other].data, data);
}

/// Where a member's header begins in the archive of these members.
#[track_caller]
pub(super) fn offset(members: &[Member], name: &str) -> usize {
    let before = &members[..at(members, name)];
    before
        .iter()
        .map(|member| 512 + member.data.len().next_multiple_of(512))
        .sum()
}
