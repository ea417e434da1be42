// SPDX-License-Identifier: GPL-3.0-or-later
//! One damaged archive: what was done to it, and what may come out of it.

use crate::support::{archive, noise::Noise};

use super::{
    super::backup::{Backup, Member, VMS, pack},
    oracle,
    subject::Subject,
};

/// What may come out of a damaged archive.
#[derive(Debug)]
pub(super) enum Content {
    /// What was backed up.
    Original,
    /// The same, but this VM's volume is what stock libraries make of it; none where they make nothing of it.
    Of { vm: &'static str, volume: Option<Vec<u8>> },
    /// Whole parts stand in the place of others, which formats 2 and 3 have nothing to tell by.
    Untold,
    /// The inventory is another one: each volume is one of those that were backed up.
    AnyOriginal,
}

/// A damaged archive.
pub(super) struct Case {
    pub(super) kind: &'static str,
    pub(super) what: String,
    pub(super) bytes: Vec<u8>,
    pub(super) content: Content,
    /// Whether it may be called good: no byte of a header or of content is another one, or whoever has the passphrase
    /// wrote it so.
    pub(super) may_be_good: bool,
}

fn case(kind: &'static str, what: String, bytes: Vec<u8>) -> Case {
    Case {
        kind,
        what,
        bytes,
        content: Content::Original,
        may_be_good: false,
    }
}

/// Changes bytes in one of the ways in which bytes go bad, and says which.
fn alter(bytes: &mut Vec<u8>, noise: &mut Noise) -> (&'static str, String) {
    let place = |noise: &mut Noise, bytes: &[u8]| noise.below(bytes.len() as u64) as usize;
    let at = place(noise, bytes);
    let length = 1 + noise.below(600) as usize;
    let end = bytes.len().min(at + length);
    match noise.below(6) {
        0 => {
            bytes[at] ^= 1 << noise.below(8);
            ("a bit", format!("a bit at {at}"))
        }
        1 => {
            let mut last = at;
            for _ in 0..1 + noise.below(8) {
                bytes[last] ^= 1 << noise.below(8);
                last = place(noise, bytes);
            }
            ("several bits", format!("bits, at {at} and elsewhere"))
        }
        2 => {
            bytes[at..end].fill(0);
            ("zeros", format!("zeros at {at}..{end}"))
        }
        3 => {
            noise.fill(&mut bytes[at..end]);
            ("noise", format!("noise at {at}..{end}"))
        }
        4 => {
            bytes.truncate(at);
            ("cut", format!("cut at {at}"))
        }
        _ => {
            // Whole blocks and odd numbers of bytes.
            let length = if noise.below(2) == 0 {
                length
            } else {
                512 * (1 + length / 200)
            };
            let more = noise.bytes(length);
            drop(bytes.splice(at..at, more));
            ("inserted", format!("{length} bytes inserted at {at}"))
        }
    }
}

impl Subject {
    /// Some damage.
    pub(super) fn damaged(&self, noise: &mut Noise) -> Case {
        match noise.below(16) {
            0..=5 => self.altered(noise),
            6 => self.without(noise),
            7 => self.doubled(noise),
            8 => self.moved(noise),
            9 => self.exchanged(noise),
            10 => self.of_another(noise),
            11 | 12 => self.other_stream(noise),
            13 | 14 => self.other_archive(noise),
            _ => self.other_inventory(noise),
        }
    }

    /// Bytes of the file that are other ones.
    fn altered(&self, noise: &mut Noise) -> Case {
        let good = self.backup.archive();
        let mut bytes = good.clone();
        let (kind, what) = alter(&mut bytes, noise);
        let masked = if self.is_old() {
            with_words_of(&good, &bytes)
        } else {
            bytes.clone()
        };
        let first = masked.iter().zip(&good).position(|(one, other)| one != other);
        let first = first.unwrap_or(good.len().min(bytes.len()));
        // Behind the first block of the mark that ends the archive is nothing of it.
        let end = good.len() - 512;
        Case {
            may_be_good: first >= end || masked == good,
            ..case(kind, what, bytes)
        }
    }

    /// A member is missing, or a part with its code.
    fn without(&self, noise: &mut Noise) -> Case {
        let mut members = self.backup.members();
        let gone = members.remove(noise.below(members.len() as u64) as usize);
        let mut what = format!("without {}", gone.name);
        if noise.below(2) == 0 {
            members.retain(|member| member.name != format!("{}.hmac", gone.name));
            what += " and its code";
        }
        // The first archives of format 2 had no header.
        let is_of_the_first =
            self.backup.version == 2 && members.iter().all(|member| !member.name.starts_with("backup-"));
        Case {
            may_be_good: is_of_the_first,
            ..case("a member is missing", what, pack(&members))
        }
    }

    fn doubled(&self, noise: &mut Noise) -> Case {
        let mut members = self.backup.members();
        let which = noise.below(members.len() as u64) as usize;
        let again = members[which].clone();
        let what = format!("{} twice", again.name);
        members.insert(noise.below(members.len() as u64 + 1) as usize, again);
        case("a member twice", what, pack(&members))
    }

    /// The members in another order: each says where it belongs, so that nothing is lost by that.
    fn moved(&self, noise: &mut Noise) -> Case {
        let mut members = self.backup.members();
        let member = members.remove(noise.below(members.len() as u64) as usize);
        let what = format!("{} elsewhere", member.name);
        members.insert(noise.below(members.len() as u64 + 1) as usize, member);
        Case {
            may_be_good: true,
            ..case("another order", what, pack(&members))
        }
    }

