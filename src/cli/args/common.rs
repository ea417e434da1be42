// SPDX-License-Identifier: GPL-3.0-or-later
//! What the programs have in common on their command lines.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

/// What `--version` says after the name.
pub const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\n",
    env!("CARGO_PKG_DESCRIPTION"),
    ".\nLicense GPL-3.0-or-later: free software, without any warranty."
);

/// How a result is printed for a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum JsonForm {
    /// One document at the end
    Document,
    /// An object to a line: what happens as it happens, and the document at the end
    Lines,
}

/// What both tools understand.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "General options")]
pub struct CommonArgs {
    /// Work on the PedOS in this folder
    ///
    /// The folder is laid out as dom0's own file system is: DIR/var/lib/qubes/qubes.xml, the volumes beside it, and
    /// DIR/home. Without this option, the environment variable PEDOS_ROOT names it. Without both it is the PedOS that runs
    /// on this computer. A folder with the sockets of a running system in it is taken for that system.
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
