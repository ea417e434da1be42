// SPDX-License-Identifier: GPL-3.0-or-later
//! The plan of a backup, and what speaks against it.

use std::sync::Arc;

use crate::{
    crypto::KdfCost,
    format::{Compression, Level},
    host::{DOM0, System, Vm, VolumeState},
    inventory::Class,
    secret::Passphrase,
    transport::{Location, Probe},
};

use super::{RecoveryText, RetentionPolicy, Series};

/// Everything that a backup needs to know.
#[derive(Debug, Clone)]
pub struct BackupPlan {
    /// The VMs by name.
    pub vms: Vec<String>,
    /// Where the archive goes.
    pub destination: Location,
    /// The number of the file system on which its user saw the destination's directory. Where another one is mounted there
    /// when the backup begins, nothing is written.
    pub device: Option<u64>,
    /// How it is compressed.
    pub compression: Compression,
    /// How hard the compression works.
    pub level: Level,
    /// Which VMs the archive's inventory names.
    pub scope: InventoryScope,
    /// What each key costs.
    pub kdf: KdfCost,
    /// Whether the archive is read again afterwards.
    pub verify: bool,
    /// What writes down how the archive is opened without this program, if that is wanted. It has no effect where the
    /// archive is not a file on this host.
    pub recovery_text: Option<RecoveryText>,
    /// What protects it.
    pub passphrase: Arc<Passphrase>,
    /// The series that the archive belongs to.
    pub series: Series,
    /// How many older archives of the series stay once this one was written whole and verified.
    pub retention: RetentionPolicy,
}

/// Which VMs the archive's inventory names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InventoryScope {
    /// All of the host, as the existing tools do.
    #[default]
    WholeHost,
    /// Only those that are in the archive, and what they refer to is left as a name.
    SelectedOnly,
}

/// Something to be said about a backup before it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The VM that it is about, if it is about one.
    pub vm: Option<String>,
    /// What it is.
    pub remark: BackupRemark,
}

impl Finding {
    /// Whether it takes a decision: the backup cannot start because of it, or not with this VM. Where nobody can be
    /// asked, [`hindrances`] tells the two apart.
    pub fn is_blocking(&self) -> bool {
        !matches!(
            self.remark,
            BackupRemark::SavedStateIsOld { .. }
                | BackupRemark::TooLittleSpace { is_certain: false, .. }
                | BackupRemark::FileTooLarge { is_certain: false, .. }
        )
    }
}

impl Finding {
    /// The VM that cannot be backed up because of it, where the others can all the same.
    pub fn unready_vm(&self) -> Option<&str> {
        let is_of_one = match self.remark {
            BackupRemark::NoSuchVm
            | BackupRemark::CannotBeBackedUp
            | BackupRemark::NoHome
            | BackupRemark::HomeName { .. }
            | BackupRemark::NoSnapshot { .. }
            | BackupRemark::WrittenInPlace { .. }
            | BackupRemark::VolumeMissing { .. }
            | BackupRemark::VolumeUnreadable { .. }
            | BackupRemark::OutOfReach { .. } => true,
            BackupRemark::NothingSelected
            | BackupRemark::NoRights
            | BackupRemark::SavedStateIsOld { .. }
            | BackupRemark::DestinationInsideHome
            | BackupRemark::TooLittleSpace { .. }
            | BackupRemark::FileTooLarge { .. } => false,
        };
        self.vm.as_deref().filter(|_| is_of_one)
    }
}

/// Why a backup of these VMs cannot start, in findings about them: what concerns one VM alone leaves that one
/// out, unless no other is left.
pub fn hindrances<'a>(findings: &'a [Finding], vms: &[String]) -> Vec<&'a Finding> {
    let is_ready = |name: &String| findings.iter().all(|finding| finding.unready_vm() != Some(name));
    let is_any_ready = vms.iter().any(is_ready);
    findings
        .iter()
        .filter(|finding| finding.is_blocking() && !(is_any_ready && finding.unready_vm().is_some()))
        .collect()
}

