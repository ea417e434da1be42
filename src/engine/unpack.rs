// SPDX-License-Identifier: GPL-3.0-or-later
//! The upper half of a restore or a verification: the plain stream of one file after the other is decompressed, its
//! inner archive is read to the end, and what is in it goes to a [`Target`].
//!
//! A file that turns out bad fails its machine; the others go on.

mod holes;
mod stream;

use std::{
    collections::BTreeMap,
    io::{self, Read},
    ops::Range,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender},
    },
};

use crate::{
    format::{Filter, FormatError, decoder, inner},
    host::{MachineFile, VolumeImport},
    inventory::Class,
    plan::RestoreRow,
    units::MIB,
};

use super::{
    ArchiveError, Context, EngineError, Failure, ItemReport, ItemState, MachineReport, MachineResult, Warning,
    meter::Meter,
    stage::{format_to_io, from_io, into_io},
};
use stream::PartStream;

pub(super) use holes::write_sparse;

/// How much data goes from the inner archive to its target at once, in bytes.
const BLOCK_BYTES: usize = MIB as usize;

/// The longest small file that is taken, in bytes: real ones have a few thousand.
const SMALL_FILE_BYTES: u64 = 4 * MIB;

/// What the reading side sends.
pub(super) enum Piece {
    /// A file begins.
    File {
        /// The machine's place in the table of wanted ones.
        machine: usize,
        /// The name within the machine's folder; for dom0 its user.
        name: String,
        /// Where its first member begins in the archive.
        position: u64,
    },
    /// The next part of the file that has begun: a buffer and where in it the plain bytes are, and the buffer's way
    /// back to the reader.
    Part(Vec<u8>, Range<usize>),
    /// The file that has begun cannot go on.
    Broken(EngineError),
    /// The file that has begun is whole.
    End,
}

/// Where the content of an archive goes.
pub(super) trait Target: Send {
    /// A volume of a machine, to be filled; `None` where nothing is kept.
    fn volume(
        &mut self,
        row: &RestoreRow,
        volume: &str,
        size_bytes: u64,
    ) -> Result<Option<Box<dyn VolumeImport>>, EngineError>;

    /// A small file of a machine.
    fn machine_file(&mut self, row: &RestoreRow, file: MachineFile, content: &[u8]) -> Result<(), EngineError>;

    /// dom0's home: reads the whole inner archive and gives the bytes of its files.
    fn home(
        &mut self,
        row: &RestoreRow,
        archive: &mut InnerReader<'_>,
        place: &Place,
        context: &Context,
    ) -> Result<u64, EngineError>;

    /// All files of a machine have come, and it is whole.
    fn complete(&mut self, row: &RestoreRow) -> Result<(), EngineError>;

    /// A machine failed; what there is of it has to go. Machines of which nothing is said by the end of the target's
    /// life are not whole either.
    fn give_up(&mut self, row: &RestoreRow);
}

/// The inner archive of one file.
pub(super) type InnerReader<'a> = inner::Reader<Box<dyn Read + 'a>>;

/// One machine that is wanted, and what has been seen of it.
pub(super) struct Wanted<'a> {
    /// Its row of the plan.
    pub(super) row: &'a RestoreRow,
    /// Set when it failed, so that the reading side passes its further members over.
    pub(super) has_failed: AtomicBool,
}

/// The receiving side.
pub(super) struct Unpacker<'a> {
    pub(super) context: &'a Context,
    pub(super) wanted: &'a [Wanted<'a>],
    pub(super) pieces: &'a Receiver<Piece>,
    pub(super) empties: &'a SyncSender<Vec<u8>>,
    pub(super) target: &'a mut dyn Target,
    pub(super) meter: &'a Meter<'a>,
    pub(super) filter: &'a Filter,
    /// The bytes of data that came, holes not counted.
    pub(super) data_bytes: u64,
}

/// What was seen of one machine.
#[derive(Default)]
struct Seen {
    files: BTreeMap<String, u64>,
    failure: Option<EngineError>,
    is_complete: bool,
}

