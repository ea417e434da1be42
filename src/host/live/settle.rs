// SPDX-License-Identifier: GPL-3.0-or-later
//! Brings a new VM to exactly its wanted state. What it has already is read off the record, so that only the difference
//! costs calls: after each that changes something the daemon writes its whole record.

mod device;

use std::collections::BTreeSet;

use crate::{
    host::{
        HostError, IN_PROGRESS_TAG, Links, NotTaken, Restored, Wanted,
        settings::{self, Setting},
        wanted::{note, other_revisions},
    },
    inventory::{Class, Domain, Inventory},
};

use super::{live_host::LiveHost, rules};

/// What creating a VM decides.
const FIXED_PROPERTIES: [&str; 7] = ["name", "label", "template", "qid", "uuid", "dispid", "klass"];
/// Starts disposables as soon as it is set, so that it waits until the VM is complete.
const LATE_FEATURE: &str = "preload-dispvm-max";
/// Features that belong to the run of disposables and are the daemon's alone.
const RUNTIME_FEATURES: &str = "preload-dispvm";
/// Tags that the daemon keeps after properties.
const KEPT_TAGS: [&str; 2] = ["guivm-", "audiovm-"];
/// What the tag of the VM that created another begins with. The daemon takes it only if that VM is there.
const CREATOR_TAG: &str = "created-by-";

pub(super) fn settle(host: &LiveHost, vm: &str, wanted: &Wanted) -> Result<Vec<NotTaken>, HostError> {
    let record = host.record()?;
    let now = domain(&record, vm)?;
    let mut not_taken = Vec::new();
    let is_link = |name: &str| is_link(&now, name);
    let properties = wanted.properties.iter().filter(|(name, _)| !is_link(name));
    set_properties(host, &now, properties, &mut not_taken)?;
    let is_wanted = |name: &str| wanted.properties.iter().any(|(wanted, _)| wanted == name);
    let inherited = now.properties.iter().map(|(name, _)| name.as_str());
    let inherited = inherited.filter(|name| !FIXED_PROPERTIES.contains(name) && !is_link(name) && !is_wanted(name));
    reset_properties(host, vm, inherited, &mut not_taken)?;
    set_features(host, &now, wanted, &mut not_taken)?;
    set_tags(host, &record, &now, wanted, &mut not_taken)?;
    set_revisions(host, &record, &now, wanted, &mut not_taken)?;
    if now.class == Class::DispVm {
        // It has its template's rules. Those of its own come from a file, which not every VM has.
        host.set_rules(vm, rules::OPEN)?;
    }
    Ok(not_taken)
}

pub(super) fn link(host: &LiveHost, vm: &str, links: &Links) -> Result<Vec<NotTaken>, HostError> {
    let now = domain(&host.record()?, vm)?;
    let mut not_taken = Vec::new();
    set_properties(host, &now, links.properties.iter(), &mut not_taken)?;
    let is_wanted = |name: &str| links.properties.iter().any(|(wanted, _)| wanted == name);
    let inherited = now.properties.iter().map(|(name, _)| name.as_str());
    let inherited =
        inherited.filter(|name| !FIXED_PROPERTIES.contains(name) && is_link(&now, name) && !is_wanted(name));
    reset_properties(host, vm, inherited, &mut not_taken)?;
    device::assign(host, &now, &links.devices, &mut not_taken)?;
    Ok(not_taken)
}

/// Sets what would have had an effect while the VM was not complete.
pub(super) fn set_late(host: &LiveHost, vm: &str, wanted: &Wanted) -> Result<Vec<NotTaken>, HostError> {
    let mut not_taken = Vec::new();
    for (name, value) in wanted.features.iter().filter(|(name, _)| name == LATE_FEATURE) {
        let set = host.daemon.set_feature(vm, name, value);
        note(&mut not_taken, || Restored::Feature(name.clone()), set)?;
    }
    Ok(not_taken)
}

fn domain(record: &Inventory, vm: &str) -> Result<Domain, HostError> {
    record
        .domain(vm)
        .ok_or_else(|| HostError::NoSuchVm { name: vm.to_owned() })
}

/// Whether a property names something that may come later than the VM.
fn is_link(vm: &Domain, property: &str) -> bool {
    property == "kernel" || settings::referent(&vm.class, property).is_some()
}

