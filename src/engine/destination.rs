// SPDX-License-Identifier: GPL-3.0-or-later
//! Where an archive is written: it gets its final name only once it is whole and safe on the disk.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::SystemTime,
};

use crate::{
    durable::{self, FreeNames, WriteBehind},
    host::{Host, Service, ServiceControl},
    plan::Destination,
    units::LocalTime,
};

use super::{CancelToken, DestinationError, EngineError, stage::destination_error};

/// How much of what a service prints is kept for an error message, in bytes.
const SAID_BYTES: usize = 1024;

/// An archive that is being written. Dropped without [`Sink::finish`] it leaves nothing under a final name.
pub(super) enum Sink {
    File(FileSink),
    Service(ServiceSink),
}

impl Sink {
    /// Opens the destination; nothing that is there is touched.
    pub(super) fn open(destination: &Destination, host: &dyn Host, cancel: &CancelToken) -> Result<Self, EngineError> {
        Ok(match destination {
            Destination::Directory(folder) if !folder.is_dir() => {
                return Err(DestinationError::NotADirectory { path: folder.clone() }.into());
            }
            Destination::Directory(folder) => {
                let name = LocalTime::at(SystemTime::now()).archive_name();
                Self::File(FileSink::create_in(folder, name)?)
            }
            Destination::File(path) => Self::File(FileSink::create(path.clone())?),
            Destination::Service { machine, line } => Self::Service(ServiceSink::start(machine, line, host, cancel)?),
        })
    }

    /// Where it goes, for display.
    pub(super) fn place(&self) -> String {
        match self {
            Self::File(sink) => sink.path.display().to_string(),
            Self::Service(sink) => format!("{}:{}", sink.machine, sink.line),
        }
    }

    /// Whether what was written can be corrected.
    pub(super) fn is_correctable(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// Writes over what was written before at that place.
    pub(super) fn correct(&mut self, position: u64, data: &[u8]) -> io::Result<()> {
        match self {
            Self::File(sink) => sink.file.write_all_at(data, position),
            Self::Service(_) => Err(io::ErrorKind::NotSeekable.into()),
        }
    }

    /// Makes the archive safe and gives it its name. Gives the file, if it is one on this host.
    pub(super) fn finish(self) -> Result<Option<PathBuf>, EngineError> {
        match self {
            Self::File(sink) => sink.finish().map(Some),
            Self::Service(sink) => sink.finish().map(|()| None),
        }
    }

    /// Gives the archive up, and says what it was that ended it where the other end knows better than a broken pipe.
    pub(super) fn abandon(self, error: EngineError) -> EngineError {
        match self {
            Self::File(_) => error,
            Self::Service(sink) => sink.abandon(error),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(sink) => sink.append(data),
            Self::Service(sink) => match &mut sink.stdin {
                Some(stdin) => stdin.write(data),
                None => Err(io::ErrorKind::BrokenPipe.into()),
            },
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(sink) => sink.file.flush(),
            Self::Service(sink) => sink.stdin.as_mut().map_or(Ok(()), |stdin| stdin.flush()),
        }
    }
}

/// A file, called `NAME.part` until it is whole.
pub(super) struct FileSink {
    file: File,
    /// How much was appended, in bytes.
    bytes: u64,
    behind: WriteBehind,
    path: PathBuf,
    part: PathBuf,
    /// Where the name was not chosen by its user: the names that may be taken in its place.
    names: Option<FreeNames>,
    is_finished: bool,
}

impl FileSink {
    /// Begins a file under the first name of its kind that neither a file nor another backup has.
    fn create_in(folder: &Path, name: String) -> Result<Self, EngineError> {
        let mut names = FreeNames::of(name);
        loop {
            let Some(name) = names.next() else {
                return Err(DestinationError::Exists {
                    path: folder.to_owned(),
                }
                .into());
            };
            match Self::create(folder.join(name)) {
                Err(EngineError::Destination(DestinationError::Exists { .. })) => {}
                Ok(mut sink) => {
                    sink.names = Some(names);
                    return Ok(sink);
                }
                error => return error,
            }
        }
    }

    pub(super) fn create(path: PathBuf) -> Result<Self, EngineError> {
        if fs::symlink_metadata(&path).is_ok() {
            return Err(DestinationError::Exists { path }.into());
        }
        let mut part = path.clone().into_os_string();
        part.push(".part");
        let part = PathBuf::from(part);
        let place = path.display().to_string();
        // Only its owner reads it: the header alone tells when this system was backed up.
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part);
        let file = file.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => DestinationError::Exists { path: part.clone() }.into(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => DestinationError::NotADirectory {
                path: folder_of(&path).to_owned(),
            }
            .into(),
            _ => destination_error(&place, error),
        })?;
        Ok(Self {
            file,
            bytes: 0,
            behind: WriteBehind::default(),
            path,
            part,
            names: None,
            is_finished: false,
        })
    }

    fn append(&mut self, data: &[u8]) -> io::Result<usize> {
        let count = self.file.write(data)?;
        self.behind.wrote(&self.file, self.bytes, count as u64);
        self.bytes += count as u64;
        Ok(count)
    }

    /// The file, to be written to anywhere.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Where it is going to be, for display.
    pub(super) fn place(&self) -> String {
        self.path.display().to_string()
    }

    pub(super) fn finish(mut self) -> Result<PathBuf, EngineError> {
        let place = self.path.display().to_string();
        self.file.sync_all().map_err(|error| destination_error(&place, error))?;
        while let Err(error) = durable::rename_new(&self.part, &self.path) {
            if error.kind() != io::ErrorKind::AlreadyExists {
                return Err(destination_error(&place, error));
            }
            // Another backup has come to its end first. The name was not chosen by the user, so the next one will do.
            match self.names.as_mut().and_then(Iterator::next) {
                Some(name) => self.path.set_file_name(name),
                None => {
                    let path = self.path.clone();
                    return Err(DestinationError::Exists { path }.into());
                }
            }
        }
        // From here on the archive has its name: it is whole, and what follows only makes the name last.
        self.is_finished = true;
        durable::sync_folder_of(&self.path).map_err(|error| destination_error(&place, error))?;
        Ok(self.path.clone())
    }
}

