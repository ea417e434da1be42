// SPDX-License-Identifier: GPL-3.0-or-later
//! The Restore Backup wizard.

use std::process::ExitCode;

use clap::Parser;
use pedos_backup::{
    cli::args::RestoreWizardArgs,
    ui::{self, Program},
};

fn main() -> ExitCode {
    let args = RestoreWizardArgs::parse();
    ui::run(Program::Restore(args.archive), args.root)
}
