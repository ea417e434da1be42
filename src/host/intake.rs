// SPDX-License-Identifier: GPL-3.0-or-later
//! What a restore does to a PedOS: it creates VMs, sets what is set on them, fills their volumes, or takes them away again.

use super::{HostError, Label, Links, NewVm, NotTaken, RestoreTurn, TurnGuard, VmFile, VolumeImport, Wanted};

/// Takes VMs in.
///
/// All calls block; none is made from a window's thread.
pub trait Intake: Send + Sync {
    /// Takes the turn to restore into this host, which one restore has at a time; does not wait for it. The holder of
    /// the turn may take it again through the same opened host.
    ///
    /// # Errors
    /// When it cannot be told whose turn it is.
    fn restore_turn(&self) -> Result<RestoreTurn, HostError> {
        Ok(RestoreTurn::Mine(TurnGuard::default()))
    }

    /// Adds a colour label that the host does not have yet.
    ///
    /// # Errors
    /// When the host does not take it.
    fn add_label(&self, label: &Label) -> Result<(), HostError>;

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

    /// Leaves it to others to take away all VMs that are not complete, where the host has somebody for that: the way back
    /// of a restore that was cancelled and does not wait. Returns whether there is somebody.
    fn leave_unfinished(&self) -> bool {
        false
    }

    /// Brings a new VM to exactly that state: what it has beyond that, from its template or its class, goes. Returns what
    /// the host did not take.
    ///
    /// # Errors
    /// When nothing of the VM can be set, because the host cannot be reached or the VM is not there.
    fn settle(&self, vm: &str, wanted: &Wanted) -> Result<Vec<NotTaken>, HostError>;

    /// Sets what names other VMs, and assigns devices. Returns what the host did not take.
    ///
    /// # Errors
    /// As [`Intake::settle`].
    fn link(&self, vm: &str, links: &Links) -> Result<Vec<NotTaken>, HostError>;

    /// Releases a VM of which everything is in place: takes its tag [`super::IN_PROGRESS_TAG`] away, and sets what of its
    /// wanted state would have had an effect before. Returns what of that the host did not take.
    ///
    /// # Errors
    /// When the VM is not released.
    fn complete(&self, vm: &str, wanted: &Wanted) -> Result<Vec<NotTaken>, HostError>;

    /// Puts one of the small files of a VM in place: firewall rules, notes, menu entries. Menu entries are what the feature
    /// `menu-items` says; the file is where older versions kept them.
    ///
    /// # Errors
    /// When the content is not what it should be; the rest of the VM is not touched.
    fn set_vm_file(&self, vm: &str, file: VmFile, content: &[u8]) -> Result<(), HostError>;

    /// Begins to fill a volume. The old content stays until [`VolumeImport::finish`].
    ///
    /// # Errors
    /// When there is no such volume or no room for it.
    fn import_volume(&self, vm: &str, volume: &str, size_bytes: u64) -> Result<Box<dyn VolumeImport>, HostError>;

    /// Brings all changes made so far to the disk. Changes to the record may be gathered and written together, so that
    /// only this call says that they are safe: a restore makes it before it says that anything is done.
    ///
    /// # Errors
    /// When a change could not be written.
    fn commit(&self) -> Result<(), HostError> {
        Ok(())
    }
}
