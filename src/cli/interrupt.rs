// SPDX-License-Identifier: GPL-3.0-or-later
//! Ctrl-C: the first one asks what runs to stop, the second one ends the program on the spot.
//!
//! SIGTERM and SIGHUP count the same, so that a shutdown or a closed terminal leaves no half archive either.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGXFSZ},
    flag,
    iterator::Signals,
    low_level::emulate_default_handler,
};

use crate::engine::CancelToken;

/// Keeps two signals from ending the program in the midst of its work: a file that reaches its limit and a reader that
/// has gone away are answers of a write, and are dealt with there.
///
/// A handler goes at an `exec`, so that the programs that are started get these signals as ever.
///
/// # Errors
/// When the signals cannot be taken over.
pub(super) fn outlive_writes() -> io::Result<()> {
    for signal in [SIGXFSZ, SIGPIPE] {
        // Nobody looks at the flag: there is no handler that does nothing at all.
        flag::register(signal, Arc::default())?;
    }
    Ok(())
}

/// Hears the user's wish to stop. Clones hear the same.
#[derive(Clone, Default)]
pub(super) struct Interrupt(Arc<Inner>);

#[derive(Default)]
struct Inner {
    is_hit: AtomicBool,
    job: Mutex<Option<CancelToken>>,
}

impl Interrupt {
    /// Starts listening; made once in a program.
    ///
    /// # Errors
    /// When the signals cannot be taken over.
    pub(super) fn install() -> io::Result<Self> {
        outlive_writes()?;
        let interrupt = Self::default();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let heard = interrupt.clone();
        thread::spawn(move || {
            for signal in signals.forever() {
                if heard.hit() {
                    continue;
                }
                // The second one: whatever still runs is not worth waiting for.
                if let Err(error) = emulate_default_handler(signal) {
                    log::error!("cannot end on signal {signal}: {error}");
                }
            }
        });
        Ok(interrupt)
    }

    /// Whether the user wants to stop.
    pub(super) fn is_hit(&self) -> bool {
        self.0.is_hit.load(Ordering::SeqCst)
    }

    /// From now on the wish goes to this job; at once, if it was there before.
    pub(super) fn stops(&self, job: CancelToken) {
        if self.is_hit() {
            job.cancel();
        }
        *self.0.job.lock().unwrap_or_else(PoisonError::into_inner) = Some(job);
        // It may have come between the two lines above.
        if self.is_hit() {
            self.cancel_job();
        }
    }

    /// Notes the wish. Gives whether it was the first.
    fn hit(&self) -> bool {
        let is_first = !self.0.is_hit.swap(true, Ordering::SeqCst);
        if is_first {
            self.cancel_job();
        }
        is_first
    }

    fn cancel_job(&self) {
        if let Some(job) = &*self.0.job.lock().unwrap_or_else(PoisonError::into_inner) {
            job.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_reaches_the_job_before_and_after_it_began() {
        let interrupt = Interrupt::default();
        let early = CancelToken::default();
        interrupt.stops(early.clone());
        assert!(interrupt.hit() && early.is_cancelled());
        let late = CancelToken::default();
        interrupt.stops(late.clone());
        assert!(late.is_cancelled());
        assert!(!interrupt.hit(), "the second one is not the first");
    }
}
