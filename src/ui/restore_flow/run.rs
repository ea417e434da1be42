// SPDX-License-Identifier: GPL-3.0-or-later
//! The run of a restore or a verification: its end, and how it is given up.

use std::rc::Rc;

use crate::{
    draft::Run,
    job::Outcome,
    ui::flow::{Leaving, ask_to_leave},
};

use super::RestoreFlow;

impl RestoreFlow {
    pub(super) fn hearing_end(self: &Rc<Self>) -> impl FnOnce(Outcome) + use<> {
        let flow = Rc::downgrade(self);
        move |outcome| {
            if let Some(flow) = flow.upgrade() {
                flow.ended(&outcome);
            }
        }
    }

    fn ended(self: &Rc<Self>, outcome: &Outcome) {
        let Some(running) = self.running.take() else { return };
        let look = self.draft.borrow().look().clone();
        let info = self.draft.borrow().archive().map(|archive| archive.info.clone());
        let run = running.show_end(&self.wizard, outcome, &look, info.as_ref(), Vec::new());
        self.draft.borrow_mut().set_run(run);
        if run == (Run::Ended { is_success: true }) {
            self.wizard.show_all_done();
        }
        self.refresh();
        self.wizard.focus_next();
    }

    fn stop(self: &Rc<Self>) {
        if let Some(running) = &*self.running.borrow() {
            self.draft.borrow_mut().set_run(Run::Stopping);
            running.cancel();
        }
        self.refresh();
    }

    pub(super) fn cancel(self: &Rc<Self>) {
        let (run, has_work) = (self.draft.borrow().run(), self.draft.borrow().has_work());
        ask_to_leave(
            self,
            &self.wizard,
            run,
            has_work,
            false,
            |flow, leaving| match leaving {
                Leaving::Job => flow.stop(),
                Leaving::Wizard => flow.wizard.close_now(),
            },
        );
    }
}
