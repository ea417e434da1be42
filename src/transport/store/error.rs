// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a store could not be used.

use crate::{cancel::Cancelled, host::HostError};

use super::{
    super::{DestinationError, SourceError, TransportError},
    StoreFault,
};

/// Why a store could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The PedOS did not start the service in the VM.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The user stopped the work.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The store is in a VM, and there is no PedOS here whose VMs could be reached.
    #[error("VM {vm} cannot be reached: there is no PedOS here")]
    NoPedos {
        /// The VM.
        vm: String,
    },
    /// The program cannot be handed over to a VM unchanged, or the place is no store.
    #[error("this is no store that can be used")]
    Unusable,
    /// The store did not do what was asked of it.
    #[error("{fault}: {said}")]
    Fault {
        /// Why.
        fault: StoreFault,
        /// The last words of its program where that has ended, made safe to show.
        said: String,
    },
}

impl StoreError {
    /// Returns the error that it is for an archive that is written to that place.
    pub(crate) fn writing(self, place: String) -> TransportError {
        match self {
            Self::Host(error) => error.into(),
            Self::Cancelled(error) => error.into(),
            Self::NoPedos { .. } | Self::Unusable => DestinationError::Impossible { place }.into(),
            Self::Fault {
                fault: StoreFault::Full,
                ..
            } => DestinationError::Full { place }.into(),
            Self::Fault {
                fault: StoreFault::NotPermitted,
                ..
            } => DestinationError::NotWritable { place }.into(),
            Self::Fault { fault, said } => DestinationError::Store { place, fault, said }.into(),
        }
    }

    /// Returns the error that it is for an archive that is read from that place.
    pub(crate) fn reading(self, place: String) -> TransportError {
        match self {
            Self::Host(error) => error.into(),
            Self::Cancelled(error) => error.into(),
            Self::NoPedos { vm } => SourceError::NoPedos { vm }.into(),
            Self::Unusable => SourceError::Store {
                place,
                fault: StoreFault::Unsupported,
                said: String::new(),
            }
            .into(),
            Self::Fault { fault, said } => SourceError::Store { place, fault, said }.into(),
        }
    }
}
