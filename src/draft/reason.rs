// SPDX-License-Identifier: GPL-3.0-or-later
//! Why the next page of a wizard cannot be entered yet.

use crate::secret::PassphraseError;

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
    BadPlace,
    /// No passphrase was typed.
    NoPassphrase,
    /// The passphrase was not typed a second time.
    NotConfirmed,
    /// The two passphrases differ.
    PassphrasesDiffer,
    /// A new archive cannot have that passphrase.
    PassphraseRefused(PassphraseError),
    /// No profile can have the name under which the settings are to be kept.
    BadProfileName,
    /// That many problems are left on the summary.
    Problems(usize),
    /// The archive is being opened.
    StillOpening,
    /// The archive has not been opened.
    NotOpened,
    /// The run has not ended.
    Running,
}
