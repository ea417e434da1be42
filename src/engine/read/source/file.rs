// SPDX-License-Identifier: GPL-3.0-or-later
//! The members of an archive in files or a pipe: in the order in which they stand, or in another one that was found to be
//! better.

use std::{
    fs::{File, OpenOptions},
    io::{BufReader, Read, Seek},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::OFlags;

use crate::{
    engine::{ArchiveError, CancelToken, Cut, Damage, EngineError, NotABackup},
    format::{
        FormatError,
        outer::{self, Flaw},
    },
    plan::Pipe,
};

use super::{
    super::{
        member::{BUFFER_BYTES, MemberInfo, damaged},
        role::is_expected,
    },
    errors::{io_error, truncated},
    joined::Joined,
    pipe::PipeReader,
};

/// What an archive in a file is read through.
pub(super) trait Stream: Read + Seek + Send {}

impl<S: Read + Seek + Send> Stream for S {}

/// An archive in a file.
pub(super) struct FileMembers {
    walker: outer::Walker<BufReader<Box<dyn Stream>>>,
    /// The same files, to tell the system that its cached pages are of no use; none of a pipe, which only goes on.
    files: Option<Joined>,
    place: String,
    /// The size of the archive; not known of a pipe.
    bytes: Option<u64>,
    order: Option<Order>,
}

/// Members in the order in which they are to be read.
struct Order {
    members: Arc<[MemberInfo]>,
    /// The place of the next one.
    next: usize,
    /// The current one, while its header has not been read.
    pending: Option<MemberInfo>,
}

impl FileMembers {
    /// Opens files that are one archive in this order.
    pub(super) fn open(paths: &[PathBuf]) -> Result<Self, EngineError> {
        let place = place_of(paths);
        let files: Vec<File> = paths.iter().map(|path| open_file(path)).collect::<Result<_, _>>()?;
        let files = Joined::new(files).map_err(|error| io_error(error, &place))?;
        let stream: Box<dyn Stream> = Box::new(files.try_clone().map_err(|error| io_error(error, &place))?);
        let bytes = Some(files.length());
        Ok(Self::new(stream, Some(files), place, bytes))
    }

    /// Reads a pipe from its beginning.
    pub(super) fn follow(pipe: &Arc<Pipe>, keeps: bool, cancel: &CancelToken) -> Result<Self, EngineError> {
        let stream: Box<dyn Stream> = Box::new(PipeReader::open(pipe, keeps, cancel)?);
        Ok(Self::new(stream, None, pipe.path().display().to_string(), None))
    }

    pub(super) fn new(stream: Box<dyn Stream>, files: Option<Joined>, place: String, bytes: Option<u64>) -> Self {
        Self {
            walker: outer::Walker::new(BufReader::with_capacity(BUFFER_BYTES, stream), is_expected),
            files,
            place,
            bytes,
            order: None,
        }
    }

    pub(super) fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    pub(super) fn arrange(&mut self, members: Arc<[MemberInfo]>) {
        self.order = Some(Order {
            members,
            next: 0,
            pending: None,
        });
    }

    pub(super) fn is_arranged(&self) -> bool {
        self.order.is_some()
    }

    pub(super) fn next(&mut self) -> Result<Option<MemberInfo>, EngineError> {
        if let Some(order) = &mut self.order {
            order.pending = order.members.get(order.next).cloned();
            order.next += 1;
            return Ok(order.pending.clone());
        }
        let member = self.walker.next_member().map_err(|error| self.error(error))?;
        Ok(member.map(|member| MemberInfo {
            name: member.name,
            size: member.size,
            position: member.position,
        }))
    }

    /// Goes to the current member, if that has not been done.
    fn arrive(&mut self) -> Result<(), EngineError> {
        let Some(member) = self.order.as_mut().and_then(|order| order.pending.take()) else {
            return Ok(());
        };
        self.walker
            .go_to(&outer_member(&member))
            .map_err(|error| self.error(error))?;
        let found = self.walker.next_member().map_err(|error| self.error(error))?;
        match found {
            Some(found) if found.position == member.position && found.size == member.size => Ok(()),
            _ => Err(damaged(&member, Damage::HeaderGone)),
        }
    }

    pub(super) fn read_into(&mut self, buffer: &mut Vec<u8>) -> Result<(), EngineError> {
        self.arrive()?;
        let read = self.walker.member().read_into(buffer);
        read.map_err(|error| self.error(error))
    }

    pub(super) fn read_head(&mut self, head: &mut [u8]) -> Result<bool, EngineError> {
        self.arrive()?;
        let read = self.walker.member().read_head(head);
        read.map_err(|error| self.error(error))
    }

    pub(super) fn read_at(&mut self, position: u64, bytes: usize) -> Result<Option<Vec<u8>>, EngineError> {
        let Some(files) = &self.files else { return Ok(None) };
        let mut buffer = vec![0; bytes];
        files
            .read_exact_at(&mut buffer, position)
            .map_err(|error| io_error(error, &self.place))?;
        Ok(Some(buffer))
    }

    pub(super) fn skip(&mut self) -> Result<(), EngineError> {
        if let Some(order) = &mut self.order {
            order.pending = None;
            return Ok(());
        }
        let length = self.bytes.unwrap_or(u64::MAX);
        self.walker.leap(length).map_err(|error| self.error(error))
    }

    /// Returns whether it can go back.
    pub(super) fn go_back(&mut self, member: &MemberInfo) -> Result<bool, EngineError> {
        let Some(files) = &self.files else { return Ok(false) };
        files.forget(member.position, member.size);
        if let Some(order) = &mut self.order {
            let before = &order.members[..order.next.min(order.members.len())];
            let place = before.iter().rposition(|known| known.position == member.position);
            order.next = place.unwrap_or(order.next);
            order.pending = None;
        }
        self.walker
            .go_back(&outer_member(member))
            .map_err(|error| self.error(error))?;
        Ok(true)
    }

    pub(super) fn flaws(&self) -> Vec<ArchiveError> {
        // Where the members were found before, so were the flaws between them.
        if self.order.is_some() {
            return Vec::new();
        }
        let mut found: Vec<ArchiveError> = self.walker.flaws().into_iter().map(describe).collect();
        if !self.walker.has_seen_end() && !found.iter().any(|flaw| matches!(flaw, ArchiveError::Truncated { .. })) {
            let position = self.walker.position().min(self.bytes.unwrap_or(u64::MAX));
            let cut = Cut::EndMark;
            found.push(ArchiveError::Truncated { position, cut });
        }
        found
    }

    pub(super) fn lost(&self) -> Vec<(u64, u64)> {
        let flaws = self.walker.flaws().into_iter();
        flaws
            .filter_map(|flaw| match flaw {
                Flaw::Lost { position, end } => Some((position, end)),
                _ => None,
            })
            .collect()
    }

    pub(super) fn trailing(&self) -> Option<u64> {
        self.walker.trailing()
    }

    fn error(&self, error: FormatError) -> EngineError {
        match error {
            FormatError::Io(source) | FormatError::Below { error: source, .. } => io_error(source, &self.place),
            FormatError::Truncated { position, within } => truncated(position, within).into(),
            FormatError::Damaged { position, fault } => ArchiveError::Damaged {
                member: None,
                position,
                why: Damage::Outer(fault),
            }
            .into(),
            FormatError::UnexpectedKind { position, name, kind } => ArchiveError::Damaged {
                member: Some(name),
                position,
                why: Damage::Kind(kind),
            }
            .into(),
            FormatError::MemberName { position, name } => ArchiveError::Damaged {
                member: Some(name),
                position,
                why: Damage::Name,
            }
            .into(),
        }
    }
}

/// Where an archive of several files is, for display.
pub(in super::super) fn place_of(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    names.join(" + ")
}

/// Opens a file that an archive or a piece of one is in.
fn open_file(path: &Path) -> Result<File, EngineError> {
    let place = path.display().to_string();
    // Without O_NONBLOCK a pipe that nobody writes to would be waited for, deaf to any cancel.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let opened = opened.and_then(|file| Ok((file.metadata()?.file_type(), file)));
    let (kind, file) = opened.map_err(|error| io_error(error, &place))?;
    if kind.is_file() || kind.is_block_device() {
        return Ok(file);
    }
    let why = if kind.is_dir() {
        NotABackup::Directory
    } else if kind.is_fifo() {
        NotABackup::PipeAmongFiles
    } else {
        NotABackup::OtherFile
    };
    Err(ArchiveError::NotABackup { place, why }.into())
}

fn describe(flaw: Flaw) -> ArchiveError {
    match flaw {
        Flaw::Lost { position, end } => ArchiveError::LostMember { position, end },
        Flaw::Foreign { name, position } => ArchiveError::Foreign { member: name, position },
        Flaw::Cut { position, within } => truncated(position, within),
        Flaw::Altered(oddity) => ArchiveError::Altered {
            position: oddity.position,
            anomaly: oddity.what,
        },
    }
}

fn outer_member(member: &MemberInfo) -> outer::Member {
    outer::Member {
        name: member.name.clone(),
        size: member.size,
        position: member.position,
    }
}
