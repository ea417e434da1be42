// SPDX-License-Identifier: GPL-3.0-or-later
//! The lower half of a backup: compressed blocks are put together to parts, parts are sealed and become members of the
//! outer archive.
//!
//! Two parts are in memory at most: one being filled and sealed, one being written. The keys of parts that are to be
//! expected are ordered ahead.

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::{Scope, ScopedJoinHandle},
};

use crate::{
    crypto::{Sealed, Sealing},
    format::{PartName, limits, outer},
    units::{MIB, unix_now},
};

use super::{
    CancelToken, EngineError,
    blocks::{Buffers, Flow},
    destination::Sink,
    keys::{KeyMaker, SealKeyToCome},
    stage::{destination_error, format_to_io, from_io},
    workers::ToCome,
};

/// The size at which a stream is cut, in bytes: the reference's own, for which its restorer reserves room.
pub(super) const PART_BYTES: usize = limits::PART_CONTENT_BYTES as usize;

/// Before so much of a file has been compressed, nothing is guessed from it about the rest.
const FIRST_GUESS_BYTES: u64 = 8 * MIB;

/// What goes to the thread that writes.
pub(super) enum Block {
    /// A part that is sealed.
    Part {
        member: String,
        sealed: Sealed,
        data: Vec<u8>,
    },
    /// A member as it is.
    Plain { member: String, data: Vec<u8> },
    /// The archive is whole. Without this word it is given up.
    End,
}

/// Makes parts of blocks.
pub(super) struct Packer<'a> {
    pub(super) keys: &'a KeyMaker<'a>,
    pub(super) blocks: SyncSender<Block>,
    /// Buffers of parts that were written.
    pub(super) empties: Receiver<Vec<u8>>,
    /// Where buffers of blocks go.
    pub(super) buffers: Buffers,
    pub(super) cancel: CancelToken,
}

/// One file on its way into parts.
struct File {
    expected_bytes: u64,
    plain_bytes: u64,
    packed_bytes: u64,
    part: PartName,
    data: Vec<u8>,
    /// How much of the data is ciphertext by now.
    sealed_bytes: usize,
    key: Key,
    /// The keys of the parts behind this one.
    next_keys: VecDeque<SealKeyToCome>,
}

enum Key {
    Coming(SealKeyToCome),
    AtWork(Box<Sealing>),
}

impl Packer<'_> {
    /// Takes everything to the end. An error of the writing side comes from there, and is as good as a cancel here.
    pub(super) fn run(&self, flow: &Receiver<Flow>) -> Result<(), EngineError> {
        let mut current: Option<File> = None;
        // The reading side gave up where there is no more; it knows why.
        while let Ok(next) = flow.recv() {
            match (next, current.take()) {
                (
                    Flow::File {
                        name,
                        expected_bytes,
                        key,
                    },
                    None,
                ) => {
                    current = Some(self.begin(&name, expected_bytes, key)?);
                }
                (Flow::Block { plain_bytes, data }, Some(mut file)) => {
                    let data = data.wait(&self.cancel)?;
                    let data = data.map_err(|error| from_io(error, |source| internal(&source)))?;
                    self.take(&mut file, plain_bytes, &data)?;
                    self.buffers.give_back(data);
                    current = Some(file);
                }
                (Flow::FileEnd, Some(mut file)) => self.send_part(&mut file)?,
                (Flow::Plain { member, data }, None) => {
                    let data = data.wait(&self.cancel)??;
                    self.send(Block::Plain { member, data })?;
                }
                (Flow::End, None) => return self.send(Block::End),
                // Half a file must not pass for a whole one.
                _ => return Err(internal(&"the files of an archive came out of order")),
            }
        }
        Err(EngineError::Cancelled)
    }

    fn begin(&self, name: &str, expected_bytes: u64, key: SealKeyToCome) -> Result<File, EngineError> {
        Ok(File {
            expected_bytes,
            plain_bytes: 0,
            packed_bytes: 0,
            part: PartName::new(name, 0).map_err(|error| internal(&error))?,
            data: self.empties.try_recv().unwrap_or_default(),
            sealed_bytes: 0,
            key: Key::Coming(key),
            next_keys: VecDeque::new(),
        })
    }

    fn send(&self, block: Block) -> Result<(), EngineError> {
        self.blocks.send(block).map_err(|_| writer_gone())
    }

    fn take(&self, file: &mut File, plain_bytes: u64, mut data: &[u8]) -> Result<(), EngineError> {
        file.plain_bytes += plain_bytes;
        file.packed_bytes += data.len() as u64;
        while !data.is_empty() {
            let room = PART_BYTES - file.data.len();
            // A block that is whole in one part can be unpacked by itself. What stands for one is never larger than a
            // part; the next is begun only when there is something for it.
            let fits = data.len() <= room;
            if room == 0 || !fits && data.len() <= PART_BYTES && file.data.len() > PART_BYTES / 2 {
                self.send_part(file)?;
                self.begin_part(file)?;
                continue;
            }
            let (now, rest) = data.split_at(data.len().min(room));
            file.data.extend_from_slice(now);
            data = rest;
        }
        self.order_ahead(file)?;
        if let Key::Coming(key) = &file.key
            && let Some(key) = key.take_if_there()?
        {
            file.key = Key::AtWork(Box::new(key?.begin()));
        }
        if let Key::AtWork(sealing) = &mut file.key {
            let fresh = &mut file.data[file.sealed_bytes..];
            self.keys.workers.compute(&self.cancel, || sealing.seal(fresh))?;
            file.sealed_bytes = file.data.len();
        }
        Ok(())
    }

    /// Orders the keys of the next parts, as far as they will be needed by all that is known.
    fn order_ahead(&self, file: &mut File) -> Result<(), EngineError> {
        if file.plain_bytes < FIRST_GUESS_BYTES {
            return Ok(());
        }
        let left = file.expected_bytes.saturating_sub(file.plain_bytes) as f64;
        let left_packed = left * file.packed_bytes as f64 / file.plain_bytes as f64;
        let parts_left = ((file.data.len() as f64 + left_packed) / PART_BYTES as f64) as usize;
        while file.next_keys.len() < parts_left.min(self.keys.workers.jobs()) {
            let number = file.part.number() + 1 + file.next_keys.len() as u32;
            let part = PartName::new(file.part.file(), number).map_err(|error| internal(&error))?;
            file.next_keys.push_back(self.keys.order(&part.to_string()));
        }
        Ok(())
    }

    fn begin_part(&self, file: &mut File) -> Result<(), EngineError> {
        file.part = PartName::new(file.part.file(), file.part.number() + 1).map_err(|error| internal(&error))?;
        let key = file.next_keys.pop_front();
        file.key = Key::Coming(key.unwrap_or_else(|| self.keys.order(&file.part.to_string())));
        file.data = self.empties.try_recv().unwrap_or_default();
        file.sealed_bytes = 0;
        Ok(())
    }

    fn send_part(&self, file: &mut File) -> Result<(), EngineError> {
        let nothing = Key::Coming(ToCome::ready(Err(EngineError::Cancelled)));
        let mut sealing = match std::mem::replace(&mut file.key, nothing) {
            Key::AtWork(sealing) => sealing,
            Key::Coming(key) => Box::new(key.wait(&self.cancel)??.begin()),
        };
        let fresh = &mut file.data[file.sealed_bytes..];
        let seal = || {
            sealing.seal(fresh);
            sealing.finish()
        };
        let sealed = self.keys.workers.compute(&self.cancel, seal)?;
        self.send(Block::Part {
            member: file.part.member(),
            sealed,
            data: std::mem::take(&mut file.data),
        })
    }
}

