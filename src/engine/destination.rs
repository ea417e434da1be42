// SPDX-License-Identifier: GPL-3.0-or-later
//! Where an archive is written: it gets its final name only once it is whole and safe on the disk.

mod file;
mod output;
mod service;

use std::{
    io::{self, Write},
    path::PathBuf,
    time::SystemTime,
};

use crate::{host::Services, plan::Destination, units::LocalTime};

use super::{Context, DestinationError, EngineError};

pub(super) use file::FileSink;
pub(super) use output::Said;
pub(super) use service::ServiceSink;

/// An archive that is being written. Dropped without [`Sink::finish`] it leaves nothing under a final name.
pub(super) enum Sink {
    File(FileSink),
    Service(ServiceSink),
}

impl Sink {
    /// Opens the destination. Nothing that is there is touched, apart from what a killed run has left of the same file.
    pub(super) fn open(
        destination: &Destination,
        services: &dyn Services,
        context: &Context,
    ) -> Result<Self, EngineError> {
        Ok(match destination {
            Destination::Directory(folder) if !folder.is_dir() => {
                return Err(DestinationError::NotADirectory { path: folder.clone() }.into());
            }
            Destination::Directory(folder) => {
                let name = LocalTime::at(SystemTime::now()).archive_name();
                Self::File(FileSink::create_in(folder, name, context)?)
            }
            Destination::File(path) => Self::File(FileSink::create(path.clone(), context)?),
            Destination::Service { vm, line } => {
                Self::Service(ServiceSink::start(vm, line, services, &context.cancel)?)
            }
        })
    }

    /// Where it goes, for display.
    pub(super) fn place(&self) -> String {
        match self {
            Self::File(sink) => sink.place(),
            Self::Service(sink) => sink.place(),
        }
    }

    /// Whether what was written can be corrected.
    pub(super) fn is_correctable(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// Writes over what was written before at that place.
    pub(super) fn correct(&mut self, position: u64, data: &[u8]) -> io::Result<()> {
        match self {
            Self::File(sink) => sink.correct(position, data),
            Self::Service(_) => Err(io::ErrorKind::NotSeekable.into()),
        }
    }

    /// Takes back everything from that position on. Only a file can be taken back.
    pub(super) fn take_back(&mut self, position: u64) -> io::Result<()> {
        match self {
            Self::File(sink) => sink.take_back(position),
            Self::Service(_) => Err(io::ErrorKind::NotSeekable.into()),
        }
    }

    /// Makes the archive safe and gives it its name. Returns the file, if it is one on this host.
    pub(super) fn finish(self, context: &Context) -> Result<Option<PathBuf>, EngineError> {
        match self {
            Self::File(sink) => sink.finish(context).map(Some),
            Self::Service(sink) => sink.finish(context).map(|()| None),
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
            Self::Service(sink) => sink.write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            // Nothing is gathered before a file.
            Self::File(_) => Ok(()),
            Self::Service(sink) => sink.flush(),
        }
    }
}
