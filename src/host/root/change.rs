// SPDX-License-Identifier: GPL-3.0-or-later
//! Makes VMs in a root folder, takes them away, sets what is set on them.
//!
//! What a running PedOS would refuse only because another VM is missing is taken here: a folder into which data are
//! recovered may hold an AppVM whose template is elsewhere, and its record then keeps the template's name.

mod leftovers;
mod setting;

pub(super) use setting::{add_label, link, record_backup, settle};

use std::{
    collections::HashSet,
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::folder::RootHost;
use crate::{
    durable,
    host::{DOM0, HostError, NewVm, Operation, Refusal, check_vm_name, files, layout::Layout, picture::Pools},
    inventory::{Class, Domain, Inventory, VolumeConfig},
    units::GIB,
};

/// The size that a PedOS gives the private volume of a new VM.
const PRIVATE_BYTES: u64 = 2 * GIB;
/// The size that a PedOS gives the root and the volatile volume of a new VM.
const ROOT_BYTES: u64 = 10 * GIB;
/// The mode of a volume, as a PedOS gives it.
const VOLUME_MODE: u32 = 0o660;
/// The label of a VM whose own label the host does not know, as the existing tools choose it.
const FALLBACK_LABEL: &str = "red";
/// How many numbers a PedOS has for disposables.
const DISPIDS: u16 = 10_000;
pub(super) fn create(host: &RootHost, new: &NewVm) -> Result<(), HostError> {
    if let Err(fault) = check_vm_name(&new.name) {
        let name = new.name.clone();
        return Err(Refusal::VmName { name, fault }.into());
    }
    if matches!(new.class, Class::AdminVm | Class::Other(_)) {
        let class = new.class.wire_name().to_owned();
        return Err(Refusal::Class { class }.into());
    }
    // The record comes first: what a kill leaves after that is a VM that can be taken away, not a folder in the way.
    let (files, leftovers) = host.record.edit_at_once(|record| {
        if record.domain(&new.name).is_some() {
            return Err(HostError::NameTaken { name: new.name.clone() });
        }
        let leftovers = leftovers::look(folders(host, record, &new.class, &new.name))?;
        let pools = Pools::new(&host.layout, record);
        let domain = domain(record, &pools, new)?;
        let saved = domain.volumes.iter().filter(|volume| volume.save_on_stop);
        let mut files = Vec::new();
        for volume in saved {
            let path = pools.file(volume).ok_or_else(|| Refusal::Pool {
                pool: volume.pool.clone(),
            })?;
            files.push((path, volume.size_bytes.unwrap_or_default()));
        }
        record.insert_domain(&domain)?;
        Ok((files, leftovers))
    })?;
    let make = || -> io::Result<()> {
        leftovers.iter().try_for_each(fs::remove_file)?;
        if let Some(folder) = host.layout.vm(&new.class, &new.name) {
            files::make_folder(&folder)?;
        }
        files.iter().try_for_each(|(path, size)| empty_volume(path, *size))
    };
    make().map_err(|error| {
        // The first error is the one to tell; what stays behind is said when the name is used again.
        let _ = remove(host, &new.name);
        HostError::io(Operation::MakeVolumes(new.name.clone()), error)
    })
}

/// The folders of a VM's own, one in each pool within reach and one among the VMs' files.
fn folders(host: &RootHost, record: &Inventory, class: &Class, vm: &str) -> Vec<PathBuf> {
    let Some(name) = Layout::vm_name(class, vm) else {
        return Vec::new();
    };
    let pools = record.pools().into_iter().filter_map(|pool| host.layout.pool(&pool));
    let mut folders: Vec<PathBuf> = pools
        .chain([host.layout.qubes()])
        .map(|folder| folder.join(&name))
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

/// Makes a volume that is one hole, on the disk: where the archive has nothing for it, this is all that is ever written.
fn empty_volume(path: &Path, size: u64) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        files::make_folder(folder)?;
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    // The mask of the program must not take the group's right away.
    file.set_permissions(fs::Permissions::from_mode(VOLUME_MODE))?;
    file.set_len(size)?;
    file.sync_all()?;
    durable::sync_folder_of(path)
}

/// The new VM as a PedOS would record it.
pub(super) fn domain(record: &Inventory, pools: &Pools<'_>, new: &NewVm) -> Result<Domain, HostError> {
    let labels = record.labels();
    let is_known = labels.iter().any(|entry| entry.label.name == new.label);
    let label = if is_known { new.label.as_str() } else { FALLBACK_LABEL };
    let qid = record.free_qid();
    let number = qid.to_string();
    let id = uuid().map_err(|error| HostError::io(Operation::Random, error))?;
    let mut properties = vec![("label", label), ("name", &new.name), ("qid", &number), ("uuid", &id)];
    for tag in &new.tags {
        setting::check_tag(&new.name, tag)?;
    }
    let template = new.template.as_deref().filter(|_| new.class.has_template());
    if let Some(name) = template {
        setting::check(record, &new.class, &new.name, "template", name)?;
    }
    properties.extend(template.map(|name| ("template", name)));
    let dispid = match new.class {
        Class::DispVm => Some(free_dispid(record)?),
        _ => None,
    };
    properties.extend(dispid.as_deref().map(|number| ("dispid", number)));
    let template = template.and_then(|name| record.domain(name));
    let volumes = match new.class {
        Class::RemoteVm => Vec::new(),
        _ => volumes(record, pools, new, template.as_ref())?,
    };
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Ok(Domain {
        name: new.name.clone(),
        class: new.class.clone(),
        qid,
        label: label.to_owned(),
        properties: properties.into_iter().map(owned).collect(),
        tags: new.tags.clone(),
        volumes,
        ..Domain::default()
    })
}

fn volumes(
    record: &Inventory,
    pools: &Pools<'_>,
    new: &NewVm,
    template: Option<&Domain>,
) -> Result<Vec<VolumeConfig>, HostError> {
    let globals = record.globals();
    let pool = pool(record, pools, new)?;
    let folder = Layout::vm_name(&new.class, &new.name).unwrap_or_default();
    let volume = |name: &str, size_bytes| VolumeConfig {
        name: name.to_owned(),
        pool: pool.clone(),
        vid: format!("{folder}/{name}"),
        size_bytes: Some(size_bytes),
        revisions_to_keep: Some(0),
        is_writable: true,
        ..VolumeConfig::default()
    };
    let entries = record.pools();
    let entry = entries.iter().find(|entry| entry.name == pool);
    let saved = |name, size| VolumeConfig {
        save_on_stop: true,
        revisions_to_keep: Some(entry.and_then(|entry| entry.revisions_to_keep).unwrap_or(1)),
        ..volume(name, size)
    };
    // A copy of the template's volume, made at each start. What that is made from itself counts for a disposable.
    let copied = |name: &str, size| {
        let of_template = template.and_then(|template| template.volumes.iter().find(|volume| volume.name == name));
        let size = of_template.and_then(|volume| volume.size_bytes).unwrap_or(size);
        VolumeConfig {
            snap_on_start: true,
            source: of_template.map(|volume| volume.source.clone().unwrap_or_else(|| volume.vid.clone())),
            ..volume(name, size)
        }
    };
    let (root, private) = match new.class {
        Class::AppVm => (copied("root", ROOT_BYTES), saved("private", PRIVATE_BYTES)),
        Class::DispVm => (copied("root", ROOT_BYTES), copied("private", PRIVATE_BYTES)),
        _ => (saved("root", ROOT_BYTES), saved("private", PRIVATE_BYTES)),
    };
    let kernel = VolumeConfig {
        name: "kernel".to_owned(),
        pool: globals
            .get("default_pool_kernel")
            .cloned()
            .unwrap_or_else(|| "linux-kernel".to_owned()),
        vid: globals.get("default_kernel").cloned().unwrap_or_default(),
        revisions_to_keep: Some(0),
        ..VolumeConfig::default()
    };
    Ok(vec![root, private, volume("volatile", ROOT_BYTES), kernel])
}

/// The pool for a new VM: the wanted one, else the host's default, else any that is within reach.
fn pool(record: &Inventory, pools: &Pools<'_>, new: &NewVm) -> Result<String, HostError> {
    if let Some(wanted) = &new.pool {
        if pools.is_reachable(wanted) {
            return Ok(wanted.clone());
        }
        let pool = wanted.clone();
        return Err(Refusal::Pool { pool }.into());
    }
    let default = record.globals().remove("default_pool");
    let all = record.pools().into_iter().map(|pool| pool.name);
    let mut candidates = default.into_iter().chain(all);
    candidates
        .find(|name| pools.is_reachable(name))
        .ok_or_else(|| Refusal::NoPool.into())
}

/// A random number that no other disposable has, of which a PedOS makes the address of a disposable.
fn free_dispid(record: &Inventory) -> Result<String, HostError> {
    let domains = record.domains();
    let taken: HashSet<&str> = domains.iter().filter_map(|domain| domain.property("dispid")).collect();
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).map_err(|error| HostError::io(Operation::Random, io::Error::other(error)))?;
    let free = free_number(&taken, u16::from_le_bytes(bytes));
    free.ok_or_else(|| Refusal::TooManyDisposables.into())
}

