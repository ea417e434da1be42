// SPDX-License-Identifier: GPL-3.0-or-later
//! The upper seam of a backup: an inner archive is cut into blocks, which are compressed by whoever is free and go on in
//! their order.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc::SyncSender},
};

use crate::{
    format::{Compression, Encoder, Level, LzmaEncoder},
    units::MIB,
};

use super::{
    EngineError,
    keys::FileKeys,
    stage::into_io,
    workers::{ToCome, Workers},
    writing::writer_gone,
};

/// What goes to the thread that makes parts, in the order of the archive.
pub(super) enum Flow {
    /// A file begins.
    File {
        name: String,
        /// How many bytes its inner archive will have, as far as that is known.
        expected_bytes: u64,
        /// The keys of its first parts.
        keys: FileKeys,
    },
    /// More of it.
    Block {
        /// What it was before it was compressed.
        plain_bytes: u64,
        data: ToCome<io::Result<Vec<u8>>>,
    },
    /// It is whole.
    FileEnd,
    /// Reading it failed; the part of it that was written is discarded.
    FileLost,
    /// A member as it is.
    Plain {
        member: String,
        data: ToCome<Result<Vec<u8>, EngineError>>,
    },
    /// The archive is whole. Without this word it is given up.
    End,
}

/// How many blocks may be on their way for each worker: one at work, one to go on with, and one that waits for its turn.
pub(super) const BLOCKS_PER_WORKER: usize = 3;

/// Takes one inner archive. [`BlockWriter::finish`] ends it; dropped before, it is lost, which the archive's missing end
/// then tells.
pub(super) struct BlockWriter<'a> {
    workers: &'a Workers,
    flow: &'a SyncSender<Flow>,
    method: Compression,
    level: Level,
    buffers: &'a Buffers,
    /// A whole block, of which the first bytes are taken; empty before the first.
    block: Vec<u8>,
    taken: usize,
    has_sent: bool,
    /// What compresses where blocks cannot be compressed one by one.
    serial: Option<LzmaEncoder>,
}

/// Buffers for blocks, used again and again: fresh memory costs more than what is done with it.
#[derive(Clone, Default)]
pub(super) struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

/// The most buffers that are kept, and the size of the largest, in bytes.
const MOST_SPARE: usize = 32;
const LARGEST_SPARE_BYTES: usize = 8 * MIB as usize;

impl Buffers {
    fn take(&self, bytes: usize) -> Vec<u8> {
        let mut buffer = self.spare().pop().unwrap_or_default();
        buffer.resize(bytes, 0);
        buffer
    }

    /// Takes one back that was used.
    pub(super) fn give_back(&self, buffer: Vec<u8>) {
        let mut spare = self.spare();
        // More of them, or larger ones, come together only where something waited; they are not needed again.
        if spare.len() < MOST_SPARE && buffer.capacity() <= LARGEST_SPARE_BYTES {
            spare.push(buffer);
        }
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> BlockWriter<'a> {
    /// Begins a file (`vm7/private.img`).
    pub(super) fn begin(
        name: &str,
        expected_bytes: u64,
        (method, level): (Compression, Level),
        (workers, keys): (&'a Workers, FileKeys),
        flow: &'a SyncSender<Flow>,
        buffers: &'a Buffers,
    ) -> Result<Self, EngineError> {
        let begin = Flow::File {
            name: name.to_owned(),
            expected_bytes,
            keys,
        };
        flow.send(begin).map_err(|_| writer_gone())?;
        Ok(Self {
            workers,
            flow,
            method,
            level,
            buffers,
            block: Vec::new(),
            taken: 0,
            has_sent: false,
            serial: serial_encoder(method, level).map_err(super::backup::internal)?,
        })
    }

    /// Lets `fill` put data right where it is wanted, at most so many bytes; gives how many.
    pub(super) fn fill(
        &mut self,
        most: u64,
        fill: impl FnOnce(&mut [u8]) -> Result<(), EngineError>,
    ) -> Result<u64, EngineError> {
        if self.taken > 0 && self.taken == self.block.len() {
            self.send().map_err(|()| writer_gone())?;
        }
        if self.block.is_empty() {
            self.block = self.buffers.take(Encoder::block_bytes(self.method));
        }
        let room = &mut self.block[self.taken..];
        let count = usize::try_from(most).unwrap_or(usize::MAX).min(room.len());
        fill(&mut room[..count])?;
        self.taken += count;
        Ok(count as u64)
    }

    /// Sends what is left.
    pub(super) fn finish(mut self) -> Result<(), EngineError> {
        // A stream of nothing has a beginning and an end too.
        if self.taken > 0 || !self.has_sent {
            self.send().map_err(|()| writer_gone())?;
        }
        if let Some(serial) = self.serial.take() {
            let data = ToCome::ready(serial.finish());
            let rest = Flow::Block { plain_bytes: 0, data };
            self.flow.send(rest).map_err(|_| writer_gone())?;
        }
        self.flow.send(Flow::FileEnd).map_err(|_| writer_gone())
    }

    fn send(&mut self) -> Result<(), ()> {
        let mut block = std::mem::take(&mut self.block);
        block.truncate(std::mem::take(&mut self.taken));
        self.has_sent = true;
        let plain_bytes = block.len() as u64;
        let (method, level) = (self.method, self.level);
        let data = if let Some(serial) = &mut self.serial {
            let ready = serial.more(&block);
            self.buffers.give_back(block);
            ToCome::ready(ready)
        } else if method == Compression::None {
            ToCome::ready(Ok(block))
        } else {
            let buffers = self.buffers.clone();
            self.workers.run(move |tools| {
                let encoder = match &mut tools.encoder {
                    Some(encoder) => encoder,
                    none => none.insert(Encoder::new(method, level)?),
                };
                let mut stream = buffers.spare().pop().unwrap_or_default();
                encoder.block(&block, &mut stream)?;
                buffers.give_back(block);
                Ok(stream)
            })
        };
        self.flow.send(Flow::Block { plain_bytes, data }).map_err(drop)
    }
}

fn serial_encoder(method: Compression, level: Level) -> io::Result<Option<LzmaEncoder>> {
    match method {
        Compression::Lzma => LzmaEncoder::new(level).map(Some),
        _ => Ok(None),
    }
}

impl Write for BlockWriter<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let copy = |room: &mut [u8]| -> Result<(), EngineError> {
            room.copy_from_slice(&data[..room.len()]);
            Ok(())
        };
        let count = self.fill(data.len() as u64, copy).map_err(into_io)?;
        Ok(count as usize)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
