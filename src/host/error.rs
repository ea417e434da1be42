// SPDX-License-Identifier: GPL-3.0-or-later
//! What a host can refuse or fail at, told apart as far as a caller can act on it.

use std::{io, path::PathBuf, time::Duration};

use super::{
    GarbledAnswer, Operation, Refusal, UnfitRequest,
    settings::{Setting, Unfit},
};
#[cfg(test)]
use crate::inventory::InventoryFault;
use crate::{cancel::Cancelled, inventory::InventoryError, io_error::IoError, schedule::ScheduleFault};

/// An error of a host. Cheap to clone, so that one cause can be shown in several places.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// The folder is not a PedOS root.
    #[error("{} is no PedOS root folder: it has no var/lib/qubes/qubes.xml", path.display())]
    NotARoot {
        /// The folder that was given.
        path: PathBuf,
    },
    /// The record of the VMs cannot be understood.
    #[error("the host's qubes.xml: {0}")]
    Inventory(#[from] InventoryError),
    /// No VM of that name.
    #[error("no such domain: '{name}'")]
    NoSuchVm {
        /// The name that was asked for.
        name: String,
    },
    /// The VM has no such volume.
    #[error("VM {vm} has no volume {volume}")]
    NoSuchVolume {
        /// The VM.
        vm: String,
        /// The volume that was asked for.
        volume: String,
    },
    /// The volume lies in a pool that this program cannot read here.
    #[error("volume {volume} of VM {vm} lies in pool {pool} ({driver}), which is out of reach here")]
    PoolOutOfReach {
        /// The VM.
        vm: String,
        /// The volume.
        volume: String,
        /// The pool's name.
        pool: String,
        /// Its driver as the host names it, or "unknown".
        driver: String,
    },
    /// A VM of that name is there already.
    #[error("a VM named {name} is there already")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A setting has a value that no PedOS takes.
    #[error("{setting} of VM {vm} cannot be '{}': {why}", value.escape_debug())]
    Unfit {
        /// The VM.
        vm: String,
        /// The setting.
        setting: Setting,
        /// The value.
        value: String,
        /// Why it does not fit.
        why: Unfit,
    },
    /// The host does not take a value.
    #[error("{why}")]
    Refused {
        /// Why.
        why: Refusal,
    },
    /// The VM does not run, so that none of its services can be reached.
    #[error("VM {name} is not running")]
    NotRunning {
        /// The VM.
        name: String,
    },
    /// The VM runs, and what was asked for needs it halted.
    #[error("VM {name} is not halted")]
    NotHalted {
        /// The VM.
        name: String,
    },
    /// The VM was there when the work began, and is not there any more.
    #[error("VM {name} has been removed meanwhile")]
    Gone {
        /// The VM.
        name: String,
    },
    /// The policy of the system does not let this program make that call.
    #[error("the policy of the system does not allow {call}")]
    Denied {
        /// The call, as the system names it (`admin.vm.List`).
        call: String,
    },
    /// The connection to the system broke off. Whether the call was carried out is not known.
    #[error("the connection to the system was lost during {call}")]
    ConnectionLost {
        /// The call, as the system names it.
        call: String,
    },
    /// The system did not answer in time. Whether the call was carried out is not known.
    #[error("the system did not answer {call} within {} seconds", after.as_secs())]
    TimedOut {
        /// The call, as the system names it.
        call: String,
        /// How long the answer was waited for.
        after: Duration,
    },
    /// A PedOS is there, and its daemon does not listen.
    #[error("nobody answers at {}: {source}", socket.display())]
    NobodyAnswers {
        /// The socket of the daemon.
        socket: PathBuf,
        /// The operating system's answer.
        source: IoError,
    },
    /// The system did not do what it was asked for, and says why.
    #[error("the system declined {call}: {text} ({class})")]
    Declined {
        /// The call, as the system names it.
        call: String,
        /// The class of its exception, made safe to look at.
        class: String,
        /// What it says, made safe and cut; may be empty.
        text: String,
    },
    /// The system did not do what it was asked for, and does not say why.
    #[error("the system declined {call} without a word")]
    Unspoken {
        /// The call, as the system names it.
        call: String,
    },
    /// The answer of the system makes no sense to this program.
    #[error("the answer of the system to {call} makes no sense: {why}")]
    Garbled {
        /// The call, as the system names it.
        call: String,
        /// What is wrong with the answer.
        why: GarbledAnswer,
    },
    /// A call cannot be made because what it would carry does not fit into one.
    #[error("{call} cannot be called: {why}")]
    Unsendable {
        /// The call, as the system names it.
        call: String,
        /// What does not fit.
        why: UnfitRequest,
    },
    /// The helper that reads and fills volumes got no rights to do so.
    #[error("this user gets no rights to read and fill the volumes of VMs")]
    NoPrivilege,
    /// The helper does not work in a folder that others than root could change.
    #[error("{} could be changed by others than root", path.display())]
    Untrusted {
        /// The folder.
        path: PathBuf,
    },
    /// The helper that reads and fills volumes has ended.
    #[error("the helper has ended")]
    HelperGone,
    /// A volume was to be filled, and the VM does not carry the tag of one that is being restored.
    #[error("VM {name} is not being restored")]
    NotBeingRestored {
        /// The VM.
        name: String,
    },
    /// A backup is not repeated, or goes on to be.
    #[error("{why}")]
    NotRepeated {
        /// Why.
        why: ScheduleFault,
    },
    /// Another program kept the record of the VMs locked for longer than any change takes.
    #[error("another program has kept {} locked for {} seconds", path.display(), after.as_secs())]
    RecordLocked {
        /// The folder of the record, which carries the lock.
        path: PathBuf,
        /// How long the lock was waited for.
        after: Duration,
    },
    /// The call was stopped by its token.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A file or directory could not be read or written.
    #[error("{operation}: {source}")]
    Io {
        /// What was being done.
        operation: Operation,
        /// The operating system's answer.
        source: IoError,
    },
}