/// The first number from there on that is not taken.
fn free_number(taken: &HashSet<&str>, from: u16) -> Option<String> {
    let start = from % DISPIDS;
    let mut numbers = (0..DISPIDS).map(|step| ((start + step) % DISPIDS).to_string());
    numbers.find(|number| !taken.contains(number.as_str()))
}

/// A random UUID (version 4).
fn uuid() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let number = u128::from_be_bytes(bytes);
    Ok(format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        number >> 96,
        number >> 80 & 0xffff,
        number >> 64 & 0xffff,
        number >> 48 & 0xffff,
        number & 0xffff_ffff_ffff
    ))
}

/// Removes the data first and the record last, so that what a crash leaves can be removed again. The record is written with the next
/// commit: a cancelled restore removes hundreds of VMs.
pub(super) fn remove(host: &RootHost, vm: &str) -> Result<(), HostError> {
    if vm == DOM0 {
        return Err(Refusal::Dom0.into());
    }
    if host.is_running(vm)? {
        return Err(HostError::NotHalted { name: vm.to_owned() });
    }
    let domain = host.domain(vm)?;
    // Only the VM's own folder in each pool: what else a record may point at belongs to others.
    for folder in folders(host, &*host.record.read()?, &domain.class, vm) {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(HostError::io(Operation::Remove(folder), error));
            }
            _ => {}
        }
    }
    host.record.edit(|record| Ok(record.remove_domain(vm)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_free_number_is_found_and_none_where_all_are_taken() {
        let numbers: Vec<String> = (0..DISPIDS).map(|number| number.to_string()).collect();
        for free in [0, DISPIDS - 1] {
            let others = numbers.iter().filter(|number| **number != free.to_string());
            let taken: HashSet<&str> = others.map(String::as_str).collect();
            for from in [0, 1, DISPIDS - 1, u16::MAX] {
                assert_eq!(free_number(&taken, from), Some(free.to_string()), "{from}");
            }
        }
        let taken: HashSet<&str> = numbers.iter().map(String::as_str).collect();
        assert_eq!(free_number(&taken, 7), None);
    }
}
