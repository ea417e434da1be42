// SPDX-License-Identifier: GPL-3.0-or-later
//! Waits for the answer of a task without blocking: until the window is closed, or beyond that.

use std::rc::Rc;

use gtk::prelude::*;

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

/// The same for a task that is to be done even if its window is closed before that: the program ends after it. `then` hears
/// no flow where none is left.
pub(in crate::ui) fn when_done<F: 'static, T: Send + 'static>(
    flow: &Rc<F>,
    window: &impl IsA<gtk::Window>,
    task: Task<T>,
    then: impl FnOnce(Option<&Rc<F>>, Result<T, EngineError>) + 'static,
) {
    let (flow, app) = (Rc::downgrade(flow), window.as_ref().application());
    glib::spawn_future_local(async move {
        let _held = app.as_ref().map(ApplicationExtManual::hold);
        let answer = task.answer().await;
        then(flow.upgrade().as_ref(), answer);
    });
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
