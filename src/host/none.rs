// SPDX-License-Identifier: GPL-3.0-or-later
//! No host at all: enough to open and to verify an archive on any computer.

use std::path::PathBuf;

use crate::inventory::{Device, Inventory};

use super::{
    Home, Host, HostError, Label, NewVm, Service, ServiceProcess, System, VmFile, VmFiles, VolumeImport, VolumeSource,
};

/// A host without VMs, which takes none either.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHost;

fn refused<T>() -> Result<T, HostError> {
    Err(HostError::Refused {
        what: "there is no PedOS here: only files can be opened and verified".to_owned(),
    })
}

impl Host for NoHost {
    fn system(&self) -> Result<System, HostError> {
        Ok(System::default())
    }

    fn inventory(&self) -> Result<Inventory, HostError> {
        refused()
    }

    fn open_volume(&self, _: &str, _: &str) -> Result<Box<dyn VolumeSource>, HostError> {
        refused()
    }

    fn vm_files(&self, _: &str) -> Result<VmFiles, HostError> {
        refused()
    }

    fn home(&self) -> Result<Option<Home>, HostError> {
        Ok(None)
    }

    fn record_backup(&self, _: &[String], _: i64) -> Result<(), HostError> {
        refused()
    }

    fn add_label(&self, _: &Label) -> Result<(), HostError> {
        refused()
    }

    fn create_vm(&self, _: &NewVm) -> Result<(), HostError> {
        refused()
    }

    fn remove_vm(&self, _: &str) -> Result<(), HostError> {
        refused()
    }

    fn set_property(&self, _: &str, _: &str, _: &str) -> Result<(), HostError> {
        refused()
    }

    fn set_feature(&self, _: &str, _: &str, _: &str) -> Result<(), HostError> {
        refused()
    }

    fn add_tag(&self, _: &str, _: &str) -> Result<(), HostError> {
        refused()
    }

    fn remove_tag(&self, _: &str, _: &str) -> Result<(), HostError> {
        refused()
    }

    fn assign_device(&self, _: &str, _: &Device) -> Result<(), HostError> {
        refused()
    }

    fn set_vm_file(&self, _: &str, _: VmFile, _: &[u8]) -> Result<(), HostError> {
        refused()
    }

    fn import_volume(&self, _: &str, _: &str, _: u64) -> Result<Box<dyn VolumeImport>, HostError> {
        refused()
    }

    fn free_bytes(&self) -> Option<u64> {
        None
    }

    fn start_service(&self, _: &str, _: Service) -> Result<ServiceProcess, HostError> {
        refused()
    }

    fn profile_dir(&self) -> PathBuf {
        PathBuf::new()
    }
}
