// SPDX-License-Identifier: GPL-3.0-or-later
//! A conversation with an SFTP server.

use std::{
    collections::HashMap,
    future::Future,
    io::{Read, Write},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use russh_sftp::{
    client::{Config, RawSftpSession, error::Error, rawsession::SftpResult},
    extensions::{FSYNC, LIMITS, STATVFS},
    protocol::{Attrs, FileAttributes, StatusCode},
};
use tokio::{
    runtime::Handle,
    sync::oneshot,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{SftpError, pump};

/// The longest packet that is taken from a server, in bytes: what OpenSSH sends at most.
pub const LARGEST_PACKET_BYTES: u32 = 256 * 1024;

/// How much a packet holds beside the data of a read or a write, at most, in bytes: a handle is at most 256 bytes long.
const ROOM_BESIDE_DATA: u32 = 1024;

/// How much data every server takes and sends in one packet, in bytes.
const EVERYBODYS_CHUNK_BYTES: u32 = 32 * 1024;

/// The smallest limit on the data of a packet that is believed.
const SMALLEST_CHUNK_BYTES: u32 = 1024;

/// The most entries of a directory that are read.
const MOST_ENTRIES: usize = 100_000;

/// Requests are not timed by the crate: how long a write may take depends on those before it.
const NEVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long an answer that came before the connection was lost may take to be read.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What a server can do beyond the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// Whether it makes files safe on demand.
    pub syncs: bool,
    /// Whether it says how much room there is.
    pub tells_room: bool,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// Something else, or the server does not say.
    #[default]
    Other,
}

/// What a server says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attributes {
    /// What it is.
    pub kind: Kind,
    /// Its size in bytes.
    pub bytes: Option<u64>,
    /// When it was last written, in seconds since 1970.
    pub changed: Option<i64>,
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Its name. Untrusted.
    pub name: String,
    /// What the server says of it. A link is not followed.
    pub attributes: Attributes,
}

/// A conversation with a server. It ends when the last clone is dropped.
#[derive(Clone)]
pub struct Session(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) raw: RawSftpSession,
    pub(super) runtime: Handle,
    pub(super) read_chunk_bytes: u32,
    pub(super) write_chunk_bytes: u32,
    abilities: Abilities,
    /// How long an answer may take that needs no data to be carried.
    pub(super) patience: Duration,
    /// Cancelled when nothing more comes from the server.
    lost: CancellationToken,
    /// Dropped last: it ends the thread of the runtime.
    _runs: oneshot::Sender<()>,
}

impl Session {
    /// Begins a conversation: `input` is what the server prints, `output` what it reads. `patience` is how long it may take
    /// to answer a request that carries no data.
    ///
    /// # Errors
    /// When the server does not answer, or not in this protocol.
    pub fn start(
        input: Box<dyn Read + Send>,
        output: Box<dyn Write + Send>,
        patience: Duration,
    ) -> Result<Self, SftpError> {
        let (runtime, runs) = start_runtime()?;
        let lost = CancellationToken::new();
        let stream = pump::joined(input, output, &runtime, &lost).map_err(|_| SftpError::Lost)?;
        let raw = {
            let _entered = runtime.enter();
            RawSftpSession::new_with_config(
                stream,
                Config {
                    max_packet_len: LARGEST_PACKET_BYTES,
                    request_timeout_secs: NEVER.as_secs(),
                    ..Config::default()
                },
            )
        };
        let mut inner = Inner {
            raw,
            runtime,
            read_chunk_bytes: EVERYBODYS_CHUNK_BYTES,
            write_chunk_bytes: EVERYBODYS_CHUNK_BYTES,
            abilities: Abilities {
                syncs: false,
                tells_room: false,
            },
            patience,
            lost,
            _runs: runs,
        };
        let version = inner.ask(inner.raw.init())?;
        if version.version != russh_sftp::protocol::VERSION {
            return Err(SftpError::Garbled);
        }
        inner.learn(&version.extensions)?;
        Ok(Self(Arc::new(inner)))
    }

    /// Returns whether answers can still come.
    pub fn is_alive(&self) -> bool {
        !self.0.lost.is_cancelled()
    }

    /// Returns what the server can do beyond the protocol.
    pub fn abilities(&self) -> Abilities {
        self.0.abilities
    }

    /// Returns what a path names. Links are followed.
    ///
    /// # Errors
    /// When there is nothing of that name, or the server does not say.
    pub fn stat(&self, path: &str) -> Result<Attributes, SftpError> {
        let found = self.0.ask(self.0.raw.stat(path))?;
        Ok(Attributes::of(&found.attrs))
    }

