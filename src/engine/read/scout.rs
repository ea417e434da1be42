// SPDX-License-Identifier: GPL-3.0-or-later
//! Keys of parts that are still to be read: where the archive is a file, the headers between its members tell where each
//! part begins, and the first bytes of a part are all that its key needs.

use std::sync::mpsc::SyncSender;

use crate::{
    crypto::{ContainerHeader, HEADER_BYTES},
    engine::{CancelToken, EngineError, workers::Haste},
};

use super::{
    keys::{Ahead, KeysAhead},
    members::Members,
    part_format::Dialect,
};

/// How many keys are ordered at a time at first, and later.
const FIRST_GROUP: usize = 3;
const GROUP: usize = 4;

/// How many keys may be left to the reader when the next ones are ordered: while it reads that many parts, they are derived.
pub(super) const KEYS_LEFT: usize = 2;

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
