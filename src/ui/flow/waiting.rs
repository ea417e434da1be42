// SPDX-License-Identifier: GPL-3.0-or-later
//! Waits for the answer of a task without blocking.

use std::rc::Rc;

use crate::{engine::EngineError, job::Task};

/// Does something with the answer of a task, if `flow` is still there by then. Dropping the guard that is given back
/// cancels the task, and nothing is done.
pub(in crate::ui) fn when_answered<F: 'static, T: Send + 'static>(
    flow: &Rc<F>,
    task: Task<T>,
    then: impl FnOnce(&Rc<F>, Result<T, EngineError>) + 'static,
) -> Waiting {
    let flow = Rc::downgrade(flow);
    Waiting(Some(glib::spawn_future_local(async move {
        let answer = task.answer().await;
        if let Some(flow) = flow.upgrade() {
            then(&flow, answer);
        }
    })))
}

/// A task that is waited for.
#[derive(Debug, Default)]
pub(in crate::ui) struct Waiting(Option<glib::JoinHandle<()>>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(future) = self.0.take() {
            future.abort();
        }
    }
}
