// SPDX-License-Identifier: GPL-3.0-or-later
//! The source of a restore: what is typed, looked at and picked.

use std::rc::Rc;

use crate::{
    draft::{self, PlaceState},
    job::Task,
    ui::flow::{Waiting, pick_place, when_answered},
};

use super::RestoreFlow;

impl RestoreFlow {
    pub(super) fn take_source(self: &Rc<Self>) {
        let rules = self.source.rules();
        let mut draft = self.draft.borrow_mut();
        let look = self.source.look();
        if look != *draft.look() {
            self.overlooking.replace(Waiting::default());
        }
        draft.set_look(look);
        draft.ignores_missing = rules.ignores_missing;
        draft.ignores_user_mismatch = rules.ignores_user_mismatch;
        draft.verifies_only = rules.verifies_only;
        draft.is_encrypted = rules.is_encrypted;
        drop(draft);
        self.look_if_needed();
        self.refresh();
    }

    pub(super) fn look_if_needed(self: &Rc<Self>) {
        let look = self.draft.borrow().look().clone();
        if *self.draft.borrow().place() != PlaceState::Looking {
            return;
        }
        let asked = look.clone();
        let task = Task::spawn(move |_| Ok(draft::look_at_archive(&look)));
        let waiting = when_answered(self, task, move |flow, answer| {
            if let Ok(answer) = answer {
                flow.draft.borrow_mut().set_place(&asked, answer);
                flow.overlook_if_due();
                flow.refresh();
            }
        });
        self.looking.replace(waiting);
    }

    pub(super) fn picked(self: &Rc<Self>, path: &str) {
        self.source.set_place(path);
    }

    pub(super) fn browse(self: &Rc<Self>) {
        let look = self.draft.borrow().look().clone();
        let waiting = pick_place(self, &self.wizard, &self.host, look, true, |flow, answer| {
            flow.picking.replace(None);
            flow.refresh();
            match answer {
                Ok(Some(path)) => flow.picked(&path),
                Ok(None) => {}
                Err(verdict) => flow.source.show_verdict(&verdict, false),
            }
        });
        self.picking.replace(waiting);
        self.refresh();
    }
}
