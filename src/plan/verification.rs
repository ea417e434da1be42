// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a verification that was asked for is not done.

use crate::transport::Location;

/// Why a verification that was asked for is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// The archive goes to a command in a VM, or to a VM whose service does not tell the archive's name.
    #[error("the VM does not say where the archive is")]
    InVm,
    /// The archive goes to a command of this computer.
    #[error("what the command has made of the archive cannot be read from here")]
    ToCommand,
    /// The archive goes to standard output.
    #[error("standard output cannot be read again")]
    ToStandardOutput,
    /// Its user stopped it; the archive itself was written before.
    #[error("the verification was cancelled")]
    Cancelled,
}

impl Unverified {
    /// Returns why an archive cannot be read again from an end that is not capable of it.
    pub fn of(location: &Location) -> Self {
        match location {
            Location::Command(_) => Self::ToCommand,
            Location::Standard => Self::ToStandardOutput,
            _ => Self::InVm,
        }
    }

    /// Returns why an archive that goes there cannot be read again, as far as the location tells; what a VM is capable of
    /// tells only the VM.
    pub fn expected_of(location: &Location) -> Option<Self> {
        matches!(location, Location::Command(_) | Location::Standard).then(|| Self::of(location))
    }
}
