// SPDX-License-Identifier: GPL-3.0-or-later
//! Keys of parts that are still to be read: where the archive is a file, the headers between its members tell where each
//! part begins, and the first bytes of a part are all that its key needs.

use std::sync::mpsc::{Receiver, SyncSender};

use crate::crypto::{ContainerHeader, HEADER_BYTES};

use super::{
    CancelToken, EngineError,
    dialect::{Dialect, OpenKeyToCome},
    reader::find,
    source::Members,
    unpack::Wanted,
};

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

/// Walks ahead of the reader and orders the key of each part that it will want. What is wrong with the archive is for the
/// reader to find, so any error just ends this.
pub(super) fn order_keys(
    mut members: Members,
    wants: &impl Fn(&str) -> bool,
    dialect: &Dialect,
    cancel: &CancelToken,
    keys: &SyncSender<Ahead>,
) -> Result<(), EngineError> {
    let mut head = [0; HEADER_BYTES];
    while let Some(member) = members.next()? {
        cancel.check()?;
        if let Some(part) = dialect.part_name(&member.name).filter(|part| wants(part.file()))
            && members.read_head(&mut head)?
            && let Ok(header) = ContainerHeader::parse(&head)
            && let Some(key) = dialect.order_key(&part.to_string(), header)
        {
            let position = member.position;
            // The reader is gone when it has all that it wants.
            if keys.send(Ahead { position, header, key }).is_err() {
                return Ok(());
            }
        }
        members.skip()?;
    }
    Ok(())
}

/// Whether a reader will want a file's parts, as far as can be told now.
pub(super) fn will_be_read(wanted: &[Wanted<'_>], stops_at_failure: bool, file: &str) -> bool {
    find(wanted, file).is_some_and(|(machine, name)| wanted[machine].is_read(name, stops_at_failure))
}
