// SPDX-License-Identifier: GPL-3.0-or-later
//! The threads that compute for a job: one pool for blocks and segments, one for keys, and a semaphore that both share. It
//! has one permit for each processor that the job may use, so that no more threads than that compute at a time.

mod pending;
mod pool;
mod semaphore;

use std::{collections::VecDeque, num::NonZeroUsize, sync::Arc, thread, time::Duration};

use crate::{
    crypto::{Derivation, Derived, KdfCost, Scratch},
    engine::{CancelToken, EngineError, Resources, memory},
    format::{Encoder, SegmentDecoder},
};

use pending::Awaited;
use pool::{Pool, Task};
use semaphore::Semaphore;

pub(super) use pending::Pending;

/// The most threads of a kind: more would only take memory.
const MOST_JOBS: usize = 256;

/// What a worker keeps from one block or segment to the next.
#[derive(Default)]
pub(super) struct Tools {
    pub(super) encoder: Option<Encoder>,
    pub(super) decoder: SegmentDecoder,
}

/// The threads of one job. When it is dropped they end after what they are at; nobody waits for them, since a costly key
/// in the making would hold a cancel up for seconds.
pub(super) struct Workers {
    jobs: usize,
    /// The memory that each one may take for keys.
    key_bytes: u64,
    semaphore: Arc<Semaphore>,
    tools: Pool<Work>,
    keys: Pool<KeyWork>,
}

impl Workers {
    /// Starts the threads for an archive that is written.
    pub(super) fn for_writing(resources: Resources) -> Self {
        Self::start(resources, Scratch::USUAL_BYTES)
    }

    /// The same for an existing archive: its own header sets the cost of its keys.
    pub(super) fn for_reading(resources: Resources) -> Self {
        Self::start(resources, u64::MAX)
    }

    /// Each worker may take the usual memory for keys, and up to `most_key_bytes` where keys are costly, as long as all
    /// of them together stay within their share of what the computer can spare.
    fn start(resources: Resources, most_key_bytes: u64) -> Self {
        let all = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let jobs = resources.jobs.map_or(all, NonZeroUsize::get).min(MOST_JOBS);
        let semaphore = Arc::new(Semaphore::new(jobs));
        let spare = memory::spare_for_keys();
        let key_workers = jobs
            .min(usize::try_from(spare / Scratch::USUAL_BYTES).unwrap_or(jobs))
            .max(1);
        let key_bytes = (spare / key_workers as u64).clamp(Scratch::USUAL_BYTES, most_key_bytes);
        let scratch = move || Scratch::new(Scratch::USUAL_BYTES, key_bytes);
        Self {
            jobs,
            key_bytes,
            tools: Pool::start(jobs, &semaphore, Tools::default),
            keys: Pool::start(key_workers, &semaphore, scratch),
            semaphore,
        }
    }

    /// How many of them work at a time.
    pub(super) fn jobs(&self) -> usize {
        self.jobs
    }

    /// Hands out work at a block or a segment. It is begun in the task in which it comes.
    pub(super) fn run<T: Send + 'static>(&self, work: impl FnOnce(&mut Tools) -> T + Send + 'static) -> Pending<T> {
        let (reply, awaited, pending) = Pending::new();
        self.tools.task(Work {
            // The caller may have given up before the result is there.
            work: Box::new(move |tools| drop(reply.send(work(tools)))),
            awaited,
        });
        pending
    }

    /// Hands out the derivation of keys, and what is made of them. Those that are ordered together are derived side by
    /// side.
    pub(super) fn derive<T: Send + 'static>(
        &self,
        derivation: Derivation,
        priority: Priority,
        then: impl FnOnce(&Derivation, Derived) -> T + Send + 'static,
    ) -> Pending<T> {
        let (reply, awaited, pending) = Pending::new();
        self.keys.task(KeyWork {
            derivation,
            priority,
            then: Box::new(move |derivation, keys| drop(reply.send(then(derivation, keys)))),
            awaited,
        });
        pending
    }

    /// Computes on this thread, as one of those that may work at a time. A cancel ends the wait for that.
    pub(super) fn compute<T>(&self, cancel: &CancelToken, work: impl FnOnce() -> T) -> Result<T, EngineError> {
        let _guard = self.semaphore.take(cancel)?;
        Ok(work())
    }

    /// Whether a key of that cost may be derived beside others before anybody has proven that it is needed: only what keeps
    /// to the memory that each worker may take.
    pub(super) fn may_derive_ahead(&self, cost: KdfCost) -> bool {
        Scratch::least_bytes(cost).is_some_and(|bytes| bytes <= self.key_bytes)
    }
}

/// Work at a block or a segment.
struct Work {
    work: Box<dyn FnOnce(&mut Tools) + Send>,
    awaited: Awaited,
}

impl Task for Work {
    type Own = Tools;

    fn is_wanted(&self) -> bool {
        self.awaited.is_so()
    }

    fn carry_out(tasks: Vec<Self>, own: &mut Tools) {
        tasks.into_iter().for_each(|task| (task.work)(own));
    }
}

/// How soon a key is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Priority {
    /// Everything waits for it: it is derived beside one other at most.
    Urgent,
    /// It may be derived beside as many as there are registers for, which takes longer and costs less.
    Later,
}

/// What is made of a derivation.
type Then = Box<dyn FnOnce(&Derivation, Derived) + Send>;

/// A key to be derived.
struct KeyWork {
    derivation: Derivation,
    priority: Priority,
    then: Then,
    awaited: Awaited,
}

