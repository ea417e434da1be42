// SPDX-License-Identifier: GPL-3.0-or-later
//! Runs what reads an archive on a confined thread.

use crate::{
    confine::{self, Rules},
    engine::EngineError,
};

/// Runs work on a thread that is confined by the rules; without rules, on the calling thread.
pub(super) fn confined<T: Send>(
    rules: Option<&Rules>,
    work: impl FnOnce() -> Result<T, EngineError> + Send,
) -> Result<T, EngineError> {
    confine::run(rules, work).unwrap_or(Err(EngineError::NoThread))
}
