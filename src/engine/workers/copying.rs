// SPDX-License-Identifier: GPL-3.0-or-later
//! Reading and writing, as far as it takes a processor: copying from and to the memory of the system does, and waiting for
//! a disk or a pipe does not.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};

use crate::engine::{CancelToken, EngineError};

use super::semaphore::Semaphore;

/// Below this nobody can tell whether it was a wait.
const NO_WAIT: Duration = Duration::from_millis(1);

/// One end of a job, where bytes come in or go out. While it only copies, it counts as one of those that may work at a
/// time; when it is found to wait, it does not, or everybody would wait with it.
pub(in super::super) struct Copying {
    /// None where there are semaphore for all processors: then the system shares them out better.
    semaphore: Option<Arc<Semaphore>>,
    waits: AtomicBool,
}

impl Copying {
    pub(super) fn new(semaphore: Option<Arc<Semaphore>>) -> Self {
        Self {
            semaphore,
            waits: AtomicBool::new(false),
        }
    }

    /// Reads or writes something, while others may have to wait. A cancel ends the wait for a guard.
    pub(in super::super) fn copy<T>(&self, cancel: &CancelToken, work: impl FnOnce() -> T) -> Result<T, EngineError> {
        let Some(semaphore) = &self.semaphore else {
            return Ok(work());
        };
        let guard = if self.waits.load(Ordering::Relaxed) {
            None
        } else {
            Some(semaphore.take(cancel)?)
        };
        let (start, busy_before) = (Instant::now(), busy());
        let result = work();
        let (taken, busy) = (start.elapsed(), busy().saturating_sub(busy_before));
        drop(guard);
        if taken > NO_WAIT {
            self.waits.store(busy * 2 < taken, Ordering::Relaxed);
        }
        Ok(result)
    }
}

/// How long this thread has had a processor so far.
fn busy() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn spin(milliseconds: u64) {
        let before = busy();
        while busy() - before < Duration::from_millis(milliseconds) {}
    }

    #[test]
    fn who_copies_takes_a_permit_and_who_waits_does_not() {
        let semaphore = Arc::new(Semaphore::new(1));
        let (copying, cancel) = (Copying::new(Some(Arc::clone(&semaphore))), CancelToken::default());
        copying.copy(&cancel, || spin(3)).unwrap();
        let gives_up = CancelToken::default();
        gives_up.cancel();
        // Only who asks for a guard hears of the cancel here.
        assert!(copying.copy(&gives_up, || ()).is_err());
        copying
            .copy(&cancel, || thread::sleep(Duration::from_millis(20)))
            .unwrap();
        copying.copy(&gives_up, || spin(3)).unwrap();
    }

    #[test]
    fn where_every_processor_may_be_used_nobody_asks() {
        let (copying, cancel) = (Copying::new(None), CancelToken::default());
        cancel.cancel();
        copying.copy(&cancel, || ()).unwrap();
    }
}
