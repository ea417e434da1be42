// SPDX-License-Identifier: GPL-3.0-or-later
//! The index of an archive in a file: every member by its header, the order in which they are read, and what is wrong
//! with the archive beside the content of its parts.
//!
//! The quick look, a verification and a restore all take what they say of the archive as a whole from here.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use crate::{
    engine::{ArchiveError, CancelToken, EngineError},
    format::limits,
    transport::Source,
};

use super::{
    member::MemberInfo,
    members::Members,
    role::{Role, role},
};

/// The most findings that are kept of one archive.
pub(super) const MOST_FINDINGS: usize = 1000;

/// The index of the archive that a run reads. The first step that needs it walks over the outer headers, and every later
/// step gets the same one, so that no two steps of a run judge two states of a file.
#[derive(Debug, Default)]
pub(super) struct RunIndex(OnceLock<Option<Arc<Index>>>);

impl RunIndex {
    /// Returns the index; `None` where the archive is not a file.
    ///
    /// # Errors
    /// When the file cannot be read, or the job is cancelled. What is wrong with the archive is no error here.
    pub(super) fn get(&self, source: &Source, cancel: &CancelToken) -> Result<Option<Arc<Index>>, EngineError> {
        if let Some(index) = self.0.get() {
            return Ok(index.clone());
        }
        let index = Index::read(source, cancel)?.map(Arc::new);
        Ok(self.0.get_or_init(|| index).clone())
    }
}

/// The members of an archive in a file.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The members in the order in which they are read: header and inventory first, then file by file, the parts of a file
    /// by their number. In an archive of any writer of backups that is the order in which they stand.
    pub(super) members: Arc<[MemberInfo]>,
    /// The size of the archive in bytes.
    pub(super) archive_bytes: u64,
    /// What is wrong between the members or with their names.
    pub(super) findings: Vec<ArchiveError>,
    /// The runs of bytes in which a member was lost.
    pub(super) lost: Vec<(u64, u64)>,
    /// Where something begins that stands behind the end of the archive and is not part of it.
    pub(super) trailing: Option<u64>,
}

impl Index {
    /// Reads all headers. A run asks its [`RunIndex`] instead.
    fn read(source: &Source, cancel: &CancelToken) -> Result<Option<Self>, EngineError> {
        let Some(mut members) = Members::open_ranged(source, cancel)? else {
            return Ok(None);
        };
        let mut survey = Survey::default();
        let (mut found, mut unread) = (Vec::new(), None);
        while let Some(member) = members.next()? {
            cancel.check()?;
            if survey.is_full() {
                unread = Some(member.position);
                break;
            }
            members.skip()?;
            let role = survey.take(&member);
            if role != Role::Useless {
                found.push((role, member));
            }
        }
        log::debug!("outer headers of {}: {} members", source.location(), found.len());
        let mut findings = members.flaws();
        findings.extend(survey.findings);
        let archive_bytes = members.archive_bytes().unwrap_or(0);
        // Nobody is to take the archive for whole of which a part was not looked at.
        findings.extend(unread.map(|position| ArchiveError::LostMember {
            position,
            end: archive_bytes,
        }));
        Ok(Some(Self {
            members: in_reading_order(found),
            archive_bytes,
            findings,
            lost: members.lost(),
            trailing: members.trailing(),
        }))
    }
}

/// Tells members apart by their names, in the order in which they come, and notes what must not be there.
#[derive(Default)]
pub(super) struct Survey {
    seen: BTreeSet<String>,
    pub(super) findings: Vec<ArchiveError>,
    /// Whether there was one member more than are taken.
    has_overflowed: bool,
}

impl Survey {
    /// Whether no further members are taken.
    pub(super) fn is_full(&self) -> bool {
        self.seen.len() >= limits::MEMBERS
    }

    /// Tells what a member is, by its name and by what came before it. Beyond the most that are taken, the first is named
    /// and all are of no use.
    pub(super) fn take(&mut self, member: &MemberInfo) -> Role {
        if self.is_full() {
            if !std::mem::replace(&mut self.has_overflowed, true) {
                let (position, end) = (member.position, member.position.saturating_add(member.size));
                self.findings.push(ArchiveError::LostMember { position, end });
            }
            return Role::Useless;
        }
        let role = role(&member.name);
        let error = if role == Role::Useless {
            ArchiveError::Foreign {
                member: member.name.clone(),
                position: member.position,
            }
        } else if !self.seen.insert(member.name.clone()) {
            ArchiveError::Duplicate {
                member: member.name.clone(),
                position: member.position,
            }
        } else {
            return role;
        };
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(error);
        }
        Role::Useless
    }
}

