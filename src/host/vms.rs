// SPDX-License-Identifier: GPL-3.0-or-later
//! The VMs of a PedOS as they are: what a list shows, a plan is made of and a backup reads.

use super::{Changes, Home, HostError, LocalDir, System, VmFile, VolumeSource};
use crate::inventory::Inventory;

/// The small files of a VM in the order of an archive: the content of each, or why it cannot be read.
pub type VmFiles = Vec<(VmFile, Result<Vec<u8>, HostError>)>;

/// The VMs as they are, and dom0's own files as far as they are within reach.
///
/// All calls block; none is made from a window's thread.
pub trait Vms: Send + Sync {
    /// Returns what there is right now: VMs with their sizes and states, labels, pools, defaults. The size of dom0's home
    /// is not among it.
    ///
    /// # Errors
    /// When the record of the VMs cannot be read.
    fn system(&self) -> Result<System, HostError>;

    /// The same, where only these VMs matter: how much others take on the disk, and since when they run, may be missing. On
    /// a live system each of these costs a call.
    ///
    /// # Errors
    /// As [`Vms::system`].
    fn system_of(&self, _vms: &[String]) -> Result<System, HostError> {
        self.system()
    }

    /// Returns the host's own record (`qubes.xml`), whole and unchanged, as it goes into an archive.
    ///
    /// # Errors
    /// When it cannot be read or is not what a PedOS writes.
    fn inventory(&self) -> Result<Inventory, HostError>;

    /// Gets the rights that reading and filling volumes needs, before anything is begun.
    ///
    /// # Errors
    /// When this user does not get them.
    fn prepare(&self) -> Result<(), HostError> {
        Ok(())
    }

    /// Opens the state of a volume that a backup saves (for a running VM: the state before its start).
    ///
    /// # Errors
    /// When the volume is missing or its pool is out of reach.
    fn open_volume(&self, vm: &str, volume: &str) -> Result<Box<dyn VolumeSource>, HostError>;

    /// Returns the small files that belong to a VM beside its volumes, in the order of the archive. One that is there and
    /// cannot be read stands with the reason, and the others are read all the same.
    ///
    /// # Errors
    /// When it cannot be told which there are.
    fn vm_files(&self, vm: &str) -> Result<VmFiles, HostError>;

    /// Returns dom0's home; `None` where there is none, or where dom0's file system is out of this program's reach.
    ///
    /// # Errors
    /// When it cannot be told.
    fn home(&self) -> Result<Option<Home>, HostError>;

    /// Counts what dom0's home takes on the disk; `None` where there is none. That takes as long as there are files in
    /// it, which is why [`Vms::system`] does not do it.
    ///
    /// # Errors
    /// When it cannot be told. What cannot be read of it counts nothing.
    fn home_bytes(&self) -> Result<Option<u64>, HostError>;

    /// Begins to listen for changes of what [`Vms::system`] returns.
    ///
    /// # Errors
    /// When nothing can be heard.
    fn changes(&self) -> Result<Box<dyn Changes>, HostError>;

    /// Returns the folder that holds the backup profiles (`NAME.conf`); `None` where dom0's file system is out of this
    /// program's reach.
    fn profile_dir(&self) -> Option<LocalDir>;

    /// Notes on each VM when it was last backed up (`backup_timestamp`).
    ///
    /// # Errors
    /// When the record cannot be written; nothing is changed then.
    fn record_backup(&self, vms: &[String], unix_seconds: i64) -> Result<(), HostError>;
}
