// SPDX-License-Identifier: GPL-3.0-or-later
//! The turn to restore into a host, which one restore has at a time.
//!
//! A second restore would choose names that the first one is about to take. The holder of the turn knows that no other
//! restore runs, so that a VM marked as unfinished was left by a killed restore.

use std::{any::Any, fmt, sync::Arc};

/// The answer to a restore that asks for its turn.
#[derive(Debug)]
pub enum RestoreTurn {
    /// The turn is the caller's as long as it keeps this.
    Mine(TurnGuard),
    /// Another restore has it.
    Taken {
        /// The number of its process, where that is known.
        process: Option<u32>,
    },
}

/// Holds the turn until it is dropped; clones hold the same one.
#[derive(Clone)]
pub struct TurnGuard(#[allow(dead_code, reason = "it is kept for what its end does")] Arc<dyn Any + Send + Sync>);

impl TurnGuard {
    /// Keeps the turn as long as this value is kept.
    pub(super) fn holding<T: Any + Send + Sync>(lock: Arc<T>) -> Self {
        Self(lock)
    }
}

impl Default for TurnGuard {
    /// The turn on a host that needs none.
    fn default() -> Self {
        Self(Arc::new(()))
    }
}

impl fmt::Debug for TurnGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TurnGuard")
    }
}
