// SPDX-License-Identifier: GPL-3.0-or-later
//! What a row of the table of a restore is told beside its VM, and what it tells.

use crate::{
    host::Reference,
    plan::{Candidates, Cure, DevicePort, RestoreRow},
};

/// What the user changed about a VM, by its name in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Its name here.
    Name(String),
    /// Its template here.
    Template(Option<String>),
    /// Its net VM here.
    NetVm(Reference),
    /// Its default disposable template here.
    DispVm(Reference),
    /// Its kernel here.
    Kernel(Reference),
    /// The pool of its volumes.
    Pool(Option<String>),
    /// Whether one of its devices is assigned.
    Device(DevicePort, bool),
    /// Something that cures a problem without a further choice.
    Cure(Cure),
    /// It was left out, and is to be restored after all.
    TakeBack,
    /// Nothing yet: what there is to choose from is wanted.
    Opened,
    /// Nothing more: the name was ended with Enter.
    Entered,
}

/// What a row shows beside its VM.
pub struct RowContext<'a> {
    /// Nothing is restored, so that there is nothing to change.
    pub verifies_only: bool,
    /// The pool that was chosen for all VMs.
    pub pool_of_all: Option<&'a str>,
    /// What there is to choose from for a VM; asked only where it is seen.
    pub candidates: &'a dyn Fn(&RestoreRow) -> Candidates,
    /// The label colour of a VM by its name here, as 0xRRGGBB.
    pub color: &'a dyn Fn(&str) -> Option<u32>,
}
