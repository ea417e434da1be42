// SPDX-License-Identifier: GPL-3.0-or-later
//! Keys of parts that are still to be read: where the archive is a file, the headers between its members tell where each
//! part begins, and the first bytes of a part are all that its key needs.

use std::sync::mpsc::{Receiver, SyncSender};

use crate::crypto::{ContainerHeader, HEADER_BYTES};

use super::{
    CancelToken, EngineError, dialect::Dialect, keys::OpenKeyToCome, reader::find, source::Members, unpack::Wanted,
    workers::Haste,
};

/// How many keys are ordered at a time at first, and later.
const FIRST_GROUP: usize = 3;
const GROUP: usize = 4;

/// How many keys may be left to the reader when the next ones are ordered: while it reads that many parts, they are derived.
pub(super) const KEYS_LEFT: usize = 2;

/// A key that was ordered before its part is read.
pub(super) struct Ahead {
    /// Where the part's member begins in the archive.
    position: u64,
    /// What the key was derived for.
    header: ContainerHeader,
    key: OpenKeyToCome,
}

/// The keys that were ordered ahead, in the order of the archive.
#[derive(Default)]
pub(super) struct KeysAhead {
    coming: Option<Receiver<Ahead>>,
    /// One that belongs to a part further on.
    next: Option<Ahead>,
}

impl KeysAhead {
    pub(super) fn new(coming: Receiver<Ahead>) -> Self {
        Self {
            coming: Some(coming),
            next: None,
        }
    }

    /// The key for the part at that position, if it was ordered for just the header that was read there. Keys of parts
    /// that were passed over are dropped.
    pub(super) fn take(&mut self, position: u64, header: &ContainerHeader) -> Option<OpenKeyToCome> {
        loop {
            let ahead = self.next.take().or_else(|| self.coming.as_ref()?.recv().ok())?;
            if ahead.position > position {
                self.next = Some(ahead);
                return None;
            }
            if ahead.position == position {
                return (ahead.header == *header).then_some(ahead.key);
            }
        }
    }
}

/// Walks over the headers between members and orders keys. What is wrong with the archive is for the reader to find, so any
/// error just ends the walk.
pub(super) struct Scout<'a, W> {
    pub(super) members: Members,
    /// Which files the reader will want.
    pub(super) wants: W,
    pub(super) dialect: &'a Dialect,
    pub(super) cancel: &'a CancelToken,
}

impl<W: Fn(&str) -> bool> Scout<'_, W> {
    /// Orders the key of the next member, if it is a part that will be wanted. `None` where there is no member.
    fn next(&mut self, haste: Haste) -> Result<Option<Option<Ahead>>, EngineError> {
        let Some(member) = self.members.next()? else {
            return Ok(None);
        };
        self.cancel.check()?;
        let part = self.dialect.part_name(&member.name);
        let part = part.filter(|part| (self.wants)(part.file()));
        let mut head = [0; HEADER_BYTES];
        let ahead = match part {
            Some(part) if self.members.read_head(&mut head)? => {
                let header = ContainerHeader::parse(&head).ok();
                header.and_then(|header| {
                    let key = self.dialect.order_ahead(&part, header, haste)?;
                    let position = member.position;
                    Some(Ahead { position, header, key })
                })
            }
            _ => None,
        };
        self.members.skip()?;
        Ok(Some(ahead))
    }

    /// Orders one group of keys after the other, each when the reader is close to the end of the one before: those of a
    /// group are derived side by side. For the first ones everything waits, so there are fewer of them.
    pub(super) fn run(mut self, keys: &SyncSender<Ahead>) {
        let (mut haste, mut most) = (Haste::Now, FIRST_GROUP);
        loop {
            let mut group = Vec::new();
            let is_end = loop {
                match self.next(haste) {
                    Ok(Some(Some(ahead))) => group.push(ahead),
                    // The way to the next one may be long.
                    Ok(Some(None)) if !group.is_empty() => break false,
                    Ok(Some(None)) => {}
                    _ => break true,
                }
                if group.len() == most {
                    break false;
                }
            };
            // The reader is gone when it has all that it wants.
            if group.into_iter().any(|ahead| keys.send(ahead).is_err()) || is_end {
                return;
            }
            (haste, most) = (Haste::Later, GROUP);
        }
    }

    /// Looks at so many members only, and orders the first key that will be wanted.
    pub(super) fn first(mut self, most_members: usize) -> KeysAhead {
        let next = (0..most_members).find_map(|_| self.next(Haste::Now).ok().flatten().flatten());
        KeysAhead { coming: None, next }
    }
}

/// Whether a reader will want a file's parts, as far as can be told now.
pub(super) fn will_be_read(wanted: &[Wanted<'_>], stops_at_failure: bool, file: &str) -> bool {
    find(wanted, file).is_some_and(|(vm, name)| wanted[vm].is_read(name, stops_at_failure))
}
