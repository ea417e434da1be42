// SPDX-License-Identifier: GPL-3.0-or-later
//! An archive on standard output.

use std::{
    fs::File,
    io::{self, PipeWriter, Write},
    os::fd::AsFd,
    time::Duration,
};

use crate::{
    cancel::CancelToken,
    host::{ServiceInput, Uptake},
};

use super::{
    super::{DestinationError, Location, TransportError},
    api::{ArchiveWriter, WriteCapabilities},
};

/// How long is waited before it is asked again whether the reader has taken everything.
const PAUSE: Duration = Duration::from_millis(10);

/// Standard output. Nothing else may be printed there meanwhile.
pub(super) struct StandardWriter {
    file: File,
    cancel: CancelToken,
}

impl StandardWriter {
    /// Takes standard output for an archive.
    pub(super) fn open(cancel: &CancelToken) -> Result<Self, TransportError> {
        let output = io::stdout().as_fd().try_clone_to_owned();
        let output = output.map_err(failed)?;
        Ok(Self {
            file: File::from(output),
            cancel: cancel.clone(),
        })
    }

    /// A pipe keeps what its reader left unread, and no write tells of it.
    fn wait_until_taken(&self) -> Result<(), TransportError> {
        let pipe = PipeWriter::from(self.file.as_fd().try_clone_to_owned().map_err(failed)?);
        loop {
            self.cancel.check()?;
            match pipe.uptake() {
                Uptake::Pending => self.cancel.sleep(PAUSE)?,
                Uptake::Whole | Uptake::Unknown => return Ok(()),
                Uptake::Broken => return Err(failed(io::ErrorKind::BrokenPipe.into())),
            }
        }
    }
}

fn failed(error: io::Error) -> TransportError {
    DestinationError::of(&Location::Standard.to_string(), error.into()).into()
}

impl Write for StandardWriter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.file.write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ArchiveWriter for StandardWriter {
    fn capabilities(&self) -> WriteCapabilities {
        WriteCapabilities {
            is_correctable: false,
            is_named_when_whole: false,
            is_readable_again: false,
        }
    }

    fn location(&self) -> Location {
        Location::Standard
    }

    fn commit(self: Box<Self>) -> Result<Location, TransportError> {
        if self.file.metadata().is_ok_and(|found| found.is_file()) {
            self.file.sync_all().map_err(failed)?;
        } else {
            self.wait_until_taken()?;
        }
        Ok(Location::Standard)
    }
}
