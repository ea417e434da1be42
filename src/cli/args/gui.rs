// SPDX-License-Identifier: GPL-3.0-or-later
//! The command lines of the two wizards. They stand here, without anything of a window, so that the manual pages of all
//! four programs come from one place.

use std::{ffi::OsString, path::PathBuf};

use clap::Parser;

use super::LONG_VERSION;

/// What the session's message bus starts a program with (`data/*.service.in`). It is for nobody else, so that no manual page and no
/// completion offers it.
const SERVICE: &str = "--gapplication-service";

/// Takes out of the command line of a wizard what the message bus puts there; returns whether it was there, and the rest.
pub fn take_service(line: impl IntoIterator<Item = OsString>) -> (bool, Vec<OsString>) {
    let mut line: Vec<OsString> = line.into_iter().collect();
    let is_service = line.get(1).is_some_and(|argument| argument == SERVICE);
    if is_service {
        line.remove(1);
    }
    (is_service, line)
}

/// The Backup PedOS wizard
///
/// Opens a window that leads through a backup: which VMs, where to, with which passphrase.
#[derive(Debug, Clone, Default, Parser)]
#[command(name = "pedos-backup", version, long_version = LONG_VERSION, infer_long_args = true, args_override_self = true)]
pub struct BackupWizardArgs {
    /// Open no window: tell the desktop of backups that failed, are overdue or were never verified, and of nothing if all is well
    ///
    /// The user's timer pedos-backup-reminder.timer does this after each login and once a day. What was told is told again only
    /// after some days. A profile may say "overdue_days: N"; else a repeated backup is overdue two days after it was due, and any
    /// other after 30 days.
    #[arg(long)]
    pub remind: bool,

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_bus_is_heard_where_it_speaks_and_nowhere_else() {
        let line = |words: &[&str]| take_service(words.iter().map(OsString::from));
        assert_eq!(line(&["w", SERVICE]), (true, vec!["w".into()]));
        assert_eq!(line(&["w"]), (false, vec!["w".into()]));
        let named = ["w", "--", SERVICE];
        assert_eq!(line(&named), (false, named.map(OsString::from).to_vec()));
    }
}
