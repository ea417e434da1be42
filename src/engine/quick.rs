// SPDX-License-Identifier: GPL-3.0-or-later
//! A quick look at an archive in a file: what the headers between its members tell in seconds, before any key is made.
//!
//! It finds what is missing, doubled or cut, and nothing that is wrong within a member: it is no verification.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    format::{HEADER_MAC_MEMBER, HEADER_MEMBER, INVENTORY_FILE, PartName},
    host::NoHost,
    inventory::{Domain, Inventory},
    plan::Source,
};

use super::{
    ArchiveError, Context, EngineError,
    open::source_place,
    source::{MemberInfo, Members},
    unpack::expected_files,
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
    /// Whether its parts are numbered without gap or repetition.
    pub is_in_order: bool,
}

impl Outline {
    /// The machines of an inventory of which something is missing, by name, and what that is.
    pub fn missing(&self, inventory: &Inventory) -> BTreeMap<String, String> {
        let domains = inventory.domains().into_iter();
        domains
            .filter_map(|domain| {
                let what = self.missing_of(&domain)?;
                Some((domain.name, what))
            })
            .collect()
    }

    fn missing_of(&self, domain: &Domain) -> Option<String> {
        let path = domain
            .content()
            .map(|content| content.path)
            .filter(|path| !path.is_empty())?;
        let path = path.trim_end_matches('/');
        let mut own = self.files.iter().filter(|file| {
            let rest = file.name.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        if let Some(broken) = own.clone().find(|file| !file.is_in_order) {
            return Some(format!("parts of {}", broken.name));
        }
        if own.clone().next().is_none() {
            return Some(format!("everything of VM {} ({path})", domain.name));
        }
        let name = |file: &OutlineFile| file.name.rsplit('/').next().map(str::to_owned);
        let names: BTreeSet<String> = own.by_ref().filter_map(name).collect();
        // A folder that was saved as one file is looked into only when it is read.
        if names.contains(".") {
            return None;
        }
        let missing = expected_files(domain).into_iter().find(|file| !names.contains(file))?;
        Some(format!("{path}/{missing}"))
    }
}

/// Walks over the outer headers. `None` where the archive is no file: then nothing is known before it is read.
///
/// # Errors
/// When the file cannot be read or nothing in it is of a backup, or the job is cancelled. What is wrong with a backup is no
/// error here.
pub fn quick_look(source: &Source, context: &Context) -> Result<Option<Outline>, EngineError> {
    if !source.is_seekable() {
        return Ok(None);
    }
    let mut members = Members::open(source, &[], &NoHost, &context.cancel)?;
    let mut walk = Walk::default();
    let result = walk.run(&mut members, context);
    let mut outline = std::mem::take(&mut walk.outline);
    outline.archive_bytes = members.archive_bytes().unwrap_or(0);
    match result {
        Ok(()) => {}
        Err(EngineError::Archive(error)) => outline.findings.push(error),
        Err(error) => return Err(error),
    }
    if !walk.has_front && outline.files.is_empty() {
        let first = outline.findings.first().map(ToString::to_string);
        let why = first.unwrap_or_else(|| "it is empty".to_owned());
        let place = source_place(source);
        return Err(ArchiveError::NotABackup { place, why }.into());
    }
    Ok(Some(outline))
}

#[derive(Default)]
struct Walk {
    outline: Outline,
    /// The place of each file in the outline.
    places: BTreeMap<String, usize>,
    folders: BTreeSet<String>,
    last_folder: String,
    /// Whether there is something of what stands before the data.
    has_front: bool,
}

impl Walk {
    fn run(&mut self, members: &mut Members, context: &Context) -> Result<(), EngineError> {
        let mut before: Option<MemberInfo> = None;
        while let Some(member) = members.next()? {
            context.cancel.check()?;
            members.skip()?;
            let sum_of = member.name.strip_suffix(".hmac");
            let is_sum = before
                .as_ref()
                .is_some_and(|before| sum_of == Some(before.name.as_str()));
            if member.name == HEADER_MEMBER || member.name == HEADER_MAC_MEMBER {
                self.has_front = true;
            } else if !is_sum {
                self.take(&member);
            }
            before = Some(member);
        }
        if !members.has_end_mark() {
            let position = members.whole_archive_read().unwrap_or(0);
            let what = "its end mark is missing".to_owned();
            return Err(ArchiveError::Truncated { position, what }.into());
        }
        members.oddity().map_or(Ok(()), Err)
    }

    fn take(&mut self, member: &MemberInfo) {
        let part = PartName::parse_member(&member.name).or_else(|_| PartName::parse_old_member(&member.name));
        let Ok(part) = part else {
            self.outline.findings.push(ArchiveError::Foreign {
                member: member.name.clone(),
                position: member.position,
            });
            return;
        };
        if part.file() == INVENTORY_FILE {
            self.has_front = true;
            return;
        }
        let folder = part.file().rsplit_once('/').map_or(part.file(), |(folder, _)| folder);
        let returns = folder != self.last_folder && !self.folders.insert(folder.to_owned());
        folder.clone_into(&mut self.last_folder);
        if returns {
            self.find(member, "it stands apart from the other files of its VM");
        }
        let next = self.outline.files.len();
        let place = *self.places.entry(part.file().to_owned()).or_insert(next);
        if place == next {
            self.outline.files.push(OutlineFile {
                name: part.file().to_owned(),
                parts: 0,
                bytes: 0,
                position: member.position,
                is_in_order: true,
            });
        }
        let is_last = place + 1 == self.outline.files.len();
        let file = &mut self.outline.files[place];
        let expected = file.parts;
        file.parts += 1;
        file.bytes += member.size;
        if part.number() != expected || !is_last {
            let was_in_order = std::mem::replace(&mut file.is_in_order, false);
            if was_in_order {
                self.find(member, &format!("part {expected} of {} was expected here", part.file()));
            }
        }
    }

    fn find(&mut self, member: &MemberInfo, what: &str) {
        self.outline.findings.push(ArchiveError::Damaged {
            member: member.name.clone(),
            position: member.position,
            what: what.to_owned(),
        });
    }
}
