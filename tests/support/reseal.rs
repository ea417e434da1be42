// SPDX-License-Identifier: GPL-3.0-or-later
//! Archives that no honest writer makes: parts are opened, changed and sealed again with the right passphrase, so that
//! what is wrong with them lies deeper than their MACs.

use pedos_backup::crypto::{KdfCost, KdfLimits, SealKey, header_passphrase, open_in_place, part_passphrase};

use super::archive::{self, Member};

/// The cheapest key that is still a key: what is tested here is not how long one takes to guess.
pub(crate) const CHEAP: KdfCost = KdfCost { log_n: 8, r: 8, p: 1 };

/// What becomes of one part: the members, with their contents, that take its place.
type Change<'a> = dyn Fn(&str, Vec<u8>) -> Vec<(String, Vec<u8>)> + 'a;

/// An archive taken apart.
pub(crate) struct Opened {
    bytes: Vec<u8>,
    members: Vec<Member>,
    passphrase: String,
    /// Its identifier.
    pub(crate) backup_id: String,
}

impl Opened {
    /// Takes an archive apart.
    pub(crate) fn new(bytes: Vec<u8>, passphrase: &str) -> Self {
        let members = archive::members(&bytes);
        let header = members.iter().find(|member| member.name == "backup-header").unwrap();
        let header = String::from_utf8(bytes[header.data.clone()].to_vec()).unwrap();
        let id = header
            .lines()
            .find_map(|line| line.strip_prefix("backup-id="))
            .unwrap()
            .to_owned();
        Self {
            bytes,
            members,
            passphrase: passphrase.to_owned(),
            backup_id: id,
        }
    }

    /// Its members.
    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The member of that name.
    #[track_caller]
    pub(crate) fn member(&self, name: &str) -> &Member {
        self.members
            .iter()
            .find(|member| member.name == name)
            .unwrap_or_else(|| panic!("no member {name}"))
    }

    /// What a part holds.
    pub(crate) fn content(&self, member: &Member) -> Vec<u8> {
        let mut container = self.bytes[member.data.clone()].to_vec();
        let part = member.name.strip_suffix(".enc").unwrap();
        let passphrase = part_passphrase(&self.backup_id, part, self.passphrase.as_bytes());
        let range = open_in_place(&mut container, &passphrase, &KdfLimits::DEFAULT).unwrap();
        container[range].to_vec()
    }

    /// The whole archive with the content of each member (header and its copy left as they are) replaced by what the
    /// function makes of it: a list of members with their contents.
    pub(crate) fn rewritten(&self, change: &Change<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for member in &self.members {
            if !member.name.ends_with(".enc") {
                bytes.extend_from_slice(&self.bytes[member.whole.clone()]);
                continue;
            }
            for (name, content) in change(&member.name, self.content(member)) {
                bytes.extend_from_slice(&self.sealed(&name, content));
            }
        }
        bytes.resize(bytes.len() + 1024, 0);
        bytes
    }

    /// The archive with the parts of every file of VMs cut into pieces of so many bytes.
    pub(crate) fn in_small_parts(&self, part_bytes: usize) -> Self {
        let bytes = self.rewritten(&|name, content| {
            let file = name.strip_suffix(".000.enc").unwrap();
            if file == "qubes.xml" {
                return vec![(name.to_owned(), content)];
            }
            let piece = |(number, piece): (usize, &[u8])| (format!("{file}.{number:03}.enc"), piece.to_vec());
            content.chunks(part_bytes).enumerate().map(piece).collect()
        });
        Self::new(bytes, &self.passphrase)
    }

    /// A header of these lines with its sealed copy, in place of the archive's own.
    pub(crate) fn with_header(&self, header: &[u8]) -> Vec<u8> {
        let mut bytes = tar_member("backup-header", header);
        let key = SealKey::derive(&header_passphrase(self.passphrase.as_bytes()), CHEAP).unwrap();
        bytes.extend_from_slice(&tar_member("backup-header.hmac", &in_container(key, header.to_vec())));
        for member in self.members.iter().filter(|member| member.name.ends_with(".enc")) {
            bytes.extend_from_slice(&self.bytes[member.whole.clone()]);
        }
        bytes.resize(bytes.len() + 1024, 0);
        bytes
    }

    /// A member of that name with that content, sealed as this archive's own are.
    pub(crate) fn sealed(&self, name: &str, content: Vec<u8>) -> Vec<u8> {
        let part = name.strip_suffix(".enc").unwrap();
        let passphrase = part_passphrase(&self.backup_id, part, self.passphrase.as_bytes());
        tar_member(
            name,
            &in_container(SealKey::derive(&passphrase, CHEAP).unwrap(), content),
        )
    }
}

fn in_container(key: SealKey, mut content: Vec<u8>) -> Vec<u8> {
    let sealed = key.seal(&mut content);
    [sealed.header.as_slice(), &content, &sealed.mac].concat()
}

/// A member of an outer tar.
pub(crate) fn tar_member(name: &str, data: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).unwrap();
    header.set_size(data.len() as u64);
    header.set_mode(0o644);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(data);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}
