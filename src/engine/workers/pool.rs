// SPDX-License-Identifier: GPL-3.0-or-later
//! Threads of one kind that take one task after the other, or several that are carried out at a time.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::{confine::enter_computing, engine::CancelToken};

use super::semaphore::Semaphore;

/// What a pool is told to do.
pub(super) trait Task: Send + Sized + 'static {
    /// What each thread keeps from one task to the next.
    type Own: 'static;

    /// How long a task waits for others that may go with it.
    const LINGER: Duration = Duration::ZERO;

    /// Whether anybody still waits for it.
    fn is_wanted(&self) -> bool;

    /// How many of the first tasks in the queue, of which there is at least one, a thread takes at a time, where so many
    /// threads have nothing to do, itself among them.
    fn how_many(_row: &VecDeque<Self>, _idle: usize, _own: &Self::Own) -> usize {
        1
    }

    /// Carries them out.
    fn carry_out(tasks: Vec<Self>, own: &mut Self::Own);
}

/// The threads. When this is dropped they begin nothing new.
pub(super) struct Pool<O: Task>(Arc<Shared<O>>);

/// Where tasks lie until a thread takes them.
struct Shared<O> {
    state: Mutex<State<O>>,
    news: Condvar,
    threads: usize,
}

struct State<O> {
    queue: VecDeque<O>,
    /// How many threads carry out nothing.
    idle: usize,
    is_closed: bool,
}

impl<O: Task> Pool<O> {
    /// Starts so many threads, each with something of its own.
    pub(super) fn start(
        count: usize,
        semaphore: &Arc<Semaphore>,
        own: impl Fn() -> O::Own + Send + Clone + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                idle: count,
                is_closed: false,
            }),
            news: Condvar::new(),
            threads: count,
        });
        for _ in 0..count {
            let (shared, semaphore, own) = (Arc::clone(&shared), Arc::clone(semaphore), own.clone());
            thread::spawn(move || {
                enter_computing();
                shared.serve(&semaphore, &own);
            });
        }
        Self(shared)
    }

    /// Puts a task at the end of the queue.
    pub(super) fn task(&self, task: O) {
        self.0.state().queue.push_back(task);
        self.0.news.notify_one();
    }
}

impl<O: Task> Drop for Pool<O> {
    fn drop(&mut self) {
        let tasks = {
            let mut state = self.0.state();
            state.is_closed = true;
            std::mem::take(&mut state.queue)
        };
        // Dropping the tasks tells the threads that wait for their results that none will come.
        drop(tasks);
        self.0.news.notify_all();
    }
}

impl<O: Task> Shared<O> {
    fn state(&self) -> MutexGuard<'_, State<O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, semaphore: &Semaphore, own: &impl Fn() -> O::Own) {
        let mut mine = own();
        while self.wait_for_tasks() {
            let Ok(_guard) = semaphore.take(&CancelToken::default()) else {
                return;
            };
            let tasks = self.take(&mine);
            if tasks.is_empty() {
                continue;
            }
            // The waiting thread learns of a panic because no result comes. The buffers of the task may be in any state.
            if catch_unwind(AssertUnwindSafe(|| O::carry_out(tasks, &mut mine))).is_err() {
                mine = own();
            }
            self.state().idle += 1;
        }
    }

    /// Waits until there is something to do; false when there will not be.
    fn wait_for_tasks(&self) -> bool {
        let nothing = |state: &mut State<O>| state.queue.is_empty() && !state.is_closed;
        let state = self.news.wait_while(self.state(), nothing);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if !O::LINGER.is_zero() {
            let few = |state: &mut State<O>| state.queue.len() <= self.threads && !state.is_closed;
            let lingered = self.news.wait_timeout_while(state, O::LINGER, few);
            state = lingered.unwrap_or_else(PoisonError::into_inner).0;
        }
        !state.is_closed
    }

    /// Takes what is to be carried out next; nothing where others were faster.
    fn take(&self, own: &O::Own) -> Vec<O> {
        let mut state = self.state();
        state.queue.retain(O::is_wanted);
        if state.queue.is_empty() {
            return Vec::new();
        }
        let count = O::how_many(&state.queue, state.idle, own).clamp(1, state.queue.len());
        let tasks = state.queue.drain(..count).collect();
        state.idle -= 1;
        if !state.queue.is_empty() {
            self.news.notify_one();
        }
        tasks
    }
}
