// SPDX-License-Identifier: GPL-3.0-or-later
//! The threads that compute for a job: one crew for blocks and pieces, one for keys, and a fixed number of permits, so that
//! never more of them work at a time than the job may use processors, whatever else they wait for.

use std::{
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel},
    },
    thread,
    time::Duration,
};

use crate::{
    crypto::Scratch,
    format::{Encoder, PieceDecoder},
};

use super::{CancelToken, EngineError, Resources, memory};

/// How often a wait looks whether the job was cancelled.
const CANCEL_CHECK: Duration = Duration::from_millis(100);

/// Something that another thread is making.
pub(super) struct ToCome<T>(Receiver<T>);

impl<T> ToCome<T> {
    /// Something that is there already.
    pub(super) fn ready(value: T) -> Self {
        let (sender, receiver) = channel();
        // The receiver is at hand, so this cannot fail.
        let _ = sender.send(value);
        Self(receiver)
    }

    /// Waits for it, or for a cancel.
    pub(super) fn wait(&self, cancel: &CancelToken) -> Result<T, EngineError> {
        loop {
            cancel.check()?;
            match self.0.recv_timeout(CANCEL_CHECK) {
                Ok(value) => return Ok(value),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(broken()),
            }
        }
    }

    /// Gives it if it is there.
    pub(super) fn take_if_there(&self) -> Result<Option<T>, EngineError> {
        match self.0.try_recv() {
            Ok(value) => Ok(Some(value)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(broken()),
        }
    }
}

fn broken() -> EngineError {
    EngineError::Internal {
        what: "a worker broke".to_owned(),
    }
}

/// What a worker keeps from one block or piece to the next.
#[derive(Default)]
pub(super) struct Tools {
    pub(super) encoder: Option<Encoder>,
    pub(super) decoder: PieceDecoder,
}

/// The threads of one job. When it is dropped they end after what they are at; nobody waits for them, since a costly key
/// in the making would hold a cancel up for seconds.
pub(super) struct Workers {
    jobs: usize,
    permits: Arc<Permits>,
    tools: Crew<Tools>,
    keys: Crew<Scratch>,
}

impl Workers {
    /// Starts the threads. `key_bytes` is the memory that each one may take for keys.
    pub(super) fn start(resources: Resources, key_bytes: u64) -> Self {
        Self::with_scratch(resources, move || Scratch::new(key_bytes))
    }

    fn with_scratch(resources: Resources, scratch: impl Fn() -> Scratch + Send + Clone + 'static) -> Self {
        let jobs = jobs(resources);
        let permits = Arc::new(Permits::new(jobs));
        Self {
            jobs,
            tools: Crew::start(jobs, &permits, Tools::default),
            keys: Crew::start(jobs, &permits, scratch),
            permits,
        }
    }

    /// The same for an archive that exists, whose keys take what whoever made them chose.
    pub(super) fn for_reading(resources: Resources) -> Self {
        let most = memory::for_foreign_key(jobs(resources));
        Self::with_scratch(resources, move || Scratch::for_foreign(Scratch::USUAL_BYTES, most))
    }

    /// How many of them work at a time.
    pub(super) fn jobs(&self) -> usize {
        self.jobs
    }

    /// Hands out work at a block or a piece. It is begun in the order in which it comes.
    pub(super) fn run<T: Send + 'static>(&self, work: impl FnOnce(&mut Tools) -> T + Send + 'static) -> ToCome<T> {
        self.tools.run(work)
    }

    /// Hands out the derivation of a key.
    pub(super) fn derive<T: Send + 'static>(&self, work: impl FnOnce(&mut Scratch) -> T + Send + 'static) -> ToCome<T> {
        self.keys.run(work)
    }

    /// Computes on this thread, as one of those that may work at a time.
    pub(super) fn compute<T>(&self, work: impl FnOnce() -> T) -> T {
        let _permit = self.permits.take();
        work()
    }
}

/// How many may work at a time.
fn jobs(resources: Resources) -> usize {
    let all = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
    resources.jobs.map_or_else(all, NonZeroUsize::get)
}

type Work<S> = Box<dyn FnOnce(&mut S) + Send>;

/// Threads that take one piece of work after the other, each with something of its own.
struct Crew<S> {
    queue: Sender<Work<S>>,
    is_dismissed: Arc<AtomicBool>,
}

