// SPDX-License-Identifier: GPL-3.0-or-later
//! One reader of a file of a server, with requests in flight.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use tokio::{task::JoinHandle, time::timeout};

use super::{
    OpenFile, SftpError,
    ahead::{Ahead, Next},
};

/// How much longer the answer to the oldest request may take than one that carries no data. Servers answer in order, so that
/// it takes the time of one packet, and what cloud storage needs to find the data.
const DATA_TAKES_TIMES: u32 = 3;

/// The most requests in flight.
const MOST_REQUESTS: usize = 256;

/// A request for data: of which bytes, and its answer.
struct Wanted {
    range: Range<u64>,
    task: JoinHandle<Result<Vec<u8>, SftpError>>,
}

/// A reader of a file. It asks for what will be read before that is read, as far as its window and [`Ahead`] allow.
pub struct Reading {
    file: Arc<OpenFile>,
    window_bytes: usize,
    /// What came, and what of it has been taken.
    buffer: Vec<u8>,
    taken: usize,
    /// Where the rest of the buffer stands in the file.
    position: u64,
    in_flight: VecDeque<Wanted>,
    in_flight_bytes: u64,
    ahead: Ahead,
    next: Next,
}

impl Reading {
    /// A reader at the start of a file. `window_bytes` is how much may be in flight.
    pub fn new(file: Arc<OpenFile>, window_bytes: usize) -> Self {
        Self {
            file,
            window_bytes,
            buffer: Vec::new(),
            taken: 0,
            position: 0,
            in_flight: VecDeque::new(),
            in_flight_bytes: 0,
            ahead: Ahead::default(),
            next: Next::At(0),
        }
    }

    /// Takes which ranges will be read, in that order. What is read beside them is asked for when it is wanted.
    pub fn will_read(&mut self, ranges: Vec<Range<u64>>) {
        self.ahead.told(ranges);
        self.drop_requests();
    }

    /// Reads some bytes from a position on; none at the end of the file, which is at `end`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read_at(&mut self, position: u64, end: u64, buffer: &mut [u8]) -> Result<usize, SftpError> {
        let left = usize::try_from(end.saturating_sub(position)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        let front = self.file.front_from(position);
        if !front.is_empty() {
            let count = wanted.min(front.len());
            buffer[..count].copy_from_slice(&front[..count]);
            (self.buffer, self.taken, self.position) = (Vec::new(), 0, position + count as u64);
            return Ok(count);
        }
        if position != self.position || self.taken == self.buffer.len() {
            self.go_to(position, wanted);
            self.fetch(wanted, end)?;
        }
        let count = wanted.min(self.buffer.len() - self.taken);
        buffer[..count].copy_from_slice(&self.buffer[self.taken..self.taken + count]);
        self.taken += count;
        self.position += count as u64;
        Ok(count)
    }

    /// Drops what is not at that position.
    fn go_to(&mut self, position: u64, wanted: usize) {
        let rest = self.buffer.len() - self.taken;
        let step = position.checked_sub(self.position).map(usize::try_from);
        let is_leap = position != self.position;
        self.position = position;
        match step {
            Some(Ok(step)) if step < rest => self.taken += step,
            _ => {
                (self.buffer, self.taken) = (Vec::new(), 0);
                if is_leap {
                    self.ahead.leapt(position, wanted as u64);
                } else {
                    self.ahead.went_on(self.window_bytes);
                }
                match self
                    .in_flight
                    .iter()
                    .position(|request| request.range.contains(&position))
                {
                    Some(passed) => {
                        for request in self.in_flight.drain(..passed) {
                            self.in_flight_bytes -= length(&request.range);
                        }
                    }
                    None => self.drop_requests(),
                }
            }
        }
    }

    fn drop_requests(&mut self) {
        self.in_flight.clear();
        self.in_flight_bytes = 0;
    }

    /// Fills the buffer with at least one byte, and has so much more on its way.
    fn fetch(&mut self, wanted: usize, end: u64) -> Result<(), SftpError> {
        if self.taken < self.buffer.len() {
            return Ok(());
        }
        if self.in_flight.is_empty() {
            self.next = self.ahead.begin(self.position);
        }
        self.ask_ahead(wanted, end);
        let Some(first) = self.in_flight.pop_front() else {
            return Err(SftpError::Garbled);
        };
        self.in_flight_bytes -= length(&first.range);
        let inner = &self.file.session.0;
        let patience = inner.patience * DATA_TAKES_TIMES;
        let answer = inner.runtime.block_on(async { timeout(patience, first.task).await });
        let data = answer.map_err(|_| SftpError::Silent)?.unwrap_or(Err(SftpError::Lost))?;
        if data.is_empty() {
            // The end comes before it is there: the file was cut.
            return Err(SftpError::EndedEarly);
        }
        let came = first.range.start..first.range.start + data.len() as u64;
        if came.end > first.range.end {
            return Err(SftpError::Garbled);
        }
        if came.end < first.range.end {
            // A server may answer with less than it was asked for: the rest is asked for anew, before what comes later.
            let rest = self.request(came.end..first.range.end);
            self.in_flight.push_front(rest);
        }
        self.taken = usize::try_from(self.position - came.start).unwrap_or(usize::MAX);
        self.buffer = data;
        // The answer ends before what is wanted of it: the rest has just been asked for.
        if self.taken >= self.buffer.len() {
            (self.buffer, self.taken) = (Vec::new(), 0);
            return self.fetch(wanted, end);
        }
        Ok(())
    }

    /// Sends as many requests as the window takes.
    fn ask_ahead(&mut self, wanted: usize, end: u64) {
        let most = u64::from(self.file.session.0.read_chunk_bytes);
        let reach = self.position.saturating_add(wanted as u64).min(end);
        while self.in_flight.is_empty()
            || (self.in_flight_bytes + most <= self.window_bytes as u64 && self.in_flight.len() < MOST_REQUESTS)
        {
            let Some((range, next)) = self.ahead.request(self.next, reach, most) else {
                return;
            };
            if range.start >= end {
                return;
            }
            self.next = next;
            let request = self.request(range.start..range.end.min(end));
            self.in_flight.push_back(request);
        }
    }

    fn request(&mut self, range: Range<u64>) -> Wanted {
        self.in_flight_bytes += length(&range);
        let bytes = u32::try_from(length(&range)).unwrap_or(u32::MAX);
        let task = self.file.request(range.start, bytes);
        Wanted { range, task }
    }
}

fn length(range: &Range<u64>) -> u64 {
    range.end - range.start
}
