// SPDX-License-Identifier: GPL-3.0-or-later
//! The plan of a restore: a table with a row for each machine in the archive.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    host::Reference,
    inventory::{Class, Content, Domain},
};

use super::Access;

/// What the user has decided so far; machines go by their name in the archive throughout.
#[derive(Debug, Clone, Default)]
pub struct RestoreChoices {
    /// The machines to restore; `None` for all.
    pub selected: Option<BTreeSet<String>>,
    /// Names here that differ from those in the archive.
    pub names: BTreeMap<String, String>,
    /// Templates here that differ from those in the archive.
    pub templates: BTreeMap<String, String>,
    /// Net VMs here that differ from those in the archive.
    pub netvms: BTreeMap<String, Reference>,
    /// Rules for everything that is not decided one by one.
    pub policy: RestorePolicy,
}

/// Rules for everything that is not decided one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RestorePolicy {
    /// A missing template is replaced by the default one, a missing net VM by the default.
    pub ignore_missing: bool,
    /// Names of missing templates and net VMs are kept as they are: the target is a folder that only holds data.
    pub accept_missing: bool,
    /// Machines with problems are left out.
    pub skip_broken: bool,
    /// What happens to a name that is taken here.
    pub on_conflict: OnConflict,
    /// dom0's home is restored although the user has another name here.
    pub ignore_user_mismatch: bool,
    /// Nothing is restored, so that names and missing machines do not matter.
    pub verify_only: bool,
}

/// What happens to a machine whose name is taken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// It is a problem that the user has to solve.
    #[default]
    Report,
    /// The machine is left out.
    Skip,
    /// The machine gets a free name.
    Rename,
}

/// The table: one row for each machine that the archive holds, dom0's home last.
#[derive(Debug, Clone, Default)]
pub struct RestoreTable {
    /// The rows.
    pub rows: Vec<RestoreRow>,
}

impl RestoreTable {
    /// The row of a machine by its name in the archive.
    pub fn row(&self, name: &str) -> Option<&RestoreRow> {
        self.rows.iter().find(|row| row.domain.name == name)
    }

    /// The rows that will be restored.
    pub fn selected(&self) -> impl Iterator<Item = &RestoreRow> {
        self.rows.iter().filter(|row| row.is_selected)
    }

    /// Whether every selected row can be restored and there is one.
    pub fn is_ready(&self) -> bool {
        self.selected().next().is_some() && self.selected().all(|row| row.problems.is_empty())
    }
}

/// What happens to one machine.
#[derive(Debug, Clone)]
pub struct RestoreRow {
    /// The machine as the archive has it.
    pub domain: Domain,
    /// Where the archive holds it.
    pub content: Content,
    /// Whether it will be restored.
    pub is_selected: bool,
    /// Its name here.
    pub name_here: String,
    /// Its template here, for classes that have one.
    pub template: Option<String>,
    /// What it reaches the network through here.
    pub netvm: Reference,
    /// What must be solved before it can be restored.
    pub problems: Vec<RestoreProblem>,
    /// What is worth knowing.
    pub remarks: Vec<RestoreRemark>,
}

impl RestoreRow {
    /// Whether this row is dom0's home.
    pub fn is_home(&self) -> bool {
        self.domain.class == Class::AdminVm
    }
}

/// What must be solved before a machine can be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreProblem {
    /// A machine of that name is here already.
    NameTaken,
    /// Another machine of this restore has that name.
    NameTwice,
    /// No machine can have that name.
    NameInvalid,
    /// The template is neither here nor in this restore.
    TemplateMissing {
        /// Its name.
        name: String,
    },
    /// The net VM is neither here nor in this restore.
    NetVmMissing {
        /// Its name.
        name: String,
    },
    /// The home belongs to a user of another name.
    UserMismatch {
        /// The user in the archive.
        archived: String,
        /// The user here.
        here: String,
    },
    /// The class of the machine cannot be created.
    ClassUnknown,
}

/// What is worth knowing about a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreRemark {
    /// It is left out because the user said so.
    LeftOut,
    /// It is left out because its name is taken.
    SkippedConflict,
    /// It is left out because of its problems.
    SkippedBroken,
    /// It gets another name.
    Renamed {
        /// The name here.
        to: String,
    },
    /// It gets another template.
    TemplateChanged {
        /// The template in the archive.
        from: String,
        /// The template here.
        to: String,
    },
    /// It gets another net VM.
    NetVmChanged {
        /// The net VM in the archive.
        from: String,
        /// The net VM here.
        to: Reference,
    },
}

/// Everything that a restore or a verification needs to know.
#[derive(Debug, Clone)]
pub struct RestorePlan {
    /// The archive.
    pub access: Access,
    /// The table, ready.
    pub table: RestoreTable,
    /// Nothing is restored, everything is read.
    pub verify_only: bool,
}
