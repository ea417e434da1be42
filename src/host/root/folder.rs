// SPDX-License-Identifier: GPL-3.0-or-later
//! A PedOS in a folder: opens it, makes a new one, and finds what its record names.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::record::Record;
use crate::{
    cancel::CancelToken,
    durable,
    host::{HostError, Operation, Refusal, files, folder_lock::Turns, layout::Layout, picture},
    inventory::{Domain, Inventory, VolumeConfig},
};

/// The mode of the record: dom0's user shares it with the system through a group.
pub(super) const RECORD_MODE: u32 = 0o660;

/// A PedOS in a folder.
#[derive(Debug, Clone)]
pub struct RootHost {
    pub(super) layout: Layout,
    pub(super) record: Record,
    pub(super) turns: Arc<Turns>,
    pub(super) cancel: CancelToken,
}

impl RootHost {
    /// Opens the PedOS in a folder.
    ///
    /// # Errors
    /// When the folder holds none, or its record cannot be read.
    pub fn open(path: &Path) -> Result<Self, HostError> {
        let absolute = path.canonicalize();
        let root = absolute.map_err(|error| HostError::io(Operation::Open(path.to_owned()), error))?;
        let layout = Layout { root };
        match layout.record().metadata() {
            Ok(found) if found.is_file() => {}
            Err(error) if !durable::is_absence(&error) => {
                return Err(HostError::io(Operation::Read(layout.record()), error));
            }
            _ => return Err(HostError::NotARoot { path: path.to_owned() }),
        }
        let record = Record::open(layout.record())?;
        Ok(Self {
            layout,
            record,
            turns: Arc::default(),
            cancel: CancelToken::default(),
        })
    }

    /// Makes a fresh PedOS without any VMs in a folder that is not there yet, or is empty.
    ///
    /// # Errors
    /// When there is something in the folder already, or it cannot be made.
    pub fn create(path: &Path) -> Result<Self, HostError> {
        let make = |path: &Path| {
            files::make_folder(path).map_err(|error| HostError::io(Operation::Make(path.to_owned()), error))
        };
        make(path)?;
        let first = durable::names_in(path).and_then(|mut names| names.next().transpose());
        if first
            .map_err(|error| HostError::io(Operation::Read(path.to_owned()), error))?
            .is_some()
        {
            let path = path.to_owned();
            return Err(Refusal::NotEmpty { path }.into());
        }
        for folder in [
            "etc/qubes/backup",
            "home/user",
            "run/vm",
            "var/lib/qubes/appvms",
            "var/lib/qubes/vm-kernels",
            "var/lib/qubes/vm-templates",
        ] {
            make(&path.join(folder))?;
        }
        let record = Layout { root: path.to_owned() }.record();
        durable::replace(&record, &Inventory::empty().to_xml(), RECORD_MODE)
            .map_err(|error| HostError::io(Operation::Write(record.clone()), error))?;
        Self::open(path)
    }

    /// The VM as the record has it.
    pub(super) fn domain(&self, vm: &str) -> Result<Domain, HostError> {
        let domain = self.record.read()?.domain(vm);
        domain.ok_or_else(|| HostError::NoSuchVm { name: vm.to_owned() })
    }

    /// Whether a VM runs.
    ///
    /// # Errors
    /// When that cannot be learned.
    pub(super) fn is_running(&self, vm: &str) -> Result<bool, HostError> {
        let Some(folder) = self.layout.inside(vm) else {
            return Ok(false);
        };
        durable::is_folder(&folder).map_err(|error| HostError::io(Operation::Read(folder), error))
    }

    /// A volume that is saved, with the file that it lies in.
    pub(super) fn saved_volume(&self, domain: &Domain, volume: &str) -> Result<(VolumeConfig, PathBuf), HostError> {
        let config = domain.volumes.iter().find(|v| v.name == volume && v.save_on_stop);
        let config = config.ok_or_else(|| HostError::NoSuchVolume {
            vm: domain.name.clone(),
            volume: volume.to_owned(),
        })?;
        let record = self.record.read()?;
        let pools = picture::Pools::new(&self.layout, &record);
        let file = pools.file(config).ok_or_else(|| HostError::PoolOutOfReach {
            vm: domain.name.clone(),
            volume: volume.to_owned(),
            pool: config.pool.clone(),
            driver: pools.driver(&config.pool),
        })?;
        Ok((config.clone(), file))
    }
}