    /// Returns what a path names. A link is itself.
    ///
    /// # Errors
    /// When there is nothing of that name, or the server does not say.
    pub fn stat_link(&self, path: &str) -> Result<Attributes, SftpError> {
        let found = self.0.ask(self.0.raw.lstat(path))?;
        Ok(Attributes::of(&found.attrs))
    }

    /// Returns what each of two paths names, asked for at once. A link is itself.
    ///
    /// # Errors
    /// When the connection was lost. What is said of a path is its own result.
    pub fn stat_links(&self, paths: [&str; 2]) -> Result<[Result<Attributes, SftpError>; 2], SftpError> {
        let raw = &self.0.raw;
        let (first, second) = self
            .0
            .ask(async { Ok(tokio::join!(raw.lstat(paths[0]), raw.lstat(paths[1]))) })?;
        let attributes =
            |found: SftpResult<Attrs>| found.map(|found| Attributes::of(&found.attrs)).map_err(SftpError::from);
        Ok([attributes(first), attributes(second)])
    }

    /// Returns the entries of a directory, in the server's order, without itself and the one above it.
    ///
    /// # Errors
    /// When it cannot be read, or has more entries than are read.
    pub fn list(&self, path: &str) -> Result<Vec<DirectoryEntry>, SftpError> {
        let opened = self.0.ask(self.0.raw.opendir(path))?;
        let handle = known(opened.handle)?;
        let entries = all_entries(|| self.more_entries(&handle));
        // What was read is not worse for a directory that stays open at the server.
        let _ = self.0.ask(self.0.raw.close(handle));
        entries
    }

    /// Asks for more entries; none where there are no more.
    fn more_entries(&self, handle: &str) -> Result<Option<Vec<DirectoryEntry>>, SftpError> {
        let names = self.0.ask(async {
            match self.0.raw.readdir(handle).await {
                Err(error) if is_end(&error) => Ok(None),
                answer => answer.map(Some),
            }
        })?;
        Ok(names.map(|names| {
            let named = names.files.into_iter().map(|file| DirectoryEntry {
                attributes: Attributes::of(&file.attrs),
                name: file.filename,
            });
            named.collect()
        }))
    }

    /// Returns the room for new files below a path, in bytes, where the server tells it.
    pub fn room(&self, path: &str) -> Option<u64> {
        if !self.0.abilities.tells_room {
            return None;
        }
        let found = self.0.ask(self.0.raw.statvfs(path)).ok()?;
        found.blocks_avail.checked_mul(found.fragment_size)
    }

    /// Renames a file. OpenSSH's server replaces no other file; of others that is not known.
    ///
    /// # Errors
    /// When it was not renamed.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), SftpError> {
        self.0.ask(self.0.raw.rename(from, to)).map(drop)
    }

    /// Removes a file.
    ///
    /// # Errors
    /// When it is still there.
    pub fn remove(&self, path: &str) -> Result<(), SftpError> {
        self.0.ask(self.0.raw.remove(path)).map(drop)
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// When it was not made.
    pub fn make_directory(&self, path: &str) -> Result<(), SftpError> {
        self.0.ask(self.0.raw.mkdir(path, FileAttributes::empty())).map(drop)
    }
}

impl Inner {
    /// Waits for an answer as long as it may take.
    pub(super) fn ask<T>(&self, request: impl Future<Output = SftpResult<T>>) -> Result<T, SftpError> {
        let answer = self
            .runtime
            .block_on(async { timeout(self.patience, self.answer(request)).await });
        answer.map_err(|_| SftpError::Silent)?
    }

    /// Waits for an answer, however long it takes.
    pub(super) fn wait<T>(&self, request: impl Future<Output = SftpResult<T>>) -> Result<T, SftpError> {
        self.runtime.block_on(self.answer(request))
    }

    /// Returns the answer to a request. One that was sent while the connection was being lost would never get one.
    pub(super) async fn answer<T>(&self, request: impl Future<Output = SftpResult<T>>) -> Result<T, SftpError> {
        let over = async {
            self.lost.cancelled().await;
            sleep(LAST_WORDS.min(self.patience)).await;
        };
        tokio::select! {
            biased;
            answer = request => Ok(answer?),
            () = over => Err(SftpError::Lost),
        }
    }