impl<S: 'static> Crew<S> {
    fn start(count: usize, permits: &Arc<Permits>, own: impl Fn() -> S + Send + Clone + 'static) -> Self {
        let (queue, work) = channel();
        let work = Arc::new(Mutex::new(work));
        let is_dismissed = Arc::new(AtomicBool::new(false));
        for _ in 0..count {
            let (work, permits, is_dismissed) = (Arc::clone(&work), Arc::clone(permits), Arc::clone(&is_dismissed));
            let own = own.clone();
            thread::spawn(move || serve(&work, &permits, &is_dismissed, &own));
        }
        Self { queue, is_dismissed }
    }

    fn run<T: Send + 'static>(&self, work: impl FnOnce(&mut S) -> T + Send + 'static) -> ToCome<T> {
        let (reply, result) = channel();
        // The threads live as long as this; whoever ordered it may have given up when it is done.
        let _ = self.queue.send(Box::new(move |own| drop(reply.send(work(own)))));
        ToCome(result)
    }
}

impl<S> Drop for Crew<S> {
    fn drop(&mut self) {
        self.is_dismissed.store(true, Ordering::SeqCst);
    }
}

fn serve<S>(work: &Mutex<Receiver<Work<S>>>, permits: &Permits, is_dismissed: &AtomicBool, own: &impl Fn() -> S) {
    let mut mine = own();
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(next) = next else { return };
        if is_dismissed.load(Ordering::SeqCst) {
            return;
        }
        let _permit = permits.take();
        // Whoever waits for the result learns of a panic by not getting one; what it was done with may be half done.
        if catch_unwind(AssertUnwindSafe(|| next(&mut mine))).is_err() {
            mine = own();
        }
    }
}

/// So many may work at a time; who came first goes first, or a key that is needed soon would starve among blocks.
struct Permits {
    state: Mutex<Waiting>,
    turn: Condvar,
}

struct Waiting {
    free: usize,
    next_ticket: u64,
    next_served: u64,
}

impl Permits {
    fn new(count: usize) -> Self {
        Self {
            state: Mutex::new(Waiting {
                free: count,
                next_ticket: 0,
                next_served: 0,
            }),
            turn: Condvar::new(),
        }
    }

    fn take(&self) -> Permit<'_> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        while state.next_served != ticket || state.free == 0 {
            state = self.turn.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.next_served += 1;
        state.free -= 1;
        if state.free > 0 {
            self.turn.notify_all();
        }
        Permit(self)
    }
}

struct Permit<'a>(&'a Permits);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.free += 1;
        self.0.turn.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn workers(jobs: usize) -> Workers {
        let jobs = NonZeroUsize::new(jobs);
        Workers::start(Resources { jobs, is_gentle: false }, 0)
    }

    #[test]
    fn no_more_work_at_a_time_than_they_may() {
        let (workers, cancel) = (workers(2), CancelToken::default());
        let at_work = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let busy = || {
            let at_work = Arc::clone(&at_work);
            move || {
                let now = at_work.0.fetch_add(1, Ordering::SeqCst) + 1;
                at_work.1.fetch_max(now, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(2));
                at_work.0.fetch_sub(1, Ordering::SeqCst);
            }
        };
        let mut to_come = Vec::new();
        for _ in 0..20 {
            let (one, other) = (busy(), busy());
            to_come.push(workers.run(move |_| one()));
            to_come.push(workers.derive(move |_| other()));
        }
        workers.compute(busy());
        for result in to_come {
            result.wait(&cancel).unwrap();
        }
        assert_eq!(at_work.1.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_panic_is_told_and_costs_no_worker() {
        let (workers, cancel) = (workers(1), CancelToken::default());
        let broken = workers.run(|_| panic!("ouch"));
        let error = ToCome::<()>::wait(&broken, &cancel).unwrap_err();
        assert!(matches!(error, EngineError::Internal { .. }));
        assert_eq!(workers.run(|_| 7).wait(&cancel).unwrap(), 7);
    }

    #[test]
    fn a_cancel_ends_the_wait_and_not_the_work() {
        let (workers, cancel) = (workers(1), CancelToken::default());
        let (hold, held) = channel::<()>();
        let waiting = workers.run(move |_| held.recv());
        cancel.cancel();
        assert!(matches!(waiting.wait(&cancel), Err(EngineError::Cancelled)));
        drop(hold);
    }

    #[test]
    fn who_is_dismissed_begins_nothing_new() {
        let workers = workers(1);
        let count = Arc::new(AtomicUsize::new(0));
        let (hold, held) = channel::<()>();
        let (begun, begins) = channel();
        let first = workers.run(move |_| {
            begun.send(()).unwrap();
            held.recv().is_err()
        });
        begins.recv().unwrap();
        let late = Arc::clone(&count);
        let second = workers.run(move |_| late.fetch_add(1, Ordering::SeqCst));
        drop(workers);
        drop(hold);
        let cancel = CancelToken::default();
        assert!(first.wait(&cancel).is_ok());
        assert!(second.wait(&cancel).is_err());
        assert_eq!(count.load(Ordering::SeqCst), 0);
    }
}
