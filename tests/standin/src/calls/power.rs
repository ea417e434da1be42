// SPDX-License-Identifier: GPL-3.0-or-later
//! Starts and stops of VMs.

use std::io;

use super::{Call, create, import};
use crate::{
    answer::{Answer, Refusal, done},
    daemon::Daemon,
    layout, properties,
    state::{Class, Driver, Power},
    storage::{escaped, remove, seconds_now},
};

/// The longest chain of net VMs.
const LONGEST_CHAIN: usize = 16;

pub(super) fn start(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    start_vm(daemon, &call.vm, 0)?;
    done()
}

/// Starts a VM, and those before it that it needs for its network.
pub(super) fn start_vm(daemon: &mut Daemon, name: &str, depth: usize) -> Result<(), Refusal> {
    let vm = daemon.vm(name)?;
    if vm.class == Class::Admin {
        return Err(Refusal::new("QubesVMNotHaltedError", "Cannot start Dom0 fake domain!"));
    }
    if vm.is_running() {
        return Ok(());
    }
    let pre_start = [("start_guid", "True"), ("mem_required", "None")];
    daemon.hub.send(name, "domain-pre-start", &pre_start);
    if let Err(refusal) = may_start(daemon, name) {
        let reason = match &refusal {
            Refusal::Exception(_, text) => text.clone(),
            Refusal::Silence => String::new(),
        };
        daemon.hub.send(name, "domain-start-failed", &[("reason", &reason)]);
        return Err(refusal);
    }
    let netvm = properties::value(&daemon.state, daemon.vm(name)?, "netvm").1;
    if !netvm.is_empty() && depth < LONGEST_CHAIN {
        start_vm(daemon, &netvm, depth + 1)?;
    }
    let xid = daemon.state.vms.iter().map(|vm| vm.xid).max().unwrap_or_default() + 1;
    let vm = daemon.vm_mut(name)?;
    vm.power = Power::Running;
    vm.xid = xid;
    vm.start_time = format!("{}.0", seconds_now());
    let result = daemon.bring_up(name);
    daemon.io(result)?;
    daemon.hub.send(name, "domain-start", &[("start_guid", "True")]);
    Ok(())
}

fn may_start(daemon: &Daemon, name: &str) -> Result<(), Refusal> {
    let vm = daemon.vm(name)?;
    if vm.tags.contains(import::TAG) {
        return Err(Refusal::new(
            "QubesVMError",
            "Restore of this domain in progress, cannot start",
        ));
    }
    let open = |volume: &&crate::state::Volume| volume.driver.guards_imports() && volume.import_bytes.is_some();
    if let Some(volume) = vm.volumes.iter().find(open) {
        return Err(Refusal::new(
            "StoragePoolException",
            format!("Import operation in progress on {}", volume.vid),
        ));
    }
    Ok(())
}

pub(super) fn shutdown(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    must_run(daemon, &call.vm)?;
    stop(daemon, &call.vm)
}

pub(super) fn kill(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    must_run(daemon, &call.vm)?;
    stop(daemon, &call.vm)
}

fn must_run(daemon: &Daemon, name: &str) -> Result<(), Refusal> {
    let vm = daemon.vm(name)?;
    if vm.class == Class::Admin {
        return Err(Refusal::new("QubesVMNotHaltedError", "Cannot stop Dom0 fake domain!"));
    }
    if !vm.is_running() {
        return Err(Refusal::new(
            "QubesVMNotStartedError",
            format!("Domain is powered off: '{name}'"),
        ));
    }
    Ok(())
}

/// Stops a VM. A disposable that wants it so is gone afterwards.
fn stop(daemon: &mut Daemon, name: &str) -> Answer {
    let vm = daemon.vm_mut(name)?;
    vm.power = Power::Halted;
    vm.xid = -1;
    vm.start_time = String::new();
    let goes = vm.class == Class::Disposable && vm.is("auto_cleanup");
    let result = daemon.bring_down(name);
    daemon.io(result)?;
    daemon.hub.send(name, "domain-shutdown", &[]);
    if goes {
        create::take_away(daemon, name)?;
        daemon.save()?;
    }
    done()
}

