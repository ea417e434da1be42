// SPDX-License-Identifier: GPL-3.0-or-later
//! The token that stops work. A working thread polls it; a thread that is blocked elsewhere is woken by a callback that it
//! registered with the token. The token knows nothing of what it stops.

use std::{
    fmt,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Stops work. Clones are the same token.
#[derive(Clone, Default)]
pub struct CancelToken(Arc<Inner>);

#[derive(Default)]
struct Inner {
    is_cancelled: AtomicBool,
    on_cancel: Mutex<Vec<Box<dyn Fn() + Send>>>,
    /// Wakes those who sleep with the token.
    woken: Condvar,
}

/// The work was stopped by its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

impl CancelToken {
    /// Stops everything that looks at this token, and runs what was registered with [`CancelToken::on_cancel`].
    pub fn cancel(&self) {
        self.0.is_cancelled.store(true, Ordering::SeqCst);
        let actions = std::mem::take(&mut *self.0.on_cancel.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.woken.notify_all();
        for action in actions {
            action();
        }
    }

    /// Returns whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::SeqCst)
    }

    /// Registers what wakes a thread that hangs in a read or write and cannot look at the token: for example, killing the
    /// process at the other end. Runs it at once if the token is cancelled already.
    pub fn on_cancel(&self, action: impl Fn() + Send + 'static) {
        self.0
            .on_cancel
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Box::new(action));
        if self.is_cancelled() {
            self.cancel();
        }
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
        let guard = self.0.on_cancel.lock().unwrap_or_else(PoisonError::into_inner);
        let is_awaited = |_: &mut Vec<Box<dyn Fn() + Send>>| !self.is_cancelled();
        drop(self.0.woken.wait_timeout_while(guard, time, is_awaited));
        self.check()
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
}
