// SPDX-License-Identifier: GPL-3.0-or-later
//! From the options of a restore to what a plan takes for decisions. What cannot be meant is a wrong command line.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    host::{DOM0, Reference, check_vm_name},
    inventory::{Domain, Inventory},
    plan::{DevicePort, OnConflict, RestoreChoices, RestorePolicy},
    text,
};

use super::{
    args::{Assigned, RestoreArgs},
    console::Console,
    settings::no_such_domains,
    stop::Stop,
};

/// The decisions of a command line about the VMs of an archive.
pub(super) fn choices(args: &RestoreArgs, inventory: &Inventory, console: &Console) -> Result<RestoreChoices, Stop> {
    let line = Line {
        args,
        held: inventory
            .domains()
            .into_iter()
            .filter(|domain| domain.content().is_some())
            .map(|domain| (domain.name.clone(), domain))
            .collect(),
    };
    for name in args.exclude.iter().filter(|name| !line.held.contains_key(*name)) {
        console.warning(&text::terminal::nothing_to_exclude(name));
    }
    let selected = line.selected()?;
    let decisions = &args.choices;
    let all = [
        &decisions.rename,
        &decisions.template,
        &decisions.netvm,
        &decisions.dispvm,
        &decisions.kernel,
        &decisions.drop_device,
    ];
    let mut idle: BTreeSet<&str> = all.into_iter().flatten().map(|one| one.vm.as_str()).collect();
    idle.retain(|name| line.held.contains_key(*name) && !selected.contains(*name));
    for name in idle {
        console.warning(&text::terminal::nothing_to_decide(name));
    }
    Ok(RestoreChoices {
        names: line.names()?,
        templates: line.decided("--template", &decisions.template)?,
        netvms: references(line.decided("--netvm", &decisions.netvm)?),
        dispvms: references(line.decided("--dispvm", &decisions.dispvm)?),
        kernels: references(line.decided("--kernel", &decisions.kernel)?),
        pool: line.pool()?,
        pools: line.pools()?,
        devices: line.devices()?,
        missing: BTreeMap::new(),
        policy: policy(args),
        selected: Some(selected),
    })
}

fn policy(args: &RestoreArgs) -> RestorePolicy {
    RestorePolicy {
        ignore_missing: args.ignore_missing,
        default_missing: true,
        accept_missing: args.new_root.is_some(),
        skip_broken: args.skip_broken,
        on_conflict: if args.rename_conflicting {
            OnConflict::Rename
        } else if args.skip_conflicting {
            OnConflict::Skip
        } else {
            OnConflict::Report
        },
        drop_devices: args.choices.no_devices,
        ignore_user_mismatch: args.ignore_username_mismatch,
        verify_only: args.verify_only,
    }
}

/// A command line beside what the archive holds.
struct Line<'a> {
    args: &'a RestoreArgs,
    held: BTreeMap<String, Domain>,
}

