// SPDX-License-Identifier: GPL-3.0-or-later
//! The lower half of a backup: compressed blocks are put together to parts, and sealed as they come. The keys of parts
//! that are to be expected are ordered ahead; what comes before its key waits for it.

use std::sync::mpsc::{Receiver, SyncSender};

use crate::{
    crypto::{SealKey, Sealing},
    engine::{CancelToken, EngineError, Mistake, io_errors::from_io, workers::Pending},
    format::{PartName, limits},
    units::MIB,
};

use super::{
    buffers::Buffers,
    keys::{FEW_KEYS, FileKeys, KEYS_AHEAD, KeyMaker, PendingSealKey},
    messages::{PackMessage, SMALL_PART_BYTES, WriteMessage, writer_gone},
};

/// The size at which a stream is cut, in bytes: the reference's own, for which its restorer reserves room.
const PART_BYTES: usize = limits::PART_CONTENT_BYTES as usize;

/// Before so much of a file has been compressed, nothing is guessed from it about the rest.
const FIRST_GUESS_BYTES: u64 = 8 * MIB;

/// What compression leaves of data at least, as far as nothing is known of it: of nearly everything that people keep it
/// leaves more.
pub(super) const LEAST_PACKED_SHARE: f64 = 0.25;

/// Makes parts of blocks.
pub(super) struct Packer<'a> {
    pub(super) keys: &'a KeyMaker<'a>,
    pub(super) blocks: SyncSender<WriteMessage>,
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
    /// How much of the part there is.
    part_bytes: usize,
    /// What of it waits for its key, in one piece: a buffer for each block would take far more than is in it.
    held: Vec<u8>,
    key: Key,
    /// The keys of the parts behind this one.
    next_keys: FileKeys,
}

enum Key {
    Coming(PendingSealKey),
    AtWork(Box<Sealing>),
}

