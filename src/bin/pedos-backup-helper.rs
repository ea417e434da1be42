// SPDX-License-Identifier: GPL-3.0-or-later
//! The helper: serves the program at the other end of its standard input, on the PedOS in the folder that its one argument
//! names. It is started by the tools and the wizards, not by people.

use std::{env, io::IsTerminal, os::fd::AsFd, path::Path, process::ExitCode};

use pedos_backup::helper::{Channel, serve};

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let (Some(root), None) = (arguments.next(), arguments.next()) else {
        eprintln!("pedos-backup-helper is started by the programs of PedOS Backup");
        return ExitCode::from(2);
    };
    if std::io::stdin().is_terminal() {
        eprintln!("pedos-backup-helper is started by the programs of PedOS Backup");
        return ExitCode::from(2);
    }
    let Ok(socket) = std::io::stdin().as_fd().try_clone_to_owned() else {
        return ExitCode::FAILURE;
    };
    match serve(Path::new(&root), &Channel::new(socket)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pedos-backup-helper: {error}");
            ExitCode::FAILURE
        }
    }
}
