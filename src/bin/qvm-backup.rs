// SPDX-License-Identifier: GPL-3.0-or-later
//! `qvm-backup`: backs up VMs of a PedOS at the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    pedos_backup::cli::backup_main()
}
