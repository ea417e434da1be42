// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a plan cannot be carried out, and the mistakes that only this program can make.

use crate::{
    format::{PartNameError, WriteFault},
    inventory::InventoryError,
    io_error::IoError,
};

/// Why a plan does not fit the host or the archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanFault {
    /// The archive is not the one that was opened for the plan.
    #[error("the backup has changed since it was opened")]
    BackupChanged,
    /// dom0 has no home directory here.
    #[error("dom0 has no home directory here")]
    NoHome,
    /// A home is a folder, and only a file fits into a stream.
    #[error("dom0's home is a folder, which does not fit into a stream")]
    HomeIntoStream,
    /// Two VMs would get one folder in the archive.
    #[error("the VMs {one} and {other} have the same number in the host's qubes.xml")]
    SameNumber {
        /// One of the VMs.
        one: String,
        /// The other one.
        other: String,
    },
    /// A VM offers no dialog in which its user could pick a file.
    #[error("VM {vm} offers no file dialog")]
    NoDialog {
        /// The VM.
        vm: String,
    },
    /// The file dialog of a VM answered with something else than a path.
    #[error("the file dialog of VM {vm} gave an answer that is not a path")]
    DialogAnswer {
        /// The VM.
        vm: String,
    },
    /// A file cannot be called so in an archive.
    #[error(transparent)]
    Name(#[from] PartNameError),
}

/// A mistake of this program. The text of each is for its developers, to whom users report it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// A thread panicked.
    #[error("{said}")]
    Panic {
        /// What the panic said.
        said: String,
    },
    /// A thread ended without a result.
    #[error("a worker broke")]
    Worker,
    /// The thread of a whole program panicked.
    #[error("a thread broke")]
    Thread,
    /// A job ended without its last word.
    #[error("the job ended without a word")]
    NoLastWord,
    /// What belongs into an archive came in another order.
    #[error("the pieces of an archive came out of order")]
    OutOfOrder,
    /// A part was ended twice.
    #[error("a part was sealed twice")]
    SealedTwice,
    /// A member does not fit the format.
    #[error("{name} cannot be written: {fault}")]
    Unwritable {
        /// The member.
        name: String,
        /// Why it does not fit.
        fault: WriteFault,
    },
    /// A part has a name that no part can have.
    #[error(transparent)]
    PartName(#[from] PartNameError),
    /// A change of an inventory was refused.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// Something failed in memory.
    #[error("{0}")]
    Memory(IoError),
}

#[cfg(test)]
mod each {
    use super::*;
    use crate::{format::PartNameFault, inventory::InventoryFault};

    fn text() -> String {
        "x\u{1b}y".to_owned()
    }

    fn name(fault: PartNameFault) -> PartNameError {
        PartNameError { name: text(), fault }
    }

    impl PlanFault {
        one_of_each! {
            BackupChanged, NoHome, HomeIntoStream,
            SameNumber { one: text(), other: text() },
            NoDialog { vm: text() },
            DialogAnswer { vm: text() },
            Name { 0: name(PartNameFault::Empty) },
        }

        /// One of every kind, with one of every kind of what it holds.
        pub(crate) fn all() -> Vec<Self> {
            let mut all = Self::one_of_each();
            all.retain(|fault| !matches!(fault, Self::Name(_)));
            all.extend(
                PartNameFault::one_of_each()
                    .into_iter()
                    .map(|fault| Self::Name(name(fault))),
            );
            all
        }
    }

    impl Mistake {
        one_of_each! {
            Panic { said: text() },
            Worker, Thread, NoLastWord, OutOfOrder, SealedTwice,
            Unwritable { name: text(), fault: WriteFault::TooLarge },
            PartName { 0: name(PartNameFault::Empty) },
            Inventory { 0: InventoryFault::NoClass.into() },
            Memory { 0: std::io::ErrorKind::OutOfMemory.into() },
        }
    }
}
