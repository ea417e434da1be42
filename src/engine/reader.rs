// SPDX-License-Identifier: GPL-3.0-or-later
//! The lower half of a restore or a verification: walks the outer archive, authenticates and decrypts each wanted part
//! whole before a byte of it is released, and hands the parts on in their order.

use std::{
    collections::BTreeSet,
    ops::Range,
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, SyncSender},
    },
};

use crate::{
    crypto::{ContainerError, ContainerHeader, KdfLimits, part_passphrase},
    format::{HEADER_MAC_MEMBER, HEADER_MEMBER, INVENTORY_FILE, PartName, limits},
    secret::Passphrase,
};

use super::{
    ArchiveError, Context, EngineError, Warning,
    keys::{make, wait_for},
    meter::Meter,
    source::{MemberInfo, Members},
    unpack::{Piece, Wanted},
};

/// Walks an archive for the parts of the wanted machines.
pub(super) struct Reader<'a> {
    pub(super) context: &'a Context,
    pub(super) backup_id: &'a str,
    pub(super) passphrase: &'a Arc<Passphrase>,
    pub(super) wanted: &'a [Wanted<'a>],
    /// Where the inventory says that machines are, wanted or not.
    pub(super) promised: &'a [String],
    pub(super) pieces: SyncSender<Piece>,
    pub(super) empties: Receiver<Vec<u8>>,
    pub(super) meter: &'a Meter<'a>,
}

/// The file whose parts are coming.
struct Current {
    file: String,
    machine: usize,
    next_number: u32,
}

/// What has been said about members that nobody asked for.
#[derive(Default)]
struct Walk {
    current: Option<Current>,
    files: BTreeSet<String>,
    /// The folders of all members, with the slash; of dom0's home its whole name.
    folders: BTreeSet<String>,
}

impl Walk {
    fn note_folder(&mut self, member: &str) {
        if let Ok(part) = PartName::parse_member(member) {
            let file = part.file();
            let folder = match file.split_once('/') {
                Some(("dom0-home", _)) | None => file.to_owned(),
                Some((folder, _)) => format!("{folder}/"),
            };
            self.folders.insert(folder);
        }
    }

    fn has_folder(&self, path: &str) -> bool {
        self.folders.contains(path) || self.folders.contains(&format!("{path}/"))
    }
}