impl Packer<'_> {
    /// Takes everything to the end. An error of the writing side comes from there, and is as good as a cancel here.
    pub(super) fn run(&self, flow: &Receiver<PackMessage>) -> Result<(), EngineError> {
        let mut current: Option<File> = None;
        // The reading side gave up where there is no more; it knows why.
        while let Ok(next) = flow.recv() {
            match (next, current.take()) {
                (
                    PackMessage::File {
                        name,
                        expected_bytes,
                        keys,
                    },
                    None,
                ) => {
                    current = Some(self.begin(&name, expected_bytes, keys)?);
                }
                (PackMessage::Block { plain_bytes, data }, Some(mut file)) => {
                    let data = data.wait(&self.cancel)?;
                    let data = data.map_err(|error| from_io(error, |source| internal(Mistake::Memory(source))))?;
                    file.plain_bytes += plain_bytes;
                    file.packed_bytes += data.len() as u64;
                    self.take(&mut file, data)?;
                    self.derive_ahead(&mut file)?;
                    current = Some(file);
                }
                (PackMessage::FileEnd, Some(mut file)) => self.end_part(&mut file)?,
                (PackMessage::FileLost, Some(_)) => self.send(WriteMessage::FileLost)?,
                (PackMessage::Plain { member, data }, None) => self.send(WriteMessage::Plain { member, data })?,
                (PackMessage::End, None) => return self.send(WriteMessage::ArchiveEnd),
                // Half a file must not pass for a whole one.
                _ => return Err(internal(Mistake::OutOfOrder)),
            }
        }
        Err(EngineError::Cancelled)
    }

    fn begin(&self, name: &str, expected_bytes: u64, mut keys: FileKeys) -> Result<File, EngineError> {
        let part = PartName::new(name, 0).map_err(|error| internal(error.into()))?;
        self.send(WriteMessage::FileBegin)?;
        Ok(File {
            expected_bytes,
            plain_bytes: 0,
            packed_bytes: 0,
            part_bytes: 0,
            held: Vec::new(),
            key: self.key_of(&part, &mut keys),
            part,
            next_keys: keys,
        })
    }

    fn key_of(&self, part: &PartName, keys: &mut FileKeys) -> Key {
        Key::Coming(keys.pop_front().unwrap_or_else(|| self.keys.order(&part.to_string())))
    }

    fn send(&self, block: WriteMessage) -> Result<(), EngineError> {
        self.blocks.send(block).map_err(|_| writer_gone())
    }

    fn take(&self, file: &mut File, mut data: Vec<u8>) -> Result<(), EngineError> {
        while !data.is_empty() {
            let room = PART_BYTES - file.part_bytes;
            // A block that is whole in one part can be unpacked by itself. What stands for one is never larger than a
            // part; the next is begun only when there is something for it.
            let fits = data.len() <= room;
            if room == 0 || !fits && data.len() <= PART_BYTES && file.part_bytes > PART_BYTES / 2 {
                self.next_part(file)?;
                continue;
            }
            let rest = data.split_off(data.len().min(room));
            file.part_bytes += data.len();
            let now = std::mem::replace(&mut data, rest);
            self.begin_sealing(file, Key::is_there)?;
            if let Key::AtWork(_) = &file.key {
                self.seal(file, now)?;
            } else {
                file.held.extend_from_slice(&now);
                self.buffers.give_back(now);
            }
        }
        Ok(())
    }

    /// Begins to seal with the part's key, if `get` gives it.
    fn begin_sealing(
        &self,
        file: &mut File,
        get: impl FnOnce(&PendingSealKey, &CancelToken) -> Result<Option<SealKey>, EngineError>,
    ) -> Result<(), EngineError> {
        if let Key::Coming(key) = &file.key
            && let Some(key) = get(key, &self.cancel)?
        {
            let sealing = Box::new(key.begin());
            self.send(WriteMessage::Begin {
                member: file.part.member(),
                header: sealing.header(),
            })?;
            file.key = Key::AtWork(sealing);
            let held = std::mem::take(&mut file.held);
            if !held.is_empty() {
                self.seal(file, held)?;
            }
        }
        Ok(())
    }

    /// Seals and sends more of a part whose key is there.
    fn seal(&self, file: &mut File, mut data: Vec<u8>) -> Result<(), EngineError> {
        if let Key::AtWork(sealing) = &mut file.key {
            self.keys.workers.compute(&self.cancel, || sealing.seal(&mut data))?;
        }
        self.send(WriteMessage::Data(data))
    }

    /// Orders the keys of the next parts, as far as they will be needed by all that is known, in groups.
    fn derive_ahead(&self, file: &mut File) -> Result<(), EngineError> {
        if file.plain_bytes < FIRST_GUESS_BYTES || file.next_keys.len() > FEW_KEYS {
            return Ok(());
        }
        let left = file.expected_bytes.saturating_sub(file.plain_bytes) as f64;
        let left_packed = left * file.packed_bytes as f64 / file.plain_bytes as f64;
        let parts_left = ((file.part_bytes as f64 + left_packed) / PART_BYTES as f64) as usize;
        while file.next_keys.len() < parts_left.min(KEYS_AHEAD) {
            let number = file.part.number() + 1 + file.next_keys.len() as u32;
            let part = PartName::new(file.part.file(), number).map_err(|error| internal(error.into()))?;
            file.next_keys.push_back(self.keys.order(&part.to_string()));
        }
        Ok(())
    }

    /// Ends a part that is full and begins the next.
    fn next_part(&self, file: &mut File) -> Result<(), EngineError> {
        self.end_part(file)?;
        file.part = PartName::new(file.part.file(), file.part.number() + 1).map_err(|error| internal(error.into()))?;
        file.key = self.key_of(&file.part, &mut file.next_keys);
        file.part_bytes = 0;
        Ok(())
    }

    fn end_part(&self, file: &mut File) -> Result<(), EngineError> {
        let nothing = || Key::Coming(Pending::ready(Err(EngineError::Cancelled)));
        match std::mem::replace(&mut file.key, nothing()) {
            // While the key of a small file is derived, others can go on.
            Key::Coming(key) if file.part_bytes <= SMALL_PART_BYTES => {
                return self.send(WriteMessage::Small {
                    member: file.part.member(),
                    key,
                    data: std::mem::take(&mut file.held),
                });
            }
            key => file.key = key,
        }
        self.begin_sealing(file, |key, cancel| key.wait(cancel)?.map(Some))?;
        let Key::AtWork(sealing) = std::mem::replace(&mut file.key, nothing()) else {
            return Err(internal(Mistake::SealedTwice));
        };
        self.send(WriteMessage::End {
            mac: sealing.finish().mac,
        })
    }
}

impl Key {
    /// The key, if it is there.
    fn is_there(key: &PendingSealKey, _: &CancelToken) -> Result<Option<SealKey>, EngineError> {
        key.take_if_there()?.transpose()
    }
}

fn internal(what: Mistake) -> EngineError {
    EngineError::Internal { what }
}
