// SPDX-License-Identifier: GPL-3.0-or-later
//! The completions of the shells: made from the definitions of the command lines, kept in `data/completions`, and compared
//! here, so that they never offer an option that is not there. With UPDATE set they are written anew.

use std::{fs, path::PathBuf};

use clap_complete::{Shell, generate};
use pedos_backup::cli::args;

/// The shells, with the name that each gives to the completions of a program.
const SHELLS: [(Shell, &str, &str); 3] = [
    (Shell::Bash, "bash", ""),
    (Shell::Zsh, "zsh", "_"),
    (Shell::Fish, "fish", ""),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/completions")
}

#[test]
fn the_completions_are_those_of_the_definitions() {
    for (name, command) in args::commands() {
        for (shell, folder_of_shell, before) in SHELLS {
            let mut made = Vec::new();
            generate(shell, &mut command.clone(), name, &mut made);
            let made = String::from_utf8(made).unwrap();
            let ending = if shell == Shell::Fish { ".fish" } else { "" };
            let path = folder().join(folder_of_shell).join(format!("{before}{name}{ending}"));
            if std::env::var_os("UPDATE").is_some() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &made).unwrap();
            }
            let kept = fs::read_to_string(&path).unwrap_or_default();
            assert!(kept == made, "{} is not up to date: run with UPDATE=1", path.display());
        }
    }
}
