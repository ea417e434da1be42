// SPDX-License-Identifier: GPL-3.0-or-later
//! All volumes of a backup are open at the same time, which may be more files than the system lets a program open unasked.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this process open as many files as it may. Where that fails, opening one too many tells.
pub(super) fn allow_all() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    let all = Rlimit {
        current: maximum,
        maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, all) {
        log::debug!("raising the limit of open files: {error}");
    }
}
