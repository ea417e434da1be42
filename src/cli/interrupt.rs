// SPDX-License-Identifier: GPL-3.0-or-later
//! Ctrl-C: the first one asks what runs to stop, the second one ends the program on the spot.
//!
//! SIGTERM and SIGHUP count the same, so that a shutdown or a closed terminal leaves no half archive either. Where nothing
//! has to be put in order, a program that does not stop by itself is ended: see [`run_until_hit`].

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{RecvTimeoutError, channel, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGXFSZ},
    flag,
    iterator::Signals,
    low_level::emulate_default_handler,
};

use crate::{cancel::CancelToken, confine::Rules};

/// How long a program may take to stop by itself where nothing has to be put in order. Every question and every task
/// stops within a fraction of it; only a call of the system that does not return takes longer.
const PATIENCE: Duration = Duration::from_millis(1200);

/// How often it is looked whether the user wants to stop.
const LOOK_UP: Duration = Duration::from_millis(50);

/// The stack of the main thread on Linux, in bytes, for the thread that takes its place.
const STACK_BYTES: usize = 8 << 20;

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
    /// Whether a job that has to put things in order has come to its end.
    orderly: Mutex<Option<Box<dyn Fn() -> bool + Send>>>,
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
        let heard = interrupt.clone();
        // The thread first: a signal that was taken over and has nobody to hear it would be lost.
        let (sender, receiver) = sync_channel::<Signals>(1);
        let listen = move || {
            // It touches no file, and what a cancel runs on it ends processes and connections.
            Rules::default().enter_and_signal();
            let Ok(mut signals) = receiver.recv() else { return };
            for signal in signals.forever() {
                if heard.hit() {
                    continue;
                }
                // The second one: whatever still runs is not worth waiting for.
                if let Err(error) = emulate_default_handler(signal) {
                    log::error!("cannot end on signal {signal}: {error}");
                }
            }
        };
        thread::Builder::new().name("signals".to_owned()).spawn(listen)?;
        // The thread waits for exactly this.
        let _ = sender.send(Signals::new([SIGINT, SIGTERM, SIGHUP])?);
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

    /// A job has begun that must come to its own end, which `is_over` tells: it has things to put in order, and that
    /// takes the time that it takes.
    pub(super) fn waits_for(&self, is_over: impl Fn() -> bool + Send + 'static) {
        *self.0.orderly.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(is_over));
    }

    fn must_wait(&self) -> bool {
        let orderly = self.0.orderly.lock().unwrap_or_else(PoisonError::into_inner);
        orderly.as_ref().is_some_and(|is_over| !is_over())
    }

    /// Notes the wish. Returns whether it was the first.
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

/// Why work that was run has no result.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unended {
    /// It did not end by itself after the user wanted to stop.
    Hit,
    /// It broke.
    Panicked,
}

/// Runs the work of a program on a thread of its own and waits for its end. A call of the system that does not return (the
/// opening of a pipe, a write into a pipe that nobody reads, a disk that does not answer) hears no signal; so the work is
/// left alone when the user wants to stop, unless a job [must be waited for](Interrupt::waits_for).
///
/// # Errors
/// When it did not come to its end.
pub(super) fn run_until_hit<T: Send + 'static>(
    interrupt: &Interrupt,
    work: impl Fn() -> T + Send + Sync + 'static,
) -> Result<T, Unended> {
    let work = Arc::new(work);
    let (sender, ended) = channel();
    let on_thread = Arc::clone(&work);
    let thread = thread::Builder::new().name("tool".to_owned()).stack_size(STACK_BYTES);
    let spawned = thread.spawn(move || {
        // Nobody waits any more where the user wanted to stop.
        let _ = sender.send(on_thread());
    });
    if spawned.is_err() {
        // The system has no more threads for us; the work says so where it needs one itself.
        return Ok(work());
    }
    // From here on this thread waits. It stays in the process, and must be no way around the confinement of the work.
    Rules::default().enter();
    let mut hit: Option<Instant> = None;
    loop {
        match ended.recv_timeout(LOOK_UP) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Disconnected) => return Err(Unended::Panicked),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if !interrupt.is_hit() || interrupt.must_wait() {
            hit = None;
        } else if hit.get_or_insert_with(Instant::now).elapsed() >= PATIENCE {
            return Err(Unended::Hit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_left_alone_and_what_puts_things_in_order_is_waited_for() {
        let interrupt = Interrupt::default();
        interrupt.hit();
        let sleeps = |seconds: u64| thread::sleep(Duration::from_secs(seconds));
        assert_eq!(run_until_hit(&interrupt, move || sleeps(30)), Err(Unended::Hit));
        let start = Instant::now();
        interrupt.waits_for(move || start.elapsed() > Duration::from_secs(2));
        assert_eq!(run_until_hit(&interrupt, move || sleeps(2)), Ok(()));
        assert_eq!(run_until_hit(&Interrupt::default(), || 7), Ok(7));
        let broken = || -> u8 { panic!("as a test wants it") };
        assert_eq!(run_until_hit(&Interrupt::default(), broken), Err(Unended::Panicked));
    }

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
