// SPDX-License-Identifier: GPL-3.0-or-later
//! Why a job ended before its end. Cheap to clone: one cause is shown in a window, a log and an exit code.

use std::path::PathBuf;

use crate::{
    cancel::Cancelled,
    crypto::{CryptoError, KdfCost},
    format::outer::Anomaly,
    host::{Change, HostError},
    inventory::FirewallError,
    io_error::IoError,
    plan::{ArchivedFile, Finding, Missing},
    transport::{DestinationError, SourceError, TransportError},
};

use super::{Cut, Damage, Mistake, NotABackup, PlanFault};

/// The first cause that ended a job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Its user stopped it. An outcome rather than an error; it travels this way through the stages.
    #[error("cancelled")]
    Cancelled,
    /// The host failed or refused.
    #[error(transparent)]
    Host(HostError),
    /// A volume could not be read.
    #[error("reading volume {volume} of VM {vm}: {source}")]
    Volume {
        /// The VM.
        vm: String,
        /// The volume.
        volume: String,
        /// The operating system's answer.
        source: IoError,
    },
    /// A volume changed between the moment when its data was counted and the end of its reading, so that what was saved
    /// may be a mixture of two states. A VM that was started and stopped in that time counts too: the archive as a whole
    /// is then not of one moment.
    #[error("volume {volume} of VM {vm} changed during the backup: {change}")]
    VolumeChanged {
        /// The VM.
        vm: String,
        /// The volume.
        volume: String,
        /// What has changed.
        change: Change,
    },
    /// Files of dom0's home are not in the archive, or not as they were at one time.
    #[error("{count} files of dom0's home could not be saved as they are, {} among them", path.display())]
    HomeIncomplete {
        /// The first of them, within the home.
        path: PathBuf,
        /// How many there are.
        count: u64,
    },
    /// dom0's home could not be read or written.
    #[error("{}: {source}", path.display())]
    Home {
        /// The place.
        path: PathBuf,
        /// The operating system's answer.
        source: IoError,
    },
    /// The archive could not be written.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// The archive could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The archive is not what it should be.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// What is wanted of the archive is not in it, nor does it say so.
    #[error("the backup does not hold {what}")]
    NotInArchive {
        /// What is wanted.
        what: ArchivedFile,
    },
    /// Something prevents the backup.
    #[error("the backup cannot start: {0:?}")]
    NotReady(Finding),
    /// The plan does not fit the host any more, or never did.
    #[error("{why}")]
    Plan {
        /// Why.
        why: PlanFault,
    },
    /// No key could be made for a new part.
    #[error("no key could be made: {0}")]
    Key(CryptoError),
    /// The system, or a limit on this user, allows no more threads.
    #[error("the system allows no more threads")]
    NoThread,
    /// A stage of this program broke: its own mistake.
    #[error("internal error: {what}")]
    Internal {
        /// Which.
        what: Mistake,
    },
}

impl EngineError {
    /// Returns whether the place of an archive is not there now and may be later: a disk that is not mounted, a VM that does not
    /// run, a server that does not answer.
    pub fn is_of_an_absent_place(&self) -> bool {
        match self {
            Self::Host(error) => matches!(error, HostError::NotRunning { .. }),
            Self::Destination(error) => error.is_of_an_absent_place(),
            _ => false,
        }
    }
}

impl From<Cancelled> for EngineError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

impl From<TransportError> for EngineError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Destination(error) => error.into(),
            TransportError::Source(SourceError::BrokenOff { position, .. }) => ArchiveError::Truncated {
                position,
                cut: Cut::Answer,
            }
            .into(),
            TransportError::Source(SourceError::NotAStream { position, fault, .. }) => ArchiveError::Damaged {
                member: None,
                position,
                why: Damage::Answer(fault),
            }
            .into(),
            TransportError::Source(SourceError::NotReadable { place, kind }) => ArchiveError::NotABackup {
                place,
                why: NotABackup::NotReadable(kind),
            }
            .into(),
            TransportError::Source(error) => error.into(),
            TransportError::Host(error) => error.into(),
            TransportError::Cancelled(error) => error.into(),
        }
    }
}

impl From<HostError> for EngineError {
    /// A host that was stopped by the job's token is a job that was stopped.
    fn from(error: HostError) -> Self {
        match error {
            HostError::Cancelled(_) => Self::Cancelled,
            error => Self::Host(error),
        }
    }
}

