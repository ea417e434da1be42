// SPDX-License-Identifier: GPL-3.0-or-later
//! Fills a volume on a thread of its own, while the next data is decompressed and read.
//!
//! A volume may have a million extents of 4 KiB. What is handed to the other thread is therefore a block of data with all
//! extents that fit into it: to hand each one over by itself costs more than to write it.

use std::{
    ops::Range,
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::{Scope, ScopedJoinHandle},
};

use crate::{
    engine::{CancelToken, EngineError, panics::of_panic},
    host::VolumeImport,
    units::MIB,
};

use super::holes::write_sparse;

/// How much data goes from the inner archive to its target at once, in bytes.
const BLOCK_BYTES: usize = MIB as usize;

/// How many blocks may wait to be written.
const BLOCKS_AHEAD: usize = 4;

/// How many runs a block has at most, which bounds what it takes besides its data.
const MOST_RUNS: usize = 4096;

/// With less room than this a block is handed over, in bytes.
const LEAST_ROOM_BYTES: usize = 64 * 1024;

/// The rest of a block is offered in multiples of this, in bytes, so that a large extent is not cut within what becomes a
/// hole.
const ALIGNMENT_BYTES: usize = 4096;

/// Data on its way to the volume: runs that lie one behind the other in a buffer, and anywhere in the volume.
struct Chunk {
    data: Vec<u8>,
    runs: Vec<Run>,
}

/// A piece of a block that is one piece of the volume too.
struct Run {
    /// Where it lies in the block.
    within: Range<usize>,
    /// Where it belongs in the volume.
    offset: u64,
}

impl Chunk {
    fn empty() -> Self {
        Self {
            data: vec![0; BLOCK_BYTES],
            runs: Vec::new(),
        }
    }

    fn used(&self) -> usize {
        self.runs.last().map_or(0, |run| run.within.end)
    }

    fn room(&mut self) -> &mut [u8] {
        let used = self.used();
        let room = &mut self.data[used..];
        let aligned = room.len() - room.len() % ALIGNMENT_BYTES;
        &mut room[..aligned]
    }

    /// Adds what was put into the room.
    fn add(&mut self, offset: u64, length: usize) {
        let used = self.used();
        match self.runs.last_mut() {
            Some(last) if last.offset + last.within.len() as u64 == offset => last.within.end += length,
            _ => self.runs.push(Run {
                within: used..used + length,
                offset,
            }),
        }
    }

    fn is_full(&self) -> bool {
        self.data.len() - self.used() < LEAST_ROOM_BYTES || self.runs.len() >= MOST_RUNS
    }
}

/// Where data goes; nowhere at all where nothing is kept.
pub(super) struct Filler<'scope> {
    /// The block that is filled next.
    block: Chunk,
    writing: Option<Writing<'scope>>,
}

struct Writing<'scope> {
    blocks: SyncSender<Chunk>,
    empties: Receiver<Chunk>,
    thread: ScopedJoinHandle<'scope, Result<(), EngineError>>,
}

impl<'scope> Filler<'scope> {
    /// Starts the thread, if there is something to fill.
    pub(super) fn start<'env: 'scope>(
        scope: &'scope Scope<'scope, 'env>,
        import: Option<&'env mut (dyn VolumeImport + 'static)>,
        cancel: &'env CancelToken,
    ) -> Self {
        let writing = import.map(|import| {
            let (blocks, to_write) = sync_channel(BLOCKS_AHEAD);
            let (emptied, empties) = channel();
            for _ in 0..BLOCKS_AHEAD {
                // The receiver is at hand, so this cannot fail.
                let _ = emptied.send(Chunk::empty());
            }
            Writing {
                blocks,
                empties,
                thread: scope.spawn(move || write_all(import, &to_write, &emptied, cancel)),
            }
        });
        Self {
            block: Chunk::empty(),
            writing,
        }
    }

    /// Where the next data is to be put.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.block.room()
    }

    /// Takes what was put there; false when the other side has given up, and says why at the end.
    pub(super) fn put(&mut self, offset: u64, length: usize) -> bool {
        if self.writing.is_none() {
            return true;
        }
        self.block.add(offset, length);
        !self.block.is_full() || self.hand_over()
    }

    fn hand_over(&mut self) -> bool {
        let Some(writing) = &self.writing else {
            return true;
        };
        let Ok(empty) = writing.empties.recv() else {
            return false;
        };
        let block = std::mem::replace(&mut self.block, empty);
        writing.blocks.send(block).is_ok()
    }

    /// Waits until everything is written.
    pub(super) fn finish(mut self) -> Result<(), EngineError> {
        if !self.block.runs.is_empty() {
            // Where the other side has given up, it says why below.
            self.hand_over();
        }
        let Some(Writing { blocks, thread, .. }) = self.writing else {
            return Ok(());
        };
        drop(blocks);
        thread.join().unwrap_or_else(|panic| Err(of_panic(panic.as_ref())))
    }
}