pub(super) fn pause(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    change(daemon, call, Power::Running, Power::Paused, "domain-paused")
}

pub(super) fn unpause(daemon: &mut Daemon, call: &Call<'_>) -> Answer {
    change(daemon, call, Power::Paused, Power::Running, "domain-unpaused")
}

fn change(daemon: &mut Daemon, call: &Call<'_>, from: Power, to: Power, event: &str) -> Answer {
    must_run(daemon, &call.vm)?;
    let vm = daemon.vm_mut(&call.vm)?;
    if vm.power != from {
        return Err(Refusal::new(
            "QubesVMNotPausedError",
            format!("Domain is not {}: '{}'", from.name().to_lowercase(), call.vm),
        ));
    }
    vm.power = to;
    daemon.hub.send(&call.vm, event, &[]);
    done()
}

/// Starts disposables beforehand. Those of a VM that is being restored inherit its tag and do not start.
pub(super) fn preload(daemon: &mut Daemon, template: &str, count: u32) -> Result<(), Refusal> {
    for number in 1..=count.min(3) {
        let name = format!("disp{}{number}", daemon.vm(template)?.qid);
        if daemon.state.vm(&name).is_some() {
            continue;
        }
        create::add_preloaded(daemon, template, &name)?;
        if start_vm(daemon, &name, 0).is_err() {
            create::take_away(daemon, &name)?;
            continue;
        }
        daemon.vm_mut(&name)?.power = Power::Paused;
        daemon.hub.send(&name, "domain-paused", &[]);
    }
    Ok(())
}

impl Daemon {
    /// Makes the files that are there while a VM runs.
    pub(crate) fn bring_up(&mut self, name: &str) -> io::Result<()> {
        let Some(index) = self.state.vms.iter().position(|vm| vm.name == name) else {
            return Ok(());
        };
        let mut volumes = std::mem::take(&mut self.state.vms[index].volumes);
        let mut result = Ok(());
        for volume in &mut volumes {
            result = result.and_then(|()| self.storage.start(volume));
        }
        self.state.vms[index].volumes = volumes;
        for mark in self.marks(name) {
            result = result.and_then(|()| std::fs::write(mark, ""));
        }
        let home = self.below(layout::VM_FOLDER).join(name).join("home/user");
        result.and_then(|()| std::fs::create_dir_all(home))
    }

    /// Takes away the files that are there while a VM runs.
    fn bring_down(&mut self, name: &str) -> io::Result<()> {
        for mark in self.marks(name) {
            remove(&mark)?;
        }
        let Some(index) = self.state.vms.iter().position(|vm| vm.name == name) else {
            return Ok(());
        };
        let mut volumes = std::mem::take(&mut self.state.vms[index].volumes);
        let mut result = Ok(());
        for volume in &mut volumes {
            result = result.and_then(|()| self.storage.stop(volume));
        }
        self.state.vms[index].volumes = volumes;
        result
    }

    /// The socket of a running VM, for which a plain file stands, and the marks of its volumes.
    fn marks(&self, name: &str) -> Vec<std::path::PathBuf> {
        let folder = self.below(layout::QREXEC_FOLDER);
        let mut marks = vec![folder.join(format!("qrexec.{name}"))];
        let volumes = self.state.vm(name).map_or(&[][..], |vm| &vm.volumes);
        if self.differences().has_notes {
            for volume in volumes.iter().filter(|volume| volume.driver != Driver::LinuxKernel) {
                let (pool, vid) = (escaped(&volume.pool), escaped(&volume.vid));
                marks.push(folder.join(format!("volume-running-{pool}:{vid}")));
            }
        }
        marks
    }
}
