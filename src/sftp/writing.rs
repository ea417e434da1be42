// SPDX-License-Identifier: GPL-3.0-or-later
//! A file of a server that is written.

use std::collections::VecDeque;

use russh_sftp::protocol::{FileAttributes, OpenFlags};
use tokio::task::JoinHandle;

use super::{Session, SftpError, session::known};

/// A file that is written, with requests in flight.
pub struct Writing {
    session: Session,
    handle: String,
    /// The writes that the server has not answered, with their sizes in bytes.
    in_flight: VecDeque<(usize, JoinHandle<Result<(), SftpError>>)>,
    in_flight_bytes: usize,
    window_bytes: usize,
    /// The first write that failed: what was written after it is worth nothing.
    failure: Option<SftpError>,
}

impl Writing {
    /// Creates a file, for its owner alone. A server that knows what that is refuses to open one that is there.
    ///
    /// # Errors
    /// When it was not created.
    pub fn create(session: &Session, path: &str, window_bytes: usize) -> Result<Self, SftpError> {
        let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::EXCLUDE;
        let attributes = FileAttributes {
            permissions: Some(0o600),
            ..FileAttributes::empty()
        };
        let opened = session.0.ask(session.0.raw.open(path, flags, attributes))?;
        Ok(Self {
            session: session.clone(),
            handle: known(opened.handle)?,
            in_flight: VecDeque::new(),
            in_flight_bytes: 0,
            window_bytes,
            failure: None,
        })
    }

    /// Sends data to be written at a position. Waits while there is more in flight than the window holds. An error may
    /// belong to an earlier write.
    ///
    /// # Errors
    /// The first one of all writes so far.
    pub fn write_at(&mut self, position: u64, data: &[u8]) -> Result<(), SftpError> {
        let chunk_bytes = self.session.0.write_chunk_bytes as usize;
        let mut at = position;
        for chunk in data.chunks(chunk_bytes) {
            self.wait_down_to(self.window_bytes.saturating_sub(chunk.len()))?;
            let (session, handle, data, from) = (self.session.clone(), self.handle.clone(), chunk.to_vec(), at);
            let task = async move {
                session
                    .0
                    .answer(session.0.raw.write(handle, from, data))
                    .await
                    .map(drop)
            };
            let task = self.session.0.runtime.spawn(task);
            self.in_flight.push_back((chunk.len(), task));
            self.in_flight_bytes += chunk.len();
            at += chunk.len() as u64;
        }
        Ok(())
    }

    /// Waits until the server has answered everything.
    ///
    /// # Errors
    /// The first one of all writes so far.
    pub fn settle(&mut self) -> Result<(), SftpError> {
        self.wait_down_to(0)
    }

    fn wait_down_to(&mut self, bytes: usize) -> Result<(), SftpError> {
        while self.failure.is_none()
            && self.in_flight_bytes > bytes
            && let Some((length, task)) = self.in_flight.pop_front()
        {
            self.in_flight_bytes -= length;
            let answer = self.session.0.runtime.block_on(task);
            self.failure = answer.unwrap_or(Err(SftpError::Lost)).err();
        }
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// Cuts the file.
    ///
    /// # Errors
    /// When it has another size afterwards: there are servers that say yes and do nothing.
    pub fn set_bytes(&mut self, bytes: u64) -> Result<(), SftpError> {
        // Writes are sent by tasks of their own: one that has no answer yet may not have been sent.
        self.settle()?;
        let inner = &self.session.0;
        let wanted = FileAttributes {
            size: Some(bytes),
            ..FileAttributes::empty()
        };
        inner.wait(inner.raw.fsetstat(self.handle.as_str(), wanted))?;
        if self.bytes()? == bytes {
            Ok(())
        } else {
            Err(SftpError::Unsupported)
        }
    }

    /// Returns the size of the file as the server says it, once everything is written.
    ///
    /// # Errors
    /// When the server does not say.
    pub fn bytes(&mut self) -> Result<u64, SftpError> {
        self.settle()?;
        let found = self.session.0.wait(self.session.0.raw.fstat(self.handle.as_str()))?;
        found.attrs.size.ok_or(SftpError::Unsupported)
    }

    /// Makes the file safe on the server's disk, where the server can do that.
    ///
    /// # Errors
    /// When it is not.
    pub fn sync(&mut self) -> Result<(), SftpError> {
        self.settle()?;
        if !self.session.abilities().syncs {
            return Ok(());
        }
        let inner = &self.session.0;
        inner.wait(inner.raw.fsync(self.handle.as_str())).map(drop)
    }

    /// Closes the file. Only then some servers are done with it.
    ///
    /// # Errors
    /// When the server is not.
    pub fn close(mut self) -> Result<(), SftpError> {
        let settled = self.settle();
        let inner = &self.session.0;
        // Closed in any case: a server may hold a file until then.
        let closed = inner.wait(inner.raw.close(std::mem::take(&mut self.handle)));
        settled.and(closed.map(drop))
    }
}
