// SPDX-License-Identifier: GPL-3.0-or-later
//! The Backup PedOS wizard.

use std::process::ExitCode;

use clap::Parser;
use pedos_backup::{
    cli::args::{BackupWizardArgs, take_service},
    secret,
    ui::{self, Program},
};

fn main() -> ExitCode {
    let (is_service, line) = take_service(std::env::args_os());
    let args = BackupWizardArgs::parse_from(line);
    if let Err(error) = secret::forbid_core_dumps() {
        log::warn!("core dumps are not forbidden: {error}");
    }
    if args.remind {
        return ui::remind(args.root);
    }
    ui::run(Program::Backup, args.root, is_service)
}
