// SPDX-License-Identifier: GPL-3.0-or-later
//! The Restore Backup wizard.

use std::process::ExitCode;

use clap::Parser;
use pedos_backup::{
    cli::args::RestoreWizardArgs,
    secret,
    ui::{self, Program},
};

fn main() -> ExitCode {
    let args = RestoreWizardArgs::parse();
    if let Err(error) = secret::forbid_core_dumps() {
        log::warn!("core dumps are not forbidden: {error}");
    }
    let program = Program::Restore {
        archive: args.archive,
        verifies_only: args.verify,
    };
    ui::run(program, args.root)
}
