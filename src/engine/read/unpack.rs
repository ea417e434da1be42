// SPDX-License-Identifier: GPL-3.0-or-later
//! The upper half of a restore or a verification: the plain stream of one file after the other is decompressed, its
//! inner archive is read to the end, and what is in it goes to a [`Target`].
//!
//! A file that turns out bad fails its VM; the others go on.

mod entries;
mod fill;
pub(super) mod holes;
pub(super) mod layers;
mod parts;
mod segments;
mod stream;

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{
        atomic::Ordering,
        mpsc::{Receiver, SyncSender},
    },
};

use crate::{
    engine::{
        ArchiveError, Context, Damage, EngineError, Failure, ItemReport, ItemResult, ItemState, VmReport, VmResult,
        meter::Meter, names::PLACEHOLDER,
    },
    format::Filter,
    plan::{Missing, RestoreRow},
};

use super::{
    file_position::FilePosition, member::damaged_member, message::ReadMessage, part_format::PartFormat, target::Target,
    wanted::Wanted,
};

use entries::{Received, Staged, stage_entries};
use layers::unpack;
use stream::PartStream;

/// The receiving side.
pub(super) struct Unpacker<'a> {
    pub(super) context: &'a Context,
    pub(super) wanted: &'a [Wanted<'a>],
    pub(super) messages: &'a Receiver<ReadMessage>,
    pub(super) empties: &'a SyncSender<Vec<u8>>,
    pub(super) target: &'a mut dyn Target,
    pub(super) meter: &'a Meter<'a>,
    pub(super) part_format: &'a PartFormat,
    pub(super) filter: &'a Filter,
    /// The bytes of data that came, holes not counted.
    pub(super) data_bytes: u64,
    /// What is wrong with the archive and costs no VM anything.
    pub(super) findings: Vec<ArchiveError>,
}

/// What came of all VMs.
pub(super) struct Unpacked {
    pub(super) vms: Vec<VmReport>,
    /// The bytes of data that came, holes not counted.
    pub(super) data_bytes: u64,
    /// What is wrong with the archive and costs no VM anything.
    pub(super) findings: Vec<ArchiveError>,
}

/// What was seen of one VM.
#[derive(Default)]
struct Seen {
    items: Vec<ItemReport>,
    failure: Option<EngineError>,
    is_complete: bool,
}

impl Seen {
    fn has(&self, name: &str) -> bool {
        self.items.iter().any(|item| item.name == name)
    }
}

impl Unpacker<'_> {
    /// Takes files until the reading side ends.
    pub(super) fn run(mut self) -> Result<Unpacked, EngineError> {
        let mut seen: Vec<Seen> = self.wanted.iter().map(|_| Seen::default()).collect();
        self.take_all(&mut seen)?;
        for (index, wanted) in self.wanted.iter().enumerate() {
            self.close(wanted, &mut seen[index]);
        }
        let stops = self.target.stops_at_failure();
        let pairs = self.wanted.iter().zip(seen);
        Ok(Unpacked {
            vms: pairs.map(|(wanted, seen)| report(wanted, seen, stops)).collect(),
            data_bytes: self.data_bytes,
            findings: self.findings,
        })
    }

    fn take_all(&mut self, all: &mut [Seen]) -> Result<(), EngineError> {
        let wanted = self.wanted;
        let mut current = None;
        while let Ok(message) = self.messages.recv() {
            self.context.cancel.check()?;
            let ReadMessage::File { vm, name, member } = message else {
                continue;
            };
            // The members of a VM stand together: where another VM's file comes and nothing is missing, the one
            // before is whole. Where something is missing, it may still come.
            if let Some(before) = current.replace(vm).filter(|before| *before != vm)
                && missing(&wanted[before], &all[before]).is_none()
            {
                self.close(&wanted[before], &mut all[before]);
            }
            let seen = &mut all[vm];
            let row = wanted[vm].row;
            if seen.items.is_empty() && seen.failure.is_none() {
                self.context.observer.item(&row.domain.name, ItemState::Working);
            }
            let at = Rc::new(RefCell::new(member.clone()));
            let stream = PartStream::new(self.messages, self.empties, self.meter, Rc::clone(&at));
            if seen.failure.is_some() && self.target.stops_at_failure() {
                // What had been sent before the reading side heard of the failure.
                stream.drain_any()?;
                continue;
            }
            self.meter.at_work(&row.domain.name, &name);
            let place = FilePosition::new(member_name(row, &name), at);
            if seen.is_complete {
                stream.drain_any()?;
                self.findings.push(damaged_member(&member, Damage::Apart));
                continue;
            }
            match self.take_file(row, &name, &place, stream) {
                Ok(items) => seen.items.extend(items),
                Err(EngineError::Cancelled) => return Err(EngineError::Cancelled),
                Err(error) => {
                    // A stream that a cancel cut off says nothing about the archive.
                    self.context.cancel.check()?;
                    self.fail(&wanted[vm], seen, &name, error.clone());
                    if is_of_the_target(&error) {
                        // Every other VM would meet it too: nothing more of the archive is read.
                        let others = wanted.iter().zip(all.iter_mut()).filter(|(_, seen)| !seen.is_complete);
                        others.for_each(|(wanted, seen)| self.give_up(wanted, seen, error.clone()));
                    }
                }
            }
        }
        Ok(self.context.cancel.check()?)
    }

    /// Reads one file to its end, also when its content turns out bad before that. Returns what was in it.
    fn take_file(
        &mut self,
        row: &RestoreRow,
        name: &str,
        place: &FilePosition,
        mut stream: PartStream<'_>,
    ) -> Result<Vec<ItemReport>, EngineError> {
        let (target, context, part_format) = (&mut *self.target, self.context, self.part_format);
        let result = unpack(part_format, self.filter, &mut stream, &context.cancel, |archive| {
            if row.is_home() {
                let home = target.home(row, archive, place, context)?;
                return Ok(vec![Received::of_home(name, &home)]);
            }
            stage_entries(target, row, name, part_format, place, archive, context)
        });
        // What came through the pipe explains what the layers above made of it.
        stream.drain()?;
        let mut items = Vec::new();
        for received in result.map_err(|error| place.error(error))? {
            let result = match received.staged {
                Staged::Volume(Some(import)) => {
                    import.finish()?;
                    ItemResult::Done
                }
                Staged::File(file, content) => self.target.vm_file(row, file, &content)?,
                Staged::InPart(error) => ItemResult::Failed(Failure(error.into())),
                Staged::Volume(None) | Staged::Nothing => ItemResult::Done,
            };
            self.data_bytes += received.data_bytes;
            items.push(ItemReport {
                result,
                ..ItemReport::done(received.name, received.size_bytes)
            });
        }
        Ok(items)
    }

    fn close(&mut self, wanted: &Wanted<'_>, seen: &mut Seen) {
        if seen.is_complete || seen.failure.is_some() {
            return;
        }
        if let Some(error) = missing(wanted, seen) {
            self.give_up(wanted, seen, error);
            return;
        }
        match self.target.complete(wanted.row) {
            Ok(()) => {
                seen.is_complete = true;
                self.context.observer.item(&wanted.row.domain.name, ItemState::Done);
            }
            Err(error) => self.give_up(wanted, seen, error),
        }
    }

    fn fail(&mut self, wanted: &Wanted<'_>, seen: &mut Seen, name: &str, error: EngineError) {
        seen.items.push(ItemReport {
            name: name.to_owned(),
            size_bytes: 0,
            result: ItemResult::Failed(Failure(error.clone())),
        });
        self.give_up(wanted, seen, error);
    }

    fn give_up(&mut self, wanted: &Wanted<'_>, seen: &mut Seen, error: EngineError) {
        wanted.has_failed.store(true, Ordering::SeqCst);
        seen.is_complete = false;
        if seen.failure.is_none() {
            self.target.give_up(wanted.row);
            self.context
                .observer
                .item(&wanted.row.domain.name, ItemState::Failed(Failure(error.clone())));
            seen.failure = Some(error);
        }
    }
}

