// SPDX-License-Identifier: GPL-3.0-or-later
//! A picture of a host at one moment: plain values that plans, drafts and windows can hold.

use std::{collections::BTreeMap, path::PathBuf};

use super::LocalDir;
use crate::inventory::{Class, Label};

/// Everything that a plan needs to know of a host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct System {
    /// The folder that dom0's own paths are read in: the root folder, or `/` on a live system.
    pub root: PathBuf,
    /// Whether volumes are root's here, and this user does not get the rights to read and fill them.
    pub lacks_rights: bool,
    /// Whether a VM that is halted is started when one of its services is needed.
    pub starts_vms: bool,
    /// The user of dom0, as far as there is one.
    pub user: Option<String>,
    /// Whether it cannot be learned now whether dom0 has a home. Its backup says why.
    pub hides_home: bool,
    /// Labels in their order.
    pub labels: Vec<Label>,
    /// Storage pools.
    pub pools: Vec<StoragePool>,
    /// The kernels that VMs can start with, sorted; `None` where that is not known.
    pub kernels: Option<Vec<String>>,
    /// Global properties (`default_template`, `default_netvm`, `default_dispvm`, `default_kernel`, ...).
    pub globals: BTreeMap<String, String>,
    /// All VMs by name, dom0 first.
    pub vms: Vec<Vm>,
}

impl System {
    /// The VM of that name.
    pub fn vm(&self, name: &str) -> Option<&Vm> {
        self.vms.iter().find(|vm| vm.name == name)
    }

    /// Whether dom0 has a home, as far as can be told.
    pub fn may_have_home(&self) -> bool {
        self.user.is_some() || self.hides_home
    }

    /// Takes what was counted of dom0's home, if this system has a home.
    pub fn set_home_bytes(&mut self, bytes: u64) {
        let has_home = self.user.is_some();
        let dom0 = self.vms.iter_mut().find(|vm| vm.class == Class::AdminVm);
        if let Some(dom0) = dom0.filter(|_| has_home) {
            dom0.backup_bytes = Some(bytes);
        }
    }
}

/// A storage pool, with what can be done with it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoragePool {
    /// Its name.
    pub name: String,
    /// Its driver.
    pub driver: String,
    /// Whether volumes in it can be read and written here.
    pub is_reachable: bool,
    /// The bytes that can still be written into it, where that is known.
    pub free_bytes: Option<u64>,
}

/// One VM.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vm {
    /// Its name; "dom0" for the administrative domain.
    pub name: String,
    /// Its number in the record; 0 for dom0.
    pub qid: u32,
    /// Its class.
    pub class: Class,
    /// The name of its label.
    pub label: String,
    /// Its template, where it has one.
    pub template: Option<String>,
    /// What it reaches the network through.
    pub netvm: Reference,
    /// Whether other VMs reach the network through it.
    pub provides_network: bool,
    /// Whether disposables can be made from it.
    pub template_for_dispvms: bool,
    /// Whether a backup takes it when nothing was chosen.
    pub include_in_backups: bool,
    /// Whether it is of no concern to users (feature `internal`).
    pub is_internal: bool,
    /// Whether it runs now.
    pub is_running: bool,
    /// When it was started, in seconds since 1970, where that is known: a backup saves the state from before.
    pub running_since: Option<i64>,
    /// When it was last backed up, in seconds since 1970.
    pub last_backup: Option<i64>,
    /// The volumes that a backup saves.
    pub volumes: Vec<VolumeInfo>,
    /// What a backup of it reads: data of its volumes and its small files; for dom0 its home. `None` as long as that has
    /// not been counted.
    pub backup_bytes: Option<u64>,
    /// Its tags.
    pub tags: Vec<String>,
}

/// What a setting of a VM that names something points at: a net VM, a disposable template, a kernel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Reference {
    /// The host's default.
    #[default]
    Default,
    /// Nothing: a VM without a net VM is offline.
    None,
    /// The one of that name.
    Named(String),
}

impl Reference {
    /// What a property says: nothing stands for the host's default where it is not set, and for none where it is empty.
    pub fn of_property(value: Option<&str>) -> Self {
        match value {
            None => Self::Default,
            Some("") => Self::None,
            Some(name) => Self::Named(name.to_owned()),
        }
    }

    /// The name, if one is named.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Default | Self::None => None,
        }
    }
}

/// A volume that a backup saves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeInfo {
    /// Its name (`root`, `private`).
    pub name: String,
    /// The pool that it lies in.
    pub pool: String,
    /// Its size in bytes, holes included.
    pub size_bytes: u64,
    /// The bytes of it that are on the disk.
    pub used_bytes: u64,
    /// Whether it can be read.
    pub state: VolumeState,
}

/// Whether a volume can be read, and how old that state is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VolumeState {
    /// It can be read; last changed at that time (seconds since 1970), which for a running VM is before its start.
    Ready {
        /// When the saved state was last written, if the file system knows.
        changed: Option<i64>,
    },
    /// The record names it, but there is no such file.
    Missing,
    /// The VM runs and writes to the only copy, because snapshots are disabled.
    NoSnapshot,
    /// The VM runs, and its pool keeps no state from before its start.
    WrittenInPlace {
        /// The pool's driver.
        driver: String,
    },
    /// Its pool cannot be read here.
    OutOfReach {
        /// The pool's driver.
        driver: String,
    },
    /// It is there, but this user may not read it.
    Unreadable,
}

/// dom0's home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The user whose home it is.
    pub user: String,
    /// Where it lies.
    pub folder: LocalDir,
}

/// The small files of a VM that an archive holds beside its volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VmFile {
    /// `whitelisted-appmenus.list`: the entries of the applications menu.
    AppMenus,
    /// `firewall.xml`: the firewall's rules.
    Firewall,
    /// `notes.txt`: what the user wrote about the VM.
    Notes,
}

impl VmFile {
    /// All of them, in the order of an archive.
    pub const ALL: [Self; 3] = [Self::AppMenus, Self::Firewall, Self::Notes];

    /// The name in the VM's folder and in the archive.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::AppMenus => "whitelisted-appmenus.list",
            Self::Firewall => "firewall.xml",
            Self::Notes => "notes.txt",
        }
    }

    /// The file of that name.
    pub fn from_file_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|file| file.file_name() == name)
    }
}

/// A VM to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVm {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: Class,
    /// Its label; the host falls back to red when it does not know it.
    pub label: String,
    /// Its template, for classes that have one.
    pub template: Option<String>,
    /// The pool for its volumes; the host's default when `None`.
    pub pool: Option<String>,
    /// The tags that it carries from the moment it is there.
    pub tags: Vec<String>,
}
