// SPDX-License-Identifier: GPL-3.0-or-later
//! Where the VMs come from: a PedOS root folder, or a live system.
//!
//! A host is four things, and a user takes only the ones that it needs: the VMs as they are ([`Vms`]), taking VMs in
//! ([`Intake`]), services of running VMs ([`Services`]), and backups that are repeated ([`Schedules`]). This room refuses to know about archives, compression or
//! screens; its one loan from outside is the [`crate::inventory`] document, which is a PedOS's own record of its VMs.

mod call_fault;
mod changes;
mod error;
mod files;
mod folder_lock;
mod intake;
mod layout;
mod live;
mod local;
mod names;
mod open;
mod picture;
pub(crate) mod process;
mod refusal;
mod schedules;
mod service;
mod services;
mod stamp;
mod system;
mod turn;
mod vms;
mod volume;
mod wanted;

pub mod root;
pub mod settings;

use std::{path::Path, sync::Arc};

pub use call_fault::{GarbledAnswer, UnfitRequest};
pub use changes::Changes;
pub use error::HostError;
pub use intake::Intake;
pub use local::LocalDir;
pub use names::{LONGEST_VM_NAME, NameFault, check_vm_name, is_valid_vm_name, nearest_vm_name};
pub use open::{Found, OpenError, ROOT_VARIABLE, find, named_root, open};
pub use refusal::{FileFault, Operation, Refusal};
pub use schedules::Schedules;
pub use service::{Service, ServiceControl, ServiceInput, ServiceProcess, Uptake};
pub use services::{Readiness, Services};
pub use stamp::{Change, Stamp};
pub use system::{Home, NewVm, Reference, StoragePool, System, Vm, VmFile, VolumeInfo, VolumeState};
pub use turn::{RestoreTurn, TurnGuard};
pub use vms::{VmFiles, Vms};
pub use volume::{DataBound, FileVolume, VolumeImport, VolumeSource};
pub use wanted::{Links, NotTaken, Restored, Wanted};

pub use crate::{
    adminapi::{AnswerFault, PrintError, RequestError, RequestPart},
    extent::Extent,
    helper::IN_PROGRESS_TAG,
    inventory::{DOM0, Label},
};

use crate::cancel::CancelToken;

/// A PedOS with everything that it can do. `&dyn Host` is a `&dyn Vms`, a `&dyn Intake`, a `&dyn Services` and a `&dyn Schedules`.
pub trait Host: Vms + Intake + Services + Schedules {
    /// Returns a view of the same host whose calls end with [`HostError::Cancelled`] soon after the token was cancelled,
    /// also while they wait for another program or for an answer. Volumes that are filled through it count as its calls.
    ///
    /// The host itself goes on working: code that puts things in order after a cancel uses the host itself.
    fn with_cancel(&self, cancel: &CancelToken) -> Arc<dyn Host>;

    /// Returns the folder in which everything of the host lies, where files are all that there is of it: no daemon, no other program.
    fn folder(&self) -> Option<&Path> {
        None
    }
}