fn set_properties<'a>(
    host: &LiveHost,
    now: &Domain,
    wanted: impl Iterator<Item = &'a (String, String)>,
    not_taken: &mut Vec<NotTaken>,
) -> Result<(), HostError> {
    for (name, value) in wanted.filter(|(name, _)| !FIXED_PROPERTIES.contains(&name.as_str())) {
        if now.property(name) == Some(value) {
            continue;
        }
        let fits = settings::check_property(&now.class, name, value);
        let fits = fits.map_err(|why| HostError::unfit(&now.name, Setting::Property(name.clone()), value, why));
        let set = fits.and_then(|()| host.daemon.set_property(&now.name, name, value));
        note(not_taken, || Restored::Property(name.clone()), set)?;
    }
    Ok(())
}

fn reset_properties<'a>(
    host: &LiveHost,
    vm: &str,
    names: impl Iterator<Item = &'a str>,
    not_taken: &mut Vec<NotTaken>,
) -> Result<(), HostError> {
    for name in names {
        let reset = host.daemon.reset_property(vm, name);
        note(not_taken, || Restored::Property(name.to_owned()), reset)?;
    }
    Ok(())
}

fn set_features(
    host: &LiveHost,
    now: &Domain,
    wanted: &Wanted,
    not_taken: &mut Vec<NotTaken>,
) -> Result<(), HostError> {
    for (name, value) in wanted.features.iter().filter(|(name, _)| name != LATE_FEATURE) {
        if now.feature(name) == Some(value) {
            continue;
        }
        let fits = settings::check_sent_feature(name, value);
        let fits = fits.map_err(|why| HostError::unfit(&now.name, Setting::Feature(name.clone()), value, why));
        let set = fits.and_then(|()| host.daemon.set_feature(&now.name, name, value));
        note(not_taken, || Restored::Feature(name.clone()), set)?;
    }
    let is_wanted = |name: &str| wanted.features.iter().any(|(wanted, _)| wanted == name);
    let inherited = now.features.iter().map(|(name, _)| name);
    for name in inherited.filter(|name| !name.starts_with(RUNTIME_FEATURES) && !is_wanted(name)) {
        let removed = host.daemon.remove_feature(&now.name, name);
        note(not_taken, || Restored::Feature(name.clone()), removed)?;
    }
    Ok(())
}

fn set_tags(
    host: &LiveHost,
    record: &Inventory,
    now: &Domain,
    wanted: &Wanted,
    not_taken: &mut Vec<NotTaken>,
) -> Result<(), HostError> {
    let is_kept = |tag: &str| tag == IN_PROGRESS_TAG || KEPT_TAGS.iter().any(|start| tag.starts_with(start));
    let is_of_nobody = |tag: &str| {
        let creator = tag.strip_prefix(CREATOR_TAG);
        creator.is_some_and(|creator| record.domain(creator).is_none())
    };
    let wanted: BTreeSet<&String> = wanted.tags.iter().filter(|tag| !is_kept(tag)).collect();
    for tag in &wanted {
        if now.tags.contains(tag) || is_of_nobody(tag) {
            continue;
        }
        let fits = settings::check_tag(tag).map_err(|why| HostError::unfit(&now.name, Setting::Tag, tag, why));
        let set = fits.and_then(|()| host.daemon.add_tag(&now.name, tag));
        note(not_taken, || Restored::Tag((*tag).clone()), set)?;
    }
    for tag in now.tags.iter().filter(|tag| !is_kept(tag) && !wanted.contains(tag)) {
        let removed = host.daemon.remove_tag(&now.name, tag);
        note(not_taken, || Restored::Tag(tag.clone()), removed)?;
    }
    Ok(())
}

/// Comes before the volumes are filled, so that an old state is kept of the empty ones only where that is wanted.
fn set_revisions(
    host: &LiveHost,
    record: &Inventory,
    now: &Domain,
    wanted: &Wanted,
    not_taken: &mut Vec<NotTaken>,
) -> Result<(), HostError> {
    let pools = record.pools();
    for (volume, count) in other_revisions(now, wanted) {
        let fits = settings::check_revisions(&pools, volume, count);
        let setting = || Setting::Revisions {
            volume: volume.name.clone(),
        };
        let fits = fits.map_err(|why| HostError::unfit(&now.name, setting(), &count.to_string(), why));
        let set = fits.and_then(|()| host.daemon.set_revisions(&now.name, &volume.name, count));
        note(not_taken, || Restored::Revisions(volume.name.clone()), set)?;
    }
    Ok(())
}