/// What can be said about a backup before it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupRemark {
    /// No VM is selected.
    NothingSelected,
    /// Volumes are root's here, and this user does not get the rights to read them.
    NoRights,
    /// A selected VM is not there any more.
    NoSuchVm,
    /// The class of the VM has nothing that could be saved.
    CannotBeBackedUp,
    /// It is dom0, whose data is its home, and there is none.
    NoHome,
    /// It is dom0, and the name of its user cannot be written into an archive so that every restorer finds the home.
    HomeName {
        /// The name.
        user: String,
    },
    /// The VM runs; what is saved is its state from before its start, last changed at that time if known.
    SavedStateIsOld {
        /// Seconds since 1970.
        changed: Option<i64>,
    },
    /// The VM runs and its snapshots are disabled: there is no state at rest that could be saved.
    NoSnapshot {
        /// The volume.
        volume: String,
    },
    /// The VM runs, and the pool of a volume keeps no state from before its start.
    WrittenInPlace {
        /// The volume.
        volume: String,
        /// The pool's driver.
        driver: String,
    },
    /// A volume of the record is not on the disk.
    VolumeMissing {
        /// The volume.
        volume: String,
    },
    /// A volume may not be read by this user.
    VolumeUnreadable {
        /// The volume.
        volume: String,
    },
    /// A volume lies in a pool that cannot be read here.
    OutOfReach {
        /// The volume.
        volume: String,
        /// The pool.
        pool: String,
        /// Its driver.
        driver: String,
    },
    /// dom0's home is selected and the archive would be written into it.
    DestinationInsideHome,
    /// The destination has less room than the backup may take.
    TooLittleSpace {
        /// What the backup may take at most, in bytes.
        needed: u64,
        /// What is free, in bytes.
        free: u64,
        /// Nothing can be saved by compression, so that it cannot fit.
        is_certain: bool,
    },
    /// The destination does not take files as large as the backup may get.
    FileTooLarge {
        /// What the backup may take at most, in bytes.
        needed: u64,
        /// The largest file that the destination takes, in bytes.
        largest: u64,
        /// Nothing can be saved by compression, so that it cannot fit.
        is_certain: bool,
    },
}

impl BackupRemark {
    /// Returns whether it is about how much fits at the destination.
    pub fn is_about_room(&self) -> bool {
        matches!(self, Self::TooLittleSpace { .. } | Self::FileTooLarge { .. })
    }
}

/// Whether a VM belongs into the lists of the wizard and into a backup without names.
pub fn may_be_backed_up(vm: &Vm) -> bool {
    !vm.is_internal && vm.class != Class::RemoteVm
}

/// The VMs that a backup takes when nothing was chosen. dom0 is among them only where it has a home; a home that
/// cannot be saved is no reason to leave it out in silence.
pub fn default_selection(system: &System) -> Vec<String> {
    let wanted = system
        .vms
        .iter()
        .filter(|vm| vm.include_in_backups && vm.class != Class::RemoteVm)
        .filter(|vm| vm.class != Class::AdminVm || system.may_have_home());
    wanted.map(|vm| vm.name.clone()).collect()
}

/// Whether a VM may have other data than it had when it was last backed up. Where that is not known it may.
pub fn may_have_changed(vm: &Vm) -> bool {
    let Some(backed_up) = vm.last_backup else {
        return true;
    };
    // Nobody keeps the time of a home.
    vm.class == Class::AdminVm
        || vm.volumes.iter().any(|volume| match volume.state {
            // A backup notes when it opened the volumes, to the second.
            VolumeState::Ready { changed: Some(changed) } => changed >= backed_up,
            VolumeState::Ready { changed: None }
            | VolumeState::Missing
            | VolumeState::NoSnapshot
            | VolumeState::WrittenInPlace { .. }
            | VolumeState::OutOfReach { .. }
            | VolumeState::Unreadable => true,
        })
}

/// Returns those of some VMs that may have changed. One that is not there is not left out in silence.
pub fn changed_of(system: &System, names: Vec<String>) -> Vec<String> {
    let has_changed = |name: &String| system.vm(name).is_none_or(may_have_changed);
    names.into_iter().filter(has_changed).collect()
}

/// The room at a destination, and what may be made to fit into it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Room {
    /// Bytes that are free, where that is known.
    pub free_bytes: Option<u64>,
    /// The largest file that fits there, in bytes, where there is such a limit.
    pub largest_file_bytes: Option<u64>,
    /// How the archive is compressed.
    pub compression: Compression,
}

impl Room {
    /// The room at a place that was looked at.
    pub fn of(probe: &Probe, compression: Compression) -> Self {
        Self {
            free_bytes: probe.bytes,
            largest_file_bytes: probe.largest_file_bytes,
            compression,
        }
    }
}

