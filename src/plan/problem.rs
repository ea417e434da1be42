// SPDX-License-Identifier: GPL-3.0-or-later
//! What stands against restoring a VM, with the choices that cure it, and what is worth knowing about it.

use crate::host::{DOM0, NameFault, Reference};

use super::Missing;

use super::DevicePort;

/// What must be solved before a VM can be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestoreProblem {
    /// A VM of that name is here already.
    NameTaken,
    /// Another VM of this restore has that name.
    NameTwice,
    /// No VM can have that name.
    NameInvalid {
        /// The rule that it breaks.
        why: NameFault,
        /// The user chose it; a rule replaces only names of the archive.
        is_chosen: bool,
    },
    /// The template is neither here nor in this restore.
    TemplateMissing {
        /// Its name.
        name: String,
        /// Why it cannot be used.
        absence: Absence,
        /// The host's default that a rule would put in its place; `None` where there is none or the user named it.
        default: Option<String>,
    },
    /// The VM has the host's default template, and the host has none.
    NoDefaultTemplate,
    /// The net VM is neither here nor in this restore.
    NetVmMissing {
        /// Its name.
        name: String,
        /// Why it cannot be used.
        absence: Absence,
        /// The user named it; a rule replaces only what the archive names.
        is_chosen: bool,
    },
    /// The net VM reaches the network through this VM itself.
    NetVmCycle {
        /// The net VM.
        name: String,
    },
    /// The default disposable template is neither here nor in this restore.
    DispVmMissing {
        /// Its name.
        name: String,
        /// Why it cannot be used.
        absence: Absence,
        /// The user named it; a rule replaces only what the archive names.
        is_chosen: bool,
    },
    /// The host has no such kernel.
    KernelMissing {
        /// Its name.
        name: String,
        /// The user named it; a rule replaces only what the archive names.
        is_chosen: bool,
    },
    /// The host has no such pool.
    PoolMissing {
        /// Its name.
        name: String,
    },
    /// No volume can be written into that pool here.
    PoolOutOfReach {
        /// Its name.
        name: String,
        /// Its driver.
        driver: String,
    },
    /// The home belongs to a user of another name.
    UserMismatch {
        /// The user in the archive.
        archived: String,
        /// The user here.
        here: String,
    },
    /// The class of the VM cannot be created.
    ClassUnknown,
    /// The archive does not hold all of the VM.
    DataMissing {
        /// What is missing.
        what: Missing,
    },
}

/// Why a VM that another one names cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Absence {
    /// It is neither here nor in the archive.
    NotHere,
    /// The archive holds it, but it is not selected.
    NotSelected,
    /// It is selected, but cannot be restored itself.
    HasProblem,
    /// The archive does not hold all of it.
    Incomplete,
    /// There is one of that name, but of another kind: no template, or no net VM.
    WrongKind,
}

/// A choice that makes a problem go away.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cure {
    /// Another name here.
    ChooseName,
    /// New names for all VMs whose names are taken here, or are none that a VM can have.
    RenameConflicting,
    /// Another template.
    ChooseTemplate,
    /// Another net VM, the default one or none.
    ChooseNetVm,
    /// Another disposable template, the default one or none.
    ChooseDispVm,
    /// Another kernel, the default one or none.
    ChooseKernel,
    /// Another pool.
    ChoosePool,
    /// The VM of that name in the archive is restored too.
    RestoreToo {
        /// Its name in the archive.
        name: String,
    },
    /// The problems of that VM of the restore are solved.
    SolveFirst {
        /// Its name in the archive.
        name: String,
    },
    /// The host's defaults for everything that is missing.
    IgnoreMissing,
    /// The home is restored whatever its user was called.
    IgnoreUserMismatch,
    /// The VM is left out.
    LeaveOut,
}

impl RestoreProblem {
    /// The choices that make it go away, the most natural one first.
    pub fn cures(&self) -> Vec<Cure> {
        let mut cures = match self {
            Self::NameTaken => vec![Cure::ChooseName, Cure::RenameConflicting],
            Self::NameTwice => vec![Cure::ChooseName],
            Self::NameInvalid { is_chosen, .. } => {
                let mut cures = vec![Cure::ChooseName];
                cures.extend((!is_chosen).then_some(Cure::RenameConflicting));
                cures
            }
            Self::TemplateMissing { name, absence, default } => {
                let mut cures = absence.cures(name);
                cures.push(Cure::ChooseTemplate);
                cures.extend(default.is_some().then_some(Cure::IgnoreMissing));
                cures
            }
            Self::NoDefaultTemplate => vec![Cure::ChooseTemplate],
            Self::NetVmMissing {
                name,
                absence,
                is_chosen,
            } => {
                let mut cures = absence.cures(name);
                cures.push(Cure::ChooseNetVm);
                cures.extend((!is_chosen).then_some(Cure::IgnoreMissing));
                cures
            }
            Self::NetVmCycle { .. } => vec![Cure::ChooseNetVm],
            Self::DispVmMissing {
                name,
                absence,
                is_chosen,
            } => {
                let mut cures = absence.cures(name);
                cures.push(Cure::ChooseDispVm);
                cures.extend((!is_chosen).then_some(Cure::IgnoreMissing));
                cures
            }
            Self::KernelMissing { is_chosen, .. } => {
                let mut cures = vec![Cure::ChooseKernel];
                cures.extend((!is_chosen).then_some(Cure::IgnoreMissing));
                cures
            }
            Self::PoolMissing { .. } | Self::PoolOutOfReach { .. } => vec![Cure::ChoosePool],
            Self::UserMismatch { .. } => vec![Cure::IgnoreUserMismatch],
            Self::ClassUnknown | Self::DataMissing { .. } => Vec::new(),
        };
        cures.push(Cure::LeaveOut);
        cures
    }
}

