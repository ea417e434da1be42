// SPDX-License-Identifier: GPL-3.0-or-later
//! Names of VMs: as destinations, and for new ones.

use crate::{answer::Refusal, daemon::Daemon, dialect::Dialect};

/// The longest name of a VM, in bytes.
const LONGEST_NAME: usize = 31;

/// Returns the name of the VM that a request means, by its name or its uuid.
pub(super) fn find(daemon: &Daemon, name: &str) -> Result<String, Refusal> {
    if daemon.differences().has_uuids
        && let Some(uuid) = name.strip_prefix("uuid:")
    {
        let found = daemon.state.vms.iter().find(|vm| vm.uuid == uuid);
        return found.map(|vm| vm.name.clone()).ok_or_else(|| Refusal::no_vm(name));
    }
    match daemon.state.vm(name) {
        Some(vm) => Ok(vm.name.clone()),
        None => {
            if daemon.dialect > Dialect::V4_2 {
                check(daemon, name)?;
            }
            Err(Refusal::no_vm(name))
        }
    }
}

/// Refuses what no VM can be called.
pub(super) fn check(daemon: &Daemon, name: &str) -> Result<(), Refusal> {
    if name.len() > LONGEST_NAME {
        return Err(Refusal::value("VM name must be shorter than 32 characters"));
    }
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if !starts_well && daemon.dialect > Dialect::V4_2 {
        return Err(Refusal::value(
            "VM name cannot start with hyphen, underscore, dot or numbers",
        ));
    }
    let is_fine = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if !starts_well || !name.chars().all(is_fine) {
        return Err(Refusal::value("VM name contains illegal characters"));
    }
    if matches!(name, "none" | "default") {
        return Err(Refusal::value("VM name cannot be 'none' nor 'default'"));
    }
    if name.ends_with("-dm") {
        return Err(Refusal::value("VM name cannot end with -dm"));
    }
    if name == "Domain-0" {
        return Err(Refusal::value("VM name cannot be 'Domain-0'"));
    }
    Ok(())
}
