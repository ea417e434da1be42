// SPDX-License-Identifier: GPL-3.0-or-later
//! What every stage carries along: the way to stop it, and whom to tell how far it is.

use std::{
    fmt,
    num::NonZeroUsize,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    host::{
        NameFault,
        settings::{Setting, Unfit},
    },
    plan::Unverified,
};

use super::{ArchiveError, CancelToken, Failure, HomeRefusal};

/// Hears what a job does. Called from the job's own threads; must return soon.
pub trait Observer: Send + Sync {
    /// A new phase has begun.
    fn phase(&self, phase: Phase);
    /// How far the phase is; at most five a second.
    fn progress(&self, progress: Progress);
    /// A VM has changed its state.
    fn item(&self, vm: &str, state: ItemState);
    /// Something that does not stop the job but must be known.
    fn warning(&self, warning: Warning);
}

/// An observer that does not listen.
impl Observer for () {
    fn phase(&self, _: Phase) {}
    fn progress(&self, _: Progress) {}
    fn item(&self, _: &str, _: ItemState) {}
    fn warning(&self, _: Warning) {}
}

/// How much of the VM a job takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resources {
    /// How many processors work for it at a time; `None` for all that this process may use.
    pub jobs: Option<NonZeroUsize>,
    /// Whether it waits for everybody else: the lowest priority for processor and disk.
    pub is_gentle: bool,
}

/// What the stages of one job share.
#[derive(Clone)]
pub struct Context {
    /// How it is stopped.
    pub cancel: CancelToken,
    /// How much of the computer it takes.
    pub resources: Resources,
    /// Who listens.
    pub observer: Arc<dyn Observer>,
    warnings: Arc<Mutex<Vec<Warning>>>,
}

impl Context {
    /// The context of a new job.
    pub fn new(cancel: CancelToken, observer: Arc<dyn Observer>) -> Self {
        Self {
            cancel,
            resources: Resources::default(),
            observer,
            warnings: Arc::default(),
        }
    }

    /// The same with other resources than the usual ones.
    #[must_use]
    pub fn with_resources(self, resources: Resources) -> Self {
        Self { resources, ..self }
    }

    /// Tells a warning, and keeps it for the report.
    pub(super) fn warn(&self, warning: Warning) {
        self.observer.warning(warning.clone());
        self.warnings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(warning);
    }

    /// Everything that was warned of so far.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Default for Context {
    fn default() -> Self {
        Self::new(CancelToken::default(), Arc::new(()))
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("cancel", &self.cancel)
            .finish_non_exhaustive()
    }
}

/// What a job is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The plan is held against the host once more, sizes are taken.
    Preparing,
    /// Data goes from the host into the archive.
    BackingUp,
    /// The archive is made safe: synced, and given its name.
    Finishing,
    /// The archive is read and compared with its inventory; nothing is written.
    Verifying,
    /// Another restore into the same host has to end first.
    AwaitingTurn,
    /// Header and inventory of an archive are read.
    Opening,
    /// VMs are created and their settings set.
    CreatingVms,
    /// Data goes from the archive into the host.
    Restoring,
    /// One file is got out of an archive.
    Extracting,
}

/// How far a phase is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// Bytes done.
    pub done_bytes: u64,
    /// Bytes in all; `None` when nobody can know.
    pub total_bytes: Option<u64>,
    /// The VM at work.
    pub vm: Option<Arc<str>>,
    /// Its volume or file at work.
    pub item: Option<Arc<str>>,
    /// Time since the phase began.
    pub elapsed: Duration,
    /// Bytes in a second, over the last while.
    pub bytes_per_second: f64,
    /// Time that the rest will take, once it can be told.
    pub remaining: Option<Duration>,
}

impl Progress {
    /// The part that is done, from 0 to 1.
    pub fn fraction(&self) -> Option<f64> {
        let total = self.total_bytes?;
        Some(if total == 0 {
            1.0
        } else {
            (self.done_bytes as f64 / total as f64).min(1.0)
        })
    }
}

