// SPDX-License-Identifier: GPL-3.0-or-later
//! What can be known of the place of an archive, and why a place will not do.

use crate::{
    host::HostError,
    io_error::IoError,
    transport::{LineProblem, StoreError, leftover::Leftover},
};

/// What is going to be done at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// A new archive is written there.
    #[default]
    Write,
    /// An archive is read from there.
    Read,
}

/// What a place is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceKind {
    /// A directory of this computer that takes a new file, or an archive that can be read.
    Local,
    /// A path in the VM: of a directory that takes a new file, or of an archive. The VM has said so.
    VmPath,
    /// A command that is run in the VM.
    VmCommand {
        /// The program, its first word.
        program: String,
    },
    /// The VM could not be asked: its service takes the line for a path, and if there is nothing of that name it runs the line
    /// as a command.
    VmPathOrCommand {
        /// The program that the command would run, the first word of the line.
        program: String,
    },
    /// A directory of a store that takes a new file, or an archive in it.
    Store,
    /// A stream of this computer: a command, standard input or standard output.
    Stream,
}

/// What is known of a place that will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What it is.
    pub kind: PlaceKind,
    /// Room for an archive that is written, or the size of one that is read, in bytes, where that is known.
    pub bytes: Option<u64>,
    /// The largest file that fits there, in bytes, where there is such a limit.
    pub largest_file_bytes: Option<u64>,
    /// When the archive was last written, in seconds since 1970.
    pub changed: Option<i64>,
    /// Whether an archive that is written there can be read again afterwards.
    pub is_readable_again: bool,
    /// The number of the file system of a directory of this computer.
    pub device: Option<u64>,
    /// Archives that earlier runs have left there unfinished, the newest first.
    pub leftovers: Vec<Leftover>,
}

/// Why a place will not do.
#[derive(Debug, Clone)]
pub enum ProbeError {
    /// The line cannot be given to the service of a VM.
    Line(LineProblem),
    /// A path does not begin with `/`.
    NotAbsolute,
    /// There is nothing of that name.
    NotFound,
    /// The directory does not exist, but its parent does, and this user may create it there.
    CanBeMade,
    /// The directory does not exist, and this user may not create it in its parent.
    CannotBeMade,
    /// The VM has no such command.
    NoCommand {
        /// The program, the first word of the line.
        program: String,
    },
    /// It is something else than a directory.
    NotADirectory,
    /// It is something else than a file.
    NotAFile,
    /// This user may not write there.
    NotWritable,
    /// This user may not read it.
    NotReadable,
    /// The file is empty.
    EmptyFile,
    /// The VM does not run any more, or its service cannot be reached.
    Host(HostError),
    /// The store cannot be reached, or refuses.
    Store(StoreError),
    /// Another answer of the operating system.
    Io(IoError),
}

impl Probe {
    pub(super) fn of(kind: PlaceKind) -> Self {
        Self {
            kind,
            bytes: None,
            largest_file_bytes: None,
            changed: None,
            is_readable_again: false,
            device: None,
            leftovers: Vec::new(),
        }
    }
}
