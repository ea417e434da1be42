// SPDX-License-Identifier: GPL-3.0-or-later
//! Threads of one kind that take one order after the other, or several that are carried out at a time.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::engine::CancelToken;

use super::permits::Permits;

/// What a crew is told to do.
pub(super) trait Order: Send + Sized + 'static {
    /// What each thread keeps from one order to the next.
    type Own: 'static;

    /// How long an order waits for others that may go with it.
    const LINGER: Duration = Duration::ZERO;

    /// Whether anybody still waits for it.
    fn is_wanted(&self) -> bool;

    /// How many of the first orders in the row, of which there is at least one, a thread takes at a time, where so many
    /// threads have nothing to do, itself among them.
    fn how_many(_row: &VecDeque<Self>, _idle: usize, _own: &Self::Own) -> usize {
        1
    }

    /// Carries them out.
    fn carry_out(orders: Vec<Self>, own: &mut Self::Own);
}

/// The threads. When this is dropped they begin nothing new.
pub(super) struct Crew<O: Order>(Arc<Desk<O>>);

/// Where orders lie until a thread takes them.
struct Desk<O> {
    state: Mutex<State<O>>,
    news: Condvar,
    threads: usize,
}

struct State<O> {
    row: VecDeque<O>,
    /// How many threads carry out nothing.
    idle: usize,
    is_dismissed: bool,
}

impl<O: Order> Crew<O> {
    /// Starts so many threads, each with something of its own.
    pub(super) fn start(
        count: usize,
        permits: &Arc<Permits>,
        own: impl Fn() -> O::Own + Send + Clone + 'static,
    ) -> Self {
        let desk = Arc::new(Desk {
            state: Mutex::new(State {
                row: VecDeque::new(),
                idle: count,
                is_dismissed: false,
            }),
            news: Condvar::new(),
            threads: count,
        });
        for _ in 0..count {
            let (desk, permits, own) = (Arc::clone(&desk), Arc::clone(permits), own.clone());
            thread::spawn(move || desk.serve(&permits, &own));
        }
        Self(desk)
    }

    /// Puts an order at the end of the row.
    pub(super) fn order(&self, order: O) {
        self.0.state().row.push_back(order);
        self.0.news.notify_one();
    }
}

impl<O: Order> Drop for Crew<O> {
    fn drop(&mut self) {
        let orders = {
            let mut state = self.0.state();
            state.is_dismissed = true;
            std::mem::take(&mut state.row)
        };
        // Whoever waits for one of them learns now that it will not come.
        drop(orders);
        self.0.news.notify_all();
    }
}

impl<O: Order> Desk<O> {
    fn state(&self) -> MutexGuard<'_, State<O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, permits: &Permits, own: &impl Fn() -> O::Own) {
        let mut mine = own();
        while self.wait_for_orders() {
            let Ok(_permit) = permits.take(&CancelToken::default()) else {
                return;
            };
            let orders = self.take(&mine);
            if orders.is_empty() {
                continue;
            }
            // Whoever waits for the result learns of a panic by not getting one; what it was done with may be half done.
            if catch_unwind(AssertUnwindSafe(|| O::carry_out(orders, &mut mine))).is_err() {
                mine = own();
            }
            self.state().idle += 1;
        }
    }

    /// Waits until there is something to do; false when there will not be.
    fn wait_for_orders(&self) -> bool {
        let nothing = |state: &mut State<O>| state.row.is_empty() && !state.is_dismissed;
        let state = self.news.wait_while(self.state(), nothing);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if !O::LINGER.is_zero() {
            let few = |state: &mut State<O>| state.row.len() <= self.threads && !state.is_dismissed;
            let lingered = self.news.wait_timeout_while(state, O::LINGER, few);
            state = lingered.unwrap_or_else(PoisonError::into_inner).0;
        }
        !state.is_dismissed
    }

    /// Takes what is to be carried out next; nothing where others were faster.
    fn take(&self, own: &O::Own) -> Vec<O> {
        let mut state = self.state();
        state.row.retain(O::is_wanted);
        if state.row.is_empty() {
            return Vec::new();
        }
        let count = O::how_many(&state.row, state.idle, own).clamp(1, state.row.len());
        let orders = state.row.drain(..count).collect();
        state.idle -= 1;
        if !state.row.is_empty() {
            self.news.notify_one();
        }
        orders
    }
}
