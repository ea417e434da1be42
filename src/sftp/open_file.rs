// SPDX-License-Identifier: GPL-3.0-or-later
//! A file of a server that is open, for all who read it.

use russh_sftp::protocol::{FileAttributes, OpenFlags};
use tokio::task::JoinHandle;

use super::{
    Attributes, Session, SftpError,
    session::{is_end, known},
};

/// How much is fetched of a file when it is opened, in bytes: most of what stands before an archive's data, which several
/// readers look at. It comes with the answer about the file's size and costs no time.
const FRONT_BYTES: u32 = 64 * 1024;

/// A file that is open for reading. It is closed with this value.
pub struct OpenFile {
    pub(super) session: Session,
    handle: String,
    attributes: Attributes,
    front: Vec<u8>,
}

impl OpenFile {
    /// Opens a file, asks for its attributes and fetches its first bytes.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(session: &Session, path: &str) -> Result<Self, SftpError> {
        let inner = &session.0;
        let opened = inner.ask(inner.raw.open(path, OpenFlags::READ, FileAttributes::empty()))?;
        let mut file = Self {
            session: session.clone(),
            handle: known(opened.handle)?,
            attributes: Attributes::default(),
            front: Vec::new(),
        };
        let handle = file.handle.as_str();
        let (found, front) = inner.ask(async {
            Ok(tokio::join!(
                inner.raw.fstat(handle),
                inner.raw.read(handle, 0, inner.read_chunk_bytes.min(FRONT_BYTES))
            ))
        })?;
        file.attributes = Attributes::of(&found?.attrs);
        // What cannot be read now is asked for again by who needs it, and fails there.
        file.front = front.map(|front| front.data).unwrap_or_default();
        if file.front.len() > FRONT_BYTES as usize {
            return Err(SftpError::Garbled);
        }
        Ok(file)
    }

    /// Returns what the server said of the file when it was opened.
    pub fn attributes(&self) -> Attributes {
        self.attributes
    }

    /// Returns the bytes from a position on that came when the file was opened; none where there are no such bytes.
    pub(super) fn front_from(&self, position: u64) -> &[u8] {
        let position = usize::try_from(position).unwrap_or(usize::MAX);
        self.front.get(position..).unwrap_or_default()
    }

    /// Asks for bytes. The answer is shorter than what was asked for where the server chooses so, and empty at the end of
    /// the file.
    pub(super) fn request(&self, position: u64, bytes: u32) -> JoinHandle<Result<Vec<u8>, SftpError>> {
        let (session, handle) = (self.session.clone(), self.handle.clone());
        self.session.0.runtime.spawn(async move {
            let data = async {
                match session.0.raw.read(handle, position, bytes).await {
                    Err(error) if is_end(&error) => Ok(Vec::new()),
                    answer => Ok(answer?.data),
                }
            };
            session.0.answer(data).await
        })
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        let (session, handle) = (self.session.clone(), std::mem::take(&mut self.handle));
        let close = async move {
            // Nothing depends on it.
            let _ = session.0.answer(session.0.raw.close(handle)).await;
        };
        drop(self.session.0.runtime.spawn(close));
    }
}
