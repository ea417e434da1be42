// SPDX-License-Identifier: GPL-3.0-or-later
//! The Backup PedOS wizard.

use std::process::ExitCode;

use clap::Parser;
use pedos_backup::{
    cli::args::BackupWizardArgs,
    ui::{self, Program},
};

fn main() -> ExitCode {
    let args = BackupWizardArgs::parse();
    ui::run(Program::Backup, args.root)
}
