// SPDX-License-Identifier: GPL-3.0-or-later
//! Takes one file out of the archive that is open, to a place of the user's choice.

use std::{path::Path, rc::Rc, sync::Arc};

use gtk::prelude::*;

use crate::{
    draft::{Way, WizardDraft},
    job::{self, Job, JobKind, Outcome, Overall},
    plan::{ArchivedFile, ExtractPlan, ExtractTo},
    text::wizard as words,
    ui::{
        BpExtractWindow, BpInsideWindow, desktop, dialogs,
        flow::{Flow, Running, Shown},
    },
};

use super::RestoreFlow;

impl RestoreFlow {
    /// Asks where a file is to go, and takes it out.
    pub(super) fn take_out(self: &Rc<Self>, inside: &BpInsideWindow) {
        let Some(what) = inside.chosen_file() else { return };
        let (flow, parent) = (Rc::downgrade(self), inside.downgrade());
        let name = words::extracted_name(&what);
        dialogs::choose_new(inside, &words::take_out_title(&what), &name, move |path| {
            if let (Some(flow), Some(parent)) = (flow.upgrade(), parent.upgrade()) {
                flow.extract(&parent, what.clone(), path);
            }
        });
    }

    fn extract(self: &Rc<Self>, parent: &BpInsideWindow, what: ArchivedFile, path: &Path) {
        let Some(access) = self.draft.borrow().access() else {
            return;
        };
        let plan = ExtractPlan {
            access,
            what,
            to: ExtractTo::Path(path.to_owned()),
        };
        let resources = self.draft.borrow().resources();
        let handle = job::spawn(Job::Extract(plan, Some(Arc::clone(&self.shell().host))), resources);
        let window = BpExtractWindow::open(parent);
        let overall = Overall {
            verifies_after_writing: false,
        };
        let (flow, shown) = (Rc::downgrade(self), window.downgrade());
        let at_end = move |running: &Running, outcome| {
            if let (Some(flow), Some(window)) = (flow.upgrade(), shown.upgrade()) {
                flow.extracted(&window, running, &outcome);
            }
        };
        let running = Running::start(
            window.upcast_ref(),
            window.page(),
            Shown {
                kind: JobKind::Extract,
                overall,
                profile: None,
                may_repeat: false,
            },
            handle,
            at_end,
        );
        let stopped = Rc::downgrade(&running);
        window.connect_stop(move || {
            if let Some(running) = stopped.upgrade() {
                running.cancel();
            }
        });
        window.keep(running);
    }

    /// Shows the last word of an extraction.
    fn extracted(&self, window: &BpExtractWindow, running: &Running, outcome: &Outcome) {
        let place = self.draft.borrow().place().clone();
        running.show_end(outcome, &place, self.archive().as_ref());
        let page = window.page().downgrade();
        window.page().connect_way(move |way| {
            if let (Way::OpenFolder { folder }, Some(page)) = (way, page.upgrade()) {
                desktop::open_folder(folder, move |why| page.show_saved(&words::folder_not_opened(why)));
            }
        });
        window.show_over();
    }
}