fn write_all(
    import: &mut dyn VolumeImport,
    blocks: &Receiver<Chunk>,
    emptied: &Sender<Chunk>,
    cancel: &CancelToken,
) -> Result<(), EngineError> {
    while let Ok(mut block) = blocks.recv() {
        let mut write = || {
            block.runs.iter().try_for_each(|run| {
                let data = &block.data[run.within.clone()];
                write_sparse(data, run.offset, |data, place| import.write_at(data, place))
            })
        };
        cancel.check()?;
        write()?;
        block.runs.clear();
        // Nobody waiting for the buffer is no loss: it is freed then.
        let _ = emptied.send(block);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Mutex},
        thread,
    };

    use super::*;
    use crate::{host::HostError, units::KIB};

    /// What was written, and where.
    type Writes = Vec<(u64, Vec<u8>)>;

    /// Remembers what it was told to write.
    struct Told(Arc<Mutex<Writes>>);

    impl VolumeImport for Told {
        fn write_at(&mut self, data: &[u8], offset: u64) -> Result<(), HostError> {
            self.0.lock().unwrap().push((offset, data.to_vec()));
            Ok(())
        }

        fn finish(self: Box<Self>) -> Result<(), HostError> {
            Ok(())
        }
    }

    /// Fills a volume with extents of such places and lengths. Returns what was written, and how many pieces there were.
    fn fill(extents: &[(u64, usize)]) -> (Writes, usize) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let mut import: Box<dyn VolumeImport> = Box::new(Told(Arc::clone(&told)));
        let cancel = CancelToken::default();
        let mut pieces = 0;
        thread::scope(|scope| {
            let mut filler = Filler::start(scope, Some(import.as_mut()), &cancel);
            for (mut offset, mut length) in extents.iter().copied() {
                while length > 0 {
                    let room = filler.room();
                    let count = room.len().min(length);
                    room[..count].fill(byte(offset));
                    assert!(filler.put(offset, count));
                    pieces += 1;
                    offset += count as u64;
                    length -= count;
                }
            }
            filler.finish().unwrap();
        });
        drop(import);
        let written = std::mem::take(&mut *told.lock().unwrap());
        (written, pieces)
    }

    /// Never zero, since zeros are left out.
    fn byte(offset: u64) -> u8 {
        u8::try_from(offset / 4096 % 251).unwrap() + 1
    }

    #[test]
    fn every_extent_gets_to_its_place() {
        let extents: Vec<(u64, usize)> = (0..10_000).map(|n| (n * 8192, 4096 - (n as usize % 3) * 512)).collect();
        let (written, pieces) = fill(&extents);
        assert_eq!(pieces, extents.len(), "none is cut where there is room");
        let places: Vec<(u64, usize)> = written.iter().map(|(offset, data)| (*offset, data.len())).collect();
        assert_eq!(places, extents);
        assert!(
            written
                .iter()
                .all(|(offset, data)| data.iter().all(|found| *found == byte(*offset)))
        );
    }

    #[test]
    fn a_large_extent_behind_a_small_one_is_cut_at_blocks_of_the_file_system() {
        let (written, _) = fill(&[(0, 4096), (8192, 5 * MIB as usize), (7 * MIB, 3)]);
        let mut next = 0;
        for (offset, data) in &written[..written.len() - 1] {
            assert_eq!(offset % (4 * KIB), 0);
            assert_eq!(*offset, if next == 4096 { 8192 } else { next });
            next = offset + data.len() as u64;
        }
        assert_eq!(next, 8192 + 5 * MIB);
        assert_eq!(
            written.last().map(|(offset, data)| (*offset, data.len())),
            Some((7 * MIB, 3))
        );
    }

    #[test]
    fn nothing_is_written_of_a_volume_without_data() {
        assert!(fill(&[]).0.is_empty());
    }
}
