// SPDX-License-Identifier: GPL-3.0-or-later
//! The Backup PedOS wizard.

use std::process::ExitCode;

use clap::Parser;
use pedos_backup::{
    cli::args::BackupWizardArgs,
    secret,
    ui::{self, Program},
};

fn main() -> ExitCode {
    let args = BackupWizardArgs::parse();
    if let Err(error) = secret::forbid_core_dumps() {
        log::warn!("core dumps are not forbidden: {error}");
    }
    ui::run(Program::Backup, args.root)
}