impl Task for KeyWork {
    type Own = Scratch;

    /// A hundredth of what a key takes, in which those that belong together come together.
    const LINGER: Duration = Duration::from_millis(2);

    fn is_wanted(&self) -> bool {
        self.awaited.is_so()
    }

    /// A fair share of what there is, so that nobody sits idle, and as many as are best derived at a time.
    fn how_many(queue: &VecDeque<Self>, idle: usize, own: &Scratch) -> usize {
        let cost = |task: &Self| task.derivation.cost();
        let first = queue.front().map_or(KdfCost::DEFAULT, cost);
        let alike = queue.iter().take_while(|task| Scratch::go_together(first, cost(task)));
        let alike = alike.count().max(1);
        let is_awaited = queue.iter().take(alike).any(|task| task.priority == Priority::Urgent);
        let most = if is_awaited { 2 } else { usize::MAX };
        // Other numbers than powers of two leave a register half empty.
        let share = alike.div_ceil(idle.max(1)).next_power_of_two();
        share.min(own.keys_at_a_time(first)).min(1 << alike.ilog2()).min(most)
    }

    fn carry_out(tasks: Vec<Self>, own: &mut Scratch) {
        let derivations: Vec<&Derivation> = tasks.iter().map(|task| &task.derivation).collect();
        match own.derive(&derivations) {
            Ok(keys) => tasks
                .into_iter()
                .zip(keys)
                .for_each(|(task, keys)| (task.then)(&task.derivation, Ok(keys))),
            Err(failure) => tasks
                .into_iter()
                .for_each(|task| (task.then)(&task.derivation, Err(failure))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::channel,
    };

    use crate::crypto::SealKey;

    use super::*;

    fn workers(jobs: usize) -> Workers {
        let jobs = NonZeroUsize::new(jobs);
        Workers::for_writing(Resources { jobs, is_gentle: false })
    }

    fn derivation() -> Derivation {
        SealKey::derivation(b"x", KdfCost { log_n: 4, r: 8, p: 1 }).unwrap()
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
        let mut pending = Vec::new();
        for _ in 0..20 {
            let (one, other) = (busy(), busy());
            pending.push(workers.run(move |_| one()));
            pending.push(workers.derive(derivation(), Priority::Later, move |_, _| other()));
        }
        workers.compute(&cancel, busy()).unwrap();
        for result in pending {
            result.wait(&cancel).unwrap();
        }
        assert_eq!(at_work.1.load(Ordering::SeqCst), 2);
    }

    /// Keys in a queue, the first of them in such a priority.
    fn queue(count: usize, priority: Priority) -> VecDeque<KeyWork> {
        let key = |_| KeyWork {
            derivation: derivation(),
            priority,
            then: Box::new(|_, _| ()),
            awaited: Pending::<()>::new().1,
        };
        (0..count).map(key).collect()
    }

    #[test]
    fn keys_are_shared_out_and_those_that_all_wait_for_go_in_pairs_at_most() {
        let scratch = Scratch::default();
        let most = scratch.keys_at_a_time(derivation().cost());
        for (count, idle, shared) in [
            (1, 2, 1),
            (2, 2, 1),
            (3, 2, 2),
            (4, 2, 2),
            (6, 2, 4),
            (8, 2, 4),
            (20, 2, 4),
            (3, 1, 2),
        ] {
            let taken = KeyWork::how_many(&queue(count, Priority::Later), idle, &scratch);
            assert_eq!(taken, most.min(shared), "{count} for {idle}");
            let taken = KeyWork::how_many(&queue(count, Priority::Urgent), idle, &scratch);
            assert_eq!(taken, most.min(shared).min(2), "{count} for {idle}");
        }
    }

    #[test]
    fn keys_of_another_cost_wait_for_their_own_turn() {
        let mut queue = queue(2, Priority::Later);
        queue[1].derivation = SealKey::derivation(b"x", KdfCost { log_n: 5, r: 8, p: 1 }).unwrap();
        assert_eq!(KeyWork::how_many(&queue, 1, &Scratch::default()), 1);
    }

    #[test]
    fn every_key_is_handed_to_who_ordered_it() {
        let (workers, cancel) = (workers(2), CancelToken::default());
        let tasks: Vec<(Vec<u8>, _)> = (0..23_u8)
            .map(|number| {
                let derivation = SealKey::derivation(&[number], KdfCost { log_n: 4, r: 8, p: 1 }).unwrap();
                let alone = Scratch::default().derive_one(&derivation).unwrap();
                let seal = |derivation: &Derivation, keys| {
                    let mut content = vec![7; 40];
                    SealKey::derived(derivation, keys).unwrap().seal(&mut content);
                    content
                };
                let expected = seal(&derivation, Ok(alone));
                (expected, workers.derive(derivation, Priority::Later, seal))
            })
            .collect();
        for (expected, coming) in tasks {
            assert_eq!(coming.wait(&cancel).unwrap(), expected);
        }
    }

    #[test]
    fn a_panic_is_told_and_costs_no_worker() {
        let (workers, cancel) = (workers(1), CancelToken::default());
        let broken = workers.run(|_| panic!("ouch"));
        let error = Pending::<()>::wait(&broken, &cancel).unwrap_err();
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

    #[test]
    fn no_more_threads_than_make_sense() {
        for (asked, jobs) in [(MOST_JOBS, MOST_JOBS), (MOST_JOBS + 1, MOST_JOBS)] {
            assert_eq!(workers(asked).jobs(), jobs);
        }
    }
}