/// Puts the members of a file together and its parts in their order; files and folders stay in the order in which the
/// first member of each stands.
fn in_reading_order(found: Vec<(Role, MemberInfo)>) -> Arc<[MemberInfo]> {
    let (mut folders, mut files) = (BTreeMap::new(), BTreeMap::new());
    let mut keyed = Vec::with_capacity(found.len());
    for (role, member) in found {
        let (part, is_mac) = match &role {
            Role::Front(place) => {
                keyed.push(((0, 0, u32::from(*place), false), member));
                continue;
            }
            Role::Part(part) => (part, false),
            Role::Mac(part) => (part, true),
            Role::Useless => continue,
        };
        let folder = part.file().rsplit_once('/').map_or(part.file(), |(folder, _)| folder);
        let (next_folder, next_file) = (folders.len() + 1, files.len());
        let folder = *folders.entry(folder.to_owned()).or_insert(next_folder);
        let file = *files.entry(part.file().to_owned()).or_insert(next_file);
        keyed.push(((folder, file, part.number(), is_mac), member));
    }
    if !keyed.is_sorted_by_key(|(key, _)| *key) {
        keyed.sort_by_key(|(key, _)| *key);
    }
    keyed.into_iter().map(|(_, member)| member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(names: &[&str]) -> Vec<String> {
        let mut survey = Survey::default();
        let found = names.iter().enumerate().map(|(place, name)| {
            let member = MemberInfo {
                name: (*name).to_owned(),
                size: 0,
                position: place as u64,
            };
            (survey.take(&member), member)
        });
        let found = found.collect();
        in_reading_order(found)
            .iter()
            .map(|member| member.name.clone())
            .collect()
    }

    #[test]
    fn an_archive_as_it_was_written_keeps_its_order() {
        let names = [
            "backup-header",
            "backup-header.hmac",
            "qubes.xml.000.enc",
            "vm2/root.img.000.enc",
            "vm2/root.img.001.enc",
            "vm1/private.img.000.enc",
            "dom0-home/user.000.enc",
        ];
        assert_eq!(order(&names), names);
        let old = [
            "backup-header",
            "backup-header.hmac",
            "qubes.xml.000",
            "qubes.xml.000.hmac",
            "vm1/..000",
            "vm1/..000.hmac",
            "vm1/..001",
            "vm1/..001.hmac",
        ];
        assert_eq!(order(&old), old);
    }

    #[test]
    fn an_archive_that_was_packed_anew_is_read_in_its_order() {
        let names = [
            "vm1/private.img.001.enc",
            "qubes.xml.000.enc",
            "vm2/private.img.000.enc",
            "vm1/private.img.000.enc",
            "README",
            "backup-header.hmac",
            "vm1/firewall.xml.000.enc",
            "backup-header",
            "vm1/private.img.000.enc",
        ];
        let wanted = [
            "backup-header",
            "backup-header.hmac",
            "qubes.xml.000.enc",
            "vm1/private.img.000.enc",
            "vm1/private.img.001.enc",
            "vm1/firewall.xml.000.enc",
            "vm2/private.img.000.enc",
        ];
        assert_eq!(order(&names), wanted);
    }

    #[test]
    fn the_most_members_are_taken_and_one_more_is_a_finding() {
        let mut survey = Survey::default();
        let member = |number: usize| MemberInfo {
            name: format!("vm1/a.{number:03}.enc"),
            size: 7,
            position: number as u64,
        };
        for number in 0..limits::MEMBERS {
            assert_ne!(survey.take(&member(number)), Role::Useless);
        }
        assert_eq!((survey.findings.as_slice(), survey.is_full()), (&[][..], true));
        for number in limits::MEMBERS..limits::MEMBERS + 3 {
            assert_eq!(survey.take(&member(number)), Role::Useless);
        }
        let position = limits::MEMBERS as u64;
        let end = position + 7;
        assert_eq!(survey.findings, [ArchiveError::LostMember { position, end }]);
    }

    #[test]
    fn so_many_findings_are_kept_and_no_more() {
        let mut survey = Survey::default();
        for number in 0..MOST_FINDINGS + 1 {
            assert_eq!(survey.findings.len(), number);
            let name = format!("x{number}");
            let (size, position) = (0, 0);
            survey.take(&MemberInfo { name, size, position });
        }
        assert_eq!(survey.findings.len(), MOST_FINDINGS);
    }

    #[test]
    fn what_stands_there_twice_or_belongs_to_no_backup_is_named() {
        let mut survey = Survey::default();
        for (position, name) in ["backup-header", "x", "vm1/a.000.enc", "backup-header", "vm1/a.000.enc"]
            .iter()
            .enumerate()
        {
            survey.take(&MemberInfo {
                name: (*name).to_owned(),
                size: 0,
                position: position as u64,
            });
        }
        let duplicate = |member: &str, position| ArchiveError::Duplicate {
            member: member.to_owned(),
            position,
        };
        let foreign = ArchiveError::Foreign {
            member: "x".to_owned(),
            position: 1,
        };
        assert_eq!(
            survey.findings,
            [foreign, duplicate("backup-header", 3), duplicate("vm1/a.000.enc", 4)]
        );
    }
}
