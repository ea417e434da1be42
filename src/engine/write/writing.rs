// SPDX-License-Identifier: GPL-3.0-or-later
//! The thread that writes an archive: what is sealed becomes a member of the outer archive.

use std::{
    io::{self, Write},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{Scope, ScopedJoinHandle},
};

use crate::{
    engine::{
        CancelToken, EngineError, Mistake,
        io_errors::{destination_error, write_to_io},
    },
    format::{Compression, Encoder, limits::PART_CONTENT_BYTES, outer},
    transport::{ArchiveWriter, DestinationError},
    units::unix_now,
};

use super::{buffers::Buffers, messages::WriteMessage};

/// How many pieces of parts, and small members that lack their keys, may wait to be written.
const MOST_WAITING: usize = 16;

/// How much may wait besides where a part is written only once it is whole, in bytes: what comes meanwhile.
const WAITING_FOR_WHOLE_BYTES: usize = PART_CONTENT_BYTES as usize / 2;

/// What the writing thread has to show: the archive, open until its name is given, and its size.
pub(super) struct Written<'w> {
    pub(super) writer: Box<dyn ArchiveWriter + 'w>,
    pub(super) bytes: u64,
}

/// The thread that writes, and the way to it.
pub(super) struct Writing<'scope, 'w> {
    pub(super) blocks: SyncSender<WriteMessage>,
    pub(super) thread: ScopedJoinHandle<'scope, Result<Written<'w>, EngineError>>,
}

/// Starts the thread that writes. Its error, if it has one, is the cause of all others.
pub(super) fn start_writer<'scope, 'w: 'scope>(
    scope: &'scope Scope<'scope, '_>,
    writer: Box<dyn ArchiveWriter + 'w>,
    method: Compression,
    buffers: Buffers,
    cancel: &'scope CancelToken,
) -> Writing<'scope, 'w> {
    let besides = if writer.capabilities().is_correctable {
        0
    } else {
        WAITING_FOR_WHOLE_BYTES / Encoder::block_bytes(method)
    };
    let (blocks, to_write) = sync_channel(MOST_WAITING + besides);
    Writing {
        blocks,
        thread: scope.spawn(move || write(writer, &to_write, buffers, cancel)),
    }
}

fn write<'w>(
    inner: Box<dyn ArchiveWriter + 'w>,
    blocks: &Receiver<WriteMessage>,
    buffers: Buffers,
    cancel: &CancelToken,
) -> Result<Written<'w>, EngineError> {
    let (place, is_correctable) = (inner.location().to_string(), inner.capabilities().is_correctable);
    let mut counted = Counted { inner, bytes: 0 };
    let writer = Writer {
        archive: outer::Writer::new(&mut counted),
        time: unix_now(),
        place,
        is_correctable,
        open: None,
        file_start: 0,
        kept: Vec::new(),
        buffers,
        cancel,
    };
    match writer.write_all(blocks) {
        Ok(()) => Ok(Written {
            writer: counted.inner,
            bytes: counted.bytes,
        }),
        Err(error) if is_broken_pipe(&error) => Err(counted.inner.abandon().map_or(error, EngineError::from)),
        Err(error) => Err(error),
    }
}

/// Whether the other end of a pipe has gone, which it knows the reason of.
fn is_broken_pipe(error: &EngineError) -> bool {
    matches!(error, EngineError::Destination(DestinationError::Io { source, .. })
        if source.kind() == io::ErrorKind::BrokenPipe)
}

struct Writer<'c, 'a, 'w> {
    archive: outer::Writer<&'c mut Counted<Box<dyn ArchiveWriter + 'w>>>,
    time: u64,
    /// Where it goes, for display.
    place: String,
    is_correctable: bool,
    /// The part that has begun.
    open: Option<Open>,
    /// Where the file begins that is being written.
    file_start: u64,
    /// The memory of the part that was kept last.
    kept: Vec<u8>,
    /// Where buffers go that are empty again.
    buffers: Buffers,
    cancel: &'a CancelToken,
}

enum Open {
    /// What comes is written, and its size at its end.
    Written(outer::OpenMember),
    /// What comes is kept until it is whole, as nothing that was written can be corrected.
    Kept { member: String, content: Vec<u8> },
}