    /// Learns from the server's extensions what it can do.
    fn learn(&mut self, extensions: &HashMap<String, String>) -> Result<(), SftpError> {
        self.abilities = Abilities {
            syncs: extensions.contains_key(FSYNC),
            tells_room: extensions.contains_key(STATVFS),
        };
        if !extensions.contains_key(LIMITS) {
            return Ok(());
        }
        let limits = self.ask(self.raw.limits())?;
        let most = LARGEST_PACKET_BYTES - ROOM_BESIDE_DATA;
        let chunk = |limit: u64| match u32::try_from(limit) {
            // None is said, or one that would make every file an endless one.
            Ok(limit) if limit < SMALLEST_CHUNK_BYTES => EVERYBODYS_CHUNK_BYTES,
            Ok(limit) => limit.min(most),
            Err(_) => most,
        };
        self.read_chunk_bytes = chunk(limits.max_read_len);
        self.write_chunk_bytes = chunk(limits.max_write_len);
        Ok(())
    }
}

impl Attributes {
    pub(super) fn of(found: &FileAttributes) -> Self {
        let kind = match found.permissions.map(|mode| mode & 0o170_000) {
            Some(0o100_000) => Kind::File,
            Some(0o040_000) => Kind::Directory,
            _ => Kind::Other,
        };
        Self {
            kind,
            bytes: found.size,
            changed: found.mtime.map(i64::from),
        }
    }
}

/// Returns a handle as the server gave it. The crate takes handles as text and replaces what is none: such a handle would
/// be another one.
pub(super) fn known(handle: String) -> Result<String, SftpError> {
    if handle.contains(char::REPLACEMENT_CHARACTER) {
        return Err(SftpError::Garbled);
    }
    Ok(handle)
}

/// Returns whether an error is the end of a file or of a listing.
pub(super) fn is_end(error: &Error) -> bool {
    matches!(error, Error::Status(status) if status.status_code == StatusCode::Eof)
}

/// Starts the thread of a runtime. It ends when the sender is dropped.
fn start_runtime() -> Result<(Handle, oneshot::Sender<()>), SftpError> {
    let (runs, ended) = oneshot::channel::<()>();
    let (tell, told) = mpsc::channel();
    let run = move || {
        let built = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let Ok(runtime) = built else { return };
        if tell.send(runtime.handle().clone()).is_ok() {
            // Either way this is the end of it.
            let _ = runtime.block_on(ended);
        }
    };
    let thread = thread::Builder::new().name("sftp".to_owned()).spawn(run);
    thread.map_err(|_| SftpError::Lost)?;
    let runtime = told.recv().map_err(|_| SftpError::Lost)?;
    Ok((runtime, runs))
}

/// Takes the answers of a server that lists a directory, to the last one.
fn all_entries(
    mut more: impl FnMut() -> Result<Option<Vec<DirectoryEntry>>, SftpError>,
) -> Result<Vec<DirectoryEntry>, SftpError> {
    let mut entries = Vec::new();
    while entries.len() <= MOST_ENTRIES {
        let Some(named) = more()? else { return Ok(entries) };
        // An answer without an entry could come for ever.
        if named.is_empty() {
            break;
        }
        entries.extend(
            named
                .into_iter()
                .filter(|entry| entry.name != "." && entry.name != ".."),
        );
    }
    Err(SftpError::Garbled)
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor};

    use super::*;

    #[test]
    fn a_packet_of_a_server_has_a_largest_size() {
        let session = |bytes: u32| {
            let (name, version) = (b"x", russh_sftp::protocol::VERSION);
            let beside = 1 + size_of::<u32>() * 3 + name.len();
            let value = vec![b'v'; bytes as usize - beside];
            let mut packet = [&bytes.to_be_bytes()[..], &[2], &version.to_be_bytes()].concat();
            for text in [&name[..], &value] {
                packet.extend((text.len() as u32).to_be_bytes());
                packet.extend(text);
            }
            Session::start(Box::new(Cursor::new(packet)), Box::new(io::sink()), LAST_WORDS * 20).map(drop)
        };
        assert_eq!(session(LARGEST_PACKET_BYTES), Ok(()));
        assert_eq!(session(LARGEST_PACKET_BYTES + 1), Err(SftpError::Lost));
    }

    #[test]
    fn a_directory_has_so_many_entries_and_no_more() {
        let listed = |count: usize| {
            let mut left = count;
            all_entries(|| {
                let some = left.min(1000);
                left -= some;
                let entry = |number: usize| DirectoryEntry {
                    attributes: Attributes::of(&russh_sftp::protocol::FileAttributes::default()),
                    name: number.to_string(),
                };
                Ok((some > 0).then(|| (0..some).map(entry).collect()))
            })
            .map(|entries| entries.len())
        };
        assert_eq!(listed(MOST_ENTRIES), Ok(MOST_ENTRIES));
        assert_eq!(listed(MOST_ENTRIES + 1), Err(SftpError::Garbled));
        assert_eq!(all_entries(|| Ok(Some(Vec::new()))).err(), Some(SftpError::Garbled));
    }
}
