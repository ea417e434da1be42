// SPDX-License-Identifier: GPL-3.0-or-later
//! Sets what is set on the VMs of a root folder. Nothing gets into the record over which a PedOS would refuse it:
//! values are held against the rules of [`crate::host::settings`], and what names a VM of the record against that VM.

use super::super::folder::RootHost;
use crate::{
    host::{
        DOM0, HostError, Label, Links, NotTaken, Refusal, Restored, Wanted,
        settings::{self, Referent, Setting, Unfit},
        wanted::{note, other_revisions},
    },
    inventory::{Class, Device, Domain, Inventory},
};

/// What is fixed when a VM is made.
const FIXED_PROPERTIES: [&str; 4] = ["name", "qid", "uuid", "klass"];

pub(in crate::host::root) fn settle(host: &RootHost, vm: &str, wanted: &Wanted) -> Result<Vec<NotTaken>, HostError> {
    let mut not_taken = Vec::new();
    for (name, value) in &wanted.properties {
        let set = host.set_property(vm, name, value);
        note(&mut not_taken, || Restored::Property(name.clone()), set)?;
    }
    for (name, value) in &wanted.features {
        let set = host.set_feature(vm, name, value);
        note(&mut not_taken, || Restored::Feature(name.clone()), set)?;
    }
    for tag in &wanted.tags {
        note(&mut not_taken, || Restored::Tag(tag.clone()), host.add_tag(vm, tag))?;
    }
    let record = host.record.read()?;
    let now = domain(&record, vm)?;
    let pools = record.pools();
    for (volume, count) in other_revisions(&now, wanted) {
        let name = &volume.name;
        let fits = settings::check_revisions(&pools, volume, count).map_err(|why| {
            let setting = Setting::Revisions { volume: name.clone() };
            HostError::unfit(vm, setting, &count.to_string(), why)
        });
        let edit = || host.record.edit(|record| Ok(record.set_revisions(vm, name, count)?));
        let set = fits.and_then(|()| edit());
        note(&mut not_taken, || Restored::Revisions(name.clone()), set)?;
    }
    Ok(not_taken)
}

pub(in crate::host::root) fn link(host: &RootHost, vm: &str, links: &Links) -> Result<Vec<NotTaken>, HostError> {
    let mut not_taken = Vec::new();
    for (name, value) in &links.properties {
        let set = host.set_property(vm, name, value);
        note(&mut not_taken, || Restored::Property(name.clone()), set)?;
    }
    for device in &links.devices {
        let assigned = host.assign_device(vm, device);
        note(&mut not_taken, || Restored::device(device), assigned)?;
    }
    Ok(not_taken)
}

impl RootHost {
    /// Sets one property; VM-valued ones by name, empty for "none".
    ///
    /// # Errors
    /// When no PedOS takes the value, or the record cannot be written.
    pub fn set_property(&self, vm: &str, property: &str, value: &str) -> Result<(), HostError> {
        if FIXED_PROPERTIES.contains(&property) {
            let (vm, property) = (vm.to_owned(), property.to_owned());
            return Err(Refusal::FixedProperty { vm, property }.into());
        }
        self.record.edit(|record| {
            let class = domain(record, vm)?.class;
            check(record, &class, vm, property, value)?;
            Ok(record.set_property(vm, property, value)?)
        })
    }

    /// Sets one feature; an empty value means "off".
    ///
    /// # Errors
    /// When no PedOS takes it, or the record cannot be written.
    pub fn set_feature(&self, vm: &str, feature: &str, value: &str) -> Result<(), HostError> {
        settings::check_feature(feature, value)
            .map_err(|why| HostError::unfit(vm, Setting::Feature(feature.to_owned()), value, why))?;
        self.record.edit(|record| Ok(record.set_feature(vm, feature, value)?))
    }

