// SPDX-License-Identifier: GPL-3.0-or-later
//! A sample PedOS: VMs of all classes with settings and data, the same to the byte every time.
//!
//! It is what a newcomer tries the program on and what tests work with. All of its data is made up: texts from a list of
//! words, records that look like a program's, noise that does not compress; together about half of it compresses away.

mod data;
mod files;
mod home;
mod size;
mod vms;

pub use size::SampleSize;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use self::{
    data::Source,
    files::{settle, write},
    vms::{Sample, VMS},
};
use super::{
    change,
    folder::{RECORD_MODE, RootHost},
};
use crate::{
    durable,
    host::{HostError, NewVm, Operation, Refusal, VmFile, layout::Layout, picture::Pools},
    inventory::{Device, Domain, Inventory},
    units::{KIB, MIB},
};

/// The kernel of its VMs.
const KERNEL: &str = "6.12.63-1.fc41";

/// Makes the sample in a folder that is not there yet, or is empty. It appears there only when it is whole.
///
/// # Errors
/// When there is something in the folder already, or it cannot be written.
pub fn create(path: &Path, size: SampleSize) -> Result<(), HostError> {
    let making = |error| HostError::io(Operation::Make(path.to_owned()), error);
    if durable::names_in(path).is_ok_and(|mut entries| entries.next().is_some()) {
        let path = path.to_owned();
        return Err(Refusal::NotEmpty { path }.into());
    }
    let unfinished = beside(path).map_err(making)?;
    match fs::remove_dir_all(&unfinished) {
        // Left by a run that was killed.
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(making(error)),
        _ => {}
    }
    drop(RootHost::create(&unfinished)?);
    let layout = Layout {
        root: unfinished.clone(),
    };
    let record = record(&layout, size)?;
    let fill = || {
        durable::replace(&layout.record(), &record.to_xml(), RECORD_MODE)?;
        fill(&layout, &record, size)?;
        fs::rename(&unfinished, path)
    };
    fill().map_err(making)
}

fn beside(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(".part");
    Ok(path.with_file_name(name))
}

/// The record of all VMs.
fn record(layout: &Layout, size: SampleSize) -> Result<Inventory, HostError> {
    let mut record = Inventory::empty();
    record.add_label("teal", 0x008080)?;
    for (property, value) in [
        ("clockvm", "sys-net"),
        ("default_dispvm", "default-dvm"),
        ("default_kernel", KERNEL),
        ("default_netvm", "sys-firewall"),
        ("default_template", "fedora-42-xfce"),
        ("updatevm", "sys-firewall"),
    ] {
        record.set_global(property, value)?;
    }
    for vm in &VMS {
        let domain = domain(layout, &record, vm, size)?;
        record.insert_domain(&domain)?;
    }
    Ok(record)
}

fn domain(layout: &Layout, record: &Inventory, vm: &Sample, size: SampleSize) -> Result<Domain, HostError> {
    let new = NewVm {
        name: vm.name.to_owned(),
        class: vm.class.clone(),
        label: vm.label.to_owned(),
        template: (!vm.template.is_empty()).then(|| vm.template.to_owned()),
        pool: None,
        tags: Vec::new(),
    };
    let mut domain = change::domain(record, &Pools::new(layout, record), &new)?;
    for (name, value) in &mut domain.properties {
        if name == "uuid" {
            *value = Source::new(vm.name).uuid();
        }
    }
    let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        pairs.collect()
    };
    let own = owned(vm.properties);
    domain
        .properties
        .retain(|(name, _)| !own.iter().any(|(other, _)| other == name));
    domain.properties.extend(own);
    domain.features = owned(vm.features);
    domain.tags = vm.tags.iter().map(|&tag| tag.to_owned()).collect();
    domain.devices = vm
        .devices
        .iter()
        .map(|device| Device {
            class: device.class.to_owned(),
            attributes: owned(&[
                ("backend-domain", device.backend),
                ("id", device.id),
                ("mode", "required"),
                ("identity", "*"),
            ]),
            options: owned(device.options),
        })
        .collect();
    for volume in domain.volumes.iter_mut().filter(|volume| volume.save_on_stop) {
        let found = vm.volumes.iter().find(|(name, ..)| *name == volume.name);
        volume.size_bytes = found.map(|(_, mebibytes, _)| mebibytes * MIB / size.volume_divisor());
    }
    Ok(domain)
}

/// Writes the volumes, the small files, dom0's home and the running VMs.
fn fill(layout: &Layout, record: &Inventory, size: SampleSize) -> io::Result<()> {
    let pools = Pools::new(layout, record);
    for vm in &VMS {
        let Some(domain) = record.domain(vm.name) else {
            continue;
        };
        for volume in domain.volumes.iter().filter(|volume| volume.save_on_stop) {
            let found = vm.volumes.iter().find(|(name, ..)| *name == volume.name);
            let (Some(path), Some((.., kibibytes))) = (pools.file(volume), found) else {
                continue;
            };
            let seed = format!("{}/{}", vm.name, volume.name);
            let data_bytes = kibibytes * KIB / size.data_divisor();
            data::volume(&path, volume.size_bytes.unwrap_or_default(), data_bytes, &seed)?;
            settle(&path)?;
        }
        if let Some(folder) = layout.vm(&domain.class, vm.name) {
            small_files(&folder, vm)?;
        }
    }
    let kernel = layout.qubes().join("vm-kernels").join(KERNEL);
    write(&kernel.join("vmlinuz"), b"not a kernel\n", 0o644)?;
    write(&kernel.join("initramfs"), b"not an initramfs\n", 0o644)?;
    home::fill(&layout.homes().join("user"), size)?;
    for folder in [
        "sys-net/home/user",
        "sys-firewall/home/user",
        "sys-usb/home/user",
        "sys-usb/mnt/disk",
    ] {
        fs::create_dir_all(layout.running().join(folder))?;
    }
    Ok(())
}

fn small_files(folder: &Path, vm: &Sample) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (kind, content) in vm.files {
        let mode = if *kind == VmFile::Firewall { 0o664 } else { 0o660 };
        write(&folder.join(kind.file_name()), content.as_bytes(), mode)?;
    }
    Ok(())
}
