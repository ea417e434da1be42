// SPDX-License-Identifier: GPL-3.0-or-later
//! A fair counting semaphore: it limits how many threads compute at a time.

use std::{
    collections::BTreeSet,
    sync::{Condvar, Mutex, PoisonError},
};

use crate::engine::{CancelToken, EngineError};

use super::pending::CANCEL_CHECK;

/// Grants its permits in the order of the requests. Otherwise a key that is needed soon could starve among blocks.
pub(super) struct Semaphore {
    state: Mutex<Waiting>,
    turn: Condvar,
}

struct Waiting {
    free: usize,
    next_ticket: u64,
    tickets: BTreeSet<u64>,
}

impl Semaphore {
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

    pub(super) fn take(&self, cancel: &CancelToken) -> Result<SemaphoreGuard<'_>, EngineError> {
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
        // The next one in the queue may have its turn at once.
        self.turn.notify_all();
        result?;
        Ok(SemaphoreGuard(self))
    }
}

pub(super) struct SemaphoreGuard<'a>(&'a Semaphore);

impl Drop for SemaphoreGuard<'_> {
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
        let semaphore = Semaphore::new(1);
        let (never, cancelled) = (CancelToken::default(), CancelToken::default());
        let held = semaphore.take(&never).unwrap();
        thread::scope(|scope| {
            let gives_up = scope.spawn(|| semaphore.take(&cancelled).is_err());
            cancelled.cancel();
            assert!(gives_up.join().unwrap());
        });
        drop(held);
        drop(semaphore.take(&never).unwrap());
    }
}
