// SPDX-License-Identifier: GPL-3.0-or-later
//! The Restore Backup wizard.

use std::process::ExitCode;

use clap::Parser;
use pedos_backup::{
    cli::args::{RestoreWizardArgs, take_service},
    secret,
    ui::{self, Program},
};

fn main() -> ExitCode {
    let (is_service, line) = take_service(std::env::args_os());
    let args = RestoreWizardArgs::parse_from(line);
    if let Err(error) = secret::forbid_core_dumps() {
        log::warn!("core dumps are not forbidden: {error}");
    }
    let program = Program::Restore {
        archive: args.archive,
        verifies_only: args.verify,
    };
    ui::run(program, args.root, is_service)
}
