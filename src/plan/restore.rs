// SPDX-License-Identifier: GPL-3.0-or-later
//! The plan of a restore: what the user decided, and a table with a row for each VM in the archive.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    host::Reference,
    inventory::{Class, Content, Domain},
};

use super::{Access, DevicePort, Missing, RestoreDevice, RestoreProblem, RestoreRemark};

/// What the user has decided so far; VMs go by their name in the archive throughout.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RestoreChoices {
    /// The VMs to restore; `None` for all.
    pub selected: Option<BTreeSet<String>>,
    /// Names here that differ from those in the archive.
    pub names: BTreeMap<String, String>,
    /// Templates here that differ from those in the archive.
    pub templates: BTreeMap<String, String>,
    /// Net VMs here that differ from those in the archive.
    pub netvms: BTreeMap<String, Reference>,
    /// Default disposable templates here that differ from those in the archive.
    pub dispvms: BTreeMap<String, Reference>,
    /// Kernels here that differ from those in the archive.
    pub kernels: BTreeMap<String, Reference>,
    /// The pool for the volumes of all VMs; the host's default when `None`.
    pub pool: Option<String>,
    /// Pools of single VMs.
    pub pools: BTreeMap<String, String>,
    /// Devices of single VMs that are kept (`true`) or dropped, whatever the policy says.
    pub devices: BTreeMap<String, BTreeMap<DevicePort, bool>>,
    /// VMs of which the archive is known not to hold everything, with what is missing.
    pub missing: BTreeMap<String, Missing>,
    /// Rules for everything that is not decided one by one.
    pub policy: RestorePolicy,
}

/// Rules for everything that is not decided one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RestorePolicy {
    /// What is missing here is replaced by the host's default: template, net VM, disposable template, kernel.
    pub ignore_missing: bool,
    /// A kernel or a disposable template that is missing here is replaced by the host's default, as the existing tools do
    /// it without being asked.
    pub default_missing: bool,
    /// Names of what is missing are kept as they are: the target is a folder that only holds data.
    pub accept_missing: bool,
    /// VMs with problems are left out.
    pub skip_broken: bool,
    /// What happens to a name that is taken here.
    pub on_conflict: OnConflict,
    /// No device is assigned unless it is kept by name: the hardware here may be another.
    pub drop_devices: bool,
    /// dom0's home is restored although the user has another name here.
    pub ignore_user_mismatch: bool,
    /// Nothing is restored, so that names and missing VMs do not matter.
    pub verify_only: bool,
}

/// What happens to a VM whose name is taken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// It is a problem that the user has to solve.
    #[default]
    Report,
    /// The VM is left out.
    Skip,
    /// The VM gets a free name.
    Rename,
}

/// The table: one row for each VM that the archive holds, dom0's home last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RestoreTable {
    /// The rows.
    pub rows: Vec<RestoreRow>,
}

impl RestoreTable {
    /// The row of a VM by its name in the archive.
    pub fn row(&self, name: &str) -> Option<&RestoreRow> {
        self.rows.iter().find(|row| row.domain.name == name)
    }

    /// The rows that will be restored.
    pub fn selected(&self) -> impl Iterator<Item = &RestoreRow> {
        self.rows.iter().filter(|row| row.is_selected)
    }

    /// The VMs that get the host's default in place of a kernel or a disposable template that is missing here.
    pub fn replaced(&self) -> impl Iterator<Item = (&str, &RestoreRemark)> {
        let is_default = |remark: &&RestoreRemark| {
            let (RestoreRemark::KernelChanged { to, .. } | RestoreRemark::DispVmChanged { to, .. }) = remark else {
                return false;
            };
            *to == Reference::Default
        };
        self.selected().flat_map(move |row| {
            let remarks = row.remarks.iter().filter(is_default);
            remarks.map(|remark| (row.domain.name.as_str(), remark))
        })
    }

    /// The rows that will be restored and can be.
    pub fn ready(&self) -> impl Iterator<Item = &RestoreRow> {
        self.selected().filter(|row| row.problems.is_empty())
    }

    /// The rows that are to be restored and cannot be yet.
    pub fn blocked(&self) -> impl Iterator<Item = &RestoreRow> {
        self.selected().filter(|row| !row.problems.is_empty())
    }

    /// Whether every selected row can be restored and there is one.
    pub fn is_ready(&self) -> bool {
        self.selected().next().is_some() && self.selected().all(|row| row.problems.is_empty())
    }
}

/// What happens to one VM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreRow {
    /// The VM as the archive has it.
    pub domain: Domain,
    /// Where the archive holds it.
    pub content: Content,
    /// Whether it will be restored.
    pub is_selected: bool,
    /// Its name here.
    pub name_here: String,
    /// Its template here, for classes that have one.
    pub template: Option<String>,
    /// What it reaches the network through here.
    pub netvm: Reference,
    /// What its disposables are made from here.
    pub dispvm: Reference,
    /// The kernel that it starts with here.
    pub kernel: Reference,
    /// The pool that its volumes go into; the host's default when `None`.
    pub pool: Option<String>,
    /// The VMs here that its other properties name (`management_dispvm`, `guivm`, `audiovm`), by property; empty
    /// for none. Those that are not here and not restored are left out.
    pub vms: BTreeMap<String, String>,
    /// Its tags here: those that name a VM follow it.
    pub tags: Vec<String>,
    /// Its devices, and what becomes of each.
    pub devices: Vec<RestoreDevice>,
    /// What must be solved before it can be restored.
    pub problems: Vec<RestoreProblem>,
    /// What is worth knowing.
    pub remarks: Vec<RestoreRemark>,
}

impl RestoreRow {
    /// A VM of an archive before anything was decided about it: everything is as in the archive.
    pub fn new(domain: Domain, content: Content) -> Self {
        let template = domain.property("template").filter(|name| !name.is_empty());
        Self {
            content,
            is_selected: true,
            name_here: domain.name.clone(),
            template: template.map(str::to_owned),
            netvm: Reference::of_property(domain.property("netvm")),
            dispvm: Reference::of_property(domain.property("default_dispvm")),
            kernel: Reference::of_property(domain.property("kernel")),
            pool: None,
            vms: BTreeMap::new(),
            tags: domain.tags.clone(),
            devices: domain.devices.iter().map(RestoreDevice::kept).collect(),
            problems: Vec::new(),
            remarks: Vec::new(),
            domain,
        }
    }

    /// Whether this row is dom0's home.
    pub fn is_home(&self) -> bool {
        self.domain.class == Class::AdminVm
    }

    /// Whether the archive holds nothing of it: an old format only implies it, and it is made when something that is
    /// restored refers to it.
    pub fn is_made_up(&self) -> bool {
        self.content.is_made_up()
    }
}

/// Everything that a restore or a verification needs to know.
#[derive(Debug, Clone)]
pub struct RestorePlan {
    /// The archive.
    pub access: Access,
    /// The table, ready.
    pub table: RestoreTable,
}
