// SPDX-License-Identifier: GPL-3.0-or-later
//! The upper half of a restore or a verification: the plain stream of one file after the other is decompressed, its
//! inner archive is read to the end, and what is in it goes to a [`Target`].
//!
//! A file that turns out bad fails its VM; the others go on.

mod entries;
mod expected;
mod fill;
mod holes;
mod layers;
mod pieces;
mod place;
mod stream;

use std::{
    cell::RefCell,
    io::Read,
    ops::Range,
    rc::Rc,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender},
    },
};

use crate::{
    format::{Filter, inner},
    host::{VmFile, VolumeImport},
    plan::{Missing, RestoreRow},
};

use super::{
    ArchiveError, Context, Damage, EngineError, Failure, ItemReport, ItemResult, ItemState, VmReport, VmResult,
    dialect::{Dialect, damaged_member},
    home::HomeRead,
    meter::Meter,
    source::MemberInfo,
};
use entries::{Came, Held, hold_entries};
use stream::PartStream;

pub(super) use expected::expected_files;
pub(super) use holes::write_sparse;
pub(super) use layers::{OnePart, unpack};
pub(super) use place::Place;

/// The file that stands for a VM without any.
const PLACEHOLDER: &str = "empty";

/// What formats before 4 call a file that holds a VM's whole folder.
const WHOLE_FOLDER: &str = ".";

/// What the name of a volume's file ends in.
const VOLUME_SUFFIX: &str = ".img";

/// What the reading side sends.
pub(super) enum Piece {
    /// A file begins.
    File {
        /// The VM's place in the table of wanted ones.
        vm: usize,
        /// The name within the VM's folder; for dom0 its user.
        name: String,
        /// Its first member.
        member: MemberInfo,
    },
    /// The next part of the file that has begun.
    Part {
        /// What was read; goes back to the reader when it has been used.
        buffer: Vec<u8>,
        /// Where in it the plain bytes are.
        plain: Range<usize>,
        /// Its member.
        member: MemberInfo,
    },
    /// The file that has begun cannot go on.
    Broken(EngineError),
    /// The file that has begun is whole.
    End,
}

/// Where the content of an archive goes.
pub(super) trait Target: Send {
    /// A volume of a VM, to be filled; `None` where nothing is kept.
    fn volume(
        &mut self,
        row: &RestoreRow,
        volume: &str,
        size_bytes: u64,
    ) -> Result<Option<Box<dyn VolumeImport>>, EngineError>;

    /// A file of a VM that is neither a volume nor a small file that is known; `None` where it is of no use.
    fn other_file(&mut self, _: &RestoreRow, _: &str, _: u64) -> Result<Option<Box<dyn VolumeImport>>, EngineError> {
        Ok(None)
    }

    /// A small file of a VM. What comes back is how it ended: a file that failed alone leaves its VM partly done.
    fn vm_file(&mut self, row: &RestoreRow, file: VmFile, content: &[u8]) -> Result<ItemResult, EngineError>;

    /// dom0's home: reads the whole inner archive.
    fn home(
        &mut self,
        row: &RestoreRow,
        archive: &mut InnerReader<'_>,
        place: &Place,
        context: &Context,
    ) -> Result<HomeRead, EngineError>;

    /// All files of a VM have come, and it is whole.
    fn complete(&mut self, row: &RestoreRow) -> Result<(), EngineError>;

    /// A VM failed; what there is of it has to go. VMs of which nothing is said by the end of the target's
    /// life are not whole either.
    fn give_up(&mut self, row: &RestoreRow);

    /// Whether what else there is of a VM is of no use once something of it was bad.
    fn stops_at_failure(&self) -> bool {
        true
    }
}

/// The inner archive of one file.
pub(super) type InnerReader<'a> = inner::Reader<Box<dyn Read + 'a>>;

/// One VM that is wanted, and what has been seen of it.
pub(super) struct Wanted<'a> {
    /// Its row of the plan.
    pub(super) row: &'a RestoreRow,
    /// The only file of it that is wanted; `None` for all of them.
    pub(super) only: Option<&'a str>,
    /// Set when it failed, so that the reading side passes its further members over.
    pub(super) has_failed: AtomicBool,
}

impl Wanted<'_> {
    /// Whether a file of it is to be read: what a restore has a use for. One that is a whole folder may hold that.
    pub(super) fn wants(&self, name: &str) -> bool {
        if let Some(only) = self.only {
            return only == name || name == WHOLE_FOLDER;
        }
        let is_known = [PLACEHOLDER, WHOLE_FOLDER].contains(&name)
            || name.ends_with(VOLUME_SUFFIX)
            || VmFile::from_file_name(name).is_some();
        let is_listed = |files: &Vec<String>| files.iter().any(|file| file == name);
        is_known || self.row.is_home() || self.row.domain.files.as_ref().is_some_and(is_listed)
    }

    /// Whether a file of it is still to be read, by one who stops at a failure or does not.
    pub(super) fn is_read(&self, name: &str, stops_at_failure: bool) -> bool {
        self.wants(name) && !(stops_at_failure && self.has_failed.load(Ordering::SeqCst))
    }

    fn expected_files(&self) -> Vec<String> {
        self.only
            .map_or_else(|| expected_files(&self.row.domain), |only| vec![only.to_owned()])
    }
}