/// What is wrong with an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// Nothing in it looks like a backup of a PedOS.
    #[error("{place} is not a PedOS backup: {why}")]
    NotABackup {
        /// The file.
        place: String,
        /// Why it is none.
        why: NotABackup,
    },
    /// A format that this program does not read.
    #[error("backup format version {version} is not supported")]
    UnsupportedVersion {
        /// The version that the header names.
        version: String,
    },
    /// A compressor that this program does not have.
    #[error("the backup was compressed with {name}, which is not supported")]
    UnsupportedCompression {
        /// The name in the header.
        name: String,
    },
    /// The header names a digest or a cipher that this program does not have.
    #[error("the backup needs {name}, which is not supported")]
    UnsupportedAlgorithm {
        /// The name in the header.
        name: String,
    },
    /// The header names a cipher that this program does not have, and stock openssl may.
    #[error("the backup needs the cipher {name}, which is not supported")]
    UnsupportedCipher {
        /// The name in the header.
        name: String,
        /// The version of the backup's format, on which the way around depends.
        version: u32,
        /// The program that decompresses what was decrypted; none where nothing has to be.
        filter: Option<String>,
    },
    /// The header does not authenticate.
    #[error("wrong passphrase, or the header of the backup was altered")]
    WrongPassphrase,
    /// The header asks for more memory or time to derive a key than any real archive.
    #[error("the backup asks for an unreasonable key derivation in {member}: {cost}")]
    KeyTooCostly {
        /// The member.
        member: String,
        /// What it asks for.
        cost: KdfCost,
    },
    /// A key may be derived, but this computer has too little memory for it.
    #[error("not enough memory to derive the key of {member}, which takes {bytes} bytes")]
    KeyMemory {
        /// The member.
        member: String,
        /// The memory that it takes.
        bytes: u64,
    },
    /// A member or what is in it is not what was written.
    #[error("the backup is damaged at {} (byte {position}): {why}", member.as_deref().unwrap_or("the outer archive"))]
    Damaged {
        /// The member; none where it is unknown to which one the bytes belong.
        member: Option<String>,
        /// Where it begins in the archive.
        position: u64,
        /// What is wrong.
        why: Damage,
    },
    /// The archive ends too early.
    #[error("the backup ends early, at byte {position}: {cut}")]
    Truncated {
        /// Where.
        position: u64,
        /// What it ends within.
        cut: Cut,
    },
    /// Bytes between members are not as any writer leaves them; no content is there.
    #[error("the backup was altered or cut at byte {position}, where none of its content is: {anomaly}")]
    Altered {
        /// Where.
        position: u64,
        /// What is wrong.
        anomaly: Anomaly,
    },
    /// The header of a member is damaged: which one it was cannot be told.
    #[error("a member of the backup is lost: the bytes from {position} to {end} have no readable header")]
    LostMember {
        /// Where the bytes begin.
        position: u64,
        /// Where the next member begins, or the archive ends.
        end: u64,
    },
    /// A member stands in the archive a second time.
    #[error("the backup holds {member} a second time (byte {position})")]
    Duplicate {
        /// The member.
        member: String,
        /// Where the second one begins in the archive.
        position: u64,
    },
    /// The archive holds a volume that its VM does not have.
    #[error("the backup holds {file} of VM {vm}, a volume that this VM does not have")]
    NoSuchVolume {
        /// The VM.
        vm: String,
        /// The file of the volume, in the VM's folder.
        file: String,
    },
    /// Entries of dom0's home cannot be restored by anybody, or not here.
    #[error("{count} entries of dom0's home cannot be restored, {} among them", path.display())]
    HomeEntries {
        /// The first of them, within the archive.
        path: PathBuf,
        /// How many there are.
        count: u64,
    },
    /// A member that no part of this backup is.
    #[error("the backup holds {member} (byte {position}), which does not belong to it")]
    Foreign {
        /// The member.
        member: String,
        /// Where it begins in the archive.
        position: u64,
    },
    /// The firewall rules of a VM are as they were written, and no PedOS can read them.
    #[error("the firewall rules in {member} cannot be read: {why}")]
    UnreadableRules {
        /// The member.
        member: String,
        /// What is wrong with them.
        why: FirewallError,
    },
    /// Something that the inventory promises is not there.
    #[error("the backup is incomplete: {what} is missing")]
    Missing {
        /// What.
        what: Missing,
    },
}

/// Why one VM failed.
///
/// Kept beside the VM so that the report names each of them, while the job goes on with the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(pub EngineError);

#[cfg(test)]
mod each;
