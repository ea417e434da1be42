// SPDX-License-Identifier: GPL-3.0-or-later
//! The lower half of a backup: streams are cut into parts, parts are sealed and become members of the outer archive.
//!
//! Two parts are in memory at most: one being filled, one being sealed and written. The key of a part is ordered when
//! its first byte arrives, so that it is ready when its last one does.

use std::{
    io::{self, Write},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{Scope, ScopedJoinHandle},
};

use crate::{
    crypto::SealKey,
    format::{PartName, limits, outer},
    units::unix_now,
};

use super::{
    CancelToken, EngineError,
    destination::Sink,
    keys::{KeyMaker, KeyToCome, wait_for},
    stage::{destination_error, format_to_io, into_io},
};

/// The size at which a stream is cut, in bytes: the reference's own, for which its restorer reserves room.
pub(super) const PART_BYTES: usize = limits::PART_CONTENT_BYTES as usize;

/// What goes to the thread that writes.
pub(super) enum Block {
    /// A part to be sealed.
    Part {
        member: String,
        data: Vec<u8>,
        key: KeyToCome<SealKey>,
    },
    /// A member as it is.
    Plain { member: String, data: Vec<u8> },
    /// The archive is whole. Without this word it is given up.
    End,
}

/// Cuts one file's stream into parts. [`PartCutter::finish`] sends the last one; dropped before, the stream is lost,
/// which the archive's missing end then tells.
pub(super) struct PartCutter<'a> {
    part: PartName,
    data: Vec<u8>,
    key: KeyToCome<SealKey>,
    keys: &'a KeyMaker,
    blocks: &'a SyncSender<Block>,
}

impl<'a> PartCutter<'a> {
    /// Begins a file (`vm7/private.img`).
    pub(super) fn new(file: &str, keys: &'a KeyMaker, blocks: &'a SyncSender<Block>) -> Result<Self, EngineError> {
        let part = PartName::new(file, 0).map_err(|error| EngineError::Plan {
            what: error.to_string(),
        })?;
        let key = keys.order(&part.to_string());
        Ok(Self {
            part,
            data: Vec::new(),
            key,
            keys,
            blocks,
        })
    }

    /// Sends the last part.
    pub(super) fn finish(mut self) -> Result<(), EngineError> {
        self.send().map_err(|_| writer_gone())
    }

    fn send(&mut self) -> Result<(), ()> {
        let member = self.part.member();
        let data = std::mem::take(&mut self.data);
        let (_, nothing) = sync_channel(1);
        let key = std::mem::replace(&mut self.key, nothing);
        self.blocks.send(Block::Part { member, data, key }).map_err(drop)
    }
}

impl Write for PartCutter<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.data.len() == PART_BYTES {
            // The next part is begun only when there is something for it: a stream that fills its last part to the
            // byte needs no empty one.
            self.send().map_err(|()| into_io(writer_gone()))?;
            self.part = PartName::new(self.part.file(), self.part.number() + 1).map_err(io::Error::other)?;
            self.key = self.keys.order(&self.part.to_string());
        }
        let count = data.len().min(PART_BYTES - self.data.len());
        self.data.extend_from_slice(&data[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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

/// Starts the thread that seals and writes. Its error, if it has one, is the cause of all others.
pub(super) fn start_writer<'scope>(
    scope: &'scope Scope<'scope, '_>,
    sink: Sink,
    cancel: CancelToken,
) -> (
    SyncSender<Block>,
    ScopedJoinHandle<'scope, Result<Written, EngineError>>,
) {
    // No room in between: what waits there would be a third part in memory.
    let (sender, blocks) = sync_channel(0);
    (sender, scope.spawn(move || write_all(sink, &blocks, &cancel)))
}

fn write_all(sink: Sink, blocks: &Receiver<Block>, cancel: &CancelToken) -> Result<Written, EngineError> {
    let place = sink.place();
    let mut counted = Counted { inner: sink, bytes: 0 };
    match write_members(&mut counted, blocks, cancel, &place) {
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
    cancel: &CancelToken,
    place: &str,
) -> Result<(), EngineError> {
    let mut archive = outer::Writer::new(counted);
    let time = unix_now();
    let failed = |error| destination_error(place, format_to_io(error));
    loop {
        match blocks.recv() {
            Ok(Block::Part { member, mut data, key }) => {
                let sealed = wait_for(&key, cancel)?.seal(&mut data);
                let pieces: [&[u8]; 3] = [&sealed.header, &data, &sealed.mac];
                archive.member(&member, time, &pieces).map_err(failed)?;
            }
            Ok(Block::Plain { member, data }) => archive.member(&member, time, &[&data]).map_err(failed)?,
            Ok(Block::End) => {
                return archive
                    .finish()
                    .map(drop)
                    .map_err(|error| destination_error(place, error));
            }
            // The reading side gave up; it knows why.
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
