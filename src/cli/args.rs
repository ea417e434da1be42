// SPDX-License-Identifier: GPL-3.0-or-later
//! What the four programs can be told on their command lines: one definition each, from which the parser, the help and
//! the manual pages come.
//!
//! Nothing here looks at the environment or the disk; it only says what was typed. The options of the two tools are
//! those of the existing tools, with the same names, letters and defaults, and a few of our own beside them.

mod backup;
mod choices;
mod gui;
mod resources;
mod restore;

use std::path::PathBuf;

use clap::{ArgAction, Args, CommandFactory};

pub use backup::{BackupArgs, CompressionWish, KdfStrength};
pub use choices::{Assigned, AssignedPool, ChoiceArgs};
pub use gui::{BackupWizardArgs, RestoreWizardArgs};
pub use resources::ResourceArgs;
pub use restore::{RestoreArgs, YesNo};

/// What `--version` says after the name.
pub const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\n",
    env!("CARGO_PKG_DESCRIPTION"),
    ".\nLicense GPL-3.0-or-later: free software, without any warranty."
);

/// The definitions of all four programs, by name.
pub fn commands() -> [(&'static str, clap::Command); 4] {
    [
        ("qvm-backup", BackupArgs::command()),
        ("qvm-backup-restore", RestoreArgs::command()),
        ("pedos-backup", BackupWizardArgs::command()),
        ("pedos-backup-restore", RestoreWizardArgs::command()),
    ]
}

/// What both tools understand.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "General options")]
pub struct CommonArgs {
    /// Work on the PedOS in this folder
    ///
    /// The folder is laid out as dom0's own file system is: DIR/var/lib/qubes/qubes.xml, the volumes beside it, and
    /// DIR/home. Without this option, the environment variable PEDOS_ROOT names it.
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,

    /// Say more; may be given several times
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,

    /// Say less; may be given several times
    #[arg(short, long, action = ArgAction::Count)]
    pub quiet: u8,

    /// Accepted and of no effect, for scripts that give it
    #[arg(long, hide = true)]
    pub force_root: bool,
}

impl CommonArgs {
    /// How much is to be said: 0 warnings and errors, 1 what is being done, 2 and more what a developer wants to see.
    pub fn level(&self) -> i32 {
        1 + i32::from(self.verbose) - i32::from(self.quiet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_are_sound() {
        for (name, command) in commands() {
            assert_eq!(command.get_name(), name);
            command.debug_assert();
        }
    }

    #[test]
    fn every_option_that_is_shown_says_what_it_does() {
        for (name, command) in commands() {
            for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
                assert!(argument.get_help().is_some(), "{name}: {}", argument.get_id());
            }
        }
    }

    #[test]
    fn levels_begin_at_one() {
        assert_eq!(CommonArgs::default().level(), 1);
        let quiet = CommonArgs {
            quiet: 2,
            ..CommonArgs::default()
        };
        assert_eq!(quiet.level(), -1);
    }
}
