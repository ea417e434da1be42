// SPDX-License-Identifier: GPL-3.0-or-later
//! A PedOS root folder as a host: a folder laid out as dom0's own file system root is.
//!
//! It needs neither Xen nor a daemon, and serves as the demonstration system, as the target of a recovery on a VM that
//! is no PedOS, and as the test bed. It never leaves its folder: what a record says of paths is held against that.

mod change;
mod changes;
mod folder;
mod import;
mod record;
mod service;

pub mod sample;

pub use folder::RootHost;

use std::{fs, path::Path, sync::Arc};

use self::changes::FolderChanges;
use super::{
    Changes, FileVolume, Home, Host, HostError, IN_PROGRESS_TAG, Intake, Links, LocalDir, NewVm, NotTaken, RestoreTurn,
    Schedules, Service, ServiceProcess, Services, System, VmFile, VmFiles, Vms, VolumeImport, VolumeSource, Wanted,
};
use crate::{
    cancel::CancelToken,
    host::{
        Operation, Refusal, files,
        picture::{self, Sight},
    },
    inventory::Inventory,
};

impl Host for RootHost {
    fn with_cancel(&self, cancel: &CancelToken) -> Arc<dyn Host> {
        Arc::new(Self {
            record: self.record.with_cancel(cancel),
            cancel: cancel.clone(),
            ..self.clone()
        })
    }

    fn folder(&self) -> Option<&Path> {
        Some(&self.layout.root)
    }
}

impl Vms for RootHost {
    fn system(&self) -> Result<System, HostError> {
        Ok(picture::system(
            &self.layout,
            &*self.record.read()?,
            &Sight::of_folder(&self.layout)?,
        ))
    }

    fn inventory(&self) -> Result<Inventory, HostError> {
        Ok(Arc::unwrap_or_clone(self.record.read()?))
    }

    fn open_volume(&self, vm: &str, volume: &str) -> Result<Box<dyn VolumeSource>, HostError> {
        let domain = self.domain(vm)?;
        let (config, path) = self.saved_volume(&domain, volume)?;
        if config.has_no_snapshots() && self.is_running(vm)? {
            let (vm, volume) = (vm.to_owned(), volume.to_owned());
            return Err(Refusal::NoSnapshot { vm, volume }.into());
        }
        let failed = |error| HostError::io(Operation::Open(path.to_owned()), error);
        // A pipe of that name would block here for ever.
        if !fs::metadata(&path).map_err(failed)?.is_file() {
            return Err(Refusal::NotAFile { path }.into());
        }
        let file = fs::File::open(&path).map_err(failed)?;
        let source = FileVolume::named(file, &path, self.is_running(vm)?).map_err(failed)?;
        Ok(Box::new(source))
    }

    fn vm_files(&self, vm: &str) -> Result<VmFiles, HostError> {
        let domain = self.domain(vm)?;
        let Some(folder) = self.layout.vm(&domain.class, vm) else {
            return Ok(Vec::new());
        };
        Ok(files::read(&folder))
    }

    fn home(&self) -> Result<Option<Home>, HostError> {
        self.cancel.check()?;
        picture::home(&self.layout)
    }

    fn home_bytes(&self) -> Result<Option<u64>, HostError> {
        picture::home_bytes(self.home()?, &self.cancel)
    }

    fn changes(&self) -> Result<Box<dyn Changes>, HostError> {
        let changes = FolderChanges::new(&self.layout, &self.record, &self.cancel)?;
        Ok(Box::new(changes))
    }

    fn record_backup(&self, vms: &[String], unix_seconds: i64) -> Result<(), HostError> {
        change::record_backup(self, vms, unix_seconds)
    }

    fn profile_dir(&self) -> Option<LocalDir> {
        Some(LocalDir::new(self.layout.profiles()))
    }
}

impl Intake for RootHost {
    fn add_label(&self, label: &super::Label) -> Result<(), HostError> {
        change::add_label(self, label)
    }

    fn restore_turn(&self) -> Result<RestoreTurn, HostError> {
        self.turns.take(&self.layout.root)
    }

    fn create_vm(&self, new: &NewVm) -> Result<(), HostError> {
        change::create(self, new)
    }

    fn remove_vm(&self, vm: &str) -> Result<(), HostError> {
        change::remove(self, vm)
    }

    fn settle(&self, vm: &str, wanted: &Wanted) -> Result<Vec<NotTaken>, HostError> {
        change::settle(self, vm, wanted)
    }

    fn link(&self, vm: &str, links: &Links) -> Result<Vec<NotTaken>, HostError> {
        change::link(self, vm, links)
    }

    fn complete(&self, vm: &str, _: &Wanted) -> Result<Vec<NotTaken>, HostError> {
        self.remove_tag(vm, IN_PROGRESS_TAG)?;
        Ok(Vec::new())
    }

    fn set_vm_file(&self, vm: &str, file: VmFile, content: &[u8]) -> Result<(), HostError> {
        let domain = self.domain(vm)?;
        let folder = self.layout.vm(&domain.class, vm);
        let folder = folder.ok_or_else(|| Refusal::NoSuchFile {
            vm: vm.to_owned(),
            file,
        })?;
        files::write(&folder, file, content)?;
        if let Some(entries) = files::menu_entries(file, content) {
            self.set_feature(vm, files::MENU_FEATURE, &entries)?;
        }
        Ok(())
    }

    fn import_volume(&self, vm: &str, volume: &str, size_bytes: u64) -> Result<Box<dyn VolumeImport>, HostError> {
        let domain = self.domain(vm)?;
        if self.is_running(vm)? {
            return Err(HostError::NotHalted { name: vm.to_owned() });
        }
        let (_, path) = self.saved_volume(&domain, volume)?;
        // No volume on the disk without its VM, not even after a crash: a VM is on the disk's record since it was created.
        let import = import::FileImport::begin(self.record.clone(), vm, volume, &path, size_bytes)?;
        Ok(Box::new(import))
    }

    fn commit(&self) -> Result<(), HostError> {
        self.record.commit()
    }
}

impl Schedules for RootHost {}

impl Services for RootHost {
    fn shared(&self) -> Option<Arc<dyn Services>> {
        Some(Arc::new(self.clone()))
    }

    fn start_service(&self, vm: &str, service: Service) -> Result<ServiceProcess, HostError> {
        let domain = self.domain(vm)?;
        let inside = self.layout.inside(vm).filter(|folder| folder.is_dir());
        let inside = inside.ok_or_else(|| HostError::NotRunning { name: vm.to_owned() })?;
        service::start(&domain, inside, &service)
    }
}