    /// The contents of two parts are exchanged, in old formats with their codes or without.
    fn exchanged(&self, noise: &mut Noise) -> Case {
        let mut members = self.backup.members();
        let parts = parts(&members);
        let one = parts[noise.below(parts.len() as u64) as usize];
        let other = parts[noise.below(parts.len() as u64) as usize];
        let what = format!("{} and {} exchanged", members[one].name, members[other].name);
        let with_codes = self.is_old() && noise.below(2) == 0;
        exchange(&mut members, one, other);
        if with_codes {
            exchange(&mut members, one + 1, other + 1);
        }
        let is_same = members[one].data == members[other].data;
        Case {
            content: if with_codes { Content::Untold } else { Content::Original },
            may_be_good: is_same || one == other,
            ..case("parts exchanged", what, pack(&members))
        }
    }

    /// A part of another backup with the same passphrase, in old formats with its code or without.
    fn of_another(&self, noise: &mut Noise) -> Case {
        let mut members = self.backup.members();
        let strangers = self.other.members();
        let parts = parts(&members);
        let place = parts[noise.below(parts.len() as u64) as usize];
        let name = members[place].name.clone();
        let with_code = self.is_old() && noise.below(2) == 0;
        for name in [name.clone(), format!("{name}.hmac")]
            .iter()
            .take(1 + usize::from(with_code))
        {
            let stranger = strangers.iter().find(|member| member.name == *name);
            let own = members.iter_mut().find(|member| member.name == *name);
            if let (Some(own), Some(stranger)) = (own, stranger) {
                own.data.clone_from(&stranger.data);
            }
        }
        let is_same = pack(&members) == self.backup.archive();
        Case {
            content: if with_code { Content::Untold } else { Content::Original },
            may_be_good: is_same,
            ..case(
                "a part of another backup",
                format!("{name} of another backup"),
                pack(&members),
            )
        }
    }

    /// The stream of a file is another one, and its codes are right.
    fn other_stream(&self, noise: &mut Noise) -> Case {
        let (vm, file) = self.some_file(noise);
        let mut stream = self.backup.stream(&file);
        let (_, what) = alter(&mut stream, noise);
        let volume = oracle::content(self.compression, &stream, &file);
        let bytes = self.backup.clone().with_stream(&file, |_| stream).archive();
        Case {
            may_be_good: volume.is_some(),
            content: Content::Of { vm, volume },
            ..case("a stream, sealed again", format!("the stream of {file}: {what}"), bytes)
        }
    }

    /// The inner archive of a file is another one, and all above it is right.
    fn other_archive(&self, noise: &mut Noise) -> Case {
        let (vm, file) = self.some_file(noise);
        let (_, archive) = self.backup.files.iter().find(|(name, _)| *name == file).unwrap();
        let mut archive = archive.clone();
        let (_, what) = alter(&mut archive, noise);
        let changed = self.backup.clone().with(&file, archive);
        let volume = oracle::content(self.compression, &changed.stream(&file), &file);
        Case {
            may_be_good: volume.is_some(),
            content: Content::Of { vm, volume },
            ..case(
                "an inner archive, sealed again",
                format!("the inner archive of {file}: {what}"),
                changed.archive(),
            )
        }
    }

    fn other_inventory(&self, noise: &mut Noise) -> Case {
        let mut text = self.backup.inventory.clone().into_bytes();
        let (_, what) = alter(&mut text, noise);
        let changed = Backup {
            inventory: String::from_utf8_lossy(&text).into_owned(),
            ..self.backup.clone()
        };
        Case {
            may_be_good: true,
            content: Content::AnyOriginal,
            ..case(
                "the inventory, sealed again",
                format!("the inventory: {what}"),
                changed.archive(),
            )
        }
    }

    /// A VM and the file of its volume. Format 2 cuts the second one into volumes, which are no stream.
    fn some_file(&self, noise: &mut Noise) -> (&'static str, String) {
        let (vm, number) = loop {
            let found = VMS[noise.below(VMS.len() as u64) as usize];
            if self.backup.version > 2 || found.0 != "two" {
                break found;
            }
        };
        (vm, format!("vm{number}/private.img"))
    }
}

/// The altered archive with the words that stand before the codes of parts, and the case of the letters in the codes, as they
/// were: neither says anything. A member that gives another code than before stays as it is.
fn with_words_of(good: &[u8], altered: &[u8]) -> Vec<u8> {
    let mut bytes = altered.to_vec();
    let code = |content: &[u8]| {
        content
            .rsplit(|byte| *byte == b'=')
            .next()
            .map(|code| code.trim_ascii().to_ascii_lowercase())
    };
    for member in archive::members(good)
        .iter()
        .filter(|member| member.name.ends_with(".hmac"))
    {
        if let Some(content) = bytes.get_mut(member.data.clone())
            && code(content) == code(&good[member.data.clone()])
        {
            content.copy_from_slice(&good[member.data.clone()]);
        }
    }
    bytes
}

/// The places of the parts of VMs.
fn parts(members: &[Member]) -> Vec<usize> {
    let is_part = |member: &Member| member.name.contains('/') && !member.name.ends_with(".hmac");
    (0..members.len()).filter(|place| is_part(&members[*place])).collect()
}

fn exchange(members: &mut [Member], one: usize, other: usize) {
    let data = members[one].data.clone();
    members[one].data = std::mem::replace(&mut members[other].data, data);
}
