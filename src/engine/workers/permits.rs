// SPDX-License-Identifier: GPL-3.0-or-later
//! How many may compute at a time.

use std::{
    collections::BTreeSet,
    sync::{Condvar, Mutex, PoisonError},
};

use crate::engine::{CancelToken, EngineError};

use super::to_come::CANCEL_CHECK;

/// So many may work at a time; who came first goes first, or a key that is needed soon would starve among blocks.
pub(super) struct Permits {
    state: Mutex<Waiting>,
    turn: Condvar,
}

struct Waiting {
    free: usize,
    next_ticket: u64,
    tickets: BTreeSet<u64>,
}

impl Permits {
    pub(super) fn new(count: usize) -> Self {
        Self {
            state: Mutex::new(Waiting {
                free: count,
                next_ticket: 0,
                tickets: BTreeSet::new(),
            }),
            turn: Condvar::new(),
        }
    }

    pub(super) fn take(&self, cancel: &CancelToken) -> Result<Permit<'_>, EngineError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.tickets.insert(ticket);
        let mut result = cancel.check();
        while result.is_ok() && (state.tickets.first() != Some(&ticket) || state.free == 0) {
            let waited = self.turn.wait_timeout(state, CANCEL_CHECK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            result = cancel.check();
        }
        state.tickets.remove(&ticket);
        state.free -= usize::from(result.is_ok());
        // The next one in the row may have its turn at once.
        self.turn.notify_all();
        result?;
        Ok(Permit(self))
    }
}

pub(super) struct Permit<'a>(&'a Permits);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.free += 1;
        self.0.turn.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_cancel_ends_the_wait_for_a_permit_and_leaves_the_row_in_order() {
        let permits = Permits::new(1);
        let (never, cancelled) = (CancelToken::default(), CancelToken::default());
        let held = permits.take(&never).unwrap();
        thread::scope(|scope| {
            let gives_up = scope.spawn(|| permits.take(&cancelled).is_err());
            cancelled.cancel();
            assert!(gives_up.join().unwrap());
        });
        drop(held);
        drop(permits.take(&never).unwrap());
    }
}
