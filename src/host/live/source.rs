// SPDX-License-Identifier: GPL-3.0-or-later
//! Volumes of a live PedOS as a backup reads them: the helper opens them, and the descriptor keeps the state that it was
//! opened with, whatever the VM does meanwhile.

use std::{io, os::unix::fs::FileTypeExt};

use crate::{
    adminapi::PowerState,
    extent::Extent,
    helper::{Answer, Question},
    host::{Change, DataBound, FileVolume, HostError, Operation, VolumeSource},
};

use super::{daemon::LiveDaemon, device::DeviceVolume, live_host::LiveHost};

/// Opens the state of a volume that a backup saves.
pub(super) fn open(host: &LiveHost, vm: &str, volume: &str) -> Result<Box<dyn VolumeSource>, HostError> {
    let question = Question::Open {
        vm: vm.to_owned(),
        volume: volume.to_owned(),
    };
    let (answer, file) = host.helper.ask_for_file(&question)?;
    let Answer::Opened(opened) = answer else {
        return Err(HostError::HelperGone);
    };
    let failed = |error| HostError::io(Operation::Open(format!("{vm}:{volume}").into()), error);
    let kind = file.metadata().map_err(failed)?.file_type();
    let source: Box<dyn VolumeSource> = if kind.is_block_device() {
        // Of a VM that runs, what the daemon says of its use is not about the state that is saved.
        let is_running = host.known.is_running(vm, &host.cancel)?;
        let used_bytes = opened.used_bytes.filter(|_| !is_running);
        Box::new(DeviceVolume::new(file, used_bytes, &host.cancel).map_err(failed)?)
    } else {
        Box::new(FileVolume::new(file).map_err(failed)?)
    };
    Ok(Box::new(LiveVolume {
        source,
        daemon: host.daemon.clone(),
        vm: vm.to_owned(),
        is_written_in_place: opened.is_written_in_place,
    }))
}

/// A volume that the helper opened.
struct LiveVolume {
    source: Box<dyn VolumeSource>,
    daemon: LiveDaemon,
    vm: String,
    /// Whether the VM, once it starts, writes to what is read here.
    is_written_in_place: bool,
}

impl VolumeSource for LiveVolume {
    fn size_bytes(&self) -> u64 {
        self.source.size_bytes()
    }

    fn bound(&self) -> io::Result<DataBound> {
        self.source.bound()
    }

    fn prepare(&self) {
        self.source.prepare();
    }

    fn extents(&self) -> io::Result<Vec<Extent>> {
        self.source.extents()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.source.read_at(buffer, offset)
    }

    fn change(&self) -> io::Result<Option<Change>> {
        if !self.is_written_in_place {
            // A snapshot. What its file says of times and names changes when its VM ends.
            return Ok(None);
        }
        let content = self.source.change()?;
        match self.daemon.vm(&self.vm) {
            Ok(vm) if vm.state == PowerState::Halted => Ok(content),
            Ok(_) => Ok(Some(Change::Content)),
            Err(HostError::NoSuchVm { .. }) => Ok(Some(Change::Gone)),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    fn expect(&self, extent: Extent) {
        self.source.expect(extent);
    }
}
