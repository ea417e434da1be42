// SPDX-License-Identifier: GPL-3.0-or-later
//! The thread that writes an archive: what is sealed becomes a member of the outer archive.

use std::{
    io::{self, Write},
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::{Scope, ScopedJoinHandle},
};

use crate::{
    crypto::Sealed,
    format::outer,
    units::{MIB, unix_now},
};

use super::{
    CancelToken, EngineError,
    destination::Sink,
    keys::SealKeyToCome,
    stage::{destination_error, format_to_io, into_io},
    workers::{ToCome, Workers},
};

/// How many parts may be in memory: one that is filled, one that is written.
const PARTS_IN_MEMORY: usize = 2;

/// How many small members may wait for their keys.
const MOST_WAITING: usize = 16;

/// Up to this size a part waits for its key here, in bytes, so that others can be made meanwhile.
pub(super) const SMALL_PART_BYTES: usize = MIB as usize;

/// What goes to the thread that writes.
pub(super) enum Block {
    /// A part that is sealed.
    Part {
        member: String,
        sealed: Sealed,
        data: Vec<u8>,
    },
    /// A small part that is still to be sealed.
    Small {
        member: String,
        key: SealKeyToCome,
        data: Vec<u8>,
    },
    /// A member as it is.
    Plain {
        member: String,
        data: ToCome<Result<Vec<u8>, EngineError>>,
    },
    /// The archive is whole. Without this word it is given up.
    End,
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
    /// The buffers for parts. Nothing bounds what waits for the thread but that there are no more of them.
    pub(super) empties: Receiver<Vec<u8>>,
    pub(super) thread: ScopedJoinHandle<'scope, Result<Written, EngineError>>,
}

/// Starts the thread that writes. Its error, if it has one, is the cause of all others.
pub(super) fn start_writer<'scope>(
    scope: &'scope Scope<'scope, '_>,
    sink: Sink,
    workers: &'scope Workers,
    cancel: &'scope CancelToken,
) -> Writing<'scope> {
    let (blocks, to_write) = sync_channel(MOST_WAITING);
    let (emptied, empties) = channel();
    for _ in 0..PARTS_IN_MEMORY {
        // The receiver is at hand, so this cannot fail.
        let _ = emptied.send(Vec::new());
    }
    Writing {
        blocks,
        empties,
        thread: scope.spawn(move || write_all(sink, &to_write, &emptied, workers, cancel)),
    }
}

fn write_all(
    sink: Sink,
    blocks: &Receiver<Block>,
    emptied: &Sender<Vec<u8>>,
    workers: &Workers,
    cancel: &CancelToken,
) -> Result<Written, EngineError> {
    let place = sink.place();
    let mut counted = Counted {
        inner: sink,
        bytes: 0,
        workers,
        cancel,
    };
    match write_members(&mut counted, blocks, emptied, cancel, &place) {
        Ok(()) => Ok(Written {
            sink: counted.inner,
            bytes: counted.bytes,
        }),
        Err(error) => Err(counted.inner.abandon(error)),
    }
}

fn write_members(
    counted: &mut Counted<'_, Sink>,
    blocks: &Receiver<Block>,
    emptied: &Sender<Vec<u8>>,
    cancel: &CancelToken,
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
            Ok(Block::Small { member, key, mut data }) => {
                let sealed = key.wait(cancel)??.seal(&mut data);
                let pieces: [&[u8]; 3] = [&sealed.header, &data, &sealed.mac];
                archive.member(&member, time, &pieces).map_err(failed)?;
            }
            Ok(Block::Plain { member, data }) => {
                let data = data.wait(cancel)??;
                archive.member(&member, time, &[&data]).map_err(failed)?;
            }
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

/// The most that is written at a time, in bytes: after that others may have the processor.
const WRITE_BYTES: usize = MIB as usize;

/// Counts what goes through.
struct Counted<'a, W> {
    inner: W,
    bytes: u64,
    workers: &'a Workers,
    cancel: &'a CancelToken,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let data = &data[..data.len().min(WRITE_BYTES)];
        let written = self.workers.writing().copy(self.cancel, || self.inner.write(data));
        let count = written.map_err(into_io)??;
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