    /// Adds one tag.
    ///
    /// # Errors
    /// When no PedOS takes it, or the record cannot be written.
    pub fn add_tag(&self, vm: &str, tag: &str) -> Result<(), HostError> {
        check_tag(vm, tag)?;
        self.record.edit(|record| Ok(record.add_tag(vm, tag)?))
    }

    /// Removes one tag, which need not be there.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub fn remove_tag(&self, vm: &str, tag: &str) -> Result<(), HostError> {
        self.record.edit(|record| Ok(record.remove_tag(vm, tag)?))
    }

    /// Assigns a device. The VM that it hangs on may be elsewhere, like a template; the record keeps its name.
    ///
    /// # Errors
    /// When no PedOS takes it, or the record cannot be written.
    pub fn assign_device(&self, vm: &str, device: &Device) -> Result<(), HostError> {
        settings::check_device(device).map_err(|why| {
            let setting = Setting::Device(device.class.clone());
            HostError::unfit(vm, setting, device.id().unwrap_or_default(), why)
        })?;
        self.record.edit(|record| Ok(record.add_device(vm, device)?))
    }
}

/// Checks a value of a property, beside what is in the record. The VM that it names may be elsewhere.
pub(super) fn check(record: &Inventory, class: &Class, vm: &str, property: &str, value: &str) -> Result<(), HostError> {
    let unfit = |why| HostError::unfit(vm, Setting::Property(property.to_owned()), value, why);
    settings::check_property(class, property, value).map_err(unfit)?;
    if property == "label" {
        let mut labels = record.labels().into_iter();
        let is_known = labels.any(|entry| entry.label.name == value || entry.id == value);
        return if is_known {
            Ok(())
        } else {
            Err(unfit(Unfit::NoSuchLabel))
        };
    }
    match (settings::referent(class, property), record.domain(value)) {
        (Some(referent), Some(named)) if !fits(&named, referent) => Err(unfit(Unfit::VmKind)),
        _ => Ok(()),
    }
}

/// Whether a VM is what a property needs.
fn fits(vm: &Domain, referent: Referent) -> bool {
    match referent {
        Referent::Template => vm.class == Class::TemplateVm,
        Referent::DispVmTemplate => vm.class != Class::DispVm && vm.is_true("template_for_dispvms"),
        Referent::NetVm => vm.is_true("provides_network"),
        Referent::Local => vm.class != Class::RemoteVm,
    }
}

/// Checks a tag of a VM.
pub(super) fn check_tag(vm: &str, tag: &str) -> Result<(), HostError> {
    settings::check_tag(tag).map_err(|why| HostError::unfit(vm, Setting::Tag, tag, why))
}

/// Adds a label to the record. It belongs to no VM yet, so dom0 stands for whom it is.
pub(in crate::host::root) fn add_label(host: &RootHost, label: &Label) -> Result<(), HostError> {
    settings::check_label_name(&label.name).map_err(|why| HostError::unfit(DOM0, Setting::Label, &label.name, why))?;
    host.record
        .edit(|record| Ok(record.add_label(&label.name, label.color)?))
}

/// Notes when VMs were backed up. A class without that property loses what an earlier version of this program wrote.
pub(in crate::host::root) fn record_backup(
    host: &RootHost,
    vms: &[String],
    unix_seconds: i64,
) -> Result<(), HostError> {
    host.record.edit(|record| {
        for vm in vms {
            // A VM that was removed during the backup has no record to note it in.
            let Some(domain) = record.domain(vm) else {
                continue;
            };
            if settings::has_property(&domain.class, crate::host::picture::BACKUP_TIME) {
                record.set_property(vm, crate::host::picture::BACKUP_TIME, &unix_seconds.to_string())?;
            } else {
                record.reset_property(vm, crate::host::picture::BACKUP_TIME)?;
            }
        }
        Ok(())
    })?;
    host.record.commit()
}

fn domain(record: &Inventory, vm: &str) -> Result<Domain, HostError> {
    record
        .domain(vm)
        .ok_or_else(|| HostError::NoSuchVm { name: vm.to_owned() })
}
