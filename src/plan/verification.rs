// SPDX-License-Identifier: GPL-3.0-or-later
//! What is verified, and why a verification that was asked for is not done.

use crate::transport::Location;

use super::{Access, RestorePlan, RestoreTable};

/// Everything that a verification needs to know.
#[derive(Debug, Clone)]
pub struct VerifyPlan {
    /// The archive, and what opens it.
    pub access: Access,
    /// The VMs by their names in the archive; `None` for everything that it holds.
    pub vms: Option<Vec<String>>,
    /// Other VMs of which the archive is known to hold nothing: that is no finding. Their failure has been told already.
    pub known_missing: Vec<String>,
}

impl VerifyPlan {
    /// Verifies everything that an archive holds.
    pub fn everything(access: Access) -> Self {
        Self {
            access,
            vms: None,
            known_missing: Vec::new(),
        }
    }

    /// Verifies the VMs that are selected in a table.
    pub fn of_table(access: Access, table: &RestoreTable) -> Self {
        let names = table.selected().map(|row| row.domain.name.clone());
        Self {
            access,
            vms: Some(names.collect()),
            known_missing: Vec::new(),
        }
    }
}

/// What a restore would bring back is read and not restored.
impl From<RestorePlan> for VerifyPlan {
    fn from(plan: RestorePlan) -> Self {
        Self::of_table(plan.access, &plan.table)
    }
}

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
}
