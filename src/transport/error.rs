// SPDX-License-Identifier: GPL-3.0-or-later
//! Why an archive could not be written or read, apart from what is in it.

use std::{io, path::PathBuf, time::Duration};

use crate::{cancel::Cancelled, host::HostError, io_error::IoError, qfile::QfileFault, sftp::SftpError as StoreFault};

/// Why an archive could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// There is a file of that name.
    #[error("{} is there already and is not overwritten", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Another run is writing it.
    #[error("{} is being written by another program", path.display())]
    InUse {
        /// The unfinished file.
        path: PathBuf,
    },
    /// The unfinished file was replaced or removed while it was written.
    #[error("{} was replaced or removed while it was written", path.display())]
    Replaced {
        /// The unfinished file.
        path: PathBuf,
    },
    /// The folder holds none of the archives that were made in it, and lies on the disk of the system: its own disk is not mounted.
    #[error("{} holds none of the {made} backups that were made in it: its disk is not mounted", path.display())]
    NotMounted {
        /// The folder.
        path: PathBuf,
        /// How many were made in it.
        made: usize,
    },
    /// The folder is not there or is no folder.
    #[error("{} is not a directory", path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// Another file system is at the folder than the one that its user saw there: a disk was unmounted, or exchanged.
    #[error("another disk is mounted at {} than before", path.display())]
    OtherDisk {
        /// The folder.
        path: PathBuf,
    },
    /// The disk is full, or a quota is reached.
    #[error("no space left at {place}")]
    Full {
        /// Where.
        place: String,
    },
    /// The file system does not take files of that size.
    #[error("{place} does not take files as large as this archive")]
    FileTooLarge {
        /// Where.
        place: String,
    },
    /// Any other answer of the operating system.
    #[error("writing {place}: {source}")]
    Io {
        /// Where.
        place: String,
        /// The answer.
        source: IoError,
    },
    /// The service in the VM ended badly.
    #[error("writing the backup to VM {vm} failed (exit code {code}): {said}")]
    Service {
        /// The VM.
        vm: String,
        /// The service's exit code.
        code: i32,
        /// The end of what it printed, made safe to show.
        said: String,
    },
    /// The directory in the VM may not be written to.
    #[error("{place} cannot be written to")]
    NotWritable {
        /// Where.
        place: String,
    },
    /// In the VM there is neither a directory nor a command of that name.
    #[error("{place} is neither a directory nor a command")]
    NothingThere {
        /// Where.
        place: String,
    },
    /// The process that takes the archive took nothing for so long that it was ended.
    #[error("{place} took nothing for {} minutes", after.as_secs() / 60)]
    Stalled {
        /// The VM or the command.
        place: String,
        /// For how long.
        after: Duration,
    },
    /// What the VM kept is not what was sent to it.
    #[error("{place} did not keep the whole archive")]
    NotKept {
        /// Where.
        place: String,
    },
    /// The command on this computer ended badly.
    #[error("the command ended badly (exit code {code}): {said}")]
    Command {
        /// The command, as its user wrote it.
        command: String,
        /// Its exit code.
        code: i32,
        /// The end of what it printed, made safe to show.
        said: String,
    },
    /// The store did not do what was asked of it.
    #[error("writing {place}: {fault}: {said}")]
    Store {
        /// Where.
        place: String,
        /// Why.
        fault: StoreFault,
        /// The last words of its program where that has ended, made safe to show.
        said: String,
    },
    /// The store has a file of that name.
    #[error("{place} is there already and is not overwritten")]
    Taken {
        /// The file.
        place: String,
    },
    /// An archive cannot be written there at all.
    #[error("an archive cannot be written to {place}")]
    Impossible {
        /// Where.
        place: String,
    },
}

/// Why an archive could not be read, apart from what is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The operating system's answer.
    #[error("reading {place}: {source}")]
    Io {
        /// Where.
        place: String,
        /// The answer.
        source: IoError,
    },
    /// The program that was to decompress it could not be started.
    #[error("the program {program} cannot be run: {source}")]
    Program {
        /// The program, as its user named it.
        program: String,
        /// The operating system's answer.
        source: IoError,
    },
    /// The service in the VM ended badly.
    #[error("reading the backup from VM {vm} failed (exit code {code}): {said}")]
    Service {
        /// The VM.
        vm: String,
        /// The service's exit code.
        code: i32,
        /// The end of what it printed, made safe to show.
        said: String,
    },
    /// It is not something that an archive can be read from.
    #[error("{place} is {kind}")]
    NotReadable {
        /// Where.
        place: String,
        /// What it is.
        kind: Unreadable,
    },
    /// The stream was read already, and goes on only forward.
    #[error("{place} can be read only once")]
    ReadAlready {
        /// Where.
        place: String,
    },
    /// The command on this computer ended badly.
    #[error("the command ended badly (exit code {code}): {said}")]
    Command {
        /// The command, as its user wrote it.
        command: String,
        /// Its exit code.
        code: i32,
        /// The end of what it printed, made safe to show.
        said: String,
    },
    /// The stream of a service broke off.
    #[error("what VM {vm} sent breaks off at byte {position}")]
    BrokenOff {
        /// The VM.
        vm: String,
        /// Bytes of members that had come.
        position: u64,
    },
    /// The stream of a service is not one.
    #[error("what VM {vm} sent makes no sense: {fault}")]
    NotAStream {
        /// The VM.
        vm: String,
        /// Bytes of members that had come.
        position: u64,
        /// What is wrong with it.
        fault: QfileFault,
    },
    /// The store did not do what was asked of it.
    #[error("reading {place}: {fault}: {said}")]
    Store {
        /// Where.
        place: String,
        /// Why.
        fault: StoreFault,
        /// The last words of its program where that has ended, made safe to show.
        said: String,
    },
    /// The archive was changed in the store while it was read.
    #[error("{place} was changed while it was read")]
    Changed {
        /// Where.
        place: String,
    },
    /// The archive lies in a VM, and there is no PedOS here whose VMs could be reached.
    #[error("VM {vm} cannot be reached: there is no PedOS here")]
    NoPedos {
        /// The VM.
        vm: String,
    },
}

