// SPDX-License-Identifier: GPL-3.0-or-later
//! An archive in a directory of a running VM: it is called `NAME.part` until the VM has all of its bytes on its disk. The
//! sender's death looks to the VM like the end of the input, so that a name from the first byte would be a false one.

use std::{
    io::{self, Write},
    time::Duration,
};

use crate::{cancel::CancelToken, durable::FreeNames, host::Services};

use super::{
    super::{DestinationError, Location, Notice, Notices, TransportError, vm_script},
    api::{ArchiveWriter, WriteCapabilities},
    process::ProcessWriter,
};

/// How long the VM may take to remove an unfinished file.
const PATIENCE: Duration = Duration::from_secs(30);

/// An archive that a VM keeps in a directory.
pub(super) struct StagedWriter<'a> {
    vm: String,
    directory: String,
    part: String,
    name: String,
    names: FreeNames,
    bytes: u64,
    /// What the archive goes through; none once it is whole.
    inner: Option<ProcessWriter>,
    services: &'a dyn Services,
    cancel: CancelToken,
    notices: Notices,
    has_begun: bool,
    is_named: bool,
}

impl<'a> StagedWriter<'a> {
    /// Begins an archive of that name in a directory.
    pub(super) fn begin(
        vm: &str,
        directory: &str,
        name: String,
        services: &'a dyn Services,
        cancel: &CancelToken,
        notices: &Notices,
    ) -> Result<Self, TransportError> {
        let directory = directory.trim();
        let part = format!("{name}.part");
        let mut names = FreeNames::of(name.clone());
        names.next();
        let mut writer = Self {
            vm: vm.to_owned(),
            directory: directory.to_owned(),
            part,
            name,
            names,
            bytes: 0,
            inner: None,
            services,
            cancel: cancel.clone(),
            notices: notices.clone(),
            has_begun: false,
            is_named: false,
        };
        let script = writer.line(vm_script::WRITE, &[&writer.part])?;
        let inner = ProcessWriter::of_script(writer.location(), &script, services, cancel, notices)?;
        writer.inner = Some(inner);
        writer.has_begun = true;
        Ok(writer)
    }

    fn line(&self, script: &str, arguments: &[&str]) -> Result<String, TransportError> {
        let all: Vec<&str> = std::iter::once(self.directory.as_str())
            .chain(arguments.iter().copied())
            .collect();
        vm_script::line(script, &all).ok_or_else(|| {
            DestinationError::Impossible {
                place: self.location().to_string(),
            }
            .into()
        })
    }

    fn path_of(&self, name: &str) -> String {
        format!("{}/{name}", self.directory.trim_end_matches('/'))
    }

    /// Has the VM give the archive its name, or the next one where that is taken.
    fn name_it(&mut self) -> Result<(), TransportError> {
        loop {
            let script = self.line(vm_script::NAME, &[&self.part, &self.name, &self.bytes.to_string()])?;
            let answer = vm_script::ask(&self.vm, &script, self.services, &self.cancel, None)?;
            let answer = answer.unwrap_or_default();
            let place = self.location().to_string();
            match answer.last().map(String::as_str) {
                Some("named") => return Ok(()),
                Some("taken") => match self.names.next() {
                    Some(name) => self.name = name,
                    None => return Err(DestinationError::Exists { path: place.into() }.into()),
                },
                _ => return Err(DestinationError::NotKept { place }.into()),
            }
        }
    }
}

impl Write for StagedWriter<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let Some(inner) = &mut self.inner else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let count = inner.write(data)?;
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.as_mut().map_or(Ok(()), ProcessWriter::flush)
    }
}

impl ArchiveWriter for StagedWriter<'_> {
    fn capabilities(&self) -> WriteCapabilities {
        WriteCapabilities {
            is_correctable: false,
            is_named_when_whole: true,
            is_readable_again: true,
        }
    }

    fn location(&self) -> Location {
        Location::Vm {
            vm: self.vm.clone(),
            line: self.path_of(&self.name),
        }
    }

    fn commit(mut self: Box<Self>) -> Result<Location, TransportError> {
        if let Some(mut inner) = self.inner.take() {
            inner.end()?;
        }
        self.name_it()?;
        self.is_named = true;
        Ok(self.location())
    }

    fn abandon(mut self: Box<Self>) -> Option<TransportError> {
        Box::new(self.inner.take()?).abandon()
    }
}

impl Drop for StagedWriter<'_> {
    fn drop(&mut self) {
        // A service that was never started has left nothing.
        if self.is_named || !self.has_begun {
            return;
        }
        // The sender goes first: what still writes would only find its file gone.
        drop(self.inner.take());
        let removed = self.line(vm_script::REMOVE, &[&self.part]).ok().and_then(|line| {
            let never = CancelToken::default();
            vm_script::ask(&self.vm, &line, self.services, &never, Some(PATIENCE)).ok()?
        });
        let is_removed = removed.is_some_and(|answer| answer.iter().any(|line| line == "removed"));
        if !is_removed && self.bytes > 0 {
            let place = format!("{}:{}", self.vm, self.path_of(&self.part));
            (self.notices)(Notice::LeftBehind { place });
        }
    }
}
