// SPDX-License-Identifier: GPL-3.0-or-later
//! The Restore Backup wizard: carries what the pages say into the draft, and what the draft says onto the pages.

mod edit;
mod inside;
mod place;
mod run;
mod show;

use std::{cell::RefCell, path::PathBuf, rc::Rc, sync::Arc};

use gtk::prelude::*;

use crate::{
    draft::{Opening, RestoreDraft, RestorePage, Run},
    engine::{EngineError, OpenedArchive, open_archive},
    host::{Host, System},
    job::{self, Job, Task},
    secret::Passphrase,
    text::{JobKind, wizard as words},
};

use super::{
    BpWizard, Move,
    flow::{self, Running, Waiting, when_answered},
    pages::{BpContentsPage, BpOpenPage, BpProgressPage, BpRestoreSummaryPage, BpSourcePage},
};

/// The wizard while its window is open.
pub struct RestoreFlow {
    wizard: BpWizard,
    host: Arc<dyn Host>,
    draft: RefCell<RestoreDraft>,
    source: BpSourcePage,
    open: BpOpenPage,
    contents: BpContentsPage,
    summary: BpRestoreSummaryPage,
    progress: BpProgressPage,
    looking: RefCell<Waiting>,
    overlooking: RefCell<Waiting>,
    opening: RefCell<Waiting>,
    picking: RefCell<Option<Waiting>>,
    running: RefCell<Option<Rc<Running>>>,
}

impl RestoreFlow {
    /// Opens the window, with the archive that was named if one was.
    pub fn open(app: &gtk::Application, host: Arc<dyn Host>, archive: Option<PathBuf>) {
        let flow = Rc::new(Self {
            wizard: BpWizard::new(app, &words::restore_program()),
            host,
            draft: RefCell::new(RestoreDraft::new()),
            source: BpSourcePage::default(),
            open: BpOpenPage::default(),
            contents: BpContentsPage::default(),
            summary: BpRestoreSummaryPage::default(),
            progress: BpProgressPage::default(),
            looking: RefCell::default(),
            overlooking: RefCell::default(),
            opening: RefCell::default(),
            picking: RefCell::default(),
            running: RefCell::default(),
        });
        flow.add_pages();
        flow.connect();
        flow.show_page();
        if let Some(archive) = archive.and_then(|path| std::path::absolute(path).ok()) {
            flow.picked(&archive.to_string_lossy());
        }
        let is_wanted = |flow: &Self| flow.draft.borrow().page() != RestorePage::Restore;
        flow::watch(&flow, &flow.host, is_wanted, Self::hear_system);
        flow.wizard.present();
    }

    fn add_pages(&self) {
        let add = |page: RestorePage, widget: &gtk::Widget, first: Vec<gtk::Widget>| {
            self.wizard.add_page(&words::restore_page(page), widget, first);
        };
        add(
            RestorePage::Source,
            self.source.upcast_ref(),
            self.source.first_fields(),
        );
        add(
            RestorePage::Passphrase,
            self.open.upcast_ref(),
            self.open.first_fields(),
        );
        add(
            RestorePage::Machines,
            self.contents.upcast_ref(),
            self.contents.first_fields(),
        );
        add(RestorePage::Summary, self.summary.upcast_ref(), Vec::new());
        add(RestorePage::Restore, self.progress.upcast_ref(), Vec::new());
    }

    /// The window's handlers hold the flow, and let it go when the window closes.
    fn connect(self: &Rc<Self>) {
        let flow = Rc::clone(self);
        self.wizard.connect_move(move |to| flow.moved(to));
        self.source.connect_changed(self.hearing(|flow, _| flow.take_source()));
        self.source.connect_browse(self.hearing(|flow, _| flow.browse()));
        self.source.connect_inside(self.hearing(|flow, _| flow.look_inside()));
        self.open.connect_inside(self.hearing(|flow, _| flow.look_inside()));
        self.open.connect_changed(self.hearing(|flow, _| flow.take_typed()));
        self.open.connect_stop(self.hearing(|flow, _| flow.stop_opening()));
        self.contents
            .connect_changed(self.hearing(|flow, _| flow.take_machines()));
        let weak = Rc::downgrade(self);
        self.summary.connect_edit(move |machine, edit| {
            if let Some(flow) = weak.upgrade() {
                flow.take_edit(machine, edit);
            }
        });
        let weak = Rc::downgrade(self);
        self.summary.connect_for_all(move |change| {
            if let Some(flow) = weak.upgrade() {
                flow.take_for_all(change);
            }
        });
    }