impl Drop for FileSink {
    fn drop(&mut self) {
        if !self.is_finished
            && let Err(error) = fs::remove_file(&self.part)
        {
            log::warn!("an unfinished archive stays at {}: {error}", self.part.display());
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// The `qubes.Backup` service of a running machine.
pub(super) struct ServiceSink {
    machine: String,
    line: String,
    stdin: Option<Box<dyn Write + Send>>,
    control: Arc<dyn ServiceControl>,
    said: Option<Said>,
    is_finished: bool,
}

impl ServiceSink {
    fn start(machine: &str, line: &str, host: &dyn Host, cancel: &CancelToken) -> Result<Self, EngineError> {
        let process = host.start_service(machine, Service::Backup)?;
        let control = process.control.clone();
        cancel.on_cancel(move || control.kill());
        let mut sink = Self {
            machine: machine.to_owned(),
            line: line.trim().to_owned(),
            stdin: process.stdin,
            control: process.control,
            said: Some(Said::listen([process.stdout, process.stderr])),
            is_finished: false,
        };
        let first_line = format!("{}\n", sink.line);
        let written = match &mut sink.stdin {
            Some(stdin) => stdin.write_all(first_line.as_bytes()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        match written {
            Ok(()) => Ok(sink),
            Err(error) => {
                let place = format!("VM {machine}");
                Err(sink.abandon(destination_error(&place, error)))
            }
        }
    }

    fn finish(mut self) -> Result<(), EngineError> {
        self.stdin = None;
        self.result()
    }

    /// Waits for the service's own verdict.
    fn result(&mut self) -> Result<(), EngineError> {
        let code = self
            .control
            .wait()
            .map_err(|error| destination_error(&self.machine, error))?;
        self.is_finished = true;
        let said = self.said.take().map(Said::text).unwrap_or_default();
        if code == 0 {
            return Ok(());
        }
        Err(DestinationError::Service {
            machine: self.machine.clone(),
            code,
            said,
        }
        .into())
    }

    /// A service that ended by itself knows the cause; a pipe that broke is only how it showed here.
    fn abandon(mut self, error: EngineError) -> EngineError {
        let is_pipe = matches!(&error, EngineError::Destination(DestinationError::Io { source, .. })
            if source.kind() == io::ErrorKind::BrokenPipe);
        if !is_pipe {
            return error;
        }
        self.stdin = None;
        let said = "it ended before it had taken the whole backup".to_owned();
        let machine = self.machine.clone();
        match self.result() {
            Ok(()) => DestinationError::Service { machine, code: 0, said }.into(),
            Err(cause) => cause,
        }
    }
}

impl Drop for ServiceSink {
    fn drop(&mut self) {
        // Killed before its input ends: an end of input would look to it like a whole archive.
        if !self.is_finished {
            self.control.kill();
        }
    }
}

/// Reads what a process prints, so that it never waits for us, and keeps the end of it.
pub(super) struct Said {
    text: Arc<Mutex<Vec<u8>>>,
    listeners: Vec<JoinHandle<()>>,
}

impl Said {
    pub(super) fn listen<const N: usize>(streams: [Box<dyn Read + Send>; N]) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let listener = |mut stream: Box<dyn Read + Send>| {
            let text = text.clone();
            thread::spawn(move || {
                let mut buffer = [0; 512];
                while let Ok(count @ 1..) = stream.read(&mut buffer) {
                    let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
                    text.extend_from_slice(&buffer[..count]);
                    let surplus = text.len().saturating_sub(SAID_BYTES);
                    text.drain(..surplus);
                }
            })
        };
        let listeners = streams.into_iter().map(listener).collect();
        Self { text, listeners }
    }

    /// The end of what was printed, once the process has ended, in printable ASCII.
    pub(super) fn text(self) -> String {
        for listener in self.listeners {
            // A listener that broke has kept what it heard until then.
            let _ = listener.join();
        }
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        let printable = |byte: &u8| {
            if matches!(byte, b' '..=b'~') {
                char::from(*byte)
            } else {
                ' '
            }
        };
        let text: String = text.iter().map(printable).collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_at_any_time_gives_way_to_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let begin = || FileSink::create_in(folder.path(), "x".to_owned()).unwrap();
        // Two at a time, then one that finds a file, and one whose name is taken while it is written.
        let (first, second) = (begin(), begin());
        assert_eq!(second.finish().unwrap(), folder.path().join("x-2"));
        assert_eq!(first.finish().unwrap(), folder.path().join("x"));
        let third = begin();
        fs::write(folder.path().join("x-3"), "of another").unwrap();
        assert_eq!(third.finish().unwrap(), folder.path().join("x-4"));
        assert_eq!(fs::read(folder.path().join("x-3")).unwrap(), b"of another");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    }

    #[test]
    fn a_name_that_the_user_chose_is_taken_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let sink = FileSink::create(path.clone()).unwrap();
        fs::write(&path, "of another").unwrap();
        let exists = |error| matches!(error, EngineError::Destination(DestinationError::Exists { .. }));
        assert!(sink.finish().is_err_and(exists));
        assert!(FileSink::create(path.clone()).is_err_and(exists));
        assert_eq!(fs::read(&path).unwrap(), b"of another");
    }
}
