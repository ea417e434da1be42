// SPDX-License-Identifier: GPL-3.0-or-later
//! What is going to be done, decided before anything is done.
//!
//! A plan is complete, checked and does not change while it is carried out. This room only compares values with each
//! other (what the user chose, what the host has, what the archive names); it opens nothing and writes nothing, so the
//! wizards may ask it again after every keystroke.

mod access;
mod backup;
mod candidates;
mod confinement;
mod device;
mod extract;
mod findings;
mod missing;
mod newer;
mod problem;
mod recovery;
mod resolve;
mod restore;
mod restore_finding;
mod retention;
mod shortage;
mod verification;

pub use access::Access;
pub use backup::{
    BackupPlan, BackupRemark, Finding, InventoryScope, Room, changed_of, check_backup, default_selection, hindrances,
    may_be_backed_up, may_have_changed,
};
pub use candidates::{Candidates, PoolOffer, pools};
pub use confinement::{Outlet, confinement};
pub use device::{DeviceFate, DevicePort, RestoreDevice};
pub use extract::{ArchivedFile, ExtractPlan, ExtractTo};
pub use findings::{BackupCure, FindingGroup, gather, unready_vms};
pub use missing::Missing;
pub use newer::backed_up_again;
pub use problem::{Absence, Cure, Renaming, RestoreProblem, RestoreRemark};
pub use recovery::{RecoveryFacts, RecoveryText};
pub use resolve::resolve;
pub use restore::{OnConflict, RestoreChoices, RestorePlan, RestorePolicy, RestoreRow, RestoreTable};
pub use restore_finding::{RestoreFinding, WhatFound};
pub use retention::{DatedArchive, Fate, KeepReason, RetentionPolicy, RetentionRefusal, RetentionRule, Series, retain};
pub use shortage::Shortage;
pub use verification::{Unverified, VerifyPlan};
