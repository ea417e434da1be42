// SPDX-License-Identifier: GPL-3.0-or-later
//! The lower half of a backup: compressed blocks are put together to parts, and parts are sealed as they grow.
//!
//! Two parts are in memory at most: one being filled and sealed, one being written. The keys of parts that are to be
//! expected are ordered ahead.

use std::{
    cell::Cell,
    sync::mpsc::{Receiver, SyncSender},
};

use crate::{
    crypto::Sealing,
    format::{PartName, limits},
    units::MIB,
};

use super::{
    CancelToken, EngineError,
    blocks::{Buffers, Flow},
    keys::{FEW_KEYS, FileKeys, KEYS_AHEAD, KeyMaker, SealKeyToCome},
    stage::from_io,
    workers::ToCome,
    writing::{Block, SMALL_PART_BYTES, writer_gone},
};

/// The size at which a stream is cut, in bytes: the reference's own, for which its restorer reserves room.
pub(super) const PART_BYTES: usize = limits::PART_CONTENT_BYTES as usize;

/// Before so much of a file has been compressed, nothing is guessed from it about the rest.
const FIRST_GUESS_BYTES: u64 = 8 * MIB;

/// What compression leaves of data at least, as far as nothing is known of it: of nearly everything that people keep it
/// leaves more.
pub(super) const LEAST_PACKED_SHARE: f64 = 0.25;

/// Makes parts of blocks.
pub(super) struct Packer<'a> {
    pub(super) keys: &'a KeyMaker<'a>,
    pub(super) blocks: SyncSender<Block>,
    /// Buffers for parts, and those of parts that were written: as many as may be in memory.
    pub(super) empties: Receiver<Vec<u8>>,
    /// One that was taken and not needed.
    pub(super) spare: Cell<Option<Vec<u8>>>,
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
    next_keys: FileKeys,
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
                        keys,
                    },
                    None,
                ) => {
                    current = Some(self.begin(&name, expected_bytes, keys)?);
                }
                (Flow::Block { plain_bytes, data }, Some(mut file)) => {
                    let data = data.wait(&self.cancel)?;
                    let data = data.map_err(|error| from_io(error, |source| internal(&source)))?;
                    self.take(&mut file, plain_bytes, &data)?;
                    self.buffers.give_back(data);
                    current = Some(file);
                }
                (Flow::FileEnd, Some(mut file)) => self.send_part(&mut file)?,
                (Flow::Plain { member, data }, None) => self.send(Block::Plain { member, data })?,
                (Flow::End, None) => return self.send(Block::End),
                // Half a file must not pass for a whole one.
                _ => return Err(internal(&"the files of an archive came out of order")),
            }
        }
        Err(EngineError::Cancelled)
    }

    fn begin(&self, name: &str, expected_bytes: u64, mut keys: FileKeys) -> Result<File, EngineError> {
        let part = PartName::new(name, 0).map_err(|error| internal(&error))?;
        Ok(File {
            expected_bytes,
            plain_bytes: 0,
            packed_bytes: 0,
            data: self.empty()?,
            sealed_bytes: 0,
            key: self.key_of(&part, &mut keys),
            part,
            next_keys: keys,
        })
    }

    /// An empty buffer, when there is one.
    fn empty(&self) -> Result<Vec<u8>, EngineError> {
        match self.spare.take() {
            Some(spare) => Ok(spare),
            None => self.empties.recv().map_err(|_| writer_gone()),
        }
    }

    fn key_of(&self, part: &PartName, keys: &mut FileKeys) -> Key {
        Key::Coming(keys.pop_front().unwrap_or_else(|| self.keys.order(&part.to_string())))
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
                self.next_part(file)?;
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

    /// Orders the keys of the next parts, as far as they will be needed by all that is known, in groups.
    fn order_ahead(&self, file: &mut File) -> Result<(), EngineError> {
        if file.plain_bytes < FIRST_GUESS_BYTES || file.next_keys.len() > FEW_KEYS {
            return Ok(());
        }
        let left = file.expected_bytes.saturating_sub(file.plain_bytes) as f64;
        let left_packed = left * file.packed_bytes as f64 / file.plain_bytes as f64;
        let parts_left = ((file.data.len() as f64 + left_packed) / PART_BYTES as f64) as usize;
        while file.next_keys.len() < parts_left.min(KEYS_AHEAD) {
            let number = file.part.number() + 1 + file.next_keys.len() as u32;
            let part = PartName::new(file.part.file(), number).map_err(|error| internal(&error))?;
            file.next_keys.push_back(self.keys.order(&part.to_string()));
        }
        Ok(())
    }

    /// Sends a part that is full and begins the next.
    fn next_part(&self, file: &mut File) -> Result<(), EngineError> {
        self.send_part(file)?;
        file.part = PartName::new(file.part.file(), file.part.number() + 1).map_err(|error| internal(&error))?;
        file.key = self.key_of(&file.part, &mut file.next_keys);
        file.data = self.empty()?;
        file.sealed_bytes = 0;
        Ok(())
    }

    fn send_part(&self, file: &mut File) -> Result<(), EngineError> {
        let nothing = Key::Coming(ToCome::ready(Err(EngineError::Cancelled)));
        let member = file.part.member();
        let mut data = std::mem::take(&mut file.data);
        let mut sealing = match std::mem::replace(&mut file.key, nothing) {
            Key::AtWork(sealing) => sealing,
            // While the key of a small file is derived, others can go on.
            Key::Coming(key) if data.len() <= SMALL_PART_BYTES => {
                let small = data.as_slice().to_vec();
                data.clear();
                self.spare.set(Some(data));
                return self.send(Block::Small {
                    member,
                    key,
                    data: small,
                });
            }
            Key::Coming(key) => Box::new(key.wait(&self.cancel)??.begin()),
        };
        let fresh = &mut data[file.sealed_bytes..];
        let seal = || {
            sealing.seal(fresh);
            sealing.finish()
        };
        let sealed = self.keys.workers.compute(&self.cancel, seal)?;
        self.send(Block::Part { member, sealed, data })
    }
}

fn internal(error: &dyn std::fmt::Display) -> EngineError {
    EngineError::Internal {
        what: error.to_string(),
    }
}