impl Cure {
    /// Whether its user has to choose or type something for it.
    pub fn is_choice(&self) -> bool {
        matches!(
            self,
            Self::ChooseName
                | Self::ChooseTemplate
                | Self::ChooseNetVm
                | Self::ChooseDispVm
                | Self::ChooseKernel
                | Self::ChoosePool
        )
    }

    /// What to write on the command line of the tool for a VM of the archive, with capitals for what its user has to
    /// put there; nothing where no option does it.
    pub fn option(&self, vm: &str) -> Option<String> {
        Some(match self {
            Self::ChooseName => format!("--rename {vm}=NAME"),
            Self::RenameConflicting => "--rename-conflicting".to_owned(),
            Self::ChooseTemplate => format!("--template {vm}=NAME"),
            Self::ChooseNetVm => format!("--netvm {vm}=NAME"),
            Self::ChooseDispVm => format!("--dispvm {vm}=NAME"),
            Self::ChooseKernel => format!("--kernel {vm}=KERNEL"),
            Self::ChoosePool => format!("--pool {vm}=POOL"),
            Self::RestoreToo { .. } | Self::SolveFirst { .. } => return None,
            Self::IgnoreMissing => "--ignore-missing".to_owned(),
            Self::IgnoreUserMismatch => "--ignore-username-mismatch".to_owned(),
            Self::LeaveOut if vm == DOM0 => "--skip-dom0-home".to_owned(),
            Self::LeaveOut => format!("--exclude {vm}"),
        })
    }
}

impl Absence {
    /// What can be done about the VM of that name.
    fn cures(self, name: &str) -> Vec<Cure> {
        let name = name.to_owned();
        match self {
            Self::NotSelected => vec![Cure::RestoreToo { name }],
            Self::HasProblem => vec![Cure::SolveFirst { name }],
            Self::NotHere | Self::Incomplete | Self::WrongKind => Vec::new(),
        }
    }
}

/// Why a VM gets another name than it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Renaming {
    /// The user chose it.
    Chosen,
    /// A VM here has the old one.
    TakenHere,
    /// The old one was given to another VM of this restore.
    TakenByAnother,
    /// No VM can have the old one.
    Invalid,
}

impl RestoreRemark {
    /// Whether something of the VM is lost without its user having said so.
    pub fn is_loss(&self) -> bool {
        matches!(
            self,
            Self::DeviceWithoutBackend { .. } | Self::VmMissing { .. } | Self::TagDropped { .. }
        )
    }
}

/// What is worth knowing about a row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestoreRemark {
    /// It is left out because the user said so.
    LeftOut,
    /// It is left out because its name is taken.
    SkippedConflict,
    /// It is left out because of its problems.
    SkippedBroken {
        /// The problems.
        problems: Vec<RestoreProblem>,
    },
    /// It is left out because nothing that is restored refers to it, and the archive holds nothing of it.
    NotNeeded,
    /// It is left out because the archive holds nothing of it, and the host has one like it.
    FoundHere,
    /// It gets another name.
    Renamed {
        /// The name in the archive.
        from: String,
        /// The name here.
        to: String,
        /// What made it so.
        why: Renaming,
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
        from: Reference,
        /// The net VM here.
        to: Reference,
    },
    /// It gets another default disposable template.
    DispVmChanged {
        /// The disposable template in the archive.
        from: Reference,
        /// The disposable template here.
        to: Reference,
    },
    /// It gets another kernel.
    KernelChanged {
        /// The kernel in the archive.
        from: Reference,
        /// The kernel here.
        to: Reference,
    },
    /// Its volumes go into a pool that is not the host's default.
    PoolChosen {
        /// The pool.
        name: String,
    },
    /// A device is not assigned, because the user said so.
    DeviceDropped {
        /// The device.
        port: DevicePort,
    },
    /// A device is not assigned, because the VM that it hangs on is neither here nor restored.
    DeviceWithoutBackend {
        /// The device.
        port: DevicePort,
    },
    /// A property is not set, because the VM that it names is neither here nor restored.
    VmMissing {
        /// The property.
        property: String,
        /// The VM.
        name: String,
    },
    /// A tag is not set, because the VM that it names is neither here nor restored.
    TagDropped {
        /// The tag.
        tag: String,
    },
}
