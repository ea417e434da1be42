// SPDX-License-Identifier: GPL-3.0-or-later
//! The plain stream of one file, put together from the parts that the reading side sends.

use std::{
    io::{self, Read},
    ops::Range,
    sync::mpsc::{Receiver, SyncSender},
};

use crate::engine::{EngineError, io_errors::into_io, meter::Meter};

use super::{
    super::{file_position::AtMember, message::ReadMessage},
    parts::{Part, Parts},
};

/// The plain bytes of one file, part after part.
pub(super) struct PartStream<'a> {
    messages: &'a Receiver<ReadMessage>,
    empties: &'a SyncSender<Vec<u8>>,
    meter: &'a Meter<'a>,
    part: Vec<u8>,
    plain: Range<usize>,
    at: AtMember,
    end: Option<Result<(), EngineError>>,
}

impl<'a> PartStream<'a> {
    pub(super) fn new(
        messages: &'a Receiver<ReadMessage>,
        empties: &'a SyncSender<Vec<u8>>,
        meter: &'a Meter<'a>,
        at: AtMember,
    ) -> Self {
        Self {
            messages,
            empties,
            meter,
            part: Vec::new(),
            plain: 0..0,
            at,
            end: None,
        }
    }

    /// Takes what is left of the file and gives how it ended.
    pub(super) fn drain(mut self) -> Result<(), EngineError> {
        while self.end.is_none() {
            self.next_part();
        }
        self.end.unwrap_or(Ok(()))
    }

    /// Takes what is left of a file that is of no use any more. Only a cancel matters.
    pub(super) fn drain_any(self) -> Result<(), EngineError> {
        match self.drain() {
            Err(EngineError::Cancelled) => Err(EngineError::Cancelled),
            _ => Ok(()),
        }
    }

    fn next_part(&mut self) {
        let used = std::mem::take(&mut self.part);
        self.give_back(used);
        match self.messages.recv() {
            Ok(ReadMessage::Part { buffer, plain, member }) => {
                (self.part, self.plain) = (buffer, plain);
                self.at.replace(member);
            }
            Ok(ReadMessage::End) => self.end = Some(Ok(())),
            Ok(ReadMessage::Broken(error)) => self.end = Some(Err(error)),
            Ok(ReadMessage::File { .. }) | Err(_) => self.end = Some(Err(EngineError::Cancelled)),
        }
    }
}

impl Parts for PartStream<'_> {
    fn take_part(&mut self) -> io::Result<Option<Part>> {
        while self.plain.is_empty() {
            match &self.end {
                Some(Ok(())) => return Ok(None),
                Some(Err(error)) => return Err(into_io(error.clone())),
                None => self.next_part(),
            }
        }
        let part = Part {
            buffer: std::mem::take(&mut self.part),
            plain: std::mem::take(&mut self.plain),
        };
        Ok(Some(part))
    }

    fn count(&mut self, bytes: u64) -> io::Result<()> {
        self.meter.add(bytes).map_err(into_io)
    }

    fn give_back(&mut self, buffer: Vec<u8>) {
        if buffer.capacity() > 0 {
            // Nobody waiting for the buffer is no loss: it is freed then.
            let _ = self.empties.try_send(buffer);
        }
    }
}

impl Read for PartStream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.plain.is_empty() {
            match &self.end {
                Some(Ok(())) => return Ok(0),
                Some(Err(error)) => return Err(into_io(error.clone())),
                None => self.next_part(),
            }
        }
        let count = buffer.len().min(self.plain.len());
        buffer[..count].copy_from_slice(&self.part[self.plain.start..][..count]);
        self.plain.start += count;
        self.meter.add(count as u64).map_err(into_io)?;
        Ok(count)
    }
}
