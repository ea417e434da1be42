// SPDX-License-Identifier: GPL-3.0-or-later
//! The lower half of a restore or a verification: walks the outer archive, proves and decrypts each wanted part whole
//! before a byte of it is released, and hands the parts on in their order.

use std::{
    collections::BTreeSet,
    ops::Range,
    sync::{
        atomic::Ordering,
        mpsc::{Receiver, SyncSender},
    },
};

use crate::{
    engine::{ArchiveError, Context, Damage, EngineError, Warning, meter::Meter},
    format::{HEADER_MAC_MEMBER, HEADER_MEMBER, INVENTORY_FILE, PartName},
    inventory::ArchivePath,
    plan::Missing,
};

use super::{
    index::{MOST_FINDINGS, Survey},
    keys::KeysAhead,
    member::{MemberInfo, damaged},
    members::Members,
    message::ReadMessage,
    owners::Owners,
    part_format::{Mac, PartFormat},
    role::Role,
    wanted::{Wanted, find},
};

/// How many members that nobody asked for are authenticated: in format 4 each costs a key, and no genuine archive has so
/// many of them.
const MOST_AUDITED: usize = 64;

/// Walks an archive for the parts of the wanted VMs.
pub(super) struct Reader<'a> {
    pub(super) context: &'a Context,
    pub(super) part_format: &'a PartFormat,
    pub(super) wanted: &'a [Wanted<'a>],
    /// Which of the wanted VMs a file belongs to.
    pub(super) owners: &'a Owners<'a>,
    /// Where the inventory says that VMs are, wanted or not.
    pub(super) promised: &'a [ArchivePath],
    /// Which of the promised VMs a file belongs to.
    pub(super) promised_owners: Owners<'a>,
    /// Whether what else there is of a VM is passed over once it has failed.
    pub(super) stops_at_failure: bool,
    /// Whether members that nobody asked for are authenticated, and what is missing of other VMs is named.
    pub(super) audits: bool,
    pub(super) messages: SyncSender<ReadMessage>,
    pub(super) empties: Receiver<Vec<u8>>,
    pub(super) meter: &'a Meter<'a>,
    /// The keys that were ordered before their parts are read.
    pub(super) keys: KeysAhead,
}

/// The file whose parts are coming.
struct Current {
    file: String,
    vm: usize,
    next_number: u32,
    /// A part of it was bad: the rest is of no use.
    is_broken: bool,
}

/// What has been seen on the way.
#[derive(Default)]
struct Walk {
    current: Option<Current>,
    files: BTreeSet<String>,
    /// Of which of the promised VMs something has been seen.
    seen: BTreeSet<usize>,
    /// Tells members apart where no index was made before.
    survey: Option<Survey>,
    audited: usize,
    /// How many files were named that a restore has no use for.
    unknown: usize,
    findings: Vec<ArchiveError>,
}

impl Walk {
    fn note(&mut self, error: ArchiveError) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(error);
        }
    }
}

/// A part that is whole: where its plain bytes are, or why it is not.
type Opened = Result<(Vec<u8>, Range<usize>), EngineError>;