impl Line<'_> {
    fn selected(&self) -> Result<BTreeSet<String>, Stop> {
        let unknown = self.args.vms.iter().filter(|name| !self.held.contains_key(*name));
        if let Some(said) = no_such_domains(unknown) {
            return Err(wrong(said));
        }
        let is_made_up = |domain: &Domain| domain.content().is_some_and(|content| content.is_made_up());
        let mut selected: BTreeSet<String> = if self.args.vms.is_empty() {
            self.held.keys().cloned().collect()
        } else {
            // What the archive only implies comes along when it is needed, without being named.
            let made_up = self.held.values().filter(|domain| is_made_up(domain));
            let made_up = made_up.map(|domain| &domain.name);
            self.args.vms.iter().chain(made_up).cloned().collect()
        };
        selected.retain(|name| {
            let is_excluded = self.args.exclude.contains(name);
            !(is_excluded || self.args.skip_dom0_home && name == DOM0)
        });
        Ok(selected)
    }

    fn held(&self, name: &str) -> Result<&Domain, Stop> {
        let found = self.held.get(name);
        found.ok_or_else(|| wrong(format!("no such domain: '{}'", text::sanitize(name))))
    }

    /// The decisions of one option, by VM: each is in the archive and decided about once.
    fn decided(&self, option: &str, all: &[Assigned]) -> Result<BTreeMap<String, String>, Stop> {
        let mut decided = BTreeMap::new();
        for Assigned { vm, value } in all {
            self.may_decide(option, vm)?;
            if decided.insert(vm.clone(), value.clone()).is_some() {
                return Err(twice(option, vm));
            }
        }
        Ok(decided)
    }

    fn may_decide(&self, option: &str, vm: &str) -> Result<&Domain, Stop> {
        if vm == DOM0 {
            return Err(wrong(format!("{option}: nothing of that can be decided about {DOM0}")));
        }
        self.held(vm)
    }

    fn names(&self) -> Result<BTreeMap<String, String>, Stop> {
        let names = self.decided("--rename", &self.args.choices.rename)?;
        let mut taken = BTreeSet::new();
        for name in names.values() {
            if let Err(fault) = check_vm_name(name) {
                let (name, why) = (text::sanitize(name), text::name_fault(fault));
                return Err(wrong(format!("--rename: '{name}' cannot be a VM's name: {why}")));
            }
            if !taken.insert(name) {
                let name = text::sanitize(name);
                return Err(wrong(format!("--rename gives the name '{name}' twice")));
            }
        }
        Ok(names)
    }

    fn pool(&self) -> Result<Option<String>, Stop> {
        let mut for_all = self.args.choices.pool.iter().filter(|one| one.vm.is_none());
        let pool = for_all.next().map(|one| one.pool.clone());
        match for_all.next() {
            Some(_) => Err(wrong("--pool names a pool for all VMs twice")),
            None => Ok(pool),
        }
    }

    fn pools(&self) -> Result<BTreeMap<String, String>, Stop> {
        let own = self.args.choices.pool.iter().filter_map(|one| {
            Some(Assigned {
                vm: one.vm.clone()?,
                value: one.pool.clone(),
            })
        });
        self.decided("--pool", &own.collect::<Vec<_>>())
    }

    fn devices(&self) -> Result<BTreeMap<String, BTreeMap<DevicePort, bool>>, Stop> {
        const OPTION: &str = "--drop-device";
        let mut devices: BTreeMap<String, BTreeMap<DevicePort, bool>> = BTreeMap::new();
        for Assigned { vm, value } in &self.args.choices.drop_device {
            let domain = self.may_decide(OPTION, vm)?;
            // An identifier may have colons of its own.
            let mut wanted = value.splitn(3, ':');
            let (class, backend, id) = (wanted.next(), wanted.next(), wanted.next());
            let is_meant = |port: &DevicePort| {
                class == Some(&port.class)
                    && backend.is_none_or(|backend| backend == port.backend)
                    && id.is_none_or(|id| id == port.id)
            };
            let ports: Vec<DevicePort> = domain.devices.iter().map(DevicePort::of).filter(is_meant).collect();
            if ports.is_empty() {
                let (vm, value) = (text::sanitize(vm), text::sanitize(value));
                return Err(wrong(format!("{OPTION}: {vm} has no device '{value}'")));
            }
            let dropped = ports.into_iter().map(|port| (port, false));
            devices.entry(vm.clone()).or_default().extend(dropped);
        }
        Ok(devices)
    }
}

/// What stands for none and for the host's default on a command line; no VM can have these names.
fn references(decided: BTreeMap<String, String>) -> BTreeMap<String, Reference> {
    let reference = |value: String| match value.as_str() {
        "" | "none" => Reference::None,
        "default" => Reference::Default,
        _ => Reference::Named(value),
    };
    decided.into_iter().map(|(vm, value)| (vm, reference(value))).collect()
}

fn wrong(text: impl Into<String>) -> Stop {
    Stop::usage::<RestoreArgs>(text)
}

fn twice(option: &str, vm: &str) -> Stop {
    wrong(format!("{option} is given twice for {}", text::sanitize(vm)))
}