fn internal(error: &dyn std::fmt::Display) -> EngineError {
    EngineError::Internal {
        what: error.to_string(),
    }
}

/// The writer ends early only with an error of its own, a cancel among them, and that one is told. For whoever feeds it
/// this is as good as a cancel: the fault is not with the machine that is being read.
pub(super) fn writer_gone() -> EngineError {
    EngineError::Cancelled
}

/// What the writing thread has to show: the archive, open until its name is given, and its size.
pub(super) struct Written {
    pub(super) sink: Sink,
    pub(super) bytes: u64,
}

/// The thread that writes, and the ways to it and back.
pub(super) struct Writing<'scope> {
    pub(super) blocks: SyncSender<Block>,
    pub(super) empties: Receiver<Vec<u8>>,
    pub(super) thread: ScopedJoinHandle<'scope, Result<Written, EngineError>>,
}

/// Starts the thread that writes. Its error, if it has one, is the cause of all others.
pub(super) fn start_writer<'scope>(scope: &'scope Scope<'scope, '_>, sink: Sink) -> Writing<'scope> {
    // No room in between: what waits there would be a third part in memory.
    let (blocks, to_write) = sync_channel(0);
    let (emptied, empties) = channel();
    Writing {
        blocks,
        empties,
        thread: scope.spawn(move || write_all(sink, &to_write, &emptied)),
    }
}

fn write_all(sink: Sink, blocks: &Receiver<Block>, emptied: &Sender<Vec<u8>>) -> Result<Written, EngineError> {
    let place = sink.place();
    let mut counted = Counted { inner: sink, bytes: 0 };
    match write_members(&mut counted, blocks, emptied, &place) {
        Ok(()) => Ok(Written {
            sink: counted.inner,
            bytes: counted.bytes,
        }),
        Err(error) => Err(counted.inner.abandon(error)),
    }
}

fn write_members(
    counted: &mut Counted<Sink>,
    blocks: &Receiver<Block>,
    emptied: &Sender<Vec<u8>>,
    place: &str,
) -> Result<(), EngineError> {
    let mut archive = outer::Writer::new(counted);
    let time = unix_now();
    let failed = |error| destination_error(place, format_to_io(error));
    loop {
        match blocks.recv() {
            Ok(Block::Part {
                member,
                sealed,
                mut data,
            }) => {
                let pieces: [&[u8]; 3] = [&sealed.header, &data, &sealed.mac];
                archive.member(&member, time, &pieces).map_err(failed)?;
                data.clear();
                // Nobody waiting for the buffer is no loss: it is freed then.
                let _ = emptied.send(data);
            }
            Ok(Block::Plain { member, data }) => archive.member(&member, time, &[&data]).map_err(failed)?,
            Ok(Block::End) => {
                return archive
                    .finish()
                    .map(drop)
                    .map_err(|error| destination_error(place, error));
            }
            // The side that fills parts gave up; it or the reading side knows why.
            Err(_) => return Err(EngineError::Cancelled),
        }
    }
}

/// Counts what goes through.
struct Counted<W> {
    inner: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(data)?;
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