impl From<Refusal> for HostError {
    fn from(why: Refusal) -> Self {
        Self::Refused { why }
    }
}

impl From<ScheduleFault> for HostError {
    fn from(why: ScheduleFault) -> Self {
        Self::NotRepeated { why }
    }
}

impl HostError {
    /// Returns whether the error is one of the host as a whole, which every further call would meet too.
    pub fn is_of_the_host(&self) -> bool {
        matches!(
            self,
            Self::Cancelled(_)
                | Self::ConnectionLost { .. }
                | Self::TimedOut { .. }
                | Self::NobodyAnswers { .. }
                | Self::NoPrivilege
                | Self::RecordLocked { .. }
        )
    }

    /// A value that no PedOS takes as a setting of a VM.
    pub(super) fn unfit(vm: &str, setting: Setting, value: &str, why: Unfit) -> Self {
        Self::Unfit {
            vm: vm.to_owned(),
            setting,
            value: value.to_owned(),
            why,
        }
    }

    /// Wraps an error of the operating system with what was being done.
    pub fn io(operation: Operation, source: io::Error) -> Self {
        Self::Io {
            operation,
            source: source.into(),
        }
    }
}

#[cfg(test)]
impl HostError {
    one_of_each! {
        NotARoot { path: "x\u{1b}y".into() },
        Inventory { 0: InventoryFault::NoClass.into() },
        NoSuchVm { name: "x\u{1b}y".into() },
        NoSuchVolume { vm: "x\u{1b}y".into(), volume: "x\u{1b}y".into() },
        PoolOutOfReach {
            vm: "x\u{1b}y".into(),
            volume: "x\u{1b}y".into(),
            pool: "x\u{1b}y".into(),
            driver: "x\u{1b}y".into(),
        },
        NameTaken { name: "x\u{1b}y".into() },
        Unfit { vm: "x\u{1b}y".into(), setting: Setting::Tag, value: "x\u{1b}y".into(), why: Unfit::Empty },
        Refused { why: Refusal::Dom0 },
        NotRunning { name: "x\u{1b}y".into() },
        NotHalted { name: "x\u{1b}y".into() },
        Gone { name: "x\u{1b}y".into() },
        Denied { call: "x\u{1b}y".into() },
        ConnectionLost { call: "x\u{1b}y".into() },
        TimedOut { call: "x\u{1b}y".into(), after: Duration::from_secs(7) },
        NobodyAnswers { socket: "x\u{1b}y".into(), source: io::ErrorKind::ConnectionRefused.into() },
        Declined { call: "x\u{1b}y".into(), class: "x\u{1b}y".into(), text: "x\u{1b}y".into() },
        Unspoken { call: "x\u{1b}y".into() },
        Garbled { call: "x\u{1b}y".into(), why: GarbledAnswer::Place { name: "x\u{1b}y".into() } },
        Unsendable { call: "x\u{1b}y".into(), why: UnfitRequest::NoSuchDeviceClass },
        NoPrivilege,
        Untrusted { path: "x\u{1b}y".into() },
        HelperGone,
        NotBeingRestored { name: "x\u{1b}y".into() },
        NotRepeated { why: ScheduleFault::DoesNotRun },
        RecordLocked { path: "x\u{1b}y".into(), after: Duration::from_secs(7) },
        Cancelled { 0: Cancelled },
        Io { operation: Operation::Random, source: io::ErrorKind::PermissionDenied.into() },
    }

    /// One of every kind, with one of every kind of what it holds.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Self::one_of_each();
        all.retain(|error| !matches!(error, Self::Inventory(_) | Self::Refused { .. } | Self::Io { .. }));
        all.extend(Refusal::all().into_iter().map(|why| Self::Refused { why }));
        let failed = |operation| Self::io(operation, io::ErrorKind::PermissionDenied.into());
        all.extend(Operation::one_of_each().into_iter().map(failed));
        let call = || "x\u{1b}y".to_owned();
        all.extend(
            GarbledAnswer::all()
                .into_iter()
                .map(|why| Self::Garbled { call: call(), why }),
        );
        all.extend(
            UnfitRequest::all()
                .into_iter()
                .map(|why| Self::Unsendable { call: call(), why }),
        );
        all.extend(
            ScheduleFault::one_of_each()
                .into_iter()
                .map(|why| Self::NotRepeated { why }),
        );
        all.extend(InventoryError::all().into_iter().map(Self::Inventory));
        all
    }
}
