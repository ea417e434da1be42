// SPDX-License-Identifier: GPL-3.0-or-later
//! What a host refuses to do, and what it was doing when the operating system failed.

use std::path::PathBuf;

use super::{NameFault, VmFile};
use crate::inventory::FirewallError;

/// Why a host does not do what it was asked for. Nothing has been changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A new PedOS needs a folder of its own, and this one has something in it.
    #[error("{} is not empty", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A VM runs, and this volume has no snapshot that could be read.
    #[error("VM {vm} runs and snapshots of its volume {volume} are disabled")]
    NoSnapshot {
        /// The VM.
        vm: String,
        /// The volume.
        volume: String,
    },
    /// A VM runs and writes to the only copy of this volume, as all VMs in pools of its driver.
    #[error("VM {vm} runs and writes to the only copy of its volume {volume}")]
    WrittenInPlace {
        /// The VM.
        vm: String,
        /// The volume.
        volume: String,
    },
    /// A volume is not a file.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// The volume.
        path: PathBuf,
    },
    /// A VM of this kind has no such file.
    #[error("{vm} has no {}", file.file_name())]
    NoSuchFile {
        /// The VM.
        vm: String,
        /// The file.
        file: VmFile,
    },
    /// A name cannot be that of a VM.
    #[error("'{}' cannot be a VM's name: {fault}", name.escape_debug())]
    VmName {
        /// The name.
        name: String,
        /// The rule that it breaks.
        fault: NameFault,
    },
    /// VMs of this class cannot be created.
    #[error("a VM of class {} cannot be created", class.escape_debug())]
    Class {
        /// The class, as the host names it.
        class: String,
    },
    /// A storage pool cannot be written here.
    #[error("pool {} is out of reach here", pool.escape_debug())]
    Pool {
        /// The pool.
        pool: String,
    },
    /// There is no storage pool that could be written.
    #[error("this PedOS has no pool of files for a new VM's volumes")]
    NoPool,
    /// Every number for disposables is taken.
    #[error("there are too many disposables")]
    TooManyDisposables,
    /// dom0 was to be removed.
    #[error("dom0 cannot be removed")]
    Dom0,
    /// The folder of a new VM has something in it that belongs to no VM.
    #[error("{} is in the way of a new VM: it belongs to no VM, and is not empty", path.display())]
    InTheWay {
        /// The folder.
        path: PathBuf,
    },
    /// A property belongs to the VM itself.
    #[error("{property} of VM {vm} cannot be changed")]
    FixedProperty {
        /// The VM.
        vm: String,
        /// The property.
        property: String,
    },
    /// A small file of a VM is longer than any.
    #[error("{} is longer than {limit} bytes", path.display())]
    FileTooLong {
        /// The file.
        path: PathBuf,
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// The content of a small file is not accepted.
    #[error("{}: {fault}", file.file_name())]
    FileContent {
        /// The file.
        file: VmFile,
        /// What is wrong with its content.
        fault: FileFault,
    },
    /// Data was to be written behind the end of a volume.
    #[error("volume {volume} of VM {vm} has {size_bytes} bytes, and data was to be written behind its end")]
    BehindTheEnd {
        /// The VM.
        vm: String,
        /// The volume.
        volume: String,
        /// Its size.
        size_bytes: u64,
    },
    /// Data for a stream came in another order than that of the stream.
    #[error("the data of the file comes in another order than it is written in")]
    OutOfOrder,
    /// A name cannot be that of a service.
    #[error("'{}' cannot be the name of a service", name.escape_debug())]
    ServiceName {
        /// The name.
        name: String,
    },
}

/// What is wrong with the content of a small file of a VM.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// It is longer than any.
    #[error("it is longer than {limit} bytes")]
    TooLong {
        /// The most that is written, in bytes.
        limit: u64,
    },
    /// A menu holds more than ASCII.
    #[error("it holds more than ASCII")]
    NotAscii,
    /// Notes are not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// The system takes no such firewall rules.
    #[error("the system takes no such firewall rules")]
    RulesRefused,
    /// No PedOS can read the firewall rules.
    #[error(transparent)]
    Firewall(#[from] FirewallError),
}

/// What a host was doing when the operating system failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Operation {
    /// Opening a file or folder.
    #[error("opening {}", .0.display())]
    Open(PathBuf),
    /// Reading a file or folder.
    #[error("reading {}", .0.display())]
    Read(PathBuf),
    /// Writing a file.
    #[error("writing {}", .0.display())]
    Write(PathBuf),
    /// Making a file or folder.
    #[error("making {}", .0.display())]
    Make(PathBuf),
    /// Removing a file or folder.
    #[error("removing {}", .0.display())]
    Remove(PathBuf),
    /// Locking a file or folder.
    #[error("locking {}", .0.display())]
    Lock(PathBuf),
    /// Writing to standard output.
    #[error("writing to standard output")]
    WriteOutput,
    /// Making the volumes of a new VM.
    #[error("making the volumes of VM {0}")]
    MakeVolumes(String),
    /// Asking the system for a random number.
    #[error("making a random number")]
    Random,
    /// Starting a service in a VM.
    #[error("starting {service} in VM {vm}")]
    StartService {
        /// The service, by its name.
        service: String,
        /// The VM.
        vm: String,
    },
    /// Starting the helper that reads and fills volumes.
    #[error("starting the helper")]
    StartHelper,
}

#[cfg(test)]
mod each;