impl Writer<'_, '_, '_> {
    fn write_all(mut self, blocks: &Receiver<WriteMessage>) -> Result<(), EngineError> {
        loop {
            // The side that fills parts gave up where nothing comes any more; it or the reading side knows why.
            let block = blocks.recv().map_err(|_| EngineError::Cancelled)?;
            match (block, self.open.take()) {
                (WriteMessage::FileBegin, None) => self.file_start = self.archive.position(),
                (WriteMessage::FileLost, open) => self.take_back(open)?,
                (WriteMessage::Begin { member, header }, None) => self.begin(member, &header)?,
                (WriteMessage::Data(data), Some(open)) => {
                    self.go_on(open, &data)?;
                    self.buffers.give_back(data);
                }
                (WriteMessage::End { mac }, Some(open)) => self.end(open, &mac)?,
                (WriteMessage::Small { member, key, mut data }, None) => {
                    let sealed = key.wait(self.cancel)??.seal(&mut data);
                    self.member(&member, &[&sealed.header, &data, &sealed.mac])?;
                }
                (WriteMessage::Plain { member, data }, None) => {
                    let data = data.wait(self.cancel)??;
                    self.member(&member, &[&data])?;
                }
                (WriteMessage::ArchiveEnd, None) => {
                    let ended = self.archive.finish().map(drop);
                    return ended.map_err(|error| destination_error(&self.place, error));
                }
                // Half a part must not pass for a whole one.
                _ => {
                    let what = Mistake::OutOfOrder;
                    return Err(EngineError::Internal { what });
                }
            }
        }
    }

    fn member(&mut self, name: &str, pieces: &[&[u8]]) -> Result<(), EngineError> {
        let written = self.archive.member(name, self.time, pieces);
        written.map_err(|error| destination_error(&self.place, write_to_io(error)))
    }

    /// Takes back what was written of a file. Whole parts that went to a service stay there.
    fn take_back(&mut self, open: Option<Open>) -> Result<(), EngineError> {
        if let Some(Open::Kept { mut content, .. }) = open {
            content.clear();
            self.kept = content;
        }
        if !self.is_correctable {
            return Ok(());
        }
        let taken = self.archive.take_back(self.file_start, |counted, position| {
            counted.inner.take_back(position)?;
            counted.bytes = position;
            Ok(())
        });
        taken.map_err(|error| destination_error(&self.place, error))
    }

    fn begin(&mut self, member: String, header: &[u8]) -> Result<(), EngineError> {
        log::trace!("writing the part {member:?} at byte {}", self.archive.position());
        let open = if self.is_correctable {
            let begun = self.archive.begin(&member, self.time);
            Open::Written(begun.map_err(|error| destination_error(&self.place, write_to_io(error)))?)
        } else {
            let content = std::mem::take(&mut self.kept);
            Open::Kept { member, content }
        };
        self.go_on(open, header)
    }

    fn go_on(&mut self, mut open: Open, data: &[u8]) -> Result<(), EngineError> {
        match &mut open {
            Open::Written(member) => {
                let written = self.archive.go_on(member, data);
                written.map_err(|error| destination_error(&self.place, error))?;
            }
            Open::Kept { content, .. } => content.extend_from_slice(data),
        }
        self.open = Some(open);
        Ok(())
    }

    fn end(&mut self, open: Open, mac: &[u8]) -> Result<(), EngineError> {
        self.go_on(open, mac)?;
        match self.open.take() {
            Some(Open::Written(member)) => {
                let ended = self.archive.end(member, |counted, position, header| {
                    counted.inner.correct(position, header)
                });
                ended.map_err(|error| destination_error(&self.place, write_to_io(error)))
            }
            Some(Open::Kept { member, mut content }) => {
                self.member(&member, &[&content])?;
                content.clear();
                self.kept = content;
                Ok(())
            }
            None => Ok(()),
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

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use crate::{
        crypto::{HEADER_BYTES, MAC_BYTES},
        engine::workers::Pending,
        transport::{FileWriter, Notices},
    };

    use super::*;

    fn written(blocks: Vec<WriteMessage>) -> Result<u64, EngineError> {
        let folder = tempfile::tempdir().unwrap();
        let notices: Notices = Arc::new(|_| ());
        let writer = Box::new(FileWriter::create(folder.path().join("archive"), &notices).unwrap());
        let cancel = CancelToken::default();
        thread::scope(|scope| {
            let writing = start_writer(scope, writer, Compression::None, Buffers::default(), &cancel);
            for block in blocks {
                // It may have given up by then.
                let _ = writing.blocks.send(block);
            }
            drop(writing.blocks);
            writing.thread.join().unwrap().map(|written| written.bytes)
        })
    }

    fn begin() -> WriteMessage {
        WriteMessage::Begin {
            member: "vm1/private.img.000.enc".to_owned(),
            header: [1; HEADER_BYTES],
        }
    }

    fn end() -> WriteMessage {
        WriteMessage::End { mac: [3; MAC_BYTES] }
    }

    fn piece() -> WriteMessage {
        WriteMessage::Data(vec![2; 700])
    }

    fn plain() -> WriteMessage {
        WriteMessage::Plain {
            member: "x".to_owned(),
            data: Pending::ready(Ok(Vec::new())),
        }
    }

    #[test]
    fn an_archive_with_half_a_part_is_none() {
        let whole = || vec![plain(), begin(), piece(), piece(), end(), WriteMessage::ArchiveEnd];
        assert_eq!(written(whole()).unwrap(), 10_240);
        for without in [1, 4] {
            let mut blocks = whole();
            blocks.remove(without);
            let error = written(blocks).unwrap_err();
            assert!(matches!(error, EngineError::Internal { .. }), "{without}: {error}");
        }
        for second in [begin(), plain()] {
            let blocks = vec![begin(), second, end(), WriteMessage::ArchiveEnd];
            assert!(matches!(written(blocks), Err(EngineError::Internal { .. })));
        }
        let given_up = vec![begin(), piece(), end()];
        assert!(matches!(written(given_up), Err(EngineError::Cancelled)));
    }
}
