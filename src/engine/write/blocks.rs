// SPDX-License-Identifier: GPL-3.0-or-later
//! The upper seam of a backup: an inner archive is cut into blocks. Any free worker compresses a block; the blocks leave in
//! their original order.

use std::{
    io::{self, Write},
    sync::mpsc::SyncSender,
};

use crate::{
    engine::{
        EngineError,
        io_errors::{internal, into_io},
        workers::{Pending, Workers},
    },
    format::{Compression, Encoder, Level, LzmaEncoder},
};

use super::{
    buffers::Buffers,
    keys::FileKeys,
    messages::{PackMessage, writer_gone},
};

/// How many blocks may be on their way for each worker: one at work, one to go on with, and one that waits for its turn.
pub(super) const BLOCKS_PER_WORKER: usize = 3;

/// Takes one inner archive. [`BlockWriter::finish`] ends it; dropped before, it is lost, which the archive's missing end
/// then tells.
pub(super) struct BlockWriter<'a> {
    workers: &'a Workers,
    flow: &'a SyncSender<PackMessage>,
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

impl<'a> BlockWriter<'a> {
    /// Begins a file (`vm7/private.img`).
    pub(super) fn begin(
        name: &str,
        expected_bytes: u64,
        (method, level): (Compression, Level),
        (workers, keys): (&'a Workers, FileKeys),
        flow: &'a SyncSender<PackMessage>,
        buffers: &'a Buffers,
    ) -> Result<Self, EngineError> {
        let begin = PackMessage::File {
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
            serial: serial_encoder(method, level).map_err(internal)?,
        })
    }

    /// Lets `fill` put data right where it is wanted, at most so many bytes; returns how many.
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
            let data = Pending::ready(serial.finish());
            let rest = PackMessage::Block { plain_bytes: 0, data };
            self.flow.send(rest).map_err(|_| writer_gone())?;
        }
        self.flow.send(PackMessage::FileEnd).map_err(|_| writer_gone())
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
            Pending::ready(ready)
        } else if method == Compression::None {
            Pending::ready(Ok(block))
        } else {
            let buffers = self.buffers.clone();
            self.workers.run(move |tools| {
                let encoder = match &mut tools.encoder {
                    Some(encoder) => encoder,
                    none => none.insert(Encoder::new(method, level)?),
                };
                let mut stream = buffers.any();
                encoder.block(&block, &mut stream)?;
                buffers.give_back(block);
                Ok(stream)
            })
        };
        self.flow.send(PackMessage::Block { plain_bytes, data }).map_err(drop)
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
