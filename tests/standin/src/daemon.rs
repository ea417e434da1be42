// SPDX-License-Identifier: GPL-3.0-or-later
//! The daemon behind the sockets: one state, changed by one call at a time.

use std::{io, path::Path, thread, time::Duration};

use crate::{
    answer::{Answer, Refusal},
    calls,
    devices::Devices,
    dialect::{Dialect, Differences},
    events::Hub,
    layout, record,
    request::Request,
    state::{Sample, State, Vm, Volume, sample},
    storage::{Part, Storage},
};

/// The socket that a request came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Socket {
    /// `qubesd.sock`.
    Admin,
    /// `qubesd.internal.sock`.
    Internal,
}

/// The daemon.
#[derive(Debug)]
pub(crate) struct Daemon {
    pub(crate) dialect: Dialect,
    pub(crate) state: State,
    pub(crate) hub: Hub,
    pub(crate) storage: Storage,
    /// What nobody should have sent.
    pub(crate) violations: Vec<String>,
    /// What passes between the events of a change and the record of it.
    pub(crate) record_delay: Duration,
    /// How often the record was written.
    pub(crate) records_written: u64,
}

impl Daemon {
    /// Lays out a root and makes the files of the volumes that the state has.
    pub(crate) fn new(root: &Path, dialect: Dialect, options: &Sample) -> io::Result<Self> {
        layout::make(root)?;
        let storage = Storage {
            root: root.to_owned(),
            devices: options.has_devices.then(Devices::default),
        };
        let mut daemon = Self {
            dialect,
            state: sample(options),
            hub: Hub::default(),
            storage,
            violations: Vec::new(),
            record_delay: Duration::ZERO,
            records_written: 0,
        };
        for kernel in daemon.state.kernels.clone() {
            let folder = format!("{}/vm-kernels/{kernel}", layout::STORE);
            std::fs::create_dir_all(daemon.below(&folder))?;
            std::fs::write(daemon.below(&format!("{folder}/modules.img")), "")?;
        }
        for index in 0..daemon.state.vms.len() {
            daemon.furnish(index)?;
        }
        daemon.write_record()?;
        Ok(daemon)
    }

    /// Makes the folders and files of a VM that is there from the beginning.
    fn furnish(&mut self, index: usize) -> io::Result<()> {
        let vm = self.state.vms[index].clone();
        if vm.volumes.is_empty() {
            return Ok(());
        }
        std::fs::create_dir_all(self.below(&format!("{}/{}", layout::STORE, vm.folder())))?;
        for volume in &vm.volumes {
            self.storage.create(volume)?;
            if volume.save_on_stop {
                let file = self.storage.file(volume, Part::Committed);
                fill(&file, &format!("{} {}\n", vm.name, volume.name), volume.size_bytes)?;
            }
        }
        if vm.is_running() {
            self.bring_up(&vm.name)?;
        }
        Ok(())
    }

    pub(crate) fn below(&self, absolute: &str) -> std::path::PathBuf {
        layout::below(&self.storage.root, absolute)
    }

    pub(crate) fn differences(&self) -> &'static Differences {
        self.dialect.differences()
    }

    /// A refusal of the protocol: with words where the dialect has them.
    pub(crate) fn protocol_error(&self, text: impl Into<String>) -> Refusal {
        self.worded("ProtocolError", text)
    }

    /// An exception where the dialect refuses with words, silence in the others.
    pub(crate) fn worded(&self, kind: &str, text: impl Into<String>) -> Refusal {
        if self.differences().refuses_with_words {
            Refusal::new(kind, text)
        } else {
            Refusal::Silence
        }
    }

    /// Remembers what nobody should have sent.
    pub(crate) fn violation(&mut self, text: impl Into<String>) {
        self.violations.push(text.into());
    }

    pub(crate) fn vm(&self, name: &str) -> Result<&Vm, Refusal> {
        self.state.vm(name).ok_or_else(|| Refusal::no_vm(name))
    }

    pub(crate) fn vm_mut(&mut self, name: &str) -> Result<&mut Vm, Refusal> {
        self.state.vm_mut(name).ok_or_else(|| Refusal::no_vm(name))
    }

    /// Puts a volume back that was changed.
    pub(crate) fn put_volume(&mut self, vm: &str, changed: Volume) -> Result<(), Refusal> {
        let volumes = &mut self.vm_mut(vm)?.volumes;
        if let Some(volume) = volumes.iter_mut().find(|volume| volume.name == changed.name) {
            *volume = changed;
        }
        Ok(())
    }

    /// Writes the record whole, as every call does that changes what is in it.
    pub(crate) fn save(&mut self) -> Result<(), Refusal> {
        thread::sleep(self.record_delay);
        self.records_written += 1;
        self.write_record().map_err(|error| {
            self.violation(format!("the stand-in cannot write its record: {error}"));
            Refusal::Silence
        })
    }

    fn write_record(&self) -> io::Result<()> {
        let xml = record::xml(&self.state, self.dialect);
        layout::replace(&self.below(layout::RECORD), &xml)
    }

    /// What the file system refuses is a fault of the test, not of the caller.
    pub(crate) fn io<T>(&mut self, result: io::Result<T>) -> Result<T, Refusal> {
        result.map_err(|error| {
            self.violation(format!("the files of the stand-in: {error}"));
            Refusal::Silence
        })
    }

    /// Answers a request.
    pub(crate) fn handle(&mut self, socket: Socket, request: &Request) -> Answer {
        calls::dispatch(self, socket, request)
    }
}

/// Writes three blocks of text: at the beginning, in the middle, and before the end.
fn fill(file: &Path, text: &str, bytes: u64) -> io::Result<()> {
    use std::os::unix::fs::FileExt as _;
    const BLOCK: usize = 1 << 16;
    let block: Vec<u8> = text.bytes().cycle().take(BLOCK).collect();
    let file = std::fs::File::options().write(true).open(file)?;
    for offset in [0, bytes / 2, bytes - BLOCK as u64] {
        file.write_all_at(&block, offset)?;
    }
    Ok(())
}
