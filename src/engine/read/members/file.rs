// SPDX-License-Identifier: GPL-3.0-or-later
//! The members of an archive in files or a pipe: in the order in which they stand, or in another one that was found to be
//! better.

use std::{io::BufReader, ops::Range, sync::Arc};

use crate::{
    engine::{ArchiveError, Cut, Damage, EngineError, io_errors::source_error},
    format::{
        FormatError,
        outer::{self, Flaw},
    },
    transport::{ArchiveReader, Ranged},
};

use super::super::{
    member::{BUFFER_BYTES, MemberInfo, damaged, truncated},
    role::is_expected,
};

/// The members in the bytes of an archive.
pub(super) struct FileMembers {
    walker: outer::Walker<BufReader<Box<dyn ArchiveReader>>>,
    /// Access to every byte; none of a stream, which only goes on.
    ranged: Option<Box<dyn Ranged>>,
    place: String,
    /// The size of the archive; not known of a stream.
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
    /// Reads an archive from its beginning. `place` is where it is, for display.
    pub(super) fn new(reader: Box<dyn ArchiveReader>, place: String) -> Self {
        let (ranged, bytes) = (reader.ranged(), reader.size_bytes());
        let buffer_bytes = reader.buffer_bytes().unwrap_or(BUFFER_BYTES);
        Self {
            walker: outer::Walker::new(BufReader::with_capacity(buffer_bytes, reader), is_expected),
            ranged,
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

    pub(super) fn will_read(&mut self, ranges: Vec<Range<u64>>) {
        self.walker.inner_mut().get_mut().will_read(ranges);
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
        let Some(ranged) = &self.ranged else { return Ok(None) };
        let mut buffer = vec![0; bytes];
        ranged
            .read_exact_at(&mut buffer, position)
            .map_err(|error| source_error(&self.place, error))?;
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
        let Some(ranged) = &self.ranged else { return Ok(false) };
        ranged.forget(member.position, member.size);
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
            FormatError::Io(source) | FormatError::Below { error: source, .. } => source_error(&self.place, source),
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

fn describe(flaw: Flaw) -> ArchiveError {
    match flaw {
        Flaw::Lost { position, end } => ArchiveError::LostMember { position, end },
        Flaw::Foreign { name, position } => ArchiveError::Foreign { member: name, position },
        Flaw::Cut { position, within } => truncated(position, within),
        Flaw::Altered(anomaly) => ArchiveError::Altered {
            position: anomaly.position,
            anomaly: anomaly.what,
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
