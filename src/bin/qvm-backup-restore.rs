// SPDX-License-Identifier: GPL-3.0-or-later
//! `qvm-backup-restore`: restores or verifies a backup of a PedOS at the command line, on any Linux.

use std::process::ExitCode;

fn main() -> ExitCode {
    pedos_backup::cli::restore_main()
}