/// Looks for what prevents a backup of these VMs or should be known about it.
pub fn check_backup(system: &System, vms: &[String], destination: Option<&Location>, room: Room) -> Vec<Finding> {
    let mut findings = Vec::new();
    if vms.is_empty() {
        findings.push(Finding {
            vm: None,
            remark: BackupRemark::NothingSelected,
        });
    }
    let needs_volumes = |name: &&String| name.as_str() != DOM0;
    if system.lacks_rights && vms.iter().any(|name| needs_volumes(&name)) {
        findings.push(Finding {
            vm: None,
            remark: BackupRemark::NoRights,
        });
    }
    let mut needed = 0;
    for name in vms {
        let mut add = |remark| {
            findings.push(Finding {
                vm: Some(name.clone()),
                remark,
            });
        };
        let Some(vm) = system.vm(name) else {
            add(BackupRemark::NoSuchVm);
            continue;
        };
        // What was not counted yet is not known to be too much.
        needed += vm.backup_bytes.unwrap_or_default();
        if vm.class == Class::RemoteVm {
            add(BackupRemark::CannotBeBackedUp);
        }
        if vm.class == Class::AdminVm {
            check_home(system, &mut add);
        }
        check_vm(vm, &mut add);
    }
    if let Some(destination) = destination
        && vms.iter().any(|name| name == DOM0)
        && is_inside_home(system, destination)
    {
        findings.push(Finding {
            vm: Some(DOM0.to_owned()),
            remark: BackupRemark::DestinationInsideHome,
        });
    }
    if let Some(free) = room.free_bytes.filter(|free| *free < needed) {
        findings.push(Finding {
            vm: None,
            remark: BackupRemark::TooLittleSpace {
                needed,
                free,
                is_certain: room.compression == Compression::None,
            },
        });
    }
    if let Some(largest) = room.largest_file_bytes.filter(|largest| *largest < needed) {
        findings.push(Finding {
            vm: None,
            remark: BackupRemark::FileTooLarge {
                needed,
                largest,
                is_certain: room.compression == Compression::None,
            },
        });
    }
    findings.sort_by_key(|finding| !finding.is_blocking());
    findings
}

/// The name of dom0's user is a part of the archive's paths, which only plain characters pass through unchanged.
fn check_home(system: &System, add: &mut impl FnMut(BackupRemark)) {
    match system.user.as_deref() {
        None if system.hides_home => {}
        None => add(BackupRemark::NoHome),
        Some(user) if user.bytes().all(|byte| byte.is_ascii_graphic()) => {}
        Some(user) => add(BackupRemark::HomeName { user: user.to_owned() }),
    }
}

fn check_vm(vm: &Vm, add: &mut impl FnMut(BackupRemark)) {
    let mut saved = None;
    for volume in &vm.volumes {
        let name = || volume.name.clone();
        match &volume.state {
            VolumeState::Ready { changed } => saved = saved.max(Some(*changed)),
            VolumeState::Missing => add(BackupRemark::VolumeMissing { volume: name() }),
            VolumeState::NoSnapshot => add(BackupRemark::NoSnapshot { volume: name() }),
            VolumeState::WrittenInPlace { driver } => add(BackupRemark::WrittenInPlace {
                volume: name(),
                driver: driver.clone(),
            }),
            VolumeState::Unreadable => add(BackupRemark::VolumeUnreadable { volume: name() }),
            VolumeState::OutOfReach { driver } => add(BackupRemark::OutOfReach {
                volume: name(),
                pool: volume.pool.clone(),
                driver: driver.clone(),
            }),
        }
    }
    if let (true, Some(changed)) = (vm.is_running && vm.class != Class::AdminVm, saved) {
        // A live system knows the moment of the start, and no other state is saved than that of this moment.
        let changed = vm.running_since.or(changed);
        add(BackupRemark::SavedStateIsOld { changed });
    }
}

fn is_inside_home(system: &System, destination: &Location) -> bool {
    // Symbolic links are followed on both sides: a link into the home is the home.
    let (Some(folder), Some(user)) = (
        destination.folder().and_then(|folder| folder.canonicalize().ok()),
        &system.user,
    ) else {
        return false;
    };
    let home = system.root.join("home").join(user);
    home.canonicalize().is_ok_and(|home| folder.starts_with(home))
}
