// SPDX-License-Identifier: GPL-3.0-or-later
//! A host that fails where it is told to, and works otherwise: every call goes to a real one, the volumes of one VM
//! break.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use pedos_backup::{
    cancel::CancelToken,
    host::{
        Change, Changes, Extent, Home, Host, HostError, Intake, Label, Links, LocalDir, NewVm, NotTaken, Operation,
        Refusal, Restored, Schedules, Service, ServiceProcess, Services, System, VmFile, VmFiles, Vms, VolumeImport,
        VolumeSource, Wanted,
    },
    inventory::Inventory,
};

/// What goes wrong, and where in a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Injury {
    /// Reads at or after that byte fail with that error number.
    Read { from: u64, errno: i32 },
    /// The volume ends at that byte, whatever its size says.
    Short { at: u64 },
    /// Reads at or after that byte break the thread.
    Panic { from: u64 },
    /// When a read or a write comes to that byte, something is done outside ([`InjuredHost::with_deed`]), once.
    Deed { from: u64 },
    /// The VM's volumes cannot be opened.
    Open,
    /// The holes of the volume cannot be learned.
    Extents,
    /// Writes at or after that byte fail with that error number.
    Write { from: u64, errno: i32 },
    /// The last step, which puts the volume in place, fails.
    Finish { errno: i32 },
    /// Writes break the thread.
    WritePanic,
    /// The VM cannot be created.
    Create,
    /// None of its settings can be set.
    Settings,
    /// The time of the backup cannot be noted.
    Record,
    /// Nothing.
    None,
}

/// How often a host was asked.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// For its VMs.
    pub(crate) system: AtomicUsize,
    /// For the size of dom0's home.
    pub(crate) home_bytes: AtomicUsize,
}

/// A host with an injury.
#[derive(Clone)]
pub(crate) struct InjuredHost {
    whole: Arc<dyn Host>,
    vm: String,
    injury: Injury,
    felt: Arc<AtomicBool>,
    calls: Arc<Calls>,
    deed: Arc<dyn Fn() + Send + Sync>,
    /// Where services are started, if not at the real host.
    services: Option<Arc<dyn Services>>,
}

impl InjuredHost {
    /// A host whose services are those of another one.
    pub(crate) fn with_services(whole: Arc<dyn Host>, services: Arc<dyn Services>) -> Self {
        Self {
            services: Some(services),
            ..Self::new(whole, "", Injury::None)
        }
    }

    /// A host on which that is done, once, when a read or a write of a volume of that VM comes to that byte.
    pub(crate) fn with_deed(
        whole: Arc<dyn Host>,
        vm: &str,
        from: u64,
        deed: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self {
            deed: Arc::new(deed),
            ..Self::new(whole, vm, Injury::Deed { from })
        }
    }

    /// A host on which that goes wrong with that VM.
    pub(crate) fn new(whole: Arc<dyn Host>, vm: &str, injury: Injury) -> Self {
        Self {
            whole,
            vm: vm.to_owned(),
            injury,
            felt: Arc::default(),
            calls: Arc::default(),
            deed: Arc::new(|| {}),
            services: None,
        }
    }

    /// How often it was asked, through whatever view of it.
    pub(crate) fn calls(&self) -> Arc<Calls> {
        Arc::clone(&self.calls)
    }

    /// Whether anything came upon the injury.
    pub(crate) fn was_felt(&self) -> bool {
        self.felt.load(Ordering::SeqCst)
    }

    fn hurts(&self, vm: &str, injury: Injury) -> bool {
        let hurts = vm == self.vm && self.injury == injury;
        if hurts {
            self.felt.store(true, Ordering::SeqCst);
        }
        hurts
    }

    fn refused(&self) -> HostError {
        Refusal::NoPool.into()
    }

    fn setting(&self, vm: &str) -> Result<(), HostError> {
        if self.hurts(vm, Injury::Settings) {
            Err(self.refused())
        } else {
            Ok(())
        }
    }
}

impl Host for InjuredHost {
    fn with_cancel(&self, cancel: &CancelToken) -> Arc<dyn Host> {
        Arc::new(Self {
            whole: self.whole.with_cancel(cancel),
            ..self.clone()
        })
    }
}

