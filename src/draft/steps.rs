// SPDX-License-Identifier: GPL-3.0-or-later
//! What the drafts of both wizards share: why a page cannot be left, and how the run on the last page stands.

use crate::{draft::PlaceProblem, secret::PassphraseError};

/// Why the next page cannot be entered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The list of VMs is still being read.
    StillReading,
    /// The list of VMs could not be read.
    NoSystem,
    /// No VM is selected.
    NothingSelected,
    /// No directory, file or command is given.
    NoPlace,
    /// The place is still being looked at.
    StillLooking,
    /// The place will not do.
    Place(PlaceProblem),
    /// No passphrase was typed.
    NoPassphrase,
    /// The passphrase was not typed a second time.
    NotConfirmed,
    /// The two passphrases differ.
    PassphrasesDiffer,
    /// A new archive cannot have that passphrase.
    PassphraseRefused(PassphraseError),
    /// That many problems are left on the summary.
    Problems(usize),
    /// The archive is being opened.
    StillOpening,
    /// The archive has not been opened.
    NotOpened,
    /// The run has not ended.
    Running,
}

/// How the run on the last page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Run {
    /// It has not begun: everything can still be changed.
    #[default]
    NotBegun,
    /// It runs.
    Running,
    /// It was asked to stop and has not answered yet.
    Stopping,
    /// It has said its last word.
    Ended {
        /// Whether everything went well.
        is_success: bool,
    },
}

impl Run {
    /// Whether something moves.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Running | Self::Stopping)
    }
}
