// SPDX-License-Identifier: GPL-3.0-or-later
//! Fills a volume of a live PedOS: the helper begins the import, the data go straight to where the daemon wants them, and
//! the helper ends it.

use std::{fs::File, io, os::unix::fs::FileExt};

use crate::{
    durable::WriteBehind,
    helper::{Answer, Question},
    host::{HostError, Operation, VolumeImport, volume::check_within},
};

use super::{live_host::LiveHost, privileged::Privileged};

/// A volume's new content while it is written.
pub(super) struct LiveImport {
    helper: Privileged,
    vm: String,
    volume: String,
    file: File,
    behind: WriteBehind,
    size_bytes: u64,
    is_open: bool,
}

impl LiveImport {
    /// Begins to fill a volume with data of that size.
    pub(super) fn begin(host: &LiveHost, vm: &str, volume: &str, size_bytes: u64) -> Result<Self, HostError> {
        let question = Question::Begin {
            vm: vm.to_owned(),
            volume: volume.to_owned(),
            size_bytes,
        };
        let (answer, file) = host.helper.ask_for_file(&question)?;
        let mut import = Self {
            helper: host.helper.clone(),
            vm: vm.to_owned(),
            volume: volume.to_owned(),
            file,
            behind: WriteBehind::default(),
            size_bytes,
            is_open: true,
        };
        let Answer::Begun(begun) = answer else {
            return Err(HostError::HelperGone);
        };
        // A pool may have rounded it up.
        import.size_bytes = begun.size_bytes.max(size_bytes);
        Ok(import)
    }

    fn failed(&self, error: io::Error) -> HostError {
        HostError::io(Operation::Write(format!("{}:{}", self.vm, self.volume).into()), error)
    }

    fn end(&self, is_good: bool) -> Question {
        Question::End {
            vm: self.vm.clone(),
            volume: self.volume.clone(),
            is_good,
        }
    }
}

impl VolumeImport for LiveImport {
    fn write_at(&mut self, data: &[u8], offset: u64) -> Result<(), HostError> {
        check_within(self.size_bytes, data, offset, (&self.vm, &self.volume))?;
        self.file
            .write_all_at(data, offset)
            .map_err(|error| self.failed(error))?;
        self.behind.wrote(&self.file, offset, data.len() as u64);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), HostError> {
        self.file.sync_data().map_err(|error| self.failed(error))?;
        self.helper.ask(&self.end(true))?;
        self.is_open = false;
        Ok(())
    }
}

impl Drop for LiveImport {
    fn drop(&mut self) {
        // After a cancel as well, and whether or not the call to end it well was understood.
        if self.is_open
            && let Err(error) = self.helper.ask_at_last(&self.end(false))
        {
            log::warn!("ending the import of {}:{}: {error}", self.vm, self.volume);
        }
    }
}
