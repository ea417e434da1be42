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

use crate::format::{HEADER_MAC_MEMBER, HEADER_MEMBER, INVENTORY_FILE, PartName};

use super::{
    ArchiveError, Context, EngineError, Warning,
    ahead::KeysAhead,
    dialect::{Dialect, damaged},
    meter::Meter,
    source::{MemberInfo, Members},
    unpack::{Piece, Wanted},
};

/// Walks an archive for the parts of the wanted machines.
pub(super) struct Reader<'a> {
    pub(super) context: &'a Context,
    pub(super) dialect: &'a Dialect,
    pub(super) wanted: &'a [Wanted<'a>],
    /// Where the inventory says that machines are, wanted or not.
    pub(super) promised: &'a [String],
    /// Whether what else there is of a machine is passed over once it has failed.
    pub(super) stops_at_failure: bool,
    pub(super) pieces: SyncSender<Piece>,
    pub(super) empties: Receiver<Vec<u8>>,
    pub(super) meter: &'a Meter<'a>,
    /// The keys that were ordered before their parts are read.
    pub(super) keys: KeysAhead,
}

/// The file whose parts are coming.
struct Current {
    file: String,
    machine: usize,
    next_number: u32,
    /// A part of it was bad: the rest is of no use.
    is_broken: bool,
}

/// What has been seen on the way.
#[derive(Default)]
struct Walk {
    current: Option<Current>,
    files: BTreeSet<String>,
    /// Of which of the promised machines something has been seen.
    seen: BTreeSet<usize>,
    /// The first thing that belongs to no machine of the inventory.
    strange: Option<EngineError>,
}

/// A part that is whole: where its plain bytes are, or why it is not.
type Opened = Result<(Vec<u8>, Range<usize>), EngineError>;

