// SPDX-License-Identifier: GPL-3.0-or-later
//! What the user has to know of an end of an archive although nothing failed.

use std::{path::PathBuf, sync::Arc};

use crate::io_error::IoError;

/// Something about an end of an archive that does not stop the work.
#[derive(Debug, Clone)]
pub enum Notice {
    /// An unfinished file of a run that was killed had the name that is needed, and was replaced.
    LeftoverReplaced {
        /// The unfinished file.
        path: PathBuf,
    },
    /// The archive is whole and has its name, but a power cut may take the name away.
    NameNotSynced {
        /// The archive.
        path: PathBuf,
        /// The operating system's answer.
        why: IoError,
    },
    /// Nobody can tell whether the VM has taken the last bytes.
    UptakeUnknown {
        /// The VM.
        vm: String,
    },
    /// An archive that is not whole lies there under a name that it should not have, or could not be removed.
    LeftBehind {
        /// Where.
        place: String,
    },
    /// The VM was halted and has been started for the archive.
    VmStarted {
        /// The VM.
        vm: String,
    },
    /// The VM turns itself off when it shows no window for a while, also in the middle of an archive.
    VmEndsWhenIdle {
        /// The VM.
        vm: String,
    },
    /// The process has taken nothing for a while.
    TakesNothing {
        /// The VM or the command.
        place: String,
    },
    /// In this VM the archive has its final name from its first byte, because its service runs no shell.
    NamedFromTheStart {
        /// The VM.
        vm: String,
    },
}

/// Who hears notices.
pub type Notices = Arc<dyn Fn(Notice) + Send + Sync>;
