// SPDX-License-Identifier: GPL-3.0-or-later
//! The command lines of the two wizards. They stand here, without anything of a window, so that the manual pages of all
//! four programs come from one place.

use std::path::PathBuf;

use clap::Parser;

use super::LONG_VERSION;

/// The Backup PedOS wizard
///
/// Opens a window that leads through a backup: which VMs, where to, with which passphrase.
#[derive(Debug, Clone, Default, Parser)]
#[command(name = "pedos-backup", version, long_version = LONG_VERSION, infer_long_args = true, args_override_self = true)]
pub struct BackupWizardArgs {
    /// Work on the PedOS in this folder
    ///
    /// Without this option, the environment variable PEDOS_ROOT names it.
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
}

/// The Restore Backup wizard
///
/// Opens a window that leads through restoring or verifying a backup.
#[derive(Debug, Clone, Default, Parser)]
#[command(
    name = "pedos-backup-restore",
    version,
    long_version = LONG_VERSION,
    infer_long_args = true,
    args_override_self = true
)]
pub struct RestoreWizardArgs {
    /// The backup to begin with
    #[arg(value_name = "ARCHIVE")]
    pub archive: Option<PathBuf>,

    /// Begin with a verification: everything is read, and nothing is restored
    #[arg(long)]
    pub verify: bool,

    /// Work on the PedOS in this folder
    ///
    /// Without this option, the environment variable PEDOS_ROOT names it.
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
}
