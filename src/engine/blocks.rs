// SPDX-License-Identifier: GPL-3.0-or-later
//! The upper seam of a backup: an inner archive is cut into blocks, which are compressed by whoever is free and go on in
//! their order.

use std::{
    io::{self, Write},
    sync::mpsc::SyncSender,
};

use crate::format::{Compression, Encoder, Level, PartName};

use super::{
    EngineError,
    keys::{KeyMaker, SealKeyToCome},
    parts::writer_gone,
    stage::into_io,
    workers::{ToCome, Workers},
};

/// What goes to the thread that makes parts, in the order of the archive.
pub(super) enum Flow {
    /// A file begins.
    File {
        name: String,
        /// How many bytes its inner archive will have, as far as that is known.
        expected_bytes: u64,
        /// The key of its first part.
        key: SealKeyToCome,
    },
    /// More of it.
    Block {
        /// What it was before it was compressed.
        plain_bytes: u64,
        data: ToCome<io::Result<Vec<u8>>>,
    },
    /// It is whole.
    FileEnd,
    /// A member as it is.
    Plain { member: String, data: Vec<u8> },
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
    block: Vec<u8>,
    has_sent: bool,
}

impl<'a> BlockWriter<'a> {
    /// Begins a file (`vm7/private.img`).
    pub(super) fn begin(
        name: &str,
        expected_bytes: u64,
        (method, level): (Compression, Level),
        keys: &KeyMaker<'a>,
        flow: &'a SyncSender<Flow>,
    ) -> Result<Self, EngineError> {
        let first = PartName::new(name, 0).map_err(|error| EngineError::Plan {
            what: error.to_string(),
        })?;
        let begin = Flow::File {
            name: name.to_owned(),
            expected_bytes,
            key: keys.order(&first.to_string()),
        };
        flow.send(begin).map_err(|_| writer_gone())?;
        Ok(Self {
            workers: keys.workers,
            flow,
            method,
            level,
            block: Vec::with_capacity(Encoder::block_bytes(method)),
            has_sent: false,
        })
    }

    /// Sends what is left.
    pub(super) fn finish(mut self) -> Result<(), EngineError> {
        // A stream of nothing has a beginning and an end too.
        if !self.block.is_empty() || !self.has_sent {
            self.send(0).map_err(|()| writer_gone())?;
        }
        self.flow.send(Flow::FileEnd).map_err(|_| writer_gone())
    }

    fn send(&mut self, next_bytes: usize) -> Result<(), ()> {
        let block = std::mem::replace(&mut self.block, Vec::with_capacity(next_bytes));
        self.has_sent = true;
        let plain_bytes = block.len() as u64;
        let (method, level) = (self.method, self.level);
        let data = if method == Compression::None {
            ToCome::ready(Ok(block))
        } else {
            self.workers.run(move |tools| {
                let encoder = match &mut tools.encoder {
                    Some(encoder) => encoder,
                    none => none.insert(Encoder::new(method, level)?),
                };
                encoder.block(&block)
            })
        };
        self.flow.send(Flow::Block { plain_bytes, data }).map_err(drop)
    }
}

impl Write for BlockWriter<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let block_bytes = Encoder::block_bytes(self.method);
        if self.block.len() == block_bytes {
            self.send(block_bytes).map_err(|()| into_io(writer_gone()))?;
        }
        let count = data.len().min(block_bytes - self.block.len());
        self.block.extend_from_slice(&data[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
