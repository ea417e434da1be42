// SPDX-License-Identifier: GPL-3.0-or-later
//! A PedOS root folder as a host: a folder laid out as dom0's own file system root is.
//!
//! It needs neither Xen nor a daemon, and serves as the demonstration system, as the target of a recovery on a VM that
//! is no PedOS, and as the test bed. It never leaves its folder: what a record says of paths is held against that.

mod change;
mod changes;
mod files;
mod import;
mod layout;
mod record;
mod scan;
mod service;
mod turn;

pub mod sample;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use self::{changes::FolderChanges, layout::Layout, record::Record, turn::Turns};
use super::{
    Changes, FileVolume, Home, Host, HostError, Intake, LocalDir, NewVm, RestoreTurn, Service, ServiceProcess,
    Services, System, VmFile, VmFiles, Vms, VolumeImport, VolumeSource,
};
use crate::{
    cancel::CancelToken,
    durable,
    host::{Operation, Refusal},
    inventory::{Device, Domain, Inventory, VolumeConfig},
};

/// The mode of the record: dom0's user shares it with the system through a group.
const RECORD_MODE: u32 = 0o660;

/// A PedOS in a folder.
#[derive(Debug, Clone)]
pub struct RootHost {
    layout: Layout,
    record: Record,
    turns: Arc<Turns>,
    cancel: CancelToken,
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
        if !layout.record().is_file() {
            return Err(HostError::NotARoot { path: path.to_owned() });
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
            fs::create_dir_all(path).map_err(|error| HostError::io(Operation::Make(path.to_owned()), error))
        };
        make(path)?;
        let mut entries =
            durable::names_in(path).map_err(|error| HostError::io(Operation::Read(path.to_owned()), error))?;
        if entries.next().is_some() {
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
    fn domain(&self, vm: &str) -> Result<Domain, HostError> {
        let domain = self.record.read()?.domain(vm);
        domain.ok_or_else(|| HostError::NoSuchVm { name: vm.to_owned() })
    }

    fn is_running(&self, vm: &str) -> bool {
        self.layout.inside(vm).is_some_and(|folder| folder.is_dir())
    }

    /// A volume that is saved, with the file that it lies in.
    fn saved_volume(&self, domain: &Domain, volume: &str) -> Result<(VolumeConfig, PathBuf), HostError> {
        let config = domain.volumes.iter().find(|v| v.name == volume && v.save_on_stop);
        let config = config.ok_or_else(|| HostError::NoSuchVolume {
            vm: domain.name.clone(),
            volume: volume.to_owned(),
        })?;
        let record = self.record.read()?;
        let pools = scan::Pools::new(&self.layout, &record);
        let file = pools.file(config).ok_or_else(|| HostError::PoolOutOfReach {
            vm: domain.name.clone(),
            volume: volume.to_owned(),
            pool: config.pool.clone(),
            driver: pools.driver(&config.pool),
        })?;
        Ok((config.clone(), file))
    }
}

impl Host for RootHost {
    fn with_cancel(&self, cancel: &CancelToken) -> Arc<dyn Host> {
        Arc::new(Self {
            record: self.record.with_cancel(cancel),
            cancel: cancel.clone(),
            ..self.clone()
        })
    }
}

impl Vms for RootHost {
    fn system(&self) -> Result<System, HostError> {
        Ok(scan::system(&self.layout, &*self.record.read()?))
    }

    fn inventory(&self) -> Result<Inventory, HostError> {
        Ok(Arc::unwrap_or_clone(self.record.read()?))
    }

    fn open_volume(&self, vm: &str, volume: &str) -> Result<Box<dyn VolumeSource>, HostError> {
        let domain = self.domain(vm)?;
        let (config, path) = self.saved_volume(&domain, volume)?;
        if config.revisions_to_keep < 0 && self.is_running(vm) {
            let (vm, volume) = (vm.to_owned(), volume.to_owned());
            return Err(Refusal::NoSnapshot { vm, volume }.into());
        }
        let failed = |error| HostError::io(Operation::Open(path.to_owned()), error);
        // A pipe of that name would block here for ever.
        if !fs::metadata(&path).map_err(failed)?.is_file() {
            return Err(Refusal::NotAFile { path }.into());
        }
        let file = fs::File::open(&path).map_err(failed)?;
        let source = FileVolume::named(file, &path, self.is_running(vm)).map_err(failed)?;
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
        Ok(scan::home(&self.layout))
    }

    fn home_bytes(&self) -> Result<Option<u64>, HostError> {
        let home = self.home()?;
        let count = |home: Home| scan::tree_bytes(home.folder.path(), &self.cancel);
        Ok(home.map(count).transpose()?)
    }

    fn changes(&self) -> Result<Box<dyn Changes>, HostError> {
        let changes = FolderChanges::new(&self.layout, &self.record, &self.cancel)?;
        Ok(Box::new(changes))
    }

    fn record_backup(&self, vms: &[String], unix_seconds: i64) -> Result<(), HostError> {
        change::record_backup(self, vms, unix_seconds)
    }

    fn profile_dir(&self) -> Option<LocalDir> {
        Some(LocalDir::new(self.layout.root.join("etc/qubes/backup")))
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

    fn set_property(&self, vm: &str, property: &str, value: &str) -> Result<(), HostError> {
        change::set_property(self, vm, property, value)
    }

    fn set_feature(&self, vm: &str, feature: &str, value: &str) -> Result<(), HostError> {
        change::set_feature(self, vm, feature, value)
    }

    fn add_tag(&self, vm: &str, tag: &str) -> Result<(), HostError> {
        change::add_tag(self, vm, tag)
    }

    fn remove_tag(&self, vm: &str, tag: &str) -> Result<(), HostError> {
        self.record.edit(|record| Ok(record.remove_tag(vm, tag)?))
    }

    fn assign_device(&self, vm: &str, device: &Device) -> Result<(), HostError> {
        change::assign_device(self, vm, device)
    }

    fn set_vm_file(&self, vm: &str, file: VmFile, content: &[u8]) -> Result<(), HostError> {
        let domain = self.domain(vm)?;
        let folder = self.layout.vm(&domain.class, vm);
        let folder = folder.ok_or_else(|| Refusal::NoSuchFile {
            vm: vm.to_owned(),
            file,
        })?;
        files::write(&folder, file, content)
    }

    fn import_volume(&self, vm: &str, volume: &str, size_bytes: u64) -> Result<Box<dyn VolumeImport>, HostError> {
        let domain = self.domain(vm)?;
        if self.is_running(vm) {
            return Err(HostError::NotHalted { name: vm.to_owned() });
        }
        let (_, path) = self.saved_volume(&domain, volume)?;
        // No volume on the disk without its VM: not even after a crash.
        self.record.commit()?;
        let import = import::FileImport::begin(self.record.clone(), vm, volume, &path, size_bytes)?;
        Ok(Box::new(import))
    }

    fn commit(&self) -> Result<(), HostError> {
        self.record.commit()
    }
}

impl Services for RootHost {
    fn start_service(&self, vm: &str, service: Service) -> Result<ServiceProcess, HostError> {
        let domain = self.domain(vm)?;
        let inside = self.layout.inside(vm).filter(|folder| folder.is_dir());
        let inside = inside.ok_or_else(|| HostError::NotRunning { name: vm.to_owned() })?;
        service::start(&domain, inside, &service)
    }
}
