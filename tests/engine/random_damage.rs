// SPDX-License-Identifier: GPL-3.0-or-later
//! Archives of every format, damaged at random: a verification calls none of them good, and says what is wrong.
//!
//! A few hundred are tried each time; `RUN_SLOW_TESTS=1` tries more than two thousand.

use std::{ops::Range, path::Path, sync::Arc};

use crate::support::{
    archive::{self, Member},
    damage::{Damage, Finding, judge},
    jobs,
    noise::Noise,
    tools,
};
use pedos_backup::{plan::Access, secret::Passphrase, transport::Location};

/// How many archives are damaged for each archive.
fn attempts() -> usize {
    if std::env::var_os("RUN_SLOW_TESTS").is_some() {
        400
    } else {
        50
    }
}

/// An archive that can be damaged.
struct Subject {
    name: &'static str,
    good: Vec<u8>,
    /// Another backup of the same passphrase, to take parts from.
    other: Vec<u8>,
    passphrase: String,
    /// Whether every byte of it is covered by something, or only what lies in its members.
    is_covered: bool,
    /// Whether small files can be missed: where volumes lay in a pool that counts their size otherwise, they cannot.
    lists_files: bool,
}

impl Subject {
    fn verify(&self, folder: &Path, bytes: &[u8]) -> Finding {
        let file = folder.join("damaged");
        std::fs::write(&file, bytes).unwrap();
        let passphrase = Arc::new(Passphrase::for_reading(self.passphrase.clone()));
        judge(jobs::verify_with(Access::new(Location::File(file).into(), passphrase)))
    }

    fn is_old(&self) -> bool {
        !self.is_covered
    }

    /// The members that hold data, header and inventory left out.
    fn parts(&self) -> Vec<Member> {
        let all = archive::members(&self.good).into_iter();
        all.filter(|member| member.name.contains('/') && !member.name.ends_with(".hmac"))
            .collect()
    }

    /// The members whose content a checksum covers.
    fn covered(&self) -> Vec<Range<usize>> {
        let all = archive::members(&self.good).into_iter();
        all.filter(|member| !member.name.ends_with(".hmac"))
            .map(|member| member.data)
            .collect()
    }

    /// The archive without the members that are not wanted, their checksums among them.
    fn without(&self, is_gone: impl Fn(&str) -> bool) -> Vec<u8> {
        let members = archive::members(&self.good);
        let name = |member: &Member| member.name.trim_end_matches(".hmac").to_owned();
        let rest: Vec<&Member> = members.iter().filter(|member| !is_gone(&name(member))).collect();
        archive::assemble(&self.good, &rest)
    }

    /// Whether a place is behind the mark of the archive's end, where nothing of it is.
    fn is_behind_end(&self, place: usize) -> bool {
        let members = archive::members(&self.good);
        place >= members.last().unwrap().whole.end + 512
    }

    /// Some damage, and what it is.
    fn damaged(&self, noise: &mut Noise) -> (String, Vec<u8>) {
        let parts = self.parts();
        let kind = noise.below(if self.is_old() { 6 } else { 9 });
        let mut bytes = self.good.clone();
        match kind {
            0..=2 => self.overwritten(kind, noise),
            3 => {
                let length = noise.below(bytes.len() as u64) as usize;
                bytes.truncate(length);
                (format!("cut at {length}"), bytes)
            }
            4 => {
                let can_be_missed = |part: &&Member| self.lists_files || part.name.contains(".img.");
                let parts: Vec<&Member> = parts.iter().filter(can_be_missed).collect();
                let part = parts[noise.below(parts.len() as u64) as usize];
                (format!("without {}", part.name), self.without(|name| name == part.name))
            }
            5 => {
                let part = &parts[noise.below(parts.len() as u64) as usize];
                let (folder, _) = part.name.split_once('/').unwrap();
                let folder = format!("{folder}/");
                (
                    format!("without {folder}"),
                    self.without(|name| name.starts_with(&folder)),
                )
            }
            6 => {
                let (one, other) = two(&parts, noise);
                let (first, second) = (bytes[one.data.clone()].to_vec(), bytes[other.data.clone()].to_vec());
                let swapped = archive::members(&self.good).iter().fold(Vec::new(), |mut all, member| {
                    let data = match &member.name {
                        name if *name == one.name => &second,
                        name if *name == other.name => &first,
                        _ => &self.good[member.data.clone()].to_vec(),
                    };
                    all.extend(crate::support::reseal::tar_member(&member.name, data));
                    all
                });
                (format!("{} and {} exchanged", one.name, other.name), ended(swapped))
            }
            7 => {
                let part = &parts[noise.below(parts.len() as u64) as usize];
                let strangers = archive::members(&self.other);
                let stranger = strangers.iter().find(|member| member.name == part.name).unwrap();
                let foreign = archive::members(&self.good).iter().fold(Vec::new(), |mut all, member| {
                    let data = if member.name == part.name {
                        &self.other[stranger.data.clone()]
                    } else {
                        &self.good[member.data.clone()]
                    };
                    all.extend(crate::support::reseal::tar_member(&member.name, data));
                    all
                });
                (format!("{} of another backup", part.name), ended(foreign))
            }
            _ => {
                let count = 1 + noise.below(5000) as usize;
                bytes.extend((0..count).map(|_| noise.below(256) as u8));
                (format!("{count} bytes appended"), bytes)
            }
        }
    }

