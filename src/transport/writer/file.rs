// SPDX-License-Identifier: GPL-3.0-or-later
//! Writes a file under the name `NAME.part` until it is whole. The writer holds a lock on it, which tells the file of
//! another running backup from the leftover of a killed one.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use crate::durable::{self, FreeNames, NamingError, WriteBehind};

use super::{
    super::{DestinationError, Location, Notice, Notices, TransportError, location::folder_of},
    api::{ArchiveWriter, WriteCapabilities},
};

/// How often the creation is begun anew when others create and remove files of the same name meanwhile.
const MOST_ATTEMPTS: u32 = 8;

/// A file, called `NAME.part` until it is whole.
pub(crate) struct FileWriter {
    file: File,
    /// How much was appended, in bytes.
    bytes: u64,
    behind: WriteBehind,
    path: PathBuf,
    part: PathBuf,
    /// Where the name was not chosen by its user: the names that may be taken in its place.
    names: Option<FreeNames>,
    notices: Notices,
    is_finished: bool,
}

impl FileWriter {
    /// Begins a file under the first name of its kind that neither a file nor another backup has.
    pub(super) fn create_in(folder: &Path, name: String, notices: &Notices) -> Result<Self, TransportError> {
        let mut names = FreeNames::of(name);
        loop {
            let Some(name) = names.next() else {
                return Err(DestinationError::Exists {
                    path: folder.to_owned(),
                }
                .into());
            };
            match Self::create(folder.join(name), notices) {
                Err(TransportError::Destination(DestinationError::Exists { .. } | DestinationError::InUse { .. })) => {}
                Ok(mut sink) => {
                    sink.names = Some(names);
                    return Ok(sink);
                }
                error => return error,
            }
        }
    }

    /// Creates the file, which must not exist. What nobody writes any more of the same name is replaced with a warning.
    pub(crate) fn create(path: PathBuf, notices: &Notices) -> Result<Self, TransportError> {
        if fs::symlink_metadata(&path).is_ok() {
            return Err(DestinationError::Exists { path }.into());
        }
        let mut part = path.clone().into_os_string();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = begin(&part, &path, notices)?;
        if let Some(folder) = path.parent() {
            durable::hand_over(&file, folder);
        }
        Ok(Self {
            file,
            bytes: 0,
            behind: WriteBehind::default(),
            path,
            part,
            names: None,
            notices: notices.clone(),
            is_finished: false,
        })
    }

    /// Returns the file, to be written to anywhere.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Returns where it is going to be, for display.
    pub(crate) fn place(&self) -> String {
        self.path.display().to_string()
    }

    /// Makes the file safe and gives it its name. From then on it is whole, so a failure that comes later is only a
    /// warning: it concerns how long the name lasts.
    pub(crate) fn finish(mut self) -> Result<PathBuf, TransportError> {
        let place = self.place();
        self.file.sync_all().map_err(|error| failed(&place, error))?;
        while let Err(error) = durable::name_written(&self.file, &self.part, &self.path) {
            // Another backup has come to its end first. The name was not chosen by the user, so the next one will do.
            match self.names.as_mut().and_then(Iterator::next) {
                Some(name) if matches!(error, NamingError::Taken) => self.path.set_file_name(name),
                _ => return Err(self.not_named(error)),
            }
        }
        self.is_finished = true;
        if let Err(error) = durable::sync_folder_of(&self.path) {
            let path = self.path.clone();
            let why = error.into();
            (self.notices)(Notice::NameNotSynced { path, why });
        }
        Ok(self.path.clone())
    }

    fn not_named(&self, error: NamingError) -> TransportError {
        match error {
            NamingError::Taken => DestinationError::Exists {
                path: self.path.clone(),
            }
            .into(),
            NamingError::Replaced => DestinationError::Replaced {
                path: self.part.clone(),
            }
            .into(),
            NamingError::Io(error) => failed(&self.place(), error),
        }
    }
}

