// SPDX-License-Identifier: GPL-3.0-or-later
//! A quick look at an archive in a file: what the headers between its members tell in seconds, before any key is made.
//!
//! It finds what is missing, doubled or cut, and nothing that is wrong within a member: it is no verification.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    engine::{ArchiveError, Context, Damage, EngineError, NotABackup},
    format::PartName,
    host::Services,
    inventory::{Domain, Inventory},
    plan::Missing,
    transport::Source,
};

use super::{
    confined::confined,
    expected::expected_files,
    index::{Index, RunIndex},
    member::MemberInfo,
    role::{Role, role},
};

/// What the outer headers of an archive tell.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    /// The size of the archive in bytes.
    pub archive_bytes: u64,
    /// The files in the order of the archive, header and inventory left out.
    pub files: Vec<OutlineFile>,
    /// What is wrong, in the order of the archive.
    pub findings: Vec<ArchiveError>,
}

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineFile {
    /// Its name (`vm6/private.img`).
    pub name: String,
    /// How many parts of it there are.
    pub parts: u32,
    /// What it takes in the archive, in bytes.
    pub bytes: u64,
    /// Where its first member begins.
    pub position: u64,
    /// Whether none of its parts is missing before its last one.
    pub is_in_order: bool,
}

impl Outline {
    /// The VMs of an inventory of which something is missing, by name, and what that is.
    pub fn missing(&self, inventory: &Inventory) -> BTreeMap<String, Missing> {
        let files = self.by_folder();
        let domains = inventory.domains().into_iter();
        domains
            .filter_map(|domain| {
                let what = missing_of(&domain, &files)?;
                Some((domain.name, what))
            })
            .collect()
    }

    /// The files by their own names and by every folder above them, so that no VM is held against every file.
    fn by_folder(&self) -> HashMap<&str, Vec<&OutlineFile>> {
        let mut files: HashMap<&str, Vec<&OutlineFile>> = HashMap::new();
        for file in &self.files {
            let above = file.name.match_indices('/').map(|(slash, _)| &file.name[..slash]);
            for folder in above.chain([file.name.as_str()]) {
                files.entry(folder).or_default().push(file);
            }
        }
        files
    }
}

fn missing_of(domain: &Domain, files: &HashMap<&str, Vec<&OutlineFile>>) -> Option<Missing> {
    let path = domain
        .content()
        .map(|content| content.path)
        .filter(|path| !path.is_empty())?;
    let own = files.get(path.folder()).map_or(&[][..], Vec::as_slice);
    if let Some(broken) = own.iter().find(|file| !file.is_in_order) {
        let path = broken.name.clone();
        return Some(Missing::Parts { path });
    }
    if own.is_empty() {
        let (vm, folder) = (domain.name.clone(), path.folder().to_owned());
        return Some(Missing::EverythingOf { vm, folder });
    }
    let names: BTreeSet<&str> = own.iter().filter_map(|file| file.name.rsplit('/').next()).collect();
    // A folder that was saved as one file is looked into only when it is read.
    if names.contains(".") {
        return None;
    }
    let missing = expected_files(domain)
        .into_iter()
        .find(|file| !names.contains(file.as_str()))?;
    let path = path.member(&missing);
    Some(Missing::Path { path })
}

/// Walks over the outer headers. Only a store in a VM needs `services`. Returns `None` where the archive is read as a
/// stream: nothing is known of a stream before it is read.
///
/// # Errors
/// When the file cannot be read or nothing in it is of a backup, or the job is cancelled. What is wrong with a backup is no
/// error here.
pub fn quick_look(
    source: &Source,
    services: Option<&dyn Services>,
    context: &Context,
) -> Result<Option<Outline>, EngineError> {
    confined(source.confinement().as_ref(), || look(source, services, context))
}

fn look(source: &Source, services: Option<&dyn Services>, context: &Context) -> Result<Option<Outline>, EngineError> {
    if let Some(services) = services.and_then(Services::shared) {
        source.reached_by(services);
    }
    let Some(index) = RunIndex::default().get(source, &context.cancel)? else {
        return Ok(None);
    };
    if index.members.is_empty() {
        let why = match index.findings.first() {
            None if index.archive_bytes == 0 => NotABackup::Empty,
            Some(ArchiveError::Foreign { member, .. }) => NotABackup::OtherArchive { member: member.clone() },
            None | Some(_) => NotABackup::OtherBeginning,
        };
        let place = source.location().to_string();
        return Err(ArchiveError::NotABackup { place, why }.into());
    }
    Ok(Some(Outline::of(&index)))
}

impl Outline {
    /// What the members of an archive tell, in the order in which they are read.
    pub(super) fn of(index: &Index) -> Self {
        let mut outline = Self {
            archive_bytes: index.archive_bytes,
            findings: index.findings.clone(),
            ..Self::default()
        };
        for member in &*index.members {
            match role(&member.name) {
                Role::Part(part) => outline.take(member, &part),
                Role::Front(_) | Role::Mac(_) | Role::Useless => {}
            }
        }
        outline
    }

    /// The parts of a file come one after the other.
    fn take(&mut self, member: &MemberInfo, part: &PartName) {
        if self.files.last().is_none_or(|file| file.name != part.file()) {
            self.files.push(OutlineFile {
                name: part.file().to_owned(),
                parts: 0,
                bytes: 0,
                position: member.position,
                is_in_order: true,
            });
        }
        let Some(file) = self.files.last_mut() else { return };
        let expected = file.parts;
        file.parts += 1;
        file.bytes += member.size;
        if part.number() != expected && std::mem::replace(&mut file.is_in_order, false) {
            self.findings.push(ArchiveError::Damaged {
                member: Some(member.name.clone()),
                position: member.position,
                why: Damage::OutOfOrder {
                    number: expected,
                    file: part.file().to_owned(),
                },
            });
        }
    }
}
