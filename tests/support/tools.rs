// SPDX-License-Identifier: GPL-3.0-or-later
//! Stock tools that a test needs: where one is missing the test says so loudly and passes over, unless it was told to
//! be strict.

use std::{
    env,
    ffi::OsStr,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// Set to `1` where every tool has to be there: a missing one is a failure then.
const REQUIRE: &str = "PEDOS_BACKUP_REQUIRE_TOOLS";

/// Where genuine archives lie, if there are any.
const FIXTURES: &str = "PEDOS_BACKUP_FIXTURES";

/// Whether all of these programs are in the path. A test returns at once when not.
#[must_use]
pub(crate) fn have(programs: &[&str]) -> bool {
    let missing: Vec<_> = programs.iter().filter(|program| find(program).is_none()).collect();
    if missing.is_empty() {
        return true;
    }
    assert!(
        env::var_os(REQUIRE).is_none_or(|value| value != "1"),
        "not installed: {missing:?}"
    );
    say(&format!("not installed, so this was not tested: {missing:?}"));
    false
}

/// The program of that name in the path.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// The folder of genuine archives, if the environment names one.
#[must_use]
pub(crate) fn fixtures() -> Option<PathBuf> {
    let folder = env::var_os(FIXTURES).map(PathBuf::from);
    if folder.is_none() {
        say(&format!(
            "{FIXTURES} is not set, so the genuine archives were not tried"
        ));
    }
    folder
}

/// Whether the slow tests are wanted.
#[must_use]
pub(crate) fn slow_wanted() -> bool {
    let wanted = env::var_os("RUN_SLOW_TESTS").is_some_and(|value| value == "1");
    if !wanted {
        say("slow test left out: set RUN_SLOW_TESTS=1 for it");
    }
    wanted
}

/// Says something past the test harness, which would swallow it.
pub(crate) fn say(text: &str) {
    let name = std::thread::current().name().unwrap_or("a test").to_owned();
    // Nobody reads it when the terminal is gone.
    let _ = writeln!(std::io::stderr(), "NOTE ({name}): {text}");
}

/// Keeps the stock tool from guessing how fast this computer is at the moment: on a crowded one it guesses so low that it
/// refuses to work, which is not what is tried here.
pub(crate) const PATIENT_SCRYPT: &str = "scrypt() { action=$1; shift; command scrypt \"$action\" -f \"$@\"; }\n";

/// Runs a line in a shell in a folder, with `name=value` in its environment, and wants it to succeed.
#[track_caller]
pub(crate) fn shell(folder: &Path, line: &str, variables: &[(&str, &OsStr)]) -> String {
    let output = run(Command::new("bash")
        .args(["-euo", "pipefail", "-c", &format!("{PATIENT_SCRYPT}{line}")])
        .current_dir(folder)
        .envs(variables.iter().copied()));
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{line}\n{}\n{out}\n{err}", output.status);
    out.into_owned()
}

/// Runs a command to its end without input.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Output {
    command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}