/// Whether an error tells that nothing more can be put anywhere.
fn is_of_the_target(error: &EngineError) -> bool {
    matches!(error, EngineError::Host(error) if error.is_of_the_host())
}

/// What the inner archive of a file calls its content.
fn member_name(row: &RestoreRow, name: &str) -> String {
    if row.is_home() {
        row.content.path.to_string()
    } else {
        row.content.path.member(name)
    }
}

/// What should have come of a VM and has not.
fn missing(wanted: &Wanted<'_>, seen: &Seen) -> Option<EngineError> {
    let row = wanted.row;
    if row.content.is_made_up() {
        return None;
    }
    if seen.items.is_empty() && wanted.only.is_none() {
        let (vm, folder) = (row.domain.name.clone(), row.content.path.to_string());
        let what = Missing::EverythingOf { vm, folder };
        return Some(ArchiveError::Missing { what }.into());
    }
    let name = wanted.expected_files().into_iter().find(|name| !seen.has(name))?;
    Some(missing_file(row, &name))
}

fn missing_file(row: &RestoreRow, file: &str) -> EngineError {
    let what = Missing::File {
        vm: row.domain.name.clone(),
        file: file.to_owned(),
        path: member_name(row, file),
    };
    ArchiveError::Missing { what }.into()
}

/// What there is to say of a VM. What should have come and has not is listed too.
fn report(wanted: &Wanted<'_>, mut seen: Seen, stops_at_failure: bool) -> VmReport {
    let row = wanted.row;
    let has_come = !seen.items.is_empty();
    for name in wanted.expected_files() {
        if !seen.has(&name) {
            let is_skipped = stops_at_failure && has_come;
            let result = if is_skipped {
                ItemResult::Skipped
            } else {
                ItemResult::Failed(Failure(missing_file(row, &name)))
            };
            seen.items.push(ItemReport {
                name,
                size_bytes: 0,
                result,
            });
        }
    }
    seen.items.retain(|item| item.name != PLACEHOLDER);
    let partly = seen.items.iter().find_map(|item| match &item.result {
        ItemResult::Failed(failure) => Some(failure.clone()),
        ItemResult::Done | ItemResult::Skipped => None,
    });
    VmReport {
        name: row.domain.name.clone(),
        name_here: row.name_here.clone(),
        result: match (seen.failure, partly) {
            (Some(error), _) => VmResult::Failed(Failure(error)),
            (None, Some(failure)) => VmResult::Partly(failure),
            (None, None) => VmResult::Done,
        },
        items: seen.items,
    }
}