impl Unpacker<'_> {
    /// Takes files until the reading side ends; gives each machine's result, and how many bytes of data came.
    pub(super) fn run(mut self) -> Result<(Vec<MachineReport>, u64), EngineError> {
        let mut seen: Vec<Seen> = self.wanted.iter().map(|_| Seen::default()).collect();
        self.take_all(&mut seen)?;
        for (index, wanted) in self.wanted.iter().enumerate() {
            self.close(wanted, &mut seen[index]);
        }
        let reports = self
            .wanted
            .iter()
            .zip(seen)
            .map(|(wanted, seen)| report(wanted.row, seen));
        Ok((reports.collect(), self.data_bytes))
    }

    fn take_all(&mut self, seen: &mut [Seen]) -> Result<(), EngineError> {
        let wanted = self.wanted;
        let mut current = None;
        while let Ok(piece) = self.pieces.recv() {
            self.context.cancel.check()?;
            let Piece::File {
                machine,
                name,
                position,
            } = piece
            else {
                continue;
            };
            // The members of a machine stand together, so another machine's file means that the one before is whole.
            if let Some(before) = current.replace(machine).filter(|before| *before != machine) {
                self.close(&wanted[before], &mut seen[before]);
            }
            let seen = &mut seen[machine];
            let row = wanted[machine].row;
            if seen.files.is_empty() && seen.failure.is_none() {
                self.context.observer.item(&row.domain.name, ItemState::Working);
            }
            if seen.failure.is_some() {
                // What had been sent before the reading side heard of the failure.
                PartStream::new(self.pieces, self.empties, self.meter).drain_any()?;
                continue;
            }
            self.meter.at_work(&row.domain.name, &name);
            match self.take_file(row, &name, position) {
                Ok(_) if seen.is_complete => self.fail(&wanted[machine], seen, repeated(&name, position)),
                Ok(bytes) => {
                    seen.files.insert(name, bytes);
                }
                Err(EngineError::Cancelled) => return Err(EngineError::Cancelled),
                Err(error) => self.fail(&wanted[machine], seen, error),
            }
        }
        self.context.cancel.check()
    }

    /// Reads one file to its end, also when its content turns out bad before that.
    fn take_file(&mut self, row: &RestoreRow, name: &str, position: u64) -> Result<u64, EngineError> {
        let member = if row.is_home() {
            row.content.path.clone()
        } else {
            format!("{}{name}", row.content.path)
        };
        let place = Place { member, position };
        let mut stream = PartStream::new(self.pieces, self.empties, self.meter);
        let result = unpack(self.filter, &mut stream, |archive| {
            if row.is_home() {
                let bytes = self.target.home(row, archive, &place, self.context)?;
                return Ok(Came {
                    size_bytes: bytes,
                    data_bytes: bytes,
                    held: Held::Nothing,
                });
            }
            hold_file(self.target, row, name, &place, archive, self.context)
        });
        // What came through the pipe explains what the layers above made of it.
        stream.drain()?;
        let came = result.map_err(|error| place.error(error))?;
        match came.held {
            Held::Volume(Some(import)) => import.finish()?,
            Held::File(file, content) => self.target.machine_file(row, file, &content)?,
            Held::Volume(None) | Held::Nothing => {}
        }
        self.data_bytes += came.data_bytes;
        Ok(came.size_bytes)
    }

    fn close(&mut self, wanted: &Wanted<'_>, seen: &mut Seen) {
        if seen.is_complete || seen.failure.is_some() {
            return;
        }
        let result = match missing_file(wanted.row, &seen.files) {
            Some(what) => Err(ArchiveError::Missing { what }.into()),
            None => self.target.complete(wanted.row),
        };
        match result {
            Ok(()) => {
                seen.is_complete = true;
                self.context.observer.item(&wanted.row.domain.name, ItemState::Done);
            }
            Err(error) => self.fail(wanted, seen, error),
        }
    }

    fn fail(&mut self, wanted: &Wanted<'_>, seen: &mut Seen, error: EngineError) {
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

fn repeated(name: &str, position: u64) -> EngineError {
    let what = "a file of a VM whose files had all come stands apart from them".to_owned();
    ArchiveError::Damaged {
        member: name.to_owned(),
        position,
        what,
    }
    .into()
}

fn report(row: &RestoreRow, seen: Seen) -> MachineReport {
    MachineReport {
        name: row.domain.name.clone(),
        name_here: row.name_here.clone(),
        items: seen
            .files
            .into_iter()
            .filter(|(name, _)| name != "empty")
            .map(|(name, bytes)| ItemReport::done(name, bytes))
            .collect(),
        result: match seen.failure {
            Some(error) => MachineResult::Failed(Failure(error)),
            None => MachineResult::Done,
        },
    }
}

/// What the inventory promises of a machine and the archive does not hold.
fn missing_file(row: &RestoreRow, files: &BTreeMap<String, u64>) -> Option<String> {
    let name = &row.domain.name;
    if files.is_empty() {
        return Some(format!("everything of VM {name} ({})", row.content.path));
    }
    if row.domain.class == Class::AdminVm {
        return None;
    }
    let mut expected = row.domain.volumes.iter().filter(|volume| volume.save_on_stop);
    let missing = expected.find(|volume| !files.contains_key(&format!("{}.img", volume.name)))?;
    Some(format!(
        "volume {} of VM {name} ({}{}.img)",
        missing.name, row.content.path, missing.name
    ))
}

/// Opens the layers above a stream and makes sure that all of them came to their end.
pub(super) fn unpack<T>(
    filter: &Filter,
    stream: &mut (dyn Read + '_),
    use_archive: impl FnOnce(&mut InnerReader<'_>) -> Result<T, EngineError>,
) -> io::Result<T> {
    let Filter::BuiltIn(compression) = filter else {
        return Err(io::Error::from(io::ErrorKind::Unsupported));
    };
    let mut archive = inner::Reader::new(decoder(*compression, stream));
    let result = use_archive(&mut archive).map_err(into_io)?;
    let ending = archive.finish().map_err(format_to_io)?;
    if ending.has_mark {
        return Ok(result);
    }
    Err(io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "its inner archive has no end",
    ))
}

/// A file in the archive, for the words about what is wrong with it.
pub(super) struct Place {
    member: String,
    position: u64,
}

impl Place {
    fn damaged(&self, what: String) -> EngineError {
        ArchiveError::Damaged {
            member: self.member.clone(),
            position: self.position,
            what,
        }
        .into()
    }

    /// What the inner archive's reader said.
    pub(super) fn format_error(&self, error: FormatError) -> EngineError {
        self.error(format_to_io(error))
    }

    /// An entry that does not belong where it stands.
    pub(super) fn foreign(&self, path: &[u8]) -> EngineError {
        self.damaged(format!(
            "its inner archive holds {:?}, which does not belong there",
            lossy(path)
        ))
    }

    /// An inner archive without an entry.
    pub(super) fn empty(&self) -> EngineError {
        self.damaged("its inner archive is empty".to_owned())
    }

    /// What a layer below or above a stream said.
    pub(super) fn error(&self, error: io::Error) -> EngineError {
        from_io(error, |source| self.damaged(source.to_string()))
    }
}

/// What came of a file.
struct Came {
    /// Its size, holes included.
    size_bytes: u64,
    /// Its data, holes not counted.
    data_bytes: u64,
    held: Held,
}

/// What was read of a file and is put in place once the file is known to be whole.
enum Held {
    Volume(Option<Box<dyn VolumeImport>>),
    File(MachineFile, Vec<u8>),
    Nothing,
}

/// The single entry of the inner archive of a volume or a small file.
fn hold_file(
    target: &mut dyn Target,
    row: &RestoreRow,
    name: &str,
    place: &Place,
    archive: &mut InnerReader<'_>,
    context: &Context,
) -> Result<Came, EngineError> {
    let size_bytes = first_entry(archive, place)?;
    let (data_bytes, held) = if let Some(volume) = volume_of(row, name) {
        let mut import = target.volume(row, volume, size_bytes)?;
        (
            copy_volume(archive, import.as_deref_mut(), place, context)?,
            Held::Volume(import),
        )
    } else if let Some(file) = MachineFile::from_file_name(name).filter(|_| size_bytes <= SMALL_FILE_BYTES) {
        (size_bytes, Held::File(file, read_small(archive, size_bytes, place)?))
    } else {
        if MachineFile::from_file_name(name).is_some() {
            context.warn(Warning::SettingNotRestored {
                machine: row.name_here.clone(),
                setting: name.to_owned(),
                why: format!("it has {size_bytes} bytes, far more than a file of its kind"),
            });
        } else if name != "empty" {
            context.warn(Warning::UnknownFile {
                member: place.member.clone(),
            });
        }
        (copy_volume(archive, None, place, context)?, Held::Nothing)
    };
    match archive.next_entry().map_err(|error| place.format_error(error))? {
        None => Ok(Came {
            size_bytes,
            data_bytes,
            held,
        }),
        Some(entry) => Err(place.damaged(format!("its inner archive holds {:?} as well", lossy(&entry.name)))),
    }
}

fn lossy(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

/// The inner archive of a file holds one entry, which is that file.
fn first_entry(archive: &mut InnerReader<'_>, place: &Place) -> Result<u64, EngineError> {
    match archive.next_entry().map_err(|error| place.format_error(error))? {
        None => Err(place.empty()),
        Some(entry) if entry.name == place.member.as_bytes() && entry.kind == inner::EntryKind::File => Ok(entry.size),
        Some(entry) => Err(place.damaged(format!("its inner archive holds {:?} instead", lossy(&entry.name)))),
    }
}

/// The volume that a file holds. An inventory without volumes (a very old or a reduced one) leaves those that a machine
/// of its class always has.
fn volume_of<'a>(row: &RestoreRow, name: &'a str) -> Option<&'a str> {
    let volume = name.strip_suffix(".img")?;
    let domain = &row.domain;
    let is_saved = if domain.volumes.is_empty() {
        volume == "private" || volume == "root" && !domain.class.has_template()
    } else {
        domain
            .volumes
            .iter()
            .any(|known| known.save_on_stop && known.name == volume)
    };
    is_saved.then_some(volume)
}

fn read_small(archive: &mut InnerReader<'_>, size_bytes: u64, place: &Place) -> Result<Vec<u8>, EngineError> {
    let mut content = vec![0; size_bytes as usize];
    let mut buffer = vec![0; 64 * 1024];
    while let Some((offset, length)) = archive
        .next_data(&mut buffer)
        .map_err(|error| place.format_error(error))?
    {
        content[offset as usize..][..length].copy_from_slice(&buffer[..length]);
    }
    Ok(content)
}

/// Copies what holds data; zeros that were sent as data are left as holes.
fn copy_volume(
    archive: &mut InnerReader<'_>,
    mut import: Option<&mut (dyn VolumeImport + 'static)>,
    place: &Place,
    context: &Context,
) -> Result<u64, EngineError> {
    let mut buffer = vec![0; BLOCK_BYTES];
    let mut data_bytes = 0;
    while let Some((offset, length)) = archive
        .next_data(&mut buffer)
        .map_err(|error| place.format_error(error))?
    {
        context.cancel.check()?;
        data_bytes += length as u64;
        if let Some(import) = &mut import {
            write_sparse(&buffer[..length], offset, |data, place| import.write_at(data, place))?;
        }
    }
    Ok(data_bytes)
}

/// Wants the machines of these rows.
pub(super) fn wanted<'a>(rows: impl Iterator<Item = &'a RestoreRow>) -> Vec<Wanted<'a>> {
    rows.map(|row| Wanted {
        row,
        has_failed: AtomicBool::new(false),
    })
    .collect()
}
