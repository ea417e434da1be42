// SPDX-License-Identifier: GPL-3.0-or-later
//! A file of a server that is read.

use std::collections::VecDeque;

use russh_sftp::protocol::{FileAttributes, OpenFlags};
use tokio::task::JoinHandle;

use super::{
    Attributes, Session, SftpError,
    session::{is_end, known},
};

/// A request for data: from where, how much, and its answer.
struct Wanted {
    position: u64,
    bytes: usize,
    task: JoinHandle<Result<Vec<u8>, SftpError>>,
}

/// A file that is read, with requests in flight. How far it reads ahead grows while it is read in one go, up to its window,
/// and falls back to nothing with a leap, so that who looks for a few bytes fetches a few bytes.
pub struct Reading {
    session: Session,
    handle: String,
    window_bytes: usize,
    /// What came, and what of it has been taken.
    buffer: Vec<u8>,
    taken: usize,
    /// Where the rest of the buffer stands in the file.
    position: u64,
    in_flight: VecDeque<Wanted>,
    /// How far is read ahead now.
    ahead_bytes: usize,
}

impl Reading {
    /// Opens a file to be read.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(session: &Session, path: &str, window_bytes: usize) -> Result<Self, SftpError> {
        let opened = session
            .0
            .ask(session.0.raw.open(path, OpenFlags::READ, FileAttributes::empty()))?;
        Ok(Self {
            session: session.clone(),
            handle: known(opened.handle)?,
            window_bytes,
            buffer: Vec::new(),
            taken: 0,
            position: 0,
            in_flight: VecDeque::new(),
            ahead_bytes: 0,
        })
    }

    /// Returns what the server says of the file.
    ///
    /// # Errors
    /// When it does not say.
    pub fn attributes(&self) -> Result<Attributes, SftpError> {
        let inner = &self.session.0;
        let found = inner.ask(inner.raw.fstat(self.handle.as_str()))?;
        Ok(Attributes::of(&found.attrs))
    }

    /// Reads some bytes from a position on; none at the end of the file.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read_at(&mut self, position: u64, end: u64, buffer: &mut [u8]) -> Result<usize, SftpError> {
        let left = usize::try_from(end.saturating_sub(position)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        if position != self.position || self.taken == self.buffer.len() {
            self.go_to(position);
            self.fetch(wanted, end)?;
        }
        let count = wanted.min(self.buffer.len() - self.taken);
        buffer[..count].copy_from_slice(&self.buffer[self.taken..self.taken + count]);
        self.taken += count;
        self.position += count as u64;
        Ok(count)
    }

    /// Drops what is not at that position.
    fn go_to(&mut self, position: u64) {
        let rest = self.buffer.len() - self.taken;
        match position.checked_sub(self.position).map(usize::try_from) {
            Some(Ok(step)) if step < rest => self.taken += step,
            _ => {
                self.buffer.clear();
                self.taken = 0;
                while self.in_flight.front().is_some_and(|next| next.position != position) {
                    self.in_flight.pop_front();
                }
                if position != self.position && self.in_flight.is_empty() {
                    self.ahead_bytes = 0;
                }
            }
        }
        self.position = position;
    }

    /// Fills the buffer with at least one byte, and has so much more on its way.
    fn fetch(&mut self, wanted: usize, end: u64) -> Result<(), SftpError> {
        if self.taken < self.buffer.len() {
            return Ok(());
        }
        let reach = self
            .position
            .saturating_add((wanted + self.ahead_bytes) as u64)
            .min(end);
        let last = self.in_flight.back();
        let mut next = last.map_or(self.position, |last| last.position + last.bytes as u64);
        while next < reach {
            let most = u64::from(self.session.0.read_chunk_bytes);
            // Reading ahead is in whole chunks, what was asked for is exact.
            let bytes = usize::try_from((reach - next).min(most)).unwrap_or(usize::MAX);
            self.in_flight.push_back(self.request(next, bytes));
            next += bytes as u64;
        }
        let Some(wanted) = self.in_flight.pop_front() else {
            return Err(SftpError::Garbled);
        };
        let answer = self.session.0.runtime.block_on(wanted.task);
        let data = answer.unwrap_or(Err(SftpError::Lost))?;
        if data.is_empty() {
            return Err(SftpError::EndedEarly);
        }
        if data.len() > wanted.bytes {
            return Err(SftpError::Garbled);
        }
        if data.len() < wanted.bytes {
            // A server may answer with less than it was asked for: the rest is asked for anew, before what comes later.
            let missing = wanted.bytes - data.len();
            let rest = self.request(wanted.position + data.len() as u64, missing);
            self.in_flight.push_front(rest);
        }
        let chunk = self.session.0.read_chunk_bytes as usize;
        self.ahead_bytes = (self.ahead_bytes * 2).max(chunk).min(self.window_bytes);
        (self.buffer, self.taken) = (data, 0);
        Ok(())
    }

    fn request(&self, position: u64, bytes: usize) -> Wanted {
        let (session, handle) = (self.session.clone(), self.handle.clone());
        let length = u32::try_from(bytes).unwrap_or(u32::MAX);
        let task = self.session.0.runtime.spawn(async move {
            let data = async {
                match session.0.raw.read(handle, position, length).await {
                    // The end comes before it is there: the file was cut.
                    Err(error) if is_end(&error) => Ok(Vec::new()),
                    answer => Ok(answer?.data),
                }
            };
            session.0.answer(data).await
        });
        Wanted { position, bytes, task }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let (session, handle) = (self.session.clone(), std::mem::take(&mut self.handle));
        let close = async move {
            // Nothing depends on it.
            let _ = session.0.answer(session.0.raw.close(handle)).await;
        };
        drop(self.session.0.runtime.spawn(close));
    }
}