/// The receiving side.
pub(super) struct Unpacker<'a> {
    pub(super) context: &'a Context,
    pub(super) wanted: &'a [Wanted<'a>],
    pub(super) pieces: &'a Receiver<Piece>,
    pub(super) empties: &'a SyncSender<Vec<u8>>,
    pub(super) target: &'a mut dyn Target,
    pub(super) meter: &'a Meter<'a>,
    pub(super) dialect: &'a Dialect,
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

    fn take_all(&mut self, seen: &mut [Seen]) -> Result<(), EngineError> {
        let wanted = self.wanted;
        let mut current = None;
        while let Ok(piece) = self.pieces.recv() {
            self.context.cancel.check()?;
            let Piece::File { vm, name, member } = piece else {
                continue;
            };
            // The members of a VM stand together: where another VM's file comes and nothing is missing, the one
            // before is whole. Where something is missing, it may still come.
            if let Some(before) = current.replace(vm).filter(|before| *before != vm)
                && missing(&wanted[before], &seen[before]).is_none()
            {
                self.close(&wanted[before], &mut seen[before]);
            }
            let seen = &mut seen[vm];
            let row = wanted[vm].row;
            if seen.items.is_empty() && seen.failure.is_none() {
                self.context.observer.item(&row.domain.name, ItemState::Working);
            }
            let at = Rc::new(RefCell::new(member.clone()));
            let stream = PartStream::new(self.pieces, self.empties, self.meter, Rc::clone(&at));
            if seen.failure.is_some() && self.target.stops_at_failure() {
                // What had been sent before the reading side heard of the failure.
                stream.drain_any()?;
                continue;
            }
            self.meter.at_work(&row.domain.name, &name);
            let place = Place::new(member_name(row, &name), at);
            if seen.is_complete {
                stream.drain_any()?;
                self.findings.push(damaged_member(&member, Damage::Apart));
                continue;
            }
            match self.take_file(row, &name, &place, stream) {
                Ok(items) => seen.items.extend(items),
                Err(EngineError::Cancelled) => return Err(EngineError::Cancelled),
                Err(error) => self.fail(&wanted[vm], seen, &name, error),
            }
        }
        self.context.cancel.check()
    }

    /// Reads one file to its end, also when its content turns out bad before that. Gives what was in it.
    fn take_file(
        &mut self,
        row: &RestoreRow,
        name: &str,
        place: &Place,
        mut stream: PartStream<'_>,
    ) -> Result<Vec<ItemReport>, EngineError> {
        let (target, context, dialect) = (&mut *self.target, self.context, self.dialect);
        let result = unpack(dialect, self.filter, &mut stream, &context.cancel, |archive| {
            if row.is_home() {
                let home = target.home(row, archive, place, context)?;
                return Ok(vec![Came::of_home(name, &home)]);
            }
            hold_entries(target, row, name, dialect, place, archive, context)
        });
        // What came through the pipe explains what the layers above made of it.
        stream.drain()?;
        let mut items = Vec::new();
        for came in result.map_err(|error| place.error(error))? {
            let result = match came.held {
                Held::Volume(Some(import)) => {
                    import.finish()?;
                    ItemResult::Done
                }
                Held::File(file, content) => self.target.vm_file(row, file, &content)?,
                Held::InPart(error) => ItemResult::Failed(Failure(error.into())),
                Held::Volume(None) | Held::Nothing => ItemResult::Done,
            };
            self.data_bytes += came.data_bytes;
            items.push(ItemReport {
                result,
                ..ItemReport::done(came.name, came.size_bytes)
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

/// What the inner archive of a file calls its content.
fn member_name(row: &RestoreRow, name: &str) -> String {
    if row.is_home() {
        row.content.path.clone()
    } else {
        format!("{}/{name}", row.content.path.trim_end_matches('/'))
    }
}

/// What should have come of a VM and has not.
fn missing(wanted: &Wanted<'_>, seen: &Seen) -> Option<EngineError> {
    let row = wanted.row;
    if row.content.is_made_up() {
        return None;
    }
    if seen.items.is_empty() && wanted.only.is_none() {
        let (vm, folder) = (row.domain.name.clone(), row.content.path.clone());
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

/// Wants the VMs of these rows, or only one file of each.
pub(super) fn wanted<'a>(rows: impl Iterator<Item = &'a RestoreRow>, only: Option<&'a str>) -> Vec<Wanted<'a>> {
    rows.map(|row| Wanted {
        row,
        only: only.filter(|_| !row.is_home()),
        has_failed: AtomicBool::new(false),
    })
    .collect()
}