/// What is no archive and cannot be read like one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A directory.
    #[error("a directory")]
    Directory,
    /// A pipe where several files are joined.
    #[error("a pipe, which can be read only once and by itself")]
    Pipe,
    /// Neither a file nor a disk nor a pipe.
    #[error("neither a file nor a disk nor a pipe")]
    Other,
}

/// Why a service in a VM ended badly, as far as its own words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceFault {
    /// There is neither a path nor a command of that name.
    NothingThere,
    /// The disk is full, or a quota is reached.
    Full,
    /// The user of the VM may not do that there.
    NotPermitted,
    /// The disk there can only be read.
    ReadOnly,
    /// The disk is failing or was removed.
    Device,
}

impl ServiceFault {
    /// What the programs of the services say, with what it means. A disk that is full says more than the command which
    /// ended for that.
    const SAYINGS: [(&str, Self); 12] = [
        ("No space left on device", Self::Full),
        ("Disk quota exceeded", Self::Full),
        ("Read-only file system", Self::ReadOnly),
        ("Input/output error", Self::Device),
        ("No such device", Self::Device),
        ("Permission denied", Self::NotPermitted),
        ("Operation not permitted", Self::NotPermitted),
        ("No such file or directory", Self::NothingThere),
        ("Directory nonexistent", Self::NothingThere),
        ("Not a directory", Self::NothingThere),
        ("Invalid command", Self::NothingThere),
        ("neither a file nor a command", Self::NothingThere),
    ];

    /// Returns what the words of a service mean; `None` where they are of no kind that is known here.
    pub fn of(said: &str) -> Option<Self> {
        let found = Self::SAYINGS.iter().find(|(saying, _)| said.contains(saying));
        found.map(|(_, fault)| *fault)
    }
}

/// Why an end of an archive could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// It could not be written.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// It could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The PedOS did not start a service.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The user stopped the work.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl DestinationError {
    /// Returns whether the place is not there now and may be later.
    pub fn is_of_an_absent_place(&self) -> bool {
        match self {
            Self::NotMounted { .. }
            | Self::NotADirectory { .. }
            | Self::OtherDisk { .. }
            | Self::NothingThere { .. } => true,
            Self::Store { fault, .. } => matches!(fault, StoreFault::NotFound | StoreFault::Lost | StoreFault::Silent),
            // The answers of the system where a file server cannot be reached.
            Self::Io { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::NetworkDown
                    | io::ErrorKind::NotConnected
                    | io::ErrorKind::TimedOut
                    | io::ErrorKind::StaleNetworkFileHandle
            ),
            Self::Exists { .. }
            | Self::InUse { .. }
            | Self::Replaced { .. }
            | Self::Full { .. }
            | Self::FileTooLarge { .. }
            | Self::Service { .. }
            | Self::NotWritable { .. }
            | Self::Stalled { .. }
            | Self::NotKept { .. }
            | Self::Command { .. }
            | Self::Taken { .. }
            | Self::Impossible { .. } => false,
        }
    }

    /// Returns the error that an operating system's answer is for an archive that is being written.
    pub(crate) fn of(place: &str, source: IoError) -> Self {
        let place = place.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { place },
            io::ErrorKind::FileTooLarge => Self::FileTooLarge { place },
            _ => Self::Io { place, source },
        }
    }
}

#[cfg(test)]
mod each;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_service_tell_its_cause() {
        for (said, fault) in [
            (
                "dd: error writing '/mnt/x': No space left on device",
                Some(ServiceFault::Full),
            ),
            (
                "dd: failed to open '/mnt/x': Permission denied",
                Some(ServiceFault::NotPermitted),
            ),
            (
                "dd: failed to open '/none/x': No such file or directory",
                Some(ServiceFault::NothingThere),
            ),
            (
                "Starting Backupcopy Invalid command /none/at/all",
                Some(ServiceFault::NothingThere),
            ),
            (
                "dd: failed to open '/cdrom/x': Read-only file system",
                Some(ServiceFault::ReadOnly),
            ),
            (
                "dd: fsync failed for '/mnt/x': Input/output error",
                Some(ServiceFault::Device),
            ),
            ("it is a mystery", None),
            ("", None),
        ] {
            assert_eq!(ServiceFault::of(said), fault, "{said}");
        }
    }
}