/// How a VM stands in a running job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemState {
    /// It is to come.
    Waiting,
    /// Its data is moving.
    Working,
    /// It is whole.
    Done,
    /// It failed; the others may go on.
    Failed(Failure),
}

/// Something that does not stop a job but must be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A file of dom0's home could not be read and is not in the archive.
    HomeFileLeftOut {
        /// The file, within the home.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A file of dom0's home changed its size while it was read; what is in the archive is padded or cut.
    HomeFileChanged {
        /// The file, within the home.
        path: PathBuf,
    },
    /// A file is whole and has its name, but its folder could not be synced, so that a power cut may take the name away.
    NameNotSynced {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// An unfinished file that a killed run had left was replaced.
    LeftoverReplaced {
        /// The unfinished file.
        path: PathBuf,
    },
    /// Whether the service of a VM has taken the last bytes of an archive cannot be told.
    UptakeUnknown {
        /// The VM.
        vm: String,
    },
    /// A VM could not be marked as backed up.
    NotRecorded {
        /// Why.
        why: String,
    },
    /// The archive was not read again, although that was asked for.
    NotVerified {
        /// Why.
        why: Unverified,
    },
    /// A setting of a restored VM could not be set.
    SettingNotRestored {
        /// The VM's name here.
        vm: String,
        /// What it is: a property, feature, tag, device, firewall rules, notes.
        setting: String,
        /// Why.
        why: String,
    },
    /// A setting of a restored VM has a value that no PedOS takes, and is left out.
    SettingUnfit {
        /// The VM's name here.
        vm: String,
        /// The setting.
        setting: Setting,
        /// The value.
        value: String,
        /// Why it does not fit.
        why: Unfit,
    },
    /// The archive is as it should be, and the VM can only be restored under another name.
    NameUnusable {
        /// Its name in the archive.
        vm: String,
        /// The rule that the name breaks.
        why: NameFault,
    },
    /// A file of the archive that this program has no use for.
    UnknownFile {
        /// The member's name.
        member: String,
    },
    /// A directory or file of dom0's home could not be given its mode, time or owner.
    HomeFileNotRestored {
        /// The file, within the restored folder.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// An entry of dom0's home cannot be restored and is left out.
    HomeEntryRefused {
        /// The entry, within the archive.
        path: PathBuf,
        /// Why.
        why: HomeRefusal,
    },
    /// A file of dom0's home is restored without the bits that would run it as its owner or group.
    HomePrivilegesDropped {
        /// The file, within the archive.
        path: PathBuf,
    },
    /// A failed backup left a file in another VM that this program cannot remove.
    LeftBehind {
        /// Where it is.
        place: String,
    },
    /// A part did not authenticate and did so when it was read once more: memory, cable or disk of this computer fail.
    GoodAtSecondTry {
        /// The member.
        member: String,
        /// Where it begins in the archive.
        position: u64,
    },
    /// A volume has another size than the inventory says.
    VolumeSizeDiffers {
        /// The VM's name in the archive.
        vm: String,
        /// The volume.
        volume: String,
        /// What the inventory says, in bytes.
        announced: u64,
        /// What came, in bytes.
        found: u64,
    },
    /// The text on how to open the archive without this program could not be put beside it.
    RecoveryTextNotWritten {
        /// Where it should be.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The archive could not be read to its end; what was wanted of it may still be whole.
    RestUnreadable {
        /// Why.
        why: String,
    },
    /// Something is wrong with the archive that costs no VM anything.
    Archive(ArchiveError),
    /// Something stands behind the end of the archive.
    BehindTheEnd {
        /// Where it begins, in bytes from the start of the archive.
        position: u64,
    },
    /// A VM that did not become whole could not be taken away again.
    NotTakenAway {
        /// Its name here.
        vm: String,
        /// The tag that it carries.
        tag: &'static str,
        /// Why.
        why: String,
    },
}
