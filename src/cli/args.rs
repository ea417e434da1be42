// SPDX-License-Identifier: GPL-3.0-or-later
//! What the four programs can be told on their command lines: one definition each, from which the parser, the help and
//! the manual pages come.
//!
//! Nothing here looks at the environment or the disk; it only says what was typed. The options of the two tools are
//! those of the existing tools, with the same names, letters and defaults, and a few of our own beside them.

mod backup;
mod choices;
mod common;
mod gui;
mod resources;
mod restore;
mod retention;

use clap::CommandFactory;

pub use backup::{BackupArgs, CompressionWish, KdfStrength};
pub use choices::{Assigned, AssignedPool, ChoiceArgs};
pub use common::{CommonArgs, JsonForm, LONG_VERSION};
pub use gui::{BackupWizardArgs, RestoreWizardArgs, take_service};
pub use resources::ResourceArgs;
pub use restore::{RestoreArgs, YesNo};
pub use retention::RetentionArgs;

/// The definitions of all four programs, by name.
pub fn commands() -> [(&'static str, clap::Command); 4] {
    [
        ("qvm-backup", BackupArgs::command()),
        ("qvm-backup-restore", RestoreArgs::command()),
        ("pedos-backup", BackupWizardArgs::command()),
        ("pedos-backup-restore", RestoreWizardArgs::command()),
    ]
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
