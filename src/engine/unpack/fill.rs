// SPDX-License-Identifier: GPL-3.0-or-later
//! Fills a volume on a thread of its own, while the next data is decompressed and read.

use std::{
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::{Scope, ScopedJoinHandle},
};

use crate::{host::VolumeImport, units::MIB};

use super::{
    super::{CancelToken, EngineError, stage::of_panic, workers::Workers},
    holes::write_sparse,
};

/// How much data goes from the inner archive to its target at once, in bytes.
const BLOCK_BYTES: usize = MIB as usize;

/// How many blocks may wait to be written.
const BLOCKS_AHEAD: usize = 4;

/// Data on its way to the volume.
struct Block {
    data: Vec<u8>,
    length: usize,
    offset: u64,
}

/// Where data goes; nowhere at all where nothing is kept.
pub(super) struct Filler<'scope> {
    /// The buffer that is filled next.
    buffer: Vec<u8>,
    writing: Option<Writing<'scope>>,
}

struct Writing<'scope> {
    blocks: SyncSender<Block>,
    empties: Receiver<Vec<u8>>,
    thread: ScopedJoinHandle<'scope, Result<(), EngineError>>,
}

impl<'scope> Filler<'scope> {
    /// Starts the thread, if there is something to fill.
    pub(super) fn start<'env: 'scope>(
        scope: &'scope Scope<'scope, 'env>,
        import: Option<&'env mut (dyn VolumeImport + 'static)>,
        workers: &'env Workers,
        cancel: &'env CancelToken,
    ) -> Self {
        let writing = import.map(|import| {
            let (blocks, to_write) = sync_channel(BLOCKS_AHEAD);
            let (emptied, empties) = channel();
            for _ in 0..BLOCKS_AHEAD {
                // The receiver is at hand, so this cannot fail.
                let _ = emptied.send(vec![0; BLOCK_BYTES]);
            }
            Writing {
                blocks,
                empties,
                thread: scope.spawn(move || write_all(import, &to_write, &emptied, workers, cancel)),
            }
        });
        Self {
            buffer: vec![0; BLOCK_BYTES],
            writing,
        }
    }

    /// Where the next data is to be put.
    pub(super) fn room(&mut self) -> &mut [u8] {
        &mut self.buffer
    }

    /// Takes what was put there; false when the other side has given up, and says why at the end.
    pub(super) fn put(&mut self, offset: u64, length: usize) -> bool {
        let Some(writing) = &self.writing else {
            return true;
        };
        let Ok(empty) = writing.empties.recv() else {
            return false;
        };
        let data = std::mem::replace(&mut self.buffer, empty);
        writing.blocks.send(Block { data, length, offset }).is_ok()
    }

    /// Waits until everything is written.
    pub(super) fn finish(self) -> Result<(), EngineError> {
        let Some(Writing { blocks, thread, .. }) = self.writing else {
            return Ok(());
        };
        drop(blocks);
        thread.join().unwrap_or_else(|panic| Err(of_panic(panic.as_ref())))
    }
}

fn write_all(
    import: &mut dyn VolumeImport,
    blocks: &Receiver<Block>,
    emptied: &Sender<Vec<u8>>,
    workers: &Workers,
    cancel: &CancelToken,
) -> Result<(), EngineError> {
    while let Ok(Block { data, length, offset }) = blocks.recv() {
        let write = || write_sparse(&data[..length], offset, |data, place| import.write_at(data, place));
        workers.writing().copy(cancel, write)??;
        // Nobody waiting for the buffer is no loss: it is freed then.
        let _ = emptied.send(data);
    }
    Ok(())
}
