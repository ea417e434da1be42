// SPDX-License-Identifier: GPL-3.0-or-later
//! Takes VMs into a live PedOS.

use std::sync::Arc;

use crate::{
    adminapi::LONGEST_REQUEST_BYTES,
    host::{
        FileFault, HostError, IN_PROGRESS_TAG, Intake, Label, Links, NewVm, NotTaken, Readiness, Refusal, RestoreTurn,
        Service, ServiceProcess, Services, VmFile, VolumeImport, Wanted, check_vm_name, files,
    },
    inventory::Class,
};

use super::{import::LiveImport, live_host::LiveHost, rules, service, settle};

/// The label of a VM whose own label the host does not know, as the existing tools choose it.
const FALLBACK_LABEL: &str = "red";
/// What a request says beside its payload is shorter than this.
const REQUEST_LINE_BYTES: usize = 256;

impl Intake for LiveHost {
    fn restore_turn(&self) -> Result<RestoreTurn, HostError> {
        self.turns.take(&self.layout.qubes())
    }

    fn add_label(&self, label: &Label) -> Result<(), HostError> {
        self.daemon.add_label(label)
    }

    fn create_vm(&self, new: &NewVm) -> Result<(), HostError> {
        if let Err(fault) = check_vm_name(&new.name) {
            let name = new.name.clone();
            return Err(Refusal::VmName { name, fault }.into());
        }
        if matches!(new.class, Class::AdminVm | Class::Other(_)) {
            let class = new.class.wire_name().to_owned();
            return Err(Refusal::Class { class }.into());
        }
        // Not every daemon says so of a label that it does not know.
        let labels = self.record()?.labels();
        let is_known = labels.iter().any(|entry| entry.label.name == new.label);
        let label = if is_known { new.label.as_str() } else { FALLBACK_LABEL };
        let new = NewVm {
            label: label.to_owned(),
            ..new.clone()
        };
        // From here on it goes with this program.
        self.helper.restoring(&new.name)?;
        let created = self.daemon.create(&new);
        let is_there = created.is_ok();
        let tagged = created.and_then(|()| self.tag(&new));
        match &tagged {
            Ok(()) => {}
            // Whether it is there, or will be, nobody knows here.
            Err(error) if error.is_of_the_host() => drop(self.leave_unfinished()),
            // Where that fails, the helper does it at last.
            Err(_) if is_there => drop(self.remove_vm(&new.name)),
            Err(_) => self.helper.settled(&new.name)?,
        }
        tagged
    }

    fn remove_vm(&self, vm: &str) -> Result<(), HostError> {
        self.daemon.remove(vm)?;
        self.helper.settled(vm)
    }

    fn leave_unfinished(&self) -> bool {
        self.way_back().helper.give_up()
    }

    fn settle(&self, vm: &str, wanted: &Wanted) -> Result<Vec<NotTaken>, HostError> {
        settle::settle(self, vm, wanted)
    }

    fn link(&self, vm: &str, links: &Links) -> Result<Vec<NotTaken>, HostError> {
        settle::link(self, vm, links)
    }

    fn complete(&self, vm: &str, wanted: &Wanted) -> Result<Vec<NotTaken>, HostError> {
        // First: killed in between, this program leaves a VM with a tag and not none at all.
        self.helper.settled(vm)?;
        self.daemon.remove_tag(vm, IN_PROGRESS_TAG)?;
        settle::set_late(self, vm, wanted)
    }

    fn set_vm_file(&self, vm: &str, file: VmFile, content: &[u8]) -> Result<(), HostError> {
        let refused = |fault| HostError::from(Refusal::FileContent { file, fault });
        files::check(file, content).map_err(refused)?;
        match file {
            VmFile::Firewall => {
                let wanted = rules::of_file(content).map_err(refused)?;
                self.set_rules(vm, &wanted)
            }
            VmFile::Notes if content.is_empty() => Ok(()),
            VmFile::Notes => {
                let limit = LONGEST_REQUEST_BYTES - REQUEST_LINE_BYTES;
                if content.len() > limit {
                    let limit = limit as u64;
                    return Err(refused(FileFault::TooLong { limit }));
                }
                self.daemon.set_notes(vm, content)
            }
            VmFile::AppMenus => {
                let entries = files::menu_entries(file, content).unwrap_or_default();
                let domain = self.record()?.domain(vm);
                let is_set = domain.is_some_and(|domain| domain.feature(files::MENU_FEATURE) == Some(&entries));
                if is_set {
                    return Ok(());
                }
                self.daemon.set_feature(vm, files::MENU_FEATURE, &entries)
            }
        }
    }

    fn import_volume(&self, vm: &str, volume: &str, size_bytes: u64) -> Result<Box<dyn VolumeImport>, HostError> {
        Ok(Box::new(LiveImport::begin(self, vm, volume, size_bytes)?))
    }
}

impl Services for LiveHost {
    fn shared(&self) -> Option<Arc<dyn Services>> {
        Some(Arc::new(self.clone()))
    }

    fn make_ready(&self, vm: &str) -> Result<Readiness, HostError> {
        service::make_ready(self, vm)
    }

    fn start_service(&self, vm: &str, service: Service) -> Result<ServiceProcess, HostError> {
        service::start(self, vm, &service)
    }
}