impl Write for FileWriter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        // Where it stands is known here alone, so that what is taken back needs no seek.
        let count = self.file.write_at(data, self.bytes)?;
        self.behind.wrote(&self.file, self.bytes, count as u64);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        // Nothing is gathered before a file.
        Ok(())
    }
}

impl ArchiveWriter for FileWriter {
    fn capabilities(&self) -> WriteCapabilities {
        WriteCapabilities {
            is_correctable: true,
            is_named_when_whole: true,
            is_readable_again: true,
        }
    }

    fn location(&self) -> Location {
        Location::File(self.path.clone())
    }

    fn correct(&mut self, position: u64, data: &[u8]) -> io::Result<()> {
        self.file.write_all_at(data, position)
    }

    fn take_back(&mut self, position: u64) -> io::Result<()> {
        self.file.set_len(position)?;
        self.bytes = position;
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<Location, TransportError> {
        self.finish().map(Location::File)
    }
}

impl Drop for FileWriter {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        // Another file may have got the name meanwhile, and that one is not ours to remove.
        let removed = match durable::is_named(&self.file, &self.part) {
            Ok(true) => fs::remove_file(&self.part),
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            log::warn!("an unfinished archive stays at {}: {error}", self.part.display());
            let place = self.part.display().to_string();
            (self.notices)(Notice::LeftBehind { place });
        }
    }
}

/// Creates `NAME.part` and locks it.
fn begin(part: &Path, path: &Path, notices: &Notices) -> Result<File, TransportError> {
    for _ in 0..MOST_ATTEMPTS {
        // Only its owner reads it: the header alone tells when this system was backed up.
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(part);
        match created {
            Ok(file) if is_held_by_others(&file) => {}
            Ok(file) if durable::is_named(&file, part).unwrap_or(false) => return Ok(file),
            // Somebody took it for a leftover between its creation and its lock.
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => take_away(part, notices)?,
            Err(error) => return Err(not_created(path, error)),
        }
    }
    Err(DestinationError::InUse { path: part.to_owned() }.into())
}

fn is_held_by_others(file: &File) -> bool {
    // A file system without locks costs the warning about leftovers and nothing else.
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// Removes the leftover of a killed run. Keeps a file that another run is writing, and everything that is not a plain file.
fn take_away(part: &Path, notices: &Notices) -> Result<(), TransportError> {
    let in_the_way = || DestinationError::Exists { path: part.to_owned() };
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let opened = OpenOptions::new().write(true).custom_flags(flags).open(part);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(_) => return Err(in_the_way().into()),
    };
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Err(in_the_way().into());
    }
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(DestinationError::InUse { path: part.to_owned() }.into()),
        // Where locks do not work nobody can tell whether somebody writes it.
        Err(TryLockError::Error(_)) => return Err(in_the_way().into()),
    }
    if !durable::is_named(&file, part).unwrap_or(false) {
        return Ok(());
    }
    fs::remove_file(part).map_err(|_| in_the_way())?;
    notices(Notice::LeftoverReplaced { path: part.to_owned() });
    Ok(())
}

fn not_created(path: &Path, error: io::Error) -> TransportError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => DestinationError::NotADirectory {
            path: folder_of(path).to_owned(),
        }
        .into(),
        _ => failed(&path.display().to_string(), error),
    }
}

fn failed(place: &str, error: io::Error) -> TransportError {
    DestinationError::of(place, error.into()).into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn ignored() -> Notices {
        Arc::new(|_| ())
    }

    #[test]
    fn a_name_that_is_taken_at_any_time_gives_way_to_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let begin = || FileWriter::create_in(folder.path(), "x".to_owned(), &ignored()).unwrap();
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
        let sink = FileWriter::create(path.clone(), &ignored()).unwrap();
        fs::write(&path, "of another").unwrap();
        let exists = |error| matches!(error, TransportError::Destination(DestinationError::Exists { .. }));
        assert!(sink.finish().is_err_and(exists));
        assert!(FileWriter::create(path.clone(), &ignored()).is_err_and(exists));
        assert_eq!(fs::read(&path).unwrap(), b"of another");
    }
}