impl Vms for InjuredHost {
    fn system(&self) -> Result<System, HostError> {
        self.calls.system.fetch_add(1, Ordering::SeqCst);
        self.whole.system()
    }

    fn inventory(&self) -> Result<Inventory, HostError> {
        self.whole.inventory()
    }

    fn prepare(&self) -> Result<(), HostError> {
        self.whole.prepare()
    }

    fn open_volume(&self, vm: &str, volume: &str) -> Result<Box<dyn VolumeSource>, HostError> {
        let source = self.whole.open_volume(vm, volume)?;
        if vm != self.vm {
            return Ok(source);
        }
        if self.injury == Injury::Open {
            self.felt.store(true, Ordering::SeqCst);
            return Err(HostError::io(
                Operation::Open("the injured volume".into()),
                io::Error::from_raw_os_error(5),
            ));
        }
        Ok(Box::new(InjuredSource {
            whole: source,
            injury: self.injury,
            felt: self.felt.clone(),
            deed: self.deed.clone(),
        }))
    }

    fn vm_files(&self, vm: &str) -> Result<VmFiles, HostError> {
        self.whole.vm_files(vm)
    }

    fn home(&self) -> Result<Option<Home>, HostError> {
        self.whole.home()
    }

    fn record_backup(&self, vms: &[String], unix_seconds: i64) -> Result<(), HostError> {
        if self.injury == Injury::Record {
            self.felt.store(true, Ordering::SeqCst);
            return Err(self.refused());
        }
        self.whole.record_backup(vms, unix_seconds)
    }

    fn home_bytes(&self) -> Result<Option<u64>, HostError> {
        self.calls.home_bytes.fetch_add(1, Ordering::SeqCst);
        self.whole.home_bytes()
    }

    fn changes(&self) -> Result<Box<dyn Changes>, HostError> {
        self.whole.changes()
    }

    fn profile_dir(&self) -> Option<LocalDir> {
        self.whole.profile_dir()
    }
}

impl Intake for InjuredHost {
    fn add_label(&self, label: &Label) -> Result<(), HostError> {
        self.whole.add_label(label)
    }

    fn create_vm(&self, new: &NewVm) -> Result<(), HostError> {
        if self.hurts(&new.name, Injury::Create) {
            Err(self.refused())
        } else {
            self.whole.create_vm(new)
        }
    }

    fn remove_vm(&self, vm: &str) -> Result<(), HostError> {
        self.whole.remove_vm(vm)
    }

    fn leave_unfinished(&self) -> bool {
        self.whole.leave_unfinished()
    }

    fn settle(&self, vm: &str, wanted: &Wanted) -> Result<Vec<NotTaken>, HostError> {
        match self.setting(vm) {
            Ok(()) => self.whole.settle(vm, wanted),
            Err(why) => {
                let properties = wanted
                    .properties
                    .iter()
                    .map(|(name, _)| Restored::Property(name.clone()));
                let features = wanted.features.iter().map(|(name, _)| Restored::Feature(name.clone()));
                let what = properties.chain(features);
                Ok(what.map(|what| NotTaken { what, why: why.clone() }).collect())
            }
        }
    }

    fn link(&self, vm: &str, links: &Links) -> Result<Vec<NotTaken>, HostError> {
        match self.setting(vm) {
            Ok(()) => self.whole.link(vm, links),
            Err(why) => {
                let properties = links
                    .properties
                    .iter()
                    .map(|(name, _)| Restored::Property(name.clone()));
                let devices = links.devices.iter().map(|device| Restored::Device {
                    class: device.class.clone(),
                    id: device.id().unwrap_or_default().to_owned(),
                });
                let what = properties.chain(devices);
                Ok(what.map(|what| NotTaken { what, why: why.clone() }).collect())
            }
        }
    }

    fn complete(&self, vm: &str, wanted: &Wanted) -> Result<Vec<NotTaken>, HostError> {
        self.whole.complete(vm, wanted)
    }