    fn hearing<P: ?Sized>(self: &Rc<Self>, act: impl Fn(&Rc<Self>, &P) + 'static) -> impl Fn(&P) + 'static {
        let flow = Rc::downgrade(self);
        move |page| {
            if let Some(flow) = flow.upgrade() {
                act(&flow, page);
            }
        }
    }

    fn hear_system(self: &Rc<Self>, answer: Result<System, EngineError>) {
        match answer {
            Ok(system) => {
                if self.draft.borrow().system().is_some_and(|known| **known == system) {
                    return;
                }
                self.draft.borrow_mut().set_system(Arc::new(system));
                self.look_if_needed();
                self.refresh();
            }
            Err(error) => log::warn!("the list of VMs: {error}"),
        }
    }

    fn take_typed(self: &Rc<Self>) {
        self.draft.borrow_mut().set_typed(self.open.has_typed());
        self.refresh();
    }

    fn take_machines(self: &Rc<Self>) {
        self.draft.borrow_mut().select(self.contents.selected());
        self.refresh();
    }

    /// Opens the archive with what is typed, off the window's thread.
    fn try_to_open(self: &Rc<Self>) {
        let passphrase = Arc::new(Passphrase::for_reading(self.open.typed()));
        let mut draft = self.draft.borrow_mut();
        draft.set_passphrase(passphrase);
        let Some(access) = draft.access() else { return };
        draft.set_opening(true);
        drop(draft);
        let host = Arc::clone(&self.host);
        let task = Task::spawn(move |context| open_archive(&access, host.as_ref(), context).map(Arc::new));
        self.opening.replace(when_answered(self, task, Self::opened));
        self.refresh();
    }

    fn opened(self: &Rc<Self>, answer: Result<Arc<OpenedArchive>, EngineError>) {
        if !matches!(self.draft.borrow().opening(), Opening::Trying) {
            return;
        }
        self.draft.borrow_mut().set_opened(answer);
        if self.draft.borrow().archive().is_none() {
            self.refresh();
            self.open.focus_entry();
            return;
        }
        self.open.clear_typed();
        self.draft.borrow_mut().set_typed(false);
        self.summary.forget_rows();
        if self.draft.borrow().wants_to_look() {
            self.draft.borrow_mut().forget_look_inside();
            self.refresh();
            self.wizard.focus_next();
            self.look_inside();
            return;
        }
        // Next was meant for the page after this one.
        self.next();
    }

    fn stop_opening(self: &Rc<Self>) {
        self.opening.replace(Waiting::default());
        self.draft.borrow_mut().set_opening(false);
        self.refresh();
        self.open.focus_entry();
    }

    fn moved(self: &Rc<Self>, to: Move) {
        match to {
            Move::Next => self.next(),
            Move::Back => {
                self.opening.replace(Waiting::default());
                if matches!(self.draft.borrow().opening(), Opening::Trying) {
                    self.draft.borrow_mut().set_opening(false);
                }
                self.draft.borrow_mut().back();
                self.show_page();
            }
            Move::Cancel => self.cancel(),
        }
    }

    fn next(self: &Rc<Self>) {
        let from = self.draft.borrow().page();
        if let (RestorePage::Restore, Run::Ended { .. }) = (from, self.draft.borrow().run()) {
            self.wizard.close_now();
            return;
        }
        if from == RestorePage::Passphrase && (self.open.has_typed() || self.draft.borrow().archive().is_none()) {
            self.try_to_open();
            return;
        }
        let plan = (from == RestorePage::Summary).then(|| self.draft.borrow().finish());
        let moved = self.draft.borrow_mut().advance();
        if moved.is_err() {
            self.refresh();
            return;
        }
        if from == RestorePage::Machines {
            self.summary.forget_rows();
        }
        if let Some(Ok(plan)) = plan {
            let kind = if plan.verify_only {
                JobKind::Verify
            } else {
                JobKind::Restore
            };
            let handle = job::spawn(
                Job::Restore(plan),
                Arc::clone(&self.host),
                self.draft.borrow().resources,
            );
            let running = Running::start(&self.wizard, &self.progress, kind, handle, self.hearing_end());
            self.running.replace(Some(running));
        }
        self.show_page();
    }

    fn show_page(self: &Rc<Self>) {
        self.refresh();
        let page = self.draft.borrow().page();
        self.wizard.show_page(page as usize);
        if page == RestorePage::Summary {
            self.summary.focus_problem();
        }
    }

    /// Copies the draft onto the page that is seen.
    fn refresh(&self) {
        let draft = self.draft.borrow();
        match draft.page() {
            RestorePage::Source => self.show_source(&draft),
            RestorePage::Passphrase => self.show_opening(&draft),
            RestorePage::Machines => self.show_contents(&draft),
            RestorePage::Summary => self.show_table(&draft),
            RestorePage::Restore => {}
        }
        let is_over = matches!(draft.run(), Run::Ended { .. });
        self.wizard.set_may_continue(&draft.may_continue());
        self.wizard.set_may_go_back(draft.may_go_back());
        self.wizard.set_may_cancel(!is_over && draft.run() != Run::Stopping);
        let is_last = draft.page() == RestorePage::Restore;
        self.wizard
            .set_next_label(&if is_last { words::finish() } else { words::next() });
    }
}
