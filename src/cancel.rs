// SPDX-License-Identifier: GPL-3.0-or-later
//! The token that stops work. A working thread polls it; a thread that is blocked elsewhere is woken by a callback that it
//! registered with the token. The token knows nothing of what it stops.

use std::{
    fmt,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

/// Stops work. Clones are the same token.
#[derive(Clone, Default)]
pub struct CancelToken(Arc<Inner>);

#[derive(Default)]
struct Inner {
    is_cancelled: AtomicBool,
    on_cancel: Mutex<Vec<Action>>,
    registered: AtomicU64,
    /// Wakes those who sleep with the token.
    woken: Condvar,
}

/// Takes back what was registered with a token when it is dropped.
#[must_use = "dropping it takes back what was registered"]
pub struct Registration {
    token: CancelToken,
    number: u64,
}

/// What runs when a token is cancelled, with its number.
type Action = (u64, Box<dyn Fn() + Send>);

/// The work was stopped by its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

impl CancelToken {
    /// Stops everything that looks at this token, and runs what was registered with [`CancelToken::on_cancel`].
    pub fn cancel(&self) {
        self.0.is_cancelled.store(true, Ordering::SeqCst);
        let actions = std::mem::take(&mut *self.actions());
        self.0.woken.notify_all();
        for (_, action) in actions {
            action();
        }
    }

    /// Returns whether the other one is the same token.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::SeqCst)
    }

    /// Registers what wakes a thread that hangs in a read or write and cannot look at the token: for example, killing the
    /// process at the other end. Runs it at once if the token is cancelled already.
    pub fn on_cancel(&self, action: impl Fn() + Send + 'static) {
        self.register(action);
    }

    /// Does the same for as long as the returned value is held: for what outlives the work of this token.
    pub fn on_cancel_while_held(&self, action: impl Fn() + Send + 'static) -> Registration {
        let number = self.register(action);
        let token = self.clone();
        Registration { token, number }
    }

    fn register(&self, action: impl Fn() + Send + 'static) -> u64 {
        let number = self.0.registered.fetch_add(1, Ordering::Relaxed);
        self.actions().push((number, Box::new(action)));
        if self.is_cancelled() {
            self.cancel();
        }
        number
    }

    fn actions(&self) -> MutexGuard<'_, Vec<Action>> {
        self.0.on_cancel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the calling work if the token was cancelled.
    ///
    /// # Errors
    /// [`Cancelled`] then.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    /// Sleeps for that time, or until the token is cancelled.
    ///
    /// # Errors
    /// [`Cancelled`] then, and at once if it was cancelled before.
    pub fn sleep(&self, time: Duration) -> Result<(), Cancelled> {
        // The token is cancelled before this lock is taken there, so that no sleeper is missed.
        let guard = self.actions();
        let is_awaited = |_: &mut Vec<Action>| !self.is_cancelled();
        drop(self.0.woken.wait_timeout_while(guard, time, is_awaited));
        self.check()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.token.actions().retain(|(number, _)| *number != self.number);
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CancelToken({})", self.is_cancelled())
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::AtomicUsize, thread, time::Instant};

    use super::*;

    #[test]
    fn a_sleeper_hears_of_a_cancel() {
        let token = CancelToken::default();
        assert_eq!(token.sleep(Duration::from_millis(1)), Ok(()));
        let sleeper = token.clone();
        let start = Instant::now();
        let sleeping = thread::spawn(move || sleeper.sleep(Duration::from_secs(60)));
        token.cancel();
        assert_eq!(sleeping.join().unwrap(), Err(Cancelled));
        assert_eq!(token.sleep(Duration::from_secs(60)), Err(Cancelled));
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn what_is_registered_runs_once_whenever_it_is_registered() {
        let (token, runs) = (CancelToken::default(), Arc::new(AtomicUsize::new(0)));
        let count = || {
            let runs = Arc::clone(&runs);
            move || {
                runs.fetch_add(1, Ordering::SeqCst);
            }
        };
        token.on_cancel(count());
        token.cancel();
        token.cancel();
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        token.on_cancel(count());
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn what_is_held_no_more_does_not_run() {
        let (token, runs) = (CancelToken::default(), Arc::new(AtomicUsize::new(0)));
        let add = |much: usize| {
            let runs = Arc::clone(&runs);
            move || {
                runs.fetch_add(much, Ordering::SeqCst);
            }
        };
        let dropped = token.on_cancel_while_held(add(1));
        let _held = token.on_cancel_while_held(add(10));
        drop(dropped);
        token.cancel();
        assert_eq!(runs.load(Ordering::SeqCst), 10);
    }
}