    fn set_vm_file(&self, vm: &str, file: VmFile, content: &[u8]) -> Result<(), HostError> {
        // A VM whose rules cannot be set at all is not restored.
        if file != VmFile::Firewall {
            self.setting(vm)?;
        }
        self.whole.set_vm_file(vm, file, content)
    }

    fn import_volume(&self, vm: &str, volume: &str, size_bytes: u64) -> Result<Box<dyn VolumeImport>, HostError> {
        let import = self.whole.import_volume(vm, volume, size_bytes)?;
        if vm != self.vm {
            return Ok(import);
        }
        Ok(Box::new(InjuredImport {
            whole: import,
            injury: self.injury,
            felt: self.felt.clone(),
            deed: self.deed.clone(),
        }))
    }

    fn commit(&self) -> Result<(), HostError> {
        self.whole.commit()
    }
}

impl Schedules for InjuredHost {}

impl Services for InjuredHost {
    fn shared(&self) -> Option<Arc<dyn Services>> {
        Some(Arc::new(self.clone()))
    }

    fn start_service(&self, vm: &str, service: Service) -> Result<ServiceProcess, HostError> {
        match &self.services {
            Some(services) => services.start_service(vm, service),
            None => self.whole.start_service(vm, service),
        }
    }
}

struct InjuredSource {
    whole: Box<dyn VolumeSource>,
    injury: Injury,
    felt: Arc<AtomicBool>,
    deed: Arc<dyn Fn() + Send + Sync>,
}

impl VolumeSource for InjuredSource {
    fn size_bytes(&self) -> u64 {
        self.whole.size_bytes()
    }

    fn change(&self) -> io::Result<Option<Change>> {
        self.whole.change()
    }

    fn extents(&self) -> io::Result<Vec<Extent>> {
        if self.injury == Injury::Extents {
            self.felt.store(true, Ordering::SeqCst);
            return Err(io::Error::other("no map of the holes"));
        }
        self.whole.extents()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let end = offset + buffer.len() as u64;
        let from = match self.injury {
            Injury::Read { from, .. } | Injury::Panic { from } | Injury::Short { at: from } | Injury::Deed { from } => {
                from
            }
            _ => u64::MAX,
        };
        if end <= from {
            return self.whole.read_at(buffer, offset);
        }
        let is_first = !self.felt.swap(true, Ordering::SeqCst);
        match self.injury {
            Injury::Deed { .. } => {
                if is_first {
                    (self.deed)();
                }
                self.whole.read_at(buffer, offset)
            }
            Injury::Read { errno, .. } => Err(io::Error::from_raw_os_error(errno)),
            Injury::Panic { .. } => panic!("the injured volume breaks its reader"),
            _ => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        }
    }
}

struct InjuredImport {
    whole: Box<dyn VolumeImport>,
    injury: Injury,
    felt: Arc<AtomicBool>,
    deed: Arc<dyn Fn() + Send + Sync>,
}

impl VolumeImport for InjuredImport {
    fn write_at(&mut self, data: &[u8], offset: u64) -> Result<(), HostError> {
        match self.injury {
            Injury::Write { from, errno } if offset + data.len() as u64 > from => {
                self.felt.store(true, Ordering::SeqCst);
                Err(HostError::io(
                    Operation::Write("the injured volume".into()),
                    io::Error::from_raw_os_error(errno),
                ))
            }
            Injury::Deed { from } if offset + data.len() as u64 > from => {
                if !self.felt.swap(true, Ordering::SeqCst) {
                    (self.deed)();
                }
                self.whole.write_at(data, offset)
            }
            Injury::WritePanic => {
                self.felt.store(true, Ordering::SeqCst);
                panic!("the injured volume breaks its writer")
            }
            _ => self.whole.write_at(data, offset),
        }
    }

    fn finish(self: Box<Self>) -> Result<(), HostError> {
        if let Injury::Finish { errno } = self.injury {
            self.felt.store(true, Ordering::SeqCst);
            return Err(HostError::io(
                Operation::Write("the injured volume".into()),
                io::Error::from_raw_os_error(errno),
            ));
        }
        self.whole.finish()
    }
}
