// SPDX-License-Identifier: GPL-3.0-or-later
//! The threads that compute for a job: one crew for blocks and pieces, one for keys, and a fixed number of permits, so that
//! never more of them work at a time than the job may use processors, whatever else they wait for.

use std::{
    collections::BTreeSet,
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel},
    },
    thread,
    time::Duration,
};

use crate::{
    crypto::{KdfCost, Scratch},
    format::{Encoder, PieceDecoder},
};

use super::{CancelToken, EngineError, Resources, memory};

/// The most threads of a kind: more would only take memory.
const MOST_JOBS: usize = 256;

/// How often a wait looks whether the job was cancelled.
const CANCEL_CHECK: Duration = Duration::from_millis(100);

/// Something that another thread is making. When this is dropped, it is not even begun.
pub(super) struct ToCome<T> {
    result: Receiver<T>,
    _wanted: Arc<()>,
}

impl<T> ToCome<T> {
    /// Something that is there already.
    pub(super) fn ready(value: T) -> Self {
        let (sender, receiver) = channel();
        // The receiver is at hand, so this cannot fail.
        let _ = sender.send(value);
        Self {
            result: receiver,
            _wanted: Arc::default(),
        }
    }

    /// Waits for it, or for a cancel.
    pub(super) fn wait(&self, cancel: &CancelToken) -> Result<T, EngineError> {
        loop {
            cancel.check()?;
            match self.result.recv_timeout(CANCEL_CHECK) {
                Ok(value) => return Ok(value),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(broken()),
            }
        }
    }

    /// Gives it if it is there.
    pub(super) fn take_if_there(&self) -> Result<Option<T>, EngineError> {
        match self.result.try_recv() {
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
    /// The memory that each one may take for keys.
    key_bytes: u64,
    permits: Arc<Permits>,
    tools: Crew<Tools>,
    keys: Crew<Scratch>,
}

impl Workers {
    /// Starts the threads for an archive that is written.
    pub(super) fn for_writing(resources: Resources) -> Self {
        Self::start(resources, Scratch::USUAL_BYTES)
    }

    /// The same for an archive that exists, whose keys take what whoever made them chose.
    pub(super) fn for_reading(resources: Resources) -> Self {
        Self::start(resources, u64::MAX)
    }

    /// Each worker may take the usual memory for keys, and up to `most_key_bytes` where keys are costly, as long as all
    /// of them together stay within their share of what the computer can spare.
    fn start(resources: Resources, most_key_bytes: u64) -> Self {
        let all = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let jobs = resources.jobs.map_or_else(all, NonZeroUsize::get).min(MOST_JOBS);
        let permits = Arc::new(Permits::new(jobs));
        let spare = memory::spare_for_keys();
        let key_workers = jobs
            .min(usize::try_from(spare / Scratch::USUAL_BYTES).unwrap_or(jobs))
            .max(1);
        let key_bytes = (spare / key_workers as u64).clamp(Scratch::USUAL_BYTES, most_key_bytes);
        let scratch = move || Scratch::new(Scratch::USUAL_BYTES, key_bytes);
        Self {
            jobs,
            key_bytes,
            tools: Crew::start(jobs, &permits, Tools::default),
            keys: Crew::start(key_workers, &permits, scratch),
            permits,
        }
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

    /// Computes on this thread, as one of those that may work at a time. A cancel ends the wait for that.
    pub(super) fn compute<T>(&self, cancel: &CancelToken, work: impl FnOnce() -> T) -> Result<T, EngineError> {
        let _permit = self.permits.take(cancel)?;
        Ok(work())
    }

    /// Whether a key of that cost may be derived beside others before anybody has proven that it is needed: only what keeps
    /// to the memory that each worker may take.
    pub(super) fn may_order_ahead(&self, cost: KdfCost) -> bool {
        Scratch::least_bytes(cost).is_some_and(|bytes| bytes <= self.key_bytes)
    }
}

/// A piece of work, and whether anybody still waits for it.
struct Order<S> {
    work: Box<dyn FnOnce(&mut S) + Send>,
    wanted: Weak<()>,
}

/// Threads that take one piece of work after the other, each with something of its own.
struct Crew<S> {
    queue: Sender<Order<S>>,
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
        let wanted = Arc::new(());
        let _ = self.queue.send(Order {
            work: Box::new(move |own| drop(reply.send(work(own)))),
            wanted: Arc::downgrade(&wanted),
        });
        ToCome {
            result,
            _wanted: wanted,
        }
    }
}

impl<S> Drop for Crew<S> {
    fn drop(&mut self) {
        self.is_dismissed.store(true, Ordering::SeqCst);
    }
}

fn serve<S>(work: &Mutex<Receiver<Order<S>>>, permits: &Permits, is_dismissed: &AtomicBool, own: &impl Fn() -> S) {
    let mut mine = own();
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(next) = next else { return };
        if is_dismissed.load(Ordering::SeqCst) {
            return;
        }
        if next.wanted.strong_count() == 0 {
            continue;
        }
        let Ok(_permit) = permits.take(&CancelToken::default()) else {
            return;
        };
        // Whoever waits for the result learns of a panic by not getting one; what it was done with may be half done.
        if catch_unwind(AssertUnwindSafe(|| (next.work)(&mut mine))).is_err() {
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
    tickets: BTreeSet<u64>,
}

impl Permits {
    fn new(count: usize) -> Self {
        Self {
            state: Mutex::new(Waiting {
                free: count,
                next_ticket: 0,
                tickets: BTreeSet::new(),
            }),
            turn: Condvar::new(),
        }
    }

    fn take(&self, cancel: &CancelToken) -> Result<Permit<'_>, EngineError> {
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
        result.map(|()| Permit(self))
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
        Workers::for_writing(Resources { jobs, is_gentle: false })
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
        workers.compute(&cancel, busy()).unwrap();
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
    fn what_nobody_waits_for_is_not_begun() {
        let (workers, cancel) = (workers(1), CancelToken::default());
        let (hold, held) = channel::<()>();
        let first = workers.run(move |_| held.recv().is_err());
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        drop(workers.run(move |_| counted.fetch_add(1, Ordering::SeqCst)));
        let last = workers.run(|_| ());
        drop(hold);
        first.wait(&cancel).unwrap();
        last.wait(&cancel).unwrap();
        assert_eq!(count.load(Ordering::SeqCst), 0);
    }

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
