// SPDX-License-Identifier: GPL-3.0-or-later
//! Starts services in VMs. A VM that is halted is started first.

use std::{path::Path, process::Command, sync::PoisonError};

use crate::{
    adminapi::PowerState,
    host::{DOM0, HostError, Operation, Readiness, Refusal, Service, ServiceProcess, process},
};

use super::live_host::LiveHost;

/// How many seconds a VM that has just been started may take to accept a service.
const CONNECT_SECONDS: &str = "60";

/// The service of a VM that turns it off when it is idle.
const IDLE_SERVICE: &str = "shutdown-idle";

/// Starts a VM if it is halted.
pub(super) fn make_ready(host: &LiveHost, vm: &str) -> Result<Readiness, HostError> {
    start_vm(host, vm)?;
    Ok(Readiness {
        was_started: host.started.lock().unwrap_or_else(PoisonError::into_inner).remove(vm),
        ends_when_idle: host.daemon.has_service(vm, IDLE_SERVICE)?,
    })
}

/// Starts a VM if it is halted, and keeps its name until [`make_ready`] reports the start: a look into the VM may come before
/// the archive is written.
fn start_vm(host: &LiveHost, vm: &str) -> Result<(), HostError> {
    if vm == DOM0 {
        return Err(HostError::NotRunning { name: vm.to_owned() });
    }
    if host.daemon.vm(vm)?.state == PowerState::Halted {
        log::info!("starting VM {vm}");
        host.daemon.start(vm)?;
        host.started
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(vm.to_owned());
    }
    Ok(())
}

/// Starts a service in a VM.
pub(super) fn start(host: &LiveHost, vm: &str, service: &Service) -> Result<ServiceProcess, HostError> {
    start_vm(host, vm)?;
    let command = command(&host.layout.service_client(), vm, service)?;
    let failed = |error| {
        let (vm, service) = (vm.to_owned(), service.wire_name().to_owned());
        HostError::io(Operation::StartService { service, vm }, error)
    };
    process::start_command(command).map_err(failed)
}

fn command(client: &Path, vm: &str, service: &Service) -> Result<Command, HostError> {
    let name = service.wire_name();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+');
    if name.is_empty() || !name.chars().all(is_plain) {
        let name = name.to_owned();
        return Err(Refusal::ServiceName { name }.into());
    }
    // Services are named with their argument, which may be empty.
    let plus = if name.contains('+') { "" } else { "+" };
    let mut command = Command::new(client);
    command.args(["-d", vm, "-w", CONNECT_SECONDS]);
    command.arg(format!("DEFAULT:QUBESRPC {name}{plus} dom0"));
    Ok(command)
}
