// SPDX-License-Identifier: GPL-3.0-or-later
//! How the helper is started with the rights that it needs.

use std::{
    env,
    ffi::OsStr,
    fs,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rustix::process::geteuid;

use crate::helper::PROGRAM;

/// The commands that start the helper, in the order in which they are tried.
pub(super) fn commands(root: &Path) -> Vec<Command> {
    let program = program();
    let is_ours = geteuid().is_root() || fs::metadata(root).is_ok_and(|root| root.uid() == geteuid().as_raw());
    if is_ours {
        return vec![command(program.as_os_str(), &[], root)];
    }
    // Neither asks anybody anything.
    vec![
        command(
            OsStr::new("pkexec"),
            &[OsStr::new("--disable-internal-agent"), program.as_os_str()],
            root,
        ),
        command(OsStr::new("sudo"), &[OsStr::new("-n"), program.as_os_str()], root),
    ]
}

fn command(program: &OsStr, arguments: &[&OsStr], root: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).arg(root);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    // What interrupts this program must not interrupt the one that puts in order what it leaves.
    command.process_group(0);
    command
}

/// The helper's program: beside this one in a build tree, else where it is installed.
fn program() -> PathBuf {
    let own = env::current_exe().unwrap_or_default();
    let folders = own.ancestors().skip(1);
    // Programs of a build tree lie in one folder, and tests in a folder of it.
    let built = folders.clone().take(2).map(|folder| folder.join(PROGRAM));
    let installed = folders
        .clone()
        .nth(1)
        .map(|prefix| prefix.join("libexec").join(PROGRAM));
    let candidates = built.chain(installed);
    let usual = Path::new("/usr/libexec").join(PROGRAM);
    candidates.into_iter().find(|path| path.is_file()).unwrap_or(usual)
}