impl Reader<'_> {
    /// Reads to the end of the archive. `Err` means that reading cannot go on; errors of single files go to the unpacker.
    /// Returns what is wrong with the archive beside those.
    pub(super) fn run(mut self, members: &mut Members) -> Result<Vec<ArchiveError>, EngineError> {
        let mut walk = Walk {
            survey: (!members.survives_errors()).then(Survey::default),
            ..Walk::default()
        };
        let result = self.walk(members, &mut walk);
        // Whether the file that was being read is whole shows in its own layers, whatever comes after it.
        if walk.current.is_some_and(|current| !current.is_broken) {
            // A receiver that is gone has an error of its own.
            let _ = self.messages.send(ReadMessage::End);
        }
        result?;
        let mut findings = members.flaws();
        findings.extend(walk.survey.map(|survey| survey.findings).unwrap_or_default());
        findings.extend(walk.findings);
        if self.audits && members.archive_bytes().is_some() {
            findings.extend(self.missing(&walk.seen));
        }
        Ok(findings)
    }

    fn walk(&mut self, members: &mut Members, walk: &mut Walk) -> Result<(), EngineError> {
        while let Some(member) = members.next()? {
            self.context.cancel.check()?;
            if self.take(members, walk, &member)? {
                continue;
            }
            self.meter.add(member.size)?;
            members.skip()?;
            self.part_format.skip_beside(members, &member)?;
        }
        Ok(())
    }

    /// The promised VMs of which nothing has come and which are not wanted; those that are, the unpacker names.
    fn missing(&self, seen: &BTreeSet<usize>) -> Vec<ArchiveError> {
        let wanted: BTreeSet<&ArchivePath> = self.wanted.iter().map(|wanted| &wanted.row.content.path).collect();
        let unseen = (0..self.promised.len()).filter(|index| !seen.contains(index));
        let paths = unseen.map(|index| &self.promised[index]);
        paths
            .filter(|path| !wanted.contains(path))
            .map(|path| ArchiveError::Missing {
                what: Missing::Path { path: path.to_string() },
            })
            .collect()
    }

    /// Takes a member if it is wanted. Returns whether it was read.
    fn take(&mut self, members: &mut Members, walk: &mut Walk, member: &MemberInfo) -> Result<bool, EngineError> {
        let survey = walk.survey.as_mut();
        let is_useless = survey.is_some_and(|survey| survey.take(member) == Role::Useless);
        if is_useless || self.is_front_matter(&member.name) {
            return Ok(false);
        }
        let Some(part) = self.part_format.part_name(&member.name) else {
            walk.note(foreign(member));
            return Ok(false);
        };
        let owner = self.promised_owners.owner(part.file());
        walk.seen.extend(owner);
        if walk.current.as_ref().is_some_and(|current| current.file != part.file()) {
            self.end_current(walk)?;
        }
        let found = find(self.wanted, self.owners, part.file());
        let Some((vm, name)) = found.filter(|(vm, name)| self.wanted[*vm].wants(name)) else {
            let is_useless = found.is_some() || owner.is_none();
            return if self.audits && is_useless {
                self.audit(members, walk, &part, member, owner.is_some())
            } else {
                Ok(false)
            };
        };
        if !self.wanted[vm].is_read(name, self.stops_at_failure) {
            return Ok(false);
        }
        if walk.current.is_none() {
            self.begin(walk, &part, vm, name, member)?;
        }
        let Some(current) = walk.current.as_mut().filter(|current| !current.is_broken) else {
            return Ok(false);
        };
        if part.number() != current.next_number {
            let (number, file) = (current.next_number, part.file().to_owned());
            self.break_off(walk, damaged(member, Damage::OutOfOrder { number, file }))?;
            return Ok(false);
        }
        current.next_number += 1;
        log::trace!(
            "reading the part {:?} of {} bytes at byte {}",
            member.name,
            member.size,
            member.position
        );
        match self.open_part(members, &part, member) {
            Ok(Ok((buffer, plain))) => self.send(ReadMessage::Part {
                buffer,
                plain,
                member: member.clone(),
            })?,
            Ok(Err(error)) => self.break_off(walk, error)?,
            Err(EngineError::Cancelled) => return Err(EngineError::Cancelled),
            Err(error) => {
                self.break_off(walk, error.clone())?;
                return Err(error);
            }
        }
        Ok(true)
    }

    /// Looks whether a member that a restore has no use for belongs to the backup. Returns whether it was read.
    fn audit(
        &mut self,
        members: &mut Members,
        walk: &mut Walk,
        part: &PartName,
        member: &MemberInfo,
        is_of_promised: bool,
    ) -> Result<bool, EngineError> {
        walk.audited += 1;
        if self.part_format.as_hmac().is_none() && walk.audited > MOST_AUDITED {
            walk.note(foreign(member));
            return Ok(false);
        }
        match self.open_part(members, part, member)? {
            Ok(_) if walk.unknown < MOST_FINDINGS && walk.files.insert(part.file().to_owned()) => {
                walk.unknown += 1;
                let member = part.file().to_owned();
                self.context.warn(Warning::UnknownFile { member });
            }
            Ok(_) => {}
            Err(EngineError::Archive(error)) if is_of_promised => walk.note(error),
            Err(EngineError::Archive(_)) => walk.note(foreign(member)),
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    fn begin(
        &self,
        walk: &mut Walk,
        part: &PartName,
        vm: usize,
        name: &str,
        member: &MemberInfo,
    ) -> Result<(), EngineError> {
        self.end_current(walk)?;
        self.send(ReadMessage::File {
            vm,
            name: name.to_owned(),
            member: member.clone(),
        })?;
        let file = part.file().to_owned();
        let is_new = walk.files.insert(file.clone());
        walk.current = Some(Current {
            file,
            vm,
            next_number: 0,
            is_broken: false,
        });
        if !is_new {
            self.break_off(walk, damaged(member, Damage::BeginsAgain))?;
        }
        Ok(())
    }

    fn end_current(&self, walk: &mut Walk) -> Result<(), EngineError> {
        match walk.current.take() {
            Some(current) if !current.is_broken => self.send(ReadMessage::End),
            _ => Ok(()),
        }
    }

    /// Ends the current file as a bad one; the rest of its parts is passed over.
    fn break_off(&self, walk: &mut Walk, error: EngineError) -> Result<(), EngineError> {
        if let Some(current) = &mut walk.current {
            current.is_broken = true;
            self.wanted[current.vm].has_failed.store(true, Ordering::SeqCst);
        }
        self.send(ReadMessage::Broken(error))
    }

    fn send(&self, message: ReadMessage) -> Result<(), EngineError> {
        // The receiving side ends early only when the job is cancelled, or by an error of its own which is told.
        self.messages.send(message).map_err(|_| EngineError::Cancelled)
    }

    /// Reads and opens one part. The outer error ends the reading, the inner one only this file.
    ///
    /// A part that does not hold is read once more: memory and cables fail too. If it holds then, the user must know.
    fn open_part(
        &mut self,
        members: &mut Members,
        part: &PartName,
        member: &MemberInfo,
    ) -> Result<Opened, EngineError> {
        let mut buffer = self.empties.try_recv().unwrap_or_default();
        let mac = match self.fetch(members, member, &mut buffer)? {
            Ok(mac) => mac,
            Err(error) => return Ok(Err(error)),
        };
        let first = match self.open_fetched(&mut buffer, &mac, part, member)? {
            Ok(plain) => return Ok(Ok((buffer, plain))),
            Err(error) => error,
        };
        let second = if members.go_back(member)? {
            let Some(again) = members.next()? else {
                return Ok(Err(first));
            };
            match self.fetch(members, &again, &mut buffer)? {
                Ok(mac) => self.open_fetched(&mut buffer, &mac, part, member)?,
                Err(error) => Err(error),
            }
        } else {
            self.open_fetched(&mut buffer, &mac, part, member)?
        };
        match second {
            Ok(plain) => {
                self.context.warn(Warning::GoodAtSecondTry {
                    member: member.name.clone(),
                    position: member.position,
                });
                Ok(Ok((buffer, plain)))
            }
            Err(_) => Ok(Err(first)),
        }
    }

    /// Reads a part and what stands beside it. What cannot be read of one member is its own matter where the members
    /// behind it can be reached all the same.
    fn fetch(
        &self,
        members: &mut Members,
        member: &MemberInfo,
        buffer: &mut Vec<u8>,
    ) -> Result<Result<Mac, EngineError>, EngineError> {
        match self.part_format.fetch(members, member, buffer, &self.context.cancel) {
            Err(EngineError::Cancelled) => Err(EngineError::Cancelled),
            Err(error) if members.survives_errors() => Ok(Err(error)),
            result => result,
        }
    }

    fn open_fetched(
        &mut self,
        buffer: &mut [u8],
        mac: &[u8],
        part: &PartName,
        member: &MemberInfo,
    ) -> Result<Result<Range<usize>, EngineError>, EngineError> {
        match self
            .part_format
            .open(buffer, mac, part, member, &mut self.keys, self.context)
        {
            Err(EngineError::Cancelled) => Err(EngineError::Cancelled),
            result => Ok(result),
        }
    }

    /// Whether a member was read when the archive was opened.
    fn is_front_matter(&self, name: &str) -> bool {
        let is_inventory = |part: PartName| part.file() == INVENTORY_FILE;
        name == HEADER_MEMBER || name == HEADER_MAC_MEMBER || self.part_format.part_name(name).is_some_and(is_inventory)
    }
}

fn foreign(member: &MemberInfo) -> ArchiveError {
    ArchiveError::Foreign {
        member: member.name.clone(),
        position: member.position,
    }
}

#[cfg(test)]
mod tests;
