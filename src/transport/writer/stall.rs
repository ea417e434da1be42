// SPDX-License-Identifier: GPL-3.0-or-later
//! A process that takes nothing of an archive: a VM that is paused, a disk that hangs. It is named after a while, and ended at
//! last, since a write to its pipe would wait for ever.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::host::ServiceControl;

/// How long a process may take nothing before that is told.
const TOLD_AFTER: Duration = Duration::from_secs(30);
/// How long it may take nothing before it is ended.
pub(super) const ENDED_AFTER: Duration = Duration::from_secs(15 * 60);

/// Watches over the writes to a process.
pub(super) struct StallWatch(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    /// Since when a write waits.
    waiting_since: Option<Instant>,
    was_ended: bool,
    is_over: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StallWatch {
    /// Watches over a process. `tell` is called once if it takes nothing for a while.
    pub(super) fn start(control: Arc<dyn ServiceControl>, tell: impl FnOnce() + Send + 'static) -> Self {
        Self::start_with(control, tell, (TOLD_AFTER, ENDED_AFTER))
    }

    fn start_with(
        control: Arc<dyn ServiceControl>,
        tell: impl FnOnce() + Send + 'static,
        (told_after, ended_after): (Duration, Duration),
    ) -> Self {
        let shared = Arc::new(Shared::default());
        let watched = Arc::clone(&shared);
        // Without the thread nothing is told, and the user sees that nothing moves.
        let _ = thread::Builder::new().spawn(move || {
            let mut tell = Some(tell);
            let mut state = watched.state();
            while !state.is_over {
                let waited = state.waiting_since.map_or(Duration::ZERO, |since| since.elapsed());
                if waited >= ended_after {
                    state.was_ended = true;
                    control.kill();
                    return;
                }
                if let Some(tell) = tell.take_if(|_| waited >= told_after) {
                    drop(state);
                    tell();
                    state = watched.state();
                    continue;
                }
                let next = if tell.is_some() { told_after } else { ended_after };
                let left = next.saturating_sub(waited).min(told_after);
                let woken = watched.news.wait_timeout(state, left.max(Duration::from_millis(1)));
                state = woken.unwrap_or_else(PoisonError::into_inner).0;
            }
        });
        Self(shared)
    }

    /// Does what may wait for the process.
    pub(super) fn over<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.state().waiting_since = Some(Instant::now());
        let done = work();
        self.0.state().waiting_since = None;
        done
    }

    /// Whether the process was ended because it took nothing.
    pub(super) fn has_ended_it(&self) -> bool {
        self.0.state().was_ended
    }
}

impl Drop for StallWatch {
    fn drop(&mut self) {
        self.0.state().is_over = true;
        self.0.news.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[derive(Default)]
    struct Killed(AtomicUsize);

    impl ServiceControl for Killed {
        fn kill(&self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }

        fn wait(&self) -> io::Result<i32> {
            Ok(0)
        }
    }

    #[test]
    fn who_takes_nothing_is_told_of_once_and_ended_at_last() {
        let (killed, told) = (Arc::new(Killed::default()), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&told);
        let tell = move || {
            count.fetch_add(1, Ordering::SeqCst);
        };
        let limits = (Duration::from_millis(60), Duration::from_millis(400));
        let watch = StallWatch::start_with(Arc::clone(&killed) as Arc<dyn ServiceControl>, tell, limits);
        // Many short waits are none.
        for _ in 0..20 {
            watch.over(|| thread::sleep(Duration::from_millis(5)));
        }
        assert_eq!(told.load(Ordering::SeqCst), 0);
        watch.over(|| thread::sleep(Duration::from_millis(200)));
        assert_eq!((told.load(Ordering::SeqCst), killed.0.load(Ordering::SeqCst)), (1, 0));
        assert!(!watch.has_ended_it());
        watch.over(|| thread::sleep(Duration::from_millis(900)));
        assert_eq!((told.load(Ordering::SeqCst), killed.0.load(Ordering::SeqCst)), (1, 1));
        assert!(watch.has_ended_it());
    }
}
