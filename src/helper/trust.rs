// SPDX-License-Identifier: GPL-3.0-or-later
//! Whether the helper may work in a folder that its caller names.

use std::{
    env, fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::process::{geteuid, getuid};

/// The variables by which `sudo` and `pkexec` say for whom they run a program.
const ELEVATED_FOR: [&str; 2] = ["SUDO_UID", "PKEXEC_UID"];

/// The bits of a mode that let others than the owner write.
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// With this bit others may write into a folder, and not replace what is not theirs.
const STICKY: u32 = 0o1000;

/// Returns whether this process has more rights than the user for whom it runs.
pub(super) fn is_elevated() -> bool {
    let runs_for_another = |name: &&str| env::var(name).is_ok_and(|user| user != "0");
    geteuid().is_root() && (!getuid().is_root() || ELEVATED_FOR.iter().any(runs_for_another))
}

/// Returns the folder with no link in it, and the first part of it that somebody else than root could change.
pub(super) fn check(root: &Path) -> io::Result<(PathBuf, Option<PathBuf>)> {
    let root = root.canonicalize()?;
    for part in root.ancestors() {
        let found = fs::metadata(part)?;
        let is_open = found.mode() & WRITABLE_BY_OTHERS != 0;
        let is_guarded = found.mode() & STICKY != 0 && part != root;
        if found.uid() != 0 || is_open && !is_guarded {
            return Ok((root.clone(), Some(part.to_owned())));
        }
    }
    Ok((root, None))
}
