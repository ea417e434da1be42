// SPDX-License-Identifier: GPL-3.0-or-later
//! The thread that writes an archive: what is sealed becomes a member of the outer archive.

use std::{
    io::{self, Write},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{Scope, ScopedJoinHandle},
};

use crate::{
    crypto::{HEADER_BYTES, MAC_BYTES},
    format::outer,
    units::{MIB, unix_now},
};

use super::{
    CancelToken, EngineError,
    blocks::Buffers,
    destination::Sink,
    keys::SealKeyToCome,
    stage::{destination_error, format_to_io, into_io},
    workers::{ToCome, Workers},
};

/// How many pieces of parts, and small members that lack their keys, may wait to be written.
const MOST_WAITING: usize = 16;

/// The same where a part is written only once it is whole: as many as may come meanwhile, one part and a bit.
const MOST_WAITING_FOR_WHOLE: usize = 112;

/// Up to this size a part waits for its key here, in bytes, so that others can be made meanwhile.
pub(super) const SMALL_PART_BYTES: usize = MIB as usize;

/// What goes to the thread that writes.
pub(super) enum Block {
    /// A part begins, with the header of its container.
    Begin { member: String, header: [u8; HEADER_BYTES] },
    /// More of it, which is sealed.
    Piece(Vec<u8>),
    /// It is whole.
    End { mac: [u8; MAC_BYTES] },
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
    ArchiveEnd,
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

/// The thread that writes, and the way to it.
pub(super) struct Writing<'scope> {
    pub(super) blocks: SyncSender<Block>,
    pub(super) thread: ScopedJoinHandle<'scope, Result<Written, EngineError>>,
}

/// Starts the thread that writes. Its error, if it has one, is the cause of all others.
pub(super) fn start_writer<'scope>(
    scope: &'scope Scope<'scope, '_>,
    sink: Sink,
    buffers: Buffers,
    workers: &'scope Workers,
    cancel: &'scope CancelToken,
) -> Writing<'scope> {
    let (blocks, to_write) = sync_channel(if sink.is_correctable() {
        MOST_WAITING
    } else {
        MOST_WAITING_FOR_WHOLE
    });
    Writing {
        blocks,
        thread: scope.spawn(move || write(sink, &to_write, buffers, workers, cancel)),
    }
}

fn write(
    sink: Sink,
    blocks: &Receiver<Block>,
    buffers: Buffers,
    workers: &Workers,
    cancel: &CancelToken,
) -> Result<Written, EngineError> {
    let (place, is_correctable) = (sink.place(), sink.is_correctable());
    let mut counted = Counted {
        inner: sink,
        bytes: 0,
        workers,
        cancel,
    };
    let writer = Writer {
        archive: outer::Writer::new(&mut counted),
        time: unix_now(),
        place,
        is_correctable,
        open: None,
        buffers,
        cancel,
    };
    match writer.write_all(blocks) {
        Ok(()) => Ok(Written {
            sink: counted.inner,
            bytes: counted.bytes,
        }),
        Err(error) => Err(counted.inner.abandon(error)),
    }
}

struct Writer<'c, 'a> {
    archive: outer::Writer<&'c mut Counted<'a, Sink>>,
    time: u64,
    /// Where it goes, for display.
    place: String,
    is_correctable: bool,
    /// The part that has begun.
    open: Option<Open>,
    /// Where buffers go that are empty again.
    buffers: Buffers,
    cancel: &'a CancelToken,
}

enum Open {
    /// What comes is written, and its size at its end.
    Written(outer::OpenMember),
    /// What comes is kept until it is whole, as nothing that was written can be corrected.
    Kept { member: String, pieces: Vec<Vec<u8>> },
}

impl Writer<'_, '_> {
    fn write_all(mut self, blocks: &Receiver<Block>) -> Result<(), EngineError> {
        loop {
            match blocks.recv() {
                Ok(Block::Begin { member, header }) => self.begin(member, &header)?,
                Ok(Block::Piece(data)) => self.take(data)?,
                Ok(Block::End { mac }) => self.end(&mac)?,
                Ok(Block::Small { member, key, mut data }) => {
                    let sealed = key.wait(self.cancel)??.seal(&mut data);
                    self.member(&member, &[&sealed.header, &data, &sealed.mac])?;
                }
                Ok(Block::Plain { member, data }) => {
                    let data = data.wait(self.cancel)??;
                    self.member(&member, &[&data])?;
                }
                Ok(Block::ArchiveEnd) => {
                    let ended = self.archive.finish().map(drop);
                    return ended.map_err(|error| destination_error(&self.place, error));
                }
                // The side that fills parts gave up; it or the reading side knows why.
                Err(_) => return Err(EngineError::Cancelled),
            }
        }
    }

    fn member(&mut self, name: &str, pieces: &[&[u8]]) -> Result<(), EngineError> {
        let written = self.archive.member(name, self.time, pieces);
        written.map_err(|error| destination_error(&self.place, format_to_io(error)))
    }

    fn begin(&mut self, member: String, header: &[u8]) -> Result<(), EngineError> {
        self.open = Some(if self.is_correctable {
            let begun = self.archive.begin(&member, self.time);
            Open::Written(begun.map_err(|error| destination_error(&self.place, format_to_io(error)))?)
        } else {
            Open::Kept {
                member,
                pieces: Vec::new(),
            }
        });
        self.go_on(header)
    }

    fn take(&mut self, data: Vec<u8>) -> Result<(), EngineError> {
        if let Some(Open::Kept { pieces, .. }) = &mut self.open {
            pieces.push(data);
            return Ok(());
        }
        self.go_on(&data)?;
        self.buffers.give_back(data);
        Ok(())
    }

    fn go_on(&mut self, data: &[u8]) -> Result<(), EngineError> {
        match &mut self.open {
            Some(Open::Written(member)) => {
                let written = self.archive.go_on(member, data);
                written.map_err(|error| destination_error(&self.place, error))?;
            }
            Some(Open::Kept { pieces, .. }) => pieces.push(data.to_vec()),
            None => {}
        }
        Ok(())
    }

    fn end(&mut self, mac: &[u8]) -> Result<(), EngineError> {
        self.go_on(mac)?;
        match self.open.take() {
            Some(Open::Written(member)) => {
                let ended = self.archive.end(member, |counted, position, header| {
                    counted.inner.correct(position, header)
                });
                ended.map_err(|error| destination_error(&self.place, format_to_io(error)))
            }
            Some(Open::Kept { member, pieces }) => {
                let slices: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
                self.member(&member, &slices)?;
                pieces.into_iter().for_each(|piece| self.buffers.give_back(piece));
                Ok(())
            }
            None => Ok(()),
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
