// SPDX-License-Identifier: GPL-3.0-or-later
//! What does not stop a job but must be known.

use std::{io, path::PathBuf};

use crate::{
    host::{
        HostError, NameFault, Restored,
        settings::{Setting, Unfit},
    },
    io_error::IoError,
    plan::Unverified,
    transport::{Notice, RemovalError},
};

use super::{ArchiveError, EngineError, HomeRefusal};

/// Something that does not stop a job but must be known.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// A file of dom0's home could not be read and is not in the archive.
    HomeFileLeftOut {
        /// The file, within the home.
        path: PathBuf,
        /// Why.
        why: LeftOut,
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
        why: IoError,
    },
    /// An unfinished file that a killed run had left was replaced.
    LeftoverReplaced {
        /// The unfinished file.
        path: PathBuf,
    },
    /// A VM was restored, and its template, which was to be restored as well, was not: it cannot start.
    TemplateNotRestored {
        /// The VM, by its name here.
        vm: String,
        /// The name that the template was to have here.
        template: String,
    },
    /// Whether the service of a VM has taken the last bytes of an archive cannot be told.
    UptakeUnknown {
        /// The VM.
        vm: String,
    },
    /// The process that takes the archive took nothing for a while.
    TakesNothing {
        /// The VM or the command.
        place: String,
    },
    /// The VM that takes the archive was halted and has been started.
    VmStarted {
        /// The VM.
        vm: String,
    },
    /// The VM that takes the archive turns itself off when it shows no window for a while.
    VmEndsWhenIdle {
        /// The VM.
        vm: String,
    },
    /// A VM could not be marked as backed up.
    NotRecorded {
        /// Why.
        why: HostError,
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
        /// What was to be restored.
        what: Restored,
        /// Why.
        why: SettingFault,
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
        why: IoError,
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
    /// A failed backup left a file, here or in a VM, that this program could not remove.
    LeftBehind {
        /// Where it is.
        place: String,
    },
    /// In that VM the archive has its final name from its first byte, so that a broken one looks like a whole one.
    NamedFromTheStart {
        /// The VM.
        vm: String,
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
        why: IoError,
    },
    /// The archive could not be put on the list of those that were made here, so that no older one was removed.
    NotRemembered {
        /// Why.
        why: IoError,
    },
    /// The backup is not whole and verified, so that no older archive was removed.
    OlderKept,
    /// The older archives could not be looked for, so that none was removed.
    OlderNotFound {
        /// Why.
        why: RemovalError,
    },
    /// An older archive that should go was not removed.
    ArchiveNotRemoved {
        /// Where it is.
        place: String,
        /// Why.
        why: NotRemoved,
    },
    /// An older archive was removed, and the text beside it on how to open it was not.
    RecoveryTextNotRemoved {
        /// Where it is.
        path: PathBuf,
        /// Why.
        why: IoError,
    },
    /// The archive could not be read to its end; what was wanted of it may still be whole.
    RestUnreadable {
        /// Why.
        why: EngineError,
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
        why: HostError,
    },
}

impl From<Notice> for Warning {
    fn from(notice: Notice) -> Self {
        match notice {
            Notice::LeftoverReplaced { path } => Self::LeftoverReplaced { path },
            Notice::NameNotSynced { path, why } => Self::NameNotSynced { path, why },
            Notice::UptakeUnknown { vm } => Self::UptakeUnknown { vm },
            Notice::TakesNothing { place } => Self::TakesNothing { place },
            Notice::VmStarted { vm } => Self::VmStarted { vm },
            Notice::VmEndsWhenIdle { vm } => Self::VmEndsWhenIdle { vm },
            Notice::LeftBehind { place } => Self::LeftBehind { place },
            Notice::NamedFromTheStart { vm } => Self::NamedFromTheStart { vm },
        }
    }
}

/// Why an entry of dom0's home is not in the archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeftOut {
    /// It could not be read.
    #[error("{0}")]
    System(IoError),
    /// It is a socket, which exists only while its program runs.
    #[error("it is a socket, which exists only while its program runs")]
    Socket,
    /// It is a device.
    #[error("it is a device")]
    Device,
}

impl From<io::Error> for LeftOut {
    fn from(error: io::Error) -> Self {
        Self::System(error.into())
    }
}

/// Why an older archive that should go was not removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRemoved {
    /// What is there now is another archive, or none.
    #[error("what is there now is not the archive that was made")]
    Another,
    /// What is there cannot be read.
    #[error("what is there cannot be read: {0}")]
    Unreadable(EngineError),
    /// It could not be found or removed.
    #[error(transparent)]
    Removal(RemovalError),
    /// Its user stopped the work.
    #[error("the work was cancelled")]
    Cancelled,
}

/// Why something of a VM could not be restored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingFault {
    /// The host refused it or failed.
    #[error(transparent)]
    Host(HostError),
    /// A small file is far larger than files of its kind.
    #[error("it has {bytes} bytes, far more than a file of its kind")]
    TooLarge {
        /// Its length.
        bytes: u64,
    },
}

#[cfg(test)]
mod each;
