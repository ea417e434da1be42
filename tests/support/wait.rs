// SPDX-License-Identifier: GPL-3.0-or-later
//! Waiting for a condition instead of for a time.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How often a condition is looked at.
const PAUSE: Duration = Duration::from_millis(20);

/// What a slow VM under load may take for one step of a window.
pub(crate) const STEP: Duration = Duration::from_secs(20);

/// What a whole small job may take on a slow VM under load.
pub(crate) const JOB: Duration = Duration::from_secs(120);

/// Waits until the condition gives something, and gives that.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, deadline: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(start.elapsed() < deadline, "waited {deadline:?} in vain: {what}");
        thread::sleep(PAUSE);
    }
}

/// Waits until the condition holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, deadline: Duration, mut condition: impl FnMut() -> bool) {
    wait_for(what, deadline, || condition().then_some(()));
}