    /// A bit, a byte or a block that is another one.
    fn overwritten(&self, kind: u64, noise: &mut Noise) -> (String, Vec<u8>) {
        let mut bytes = self.good.clone();
        let range = if self.is_old() {
            let covered = self.covered();
            covered[noise.below(covered.len() as u64) as usize].clone()
        } else {
            0..bytes.len()
        };
        let at = range.start + noise.below(range.len() as u64) as usize;
        match kind {
            0 => bytes[at] ^= 1 << noise.below(8),
            1 => bytes[at] = bytes[at].wrapping_add(1 + noise.below(255) as u8),
            _ => {
                let end = range.end.min(at + 512);
                bytes[at..end]
                    .iter_mut()
                    .for_each(|byte| *byte = byte.wrapping_add(1 + noise.below(255) as u8));
            }
        }
        (
            format!("{} at {at}", ["a bit", "a byte", "a block"][kind as usize]),
            bytes,
        )
    }
}

fn two<'m>(parts: &'m [Member], noise: &mut Noise) -> (&'m Member, &'m Member) {
    let first = noise.below(parts.len() as u64) as usize;
    let step = 1 + noise.below(parts.len() as u64 - 1) as usize;
    (&parts[first], &parts[(first + step) % parts.len()])
}

fn ended(mut members: Vec<u8>) -> Vec<u8> {
    members.resize(members.len() + 1024, 0);
    members
}

fn expect_all_found(subject: &Subject, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let good = subject.verify(folder.path(), &subject.good);
    assert!(
        matches!(good, Finding::Nothing),
        "{}: undamaged: {good:?}",
        subject.name
    );
    let mut noise = Noise::new(seed);
    for number in 0..attempts() {
        let (what, bytes) = subject.damaged(&mut noise);
        let first = (0..bytes.len().min(subject.good.len())).find(|place| bytes[*place] != subject.good[*place]);
        let place = first.unwrap_or(bytes.len().min(subject.good.len()));
        match subject.verify(folder.path(), &bytes) {
            Finding::Nothing if subject.is_behind_end(place) => {}
            Finding::Nothing => panic!("{} {number}: {what}: called good", subject.name),
            Finding::Found(words) if place == subject.good.len() => panic!("{what}: called bad: {words}"),
            Finding::Found(words) => assert!(!words.is_empty(), "{what}"),
            Finding::WrongPassphrase => {}
        }
    }
}

#[test]
fn damage_of_an_archive_of_this_program_is_found() {
    let (damage, another) = (Damage::new(), Damage::new());
    let subject = Subject {
        name: "ours",
        good: damage.good.clone(),
        other: another.good.clone(),
        passphrase: jobs::PASSPHRASE.to_owned(),
        is_covered: true,
        lists_files: true,
    };
    expect_all_found(&subject, 31);
}

/// A genuine archive whose members are covered by checksums that bind neither name nor place.
fn expect_found_in_genuine(name: &'static str, seed: u64) {
    let Some(fixtures) = tools::fixtures() else { return };
    let good = std::fs::read(fixtures.join(format!("{name}.bak"))).unwrap();
    let facts = std::fs::read_to_string(fixtures.join(format!("{name}.json"))).unwrap();
    let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
    let subject = Subject {
        name,
        other: good.clone(),
        good,
        passphrase: facts["passphrase"].as_str().unwrap().to_owned(),
        is_covered: false,
        lists_files: false,
    };
    expect_all_found(&subject, seed);
}

#[test]
fn damage_of_a_genuine_archive_is_found() {
    expect_found_in_genuine("v4-gzip-some", 32);
}

#[test]
fn damage_of_an_archive_of_format_3_is_found() {
    expect_found_in_genuine("v3-enc-gz", 33);
    expect_found_in_genuine("v3-plain", 34);
}

#[test]
fn damage_of_an_archive_of_format_2_is_found() {
    expect_found_in_genuine("v2-enc", 35);
    expect_found_in_genuine("v2-gz", 36);
    expect_found_in_genuine("v2-plain", 37);
}