impl Reader<'_> {
    /// Reads to the end of the archive. An error is one of reading on at all; what is wrong with single files has gone
    /// to the receiving side. Gives what does not belong into the archive, although everything else is in it.
    pub(super) fn run(mut self, members: &mut Members) -> Result<Option<EngineError>, EngineError> {
        let mut walk = Walk::default();
        let result = self.walk(members, &mut walk);
        let last = match &result {
            Ok(()) => Piece::End,
            Err(error) => Piece::Broken(error.clone()),
        };
        if walk.current.is_some_and(|current| !current.is_broken) {
            // A receiver that is gone has an error of its own.
            let _ = self.pieces.send(last);
        }
        result.map(|()| walk.strange.or_else(|| members.oddity()))
    }

    fn walk(&mut self, members: &mut Members, walk: &mut Walk) -> Result<(), EngineError> {
        while let Some(member) = members.next()? {
            self.context.cancel.check()?;
            if self.take(members, walk, &member)? {
                continue;
            }
            self.meter.add(member.size)?;
            members.skip()?;
            self.dialect.skip_beside(members, &member)?;
        }
        self.check_end(members, walk)
    }

    /// Whether the archive ends where it was meant to end. One that was cut between two members shows it only by what
    /// is missing behind; then the last machine in it may lack files that no inventory lists (its firewall rules).
    fn check_end(&self, members: &Members, walk: &Walk) -> Result<(), EngineError> {
        let Some(position) = members.whole_archive_read() else {
            return Ok(());
        };
        let cut = |what: String| Err(ArchiveError::Truncated { position, what }.into());
        if let Some(missing) = (0..self.promised.len()).find(|index| !walk.seen.contains(index)) {
            return cut(format!("{} should have come", self.promised[missing]));
        }
        if members.has_end_mark() {
            Ok(())
        } else {
            cut("its end mark is missing".to_owned())
        }
    }

    /// Takes a member if it is wanted; gives whether it was.
    fn take(&mut self, members: &mut Members, walk: &mut Walk, member: &MemberInfo) -> Result<bool, EngineError> {
        if self.is_front_matter(&member.name) {
            return Ok(false);
        }
        let Some(part) = self.dialect.part_name(&member.name) else {
            self.note_foreign(walk, member);
            return Ok(false);
        };
        let owner = self.promised.iter().position(|path| is_within(path, part.file()));
        walk.seen.extend(owner);
        let found = find(self.wanted, part.file());
        let is_elsewhere = |current: &Current| found.is_none_or(|(machine, _)| machine != current.machine);
        if walk.current.as_ref().is_some_and(is_elsewhere) {
            // The members of a machine stand together: behind them nothing of it can be missing any more.
            self.end_current(walk)?;
        }
        let Some((machine, name)) = found else {
            if owner.is_none() {
                self.note_foreign(walk, member);
            }
            return Ok(false);
        };
        if !self.wanted[machine].is_read(name, self.stops_at_failure) {
            return Ok(false);
        }
        if walk.current.as_ref().is_none_or(|current| current.file != part.file()) {
            self.begin(walk, &part, machine, name, member)?;
        }
        let Some(current) = walk.current.as_mut().filter(|current| !current.is_broken) else {
            return Ok(false);
        };
        if part.number() != current.next_number {
            let what = format!("part {} of {} was expected here", current.next_number, part.file());
            self.break_off(walk, damaged(member, what))?;
            return Ok(false);
        }
        current.next_number += 1;
        match self.open_part(members, &part, member)? {
            Ok((buffer, plain)) => self.send(Piece::Part {
                buffer,
                plain,
                member: member.clone(),
            })?,
            Err(error) => self.break_off(walk, error)?,
        }
        Ok(true)
    }

    fn begin(
        &self,
        walk: &mut Walk,
        part: &PartName,
        machine: usize,
        name: &str,
        member: &MemberInfo,
    ) -> Result<(), EngineError> {
        self.end_current(walk)?;
        self.send(Piece::File {
            machine,
            name: name.to_owned(),
            member: member.clone(),
        })?;
        let file = part.file().to_owned();
        let is_new = walk.files.insert(file.clone());
        walk.current = Some(Current {
            file,
            machine,
            next_number: 0,
            is_broken: false,
        });
        if !is_new {
            let what = "a file that had come already begins again".to_owned();
            self.break_off(walk, damaged(member, what))?;
        }
        Ok(())
    }

    fn end_current(&self, walk: &mut Walk) -> Result<(), EngineError> {
        match walk.current.take() {
            Some(current) if !current.is_broken => self.send(Piece::End),
            _ => Ok(()),
        }
    }

    /// Ends the current file as a bad one; the rest of its parts is passed over.
    fn break_off(&self, walk: &mut Walk, error: EngineError) -> Result<(), EngineError> {
        if let Some(current) = &mut walk.current {
            current.is_broken = true;
            self.wanted[current.machine].has_failed.store(true, Ordering::SeqCst);
        }
        self.send(Piece::Broken(error))
    }

    fn send(&self, piece: Piece) -> Result<(), EngineError> {
        // The receiving side ends early only when the job is cancelled, or by an error of its own which is told.
        self.pieces.send(piece).map_err(|_| EngineError::Cancelled)
    }

    fn note_foreign(&self, walk: &mut Walk, member: &MemberInfo) {
        self.context.warn(Warning::UnknownFile {
            member: member.name.clone(),
        });
        walk.strange.get_or_insert_with(|| {
            ArchiveError::Foreign {
                member: member.name.clone(),
                position: member.position,
            }
            .into()
        });
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
        let proof = match self.dialect.fetch(members, member, &mut buffer, &self.context.cancel)? {
            Ok(proof) => proof,
            Err(error) => return Ok(Err(error)),
        };
        let first = match self.open_fetched(&mut buffer, &proof, part, member)? {
            Ok(plain) => return Ok(Ok((buffer, plain))),
            Err(error) => error,
        };
        let second = if members.go_back(member)? {
            let Some(again) = members.next()? else {
                return Ok(Err(first));
            };
            match self.dialect.fetch(members, &again, &mut buffer, &self.context.cancel)? {
                Ok(proof) => self.open_fetched(&mut buffer, &proof, part, member)?,
                Err(error) => Err(error),
            }
        } else {
            self.open_fetched(&mut buffer, &proof, part, member)?
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

    fn open_fetched(
        &mut self,
        buffer: &mut [u8],
        proof: &[u8],
        part: &PartName,
        member: &MemberInfo,
    ) -> Result<Result<Range<usize>, EngineError>, EngineError> {
        match self
            .dialect
            .open(buffer, proof, part, member, &mut self.keys, self.context)
        {
            Err(EngineError::Cancelled) => Err(EngineError::Cancelled),
            result => Ok(result),
        }
    }

    /// Whether a member was read when the archive was opened.
    fn is_front_matter(&self, name: &str) -> bool {
        let is_inventory = |part: PartName| part.file() == INVENTORY_FILE;
        name == HEADER_MEMBER || name == HEADER_MAC_MEMBER || self.dialect.part_name(name).is_some_and(is_inventory)
    }
}

/// The wanted machine that a file belongs to, and the file's name in its folder.
pub(super) fn find<'f>(wanted: &[Wanted<'_>], file: &'f str) -> Option<(usize, &'f str)> {
    wanted.iter().enumerate().find_map(|(index, wanted)| {
        let path = &wanted.row.content.path;
        if !is_within(path, file) {
            return None;
        }
        let name = if wanted.row.is_home() {
            file.rsplit('/').next()
        } else {
            file.strip_prefix(path.trim_end_matches('/'))?.strip_prefix('/')
        };
        Some((index, name.unwrap_or(file)))
    })
}

/// Whether a file is the one that the inventory names, or lies in the folder that it names.
fn is_within(path: &str, file: &str) -> bool {
    let rest = file.strip_prefix(path.trim_end_matches('/'));
    !path.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests;
