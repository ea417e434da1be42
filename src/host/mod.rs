// SPDX-License-Identifier: GPL-3.0-or-later
//! Where the VMs come from: one trait, behind which a PedOS root folder or a live system stands.
//!
//! Everything above this room works on [`Host`] alone. It refuses to know about archives, compression or screens;
//! its one loan from outside is the [`crate::inventory`] document, which is a PedOS's own record of its VMs.

mod error;
mod names;
mod none;
mod service;
mod stamp;
mod system;
mod turn;
mod volume;

pub mod root;
pub mod settings;

pub use error::HostError;
pub use names::{LONGEST_VM_NAME, NameFault, check_vm_name, is_valid_vm_name, nearest_vm_name};
pub use none::NoHost;
pub use service::{Service, ServiceControl, ServiceInput, ServiceProcess, Uptake};
pub use stamp::{Change, Stamp};
pub use system::{DOM0, Home, Label, NewVm, Pool, Reference, System, Vm, VmFile, VolumeInfo, VolumeState};
pub use turn::{RestoreTurn, TurnGuard};
pub use volume::{Extent, FileVolume, VolumeImport, VolumeSource};

use crate::inventory::{Device, Inventory};

/// The small files of a VM in the order of an archive: the content of each, or why it cannot be read.
pub type VmFiles = Vec<(VmFile, Result<Vec<u8>, HostError>)>;

/// A PedOS: lists its VMs, gives their data out, takes VMs in.
///
/// All calls block; none is made from a window's thread.
pub trait Host: Send + Sync {
    /// What there is right now: VMs with their sizes and states, labels, pools, defaults.
    ///
    /// # Errors
    /// When the record of the VMs cannot be read.
    fn system(&self) -> Result<System, HostError>;

    /// The host's own record (`qubes.xml`), whole and unchanged, as it goes into an archive.
    ///
    /// # Errors
    /// When it cannot be read or is not what a PedOS writes.
    fn inventory(&self) -> Result<Inventory, HostError>;

    /// Opens the state of a volume that a backup saves (for a running VM: the state before its start).
    ///
    /// # Errors
    /// When the volume is missing or its pool is out of reach.
    fn open_volume(&self, vm: &str, volume: &str) -> Result<Box<dyn VolumeSource>, HostError>;

    /// The small files that belong to a VM beside its volumes, in the order of the archive. One that is there and
    /// cannot be read stands with the reason, and the others are read all the same.
    ///
    /// # Errors
    /// When it cannot be told which there are.
    fn vm_files(&self, vm: &str) -> Result<VmFiles, HostError>;

    /// dom0's home, if this host has one.
    ///
    /// # Errors
    /// When it cannot be told.
    fn home(&self) -> Result<Option<Home>, HostError>;

    /// Notes on each VM when it was last backed up (`backup_timestamp`).
    ///
    /// # Errors
    /// When the record cannot be written; nothing is changed then.
    fn record_backup(&self, vms: &[String], unix_seconds: i64) -> Result<(), HostError>;

    /// Adds a colour label that the host does not have yet.
    ///
    /// # Errors
    /// When the host does not take it.
    fn add_label(&self, label: &Label) -> Result<(), HostError>;

    /// Takes the turn to restore into this host, which one restore has at a time; does not wait for it. Whoever opened
    /// the host once and has the turn may take it again.
    ///
    /// # Errors
    /// When it cannot be told whose turn it is.
    fn restore_turn(&self) -> Result<RestoreTurn, HostError> {
        Ok(RestoreTurn::Mine(TurnGuard::default()))
    }

    /// Creates an empty VM with its class's volumes and the tags that are wanted. There is no moment at which the
    /// VM is on record and the tags are not.
    ///
    /// # Errors
    /// When the name is taken or invalid, or the template is not there.
    fn create_vm(&self, new: &NewVm) -> Result<(), HostError>;

    /// Takes a VM away again with all its data: the way back from a restore that failed.
    ///
    /// # Errors
    /// When it runs, is not there, or cannot be removed.
    fn remove_vm(&self, vm: &str) -> Result<(), HostError>;

    /// Sets one property; VM-valued ones by name, empty for "none".
    ///
    /// # Errors
    /// When the host does not take the value.
    fn set_property(&self, vm: &str, property: &str, value: &str) -> Result<(), HostError>;

    /// Sets one feature; an empty value means "off".
    ///
    /// # Errors
    /// When the host does not take it.
    fn set_feature(&self, vm: &str, feature: &str, value: &str) -> Result<(), HostError>;

    /// Adds one tag.
    ///
    /// # Errors
    /// When the host does not take it.
    fn add_tag(&self, vm: &str, tag: &str) -> Result<(), HostError>;

    /// Removes one tag, which need not be there.
    ///
    /// # Errors
    /// When the record cannot be written.
    fn remove_tag(&self, vm: &str, tag: &str) -> Result<(), HostError>;

    /// Assigns one device.
    ///
    /// # Errors
    /// When the host does not take it: a live one wants to know its backend, a folder keeps the name of any.
    fn assign_device(&self, vm: &str, device: &Device) -> Result<(), HostError>;

    /// Puts one of the small files of a VM in place (firewall rules, notes, menu entries).
    ///
    /// # Errors
    /// When the content is not what it should be; the rest of the VM is not touched.
    fn set_vm_file(&self, vm: &str, file: VmFile, content: &[u8]) -> Result<(), HostError>;

    /// Begins to fill a volume. The old content stays until [`VolumeImport::finish`].
    ///
    /// # Errors
    /// When there is no such volume or no room for it.
    fn import_volume(&self, vm: &str, volume: &str, size_bytes: u64) -> Result<Box<dyn VolumeImport>, HostError>;

    /// Bytes that can still be written to the place where volumes of new VMs go, where that is known.
    fn free_bytes(&self) -> Option<u64>;

    /// Starts a service in a running VM.
    ///
    /// # Errors
    /// When the VM does not run or the service cannot be started.
    fn start_service(&self, vm: &str, service: Service) -> Result<ServiceProcess, HostError>;

    /// Brings all changes made so far to the disk. Changes to the record may be gathered and written together, so that
    /// only this call says that they are safe: a restore makes it before it says that anything is done.
    ///
    /// # Errors
    /// When a change could not be written.
    fn commit(&self) -> Result<(), HostError> {
        Ok(())
    }

    /// The folder that holds the backup profiles (`NAME.conf`).
    fn profile_dir(&self) -> std::path::PathBuf;
}