impl Reader<'_> {
    /// Reads to the end of the archive. An error is one of reading on at all; what is wrong with single files has gone
    /// to the receiving side.
    pub(super) fn run(self, members: &mut Members) -> Result<(), EngineError> {
        let mut walk = Walk::default();
        let result = self.walk(members, &mut walk);
        let last = match &result {
            Ok(()) => Piece::End,
            Err(error) => Piece::Broken(error.clone()),
        };
        if walk.current.is_some() {
            // A receiver that is gone has an error of its own.
            let _ = self.pieces.send(last);
        }
        result
    }

    fn walk(&self, members: &mut Members, walk: &mut Walk) -> Result<(), EngineError> {
        while let Some(member) = members.next()? {
            self.context.cancel.check()?;
            walk.note_folder(&member.name);
            if self.take(members, walk, &member)? {
                continue;
            }
            self.meter.add(member.size)?;
            members.skip()?;
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
        if let Some(path) = self.promised.iter().find(|path| !walk.has_folder(path)) {
            return cut(format!("{path} should have come"));
        }
        if members.has_end_mark() {
            Ok(())
        } else {
            cut("its end mark is missing".to_owned())
        }
    }

    /// Takes a member if it is wanted; gives whether it was.
    fn take(&self, members: &mut Members, walk: &mut Walk, member: &MemberInfo) -> Result<bool, EngineError> {
        if is_front_matter(&member.name) {
            return Ok(false);
        }
        let Ok(part) = PartName::parse_member(&member.name) else {
            self.context.warn(Warning::UnknownFile {
                member: member.name.clone(),
            });
            return Ok(false);
        };
        let found = self.find(part.file());
        let is_elsewhere = |current: &Current| found.is_none_or(|(machine, _)| machine != current.machine);
        if walk.current.as_ref().is_some_and(is_elsewhere) {
            // The members of a machine stand together: behind them nothing of it can be missing any more.
            walk.current = None;
            self.send(Piece::End)?;
        }
        let Some((machine, name)) = found else {
            return Ok(false);
        };
        if self.wanted[machine].has_failed.load(Ordering::SeqCst) {
            return Ok(false);
        }
        let is_next = walk.current.as_ref().is_some_and(|current| current.file == part.file());
        if !is_next {
            self.begin(walk, &part, machine, name, member)?;
        }
        let Some(current) = &mut walk.current else {
            return Ok(false);
        };
        if part.number() != current.next_number {
            let what = format!("part {} of {} was expected here", current.next_number, part.file());
            self.break_off(walk, damaged(member, what))?;
            return Ok(false);
        }
        current.next_number += 1;
        match self.open_part(members, &part, member)? {
            Ok((buffer, plain)) => self.send(Piece::Part(buffer, plain))?,
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
        if walk.current.take().is_some() {
            self.send(Piece::End)?;
        }
        self.send(Piece::File {
            machine,
            name: name.to_owned(),
            position: member.position,
        })?;
        let file = part.file().to_owned();
        let is_new = walk.files.insert(file.clone());
        walk.current = Some(Current {
            file,
            machine,
            next_number: 0,
        });
        if !is_new {
            self.break_off(
                walk,
                damaged(member, "a file that had come already begins again".to_owned()),
            )?;
        }
        Ok(())
    }

    /// Ends the current file as a bad one; its machine has failed, and what else comes of it is passed over.
    fn break_off(&self, walk: &mut Walk, error: EngineError) -> Result<(), EngineError> {
        if let Some(current) = walk.current.take() {
            self.wanted[current.machine].has_failed.store(true, Ordering::SeqCst);
        }
        self.send(Piece::Broken(error))
    }

    fn send(&self, piece: Piece) -> Result<(), EngineError> {
        // The receiving side ends early only when the job is cancelled, or by an error of its own which is told.
        self.pieces.send(piece).map_err(|_| EngineError::Cancelled)
    }

    /// The wanted machine that a file belongs to, and the file's name in its folder.
    fn find<'f>(&self, file: &'f str) -> Option<(usize, &'f str)> {
        self.wanted.iter().enumerate().find_map(|(index, wanted)| {
            let path = &wanted.row.content.path;
            if wanted.row.is_home() {
                return (file == path).then(|| (index, file.rsplit('/').next().unwrap_or(file)));
            }
            let folder = file.strip_prefix(path.trim_end_matches('/'))?;
            folder.strip_prefix('/').map(|name| (index, name))
        })
    }

    /// Reads and opens one part. The outer error ends the reading, the inner one only this file.
    #[allow(
        clippy::type_complexity,
        reason = "two kinds of failure, told apart right where the call stands"
    )]
    fn open_part(
        &self,
        members: &mut Members,
        part: &PartName,
        member: &MemberInfo,
    ) -> Result<Result<(Vec<u8>, Range<usize>), EngineError>, EngineError> {
        if member.size > limits::PART_CONTAINER_BYTES {
            members.skip()?;
            return Ok(Err(damaged(
                member,
                format!("it has {} bytes, more than any part", member.size),
            )));
        }
        let mut buffer = self.empties.try_recv().unwrap_or_default();
        members.read_into(&mut buffer)?;
        Ok(open_container(
            buffer,
            self.backup_id,
            &part.to_string(),
            self.passphrase,
            member,
            self.context,
        ))
    }
}

/// Whether a member was read when the archive was opened.
fn is_front_matter(name: &str) -> bool {
    name == HEADER_MEMBER
        || name == HEADER_MAC_MEMBER
        || PartName::parse_member(name).is_ok_and(|part| part.file() == INVENTORY_FILE)
}

pub(super) fn damaged(member: &MemberInfo, what: String) -> EngineError {
    ArchiveError::Damaged {
        member: member.name.clone(),
        position: member.position,
        what,
    }
    .into()
}

/// Authenticates and decrypts one part, in the buffer that it came in.
pub(super) fn open_container(
    mut buffer: Vec<u8>,
    backup_id: &str,
    part: &str,
    passphrase: &Arc<Passphrase>,
    member: &MemberInfo,
    context: &Context,
) -> Result<(Vec<u8>, Range<usize>), EngineError> {
    let describe = |error: ContainerError| container_error(&error, member);
    let header = ContainerHeader::parse(&buffer).map_err(describe)?;
    let passphrase = part_passphrase(backup_id, part, passphrase.as_bytes());
    let key = make(move || Ok(header.unlock(&passphrase, &KdfLimits::default())));
    let key = wait_for(&key, &context.cancel)?.map_err(describe)?;
    let plain = key.open(&mut buffer).map_err(describe)?;
    Ok((buffer, plain))
}

/// What a container's error means for a part: once the header of the archive has authenticated, the passphrase is
/// right, so a part that does not open is a damaged or exchanged part.
pub(super) fn container_error(error: &ContainerError, member: &MemberInfo) -> EngineError {
    match error {
        ContainerError::TooCostly { .. } | ContainerError::NotEnoughMemory { .. } => ArchiveError::KeyTooCostly {
            member: member.name.clone(),
            what: error.to_string(),
        }
        .into(),
        ContainerError::WrongPassphrase => damaged(
            member,
            "it was altered, or belongs to another place or another backup".to_owned(),
        ),
        other => damaged(member, other.to_string()),
    }
}
