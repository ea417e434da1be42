// SPDX-License-Identifier: GPL-3.0-or-later
//! The Backup PedOS wizard: carries what the pages say into the draft, and what the draft says onto the pages.

mod defaults;
mod place;
mod run;
mod show;

use std::{cell::RefCell, rc::Rc, sync::Arc};

use gtk::prelude::*;

use crate::{
    draft::{BackupDraft, BackupPage, PowerOff, Run},
    engine::EngineError,
    host::{Host, System},
    job::{self, Job, Task},
    profile::{self, Profile},
    text::{self, JobKind, wizard as words},
};

use super::{
    BpWizard, Move,
    flow::{self, Running, Waiting, when_answered},
    pages::{BpDestinationPage, BpMachinesPage, BpPassphrasePage, BpProgressPage, BpSummaryPage},
};

/// The wizard while its window is open.
pub struct BackupFlow {
    wizard: BpWizard,
    host: Arc<dyn Host>,
    draft: RefCell<BackupDraft>,
    machines: BpMachinesPage,
    destination: BpDestinationPage,
    passphrase: BpPassphrasePage,
    summary: BpSummaryPage,
    progress: BpProgressPage,
    looking: RefCell<Waiting>,
    checking: RefCell<Waiting>,
    saving: RefCell<Waiting>,
    picking: RefCell<Option<Waiting>>,
    running: RefCell<Option<Rc<Running>>>,
    profile_problem: RefCell<Option<String>>,
    notes: RefCell<Vec<String>>,
}

impl BackupFlow {
    /// Opens the window.
    pub fn open(app: &gtk::Application, host: Arc<dyn Host>) {
        let flow = Rc::new(Self {
            wizard: BpWizard::new(app, &words::backup_program()),
            host,
            draft: RefCell::new(BackupDraft::new()),
            machines: BpMachinesPage::default(),
            destination: BpDestinationPage::default(),
            passphrase: BpPassphrasePage::default(),
            summary: BpSummaryPage::default(),
            progress: BpProgressPage::default(),
            looking: RefCell::default(),
            checking: RefCell::default(),
            saving: RefCell::default(),
            picking: RefCell::default(),
            running: RefCell::default(),
            profile_problem: RefCell::default(),
            notes: RefCell::default(),
        });
        flow.add_pages();
        flow.connect();
        flow.begin();
        flow.wizard.present();
    }

    fn add_pages(&self) {
        let add = |page: BackupPage, widget: &gtk::Widget, first: Vec<gtk::Widget>| {
            self.wizard.add_page(&words::backup_page(page), widget, first);
        };
        add(
            BackupPage::Machines,
            self.machines.upcast_ref(),
            self.machines.first_fields(),
        );
        add(
            BackupPage::Destination,
            self.destination.upcast_ref(),
            self.destination.first_fields(),
        );
        add(
            BackupPage::Passphrase,
            self.passphrase.upcast_ref(),
            self.passphrase.first_fields(),
        );
        add(
            BackupPage::Summary,
            self.summary.upcast_ref(),
            self.summary.first_fields(),
        );
        add(BackupPage::Backup, self.progress.upcast_ref(), Vec::new());
    }

    /// The window's handlers hold the flow, and let it go when the window closes.
    fn connect(self: &Rc<Self>) {
        let flow = Rc::clone(self);
        self.wizard.connect_move(move |to| flow.moved(to));
        self.machines
            .connect_changed(self.hearing(|flow, _| flow.take_machines()));
        self.machines.connect_retry(self.hearing(|flow, _| flow.read_again()));
        self.destination
            .connect_changed(self.hearing(|flow, _| flow.take_place()));
        self.destination.connect_browse(self.hearing(|flow, _| flow.browse()));
        self.passphrase
            .connect_changed(self.hearing(|flow, _| flow.take_passphrase()));
    }

    fn hearing<P: ?Sized>(self: &Rc<Self>, act: impl Fn(&Rc<Self>, &P) + 'static) -> impl Fn(&P) + 'static {
        let flow = Rc::downgrade(self);
        move |page| {
            if let Some(flow) = flow.upgrade() {
                act(&flow, page);
            }
        }
    }

    fn begin(self: &Rc<Self>) {
        self.machines.show_reading();
        self.passphrase.clear_typed(false);
        self.show_page();
        let folder = self.host.profile_dir();
        let task = Task::spawn(move |_| Ok(Profile::load(&folder, profile::DEFAULT_NAME)));
        let waiting = when_answered(self, task, |flow, answer| {
            flow.hear_profile(answer);
            // The selection is made when the host is first heard of, so the profile has to come before.
            let is_wanted = |flow: &Self| flow.draft.borrow().page() != BackupPage::Backup;
            flow::watch(flow, &flow.host, is_wanted, Self::hear_system);
        });
        self.checking.replace(waiting);
    }

    fn read_again(self: &Rc<Self>) {
        self.machines.show_reading();
        let task = flow::read_system(&self.host);
        self.checking.replace(when_answered(self, task, Self::hear_system));
    }

    fn hear_system(self: &Rc<Self>, answer: Result<System, EngineError>) {
        match answer {
            Ok(system) => {
                if self.draft.borrow().system().is_some_and(|known| **known == system) {
                    return;
                }
                let is_first = self.draft.borrow().system().is_none();
                self.draft.borrow_mut().set_system(Arc::new(system));
                self.look_if_needed();
                if self.draft.borrow().page() == BackupPage::Summary {
                    self.check();
                }
                self.refresh();
                if is_first {
                    self.wizard.focus_first();
                }
            }
            // A list that was read once stays; the next look may succeed.
            Err(error) if self.draft.borrow().system().is_none() => self.machines.show_error(&text::message(&error)),
            Err(error) => log::warn!("the list of VMs: {error}"),
        }
    }

    fn take_machines(self: &Rc<Self>) {
        let mut draft = self.draft.borrow_mut();
        draft.select(self.machines.selected());
        draft.is_compressed = self.machines.is_compressed();
        draft.method = self.machines.method();
        draft.scope = self.machines.scope();
        drop(draft);
        self.refresh();
    }

    fn take_passphrase(self: &Rc<Self>) {
        let choices = self.passphrase.choices();
        let mut draft = self.draft.borrow_mut();
        self.passphrase
            .with_typed(|first, second| draft.passphrase.set_typed(first, second));
        draft.is_costly_to_guess = choices.is_costly_to_guess;
        draft.saves_profile = choices.saves_profile;
        draft.saves_passphrase = choices.saves_passphrase;
        draft.verifies = choices.verifies;
        draft.power_off = if choices.powers_off {
            PowerOff::Yes
        } else {
            PowerOff::No
        };
        drop(draft);
        self.refresh();
    }

    /// Looks for what speaks against the backup, once everything else is known.
    fn check(self: &Rc<Self>) {
        let question = self.draft.borrow().ask_findings();
        let Some(question) = question else { return };
        let task = Task::spawn(move |_| Ok(question()));
        let waiting = when_answered(self, task, |flow, answer| {
            if let Ok(findings) = answer {
                flow.draft.borrow_mut().set_findings(findings);
                flow.refresh();
            }
        });
        self.checking.replace(waiting);
    }

    fn moved(self: &Rc<Self>, to: Move) {
        match to {
            Move::Next => self.next(),
            Move::Back => {
                self.draft.borrow_mut().back();
                self.show_page();
            }
            Move::Cancel => self.cancel(),
        }
    }

    fn next(self: &Rc<Self>) {
        let from = self.draft.borrow().page();
        if let (BackupPage::Backup, Run::Ended { .. }) = (from, self.draft.borrow().run()) {
            self.wizard.close_now();
            return;
        }
        let plan = (from == BackupPage::Summary).then(|| self.draft.borrow().finish());
        let moved = self.draft.borrow_mut().advance();
        if moved.is_err() {
            self.refresh();
            return;
        }
        if from == BackupPage::Passphrase {
            self.passphrase.clear_typed(true);
            self.check();
        }
        if let Some(Ok(plan)) = plan {
            self.save_profile();
            let handle = job::spawn(Job::Backup(plan), Arc::clone(&self.host), self.draft.borrow().resources);
            let at_end = self.hearing_end();
            let running = Running::start(&self.wizard, &self.progress, JobKind::Backup, handle, at_end);
            self.running.replace(Some(running));
        }
        self.show_page();
    }

    fn show_page(self: &Rc<Self>) {
        self.refresh();
        let page = self.draft.borrow().page();
        self.wizard.show_page(page as usize);
    }

    /// Copies the draft onto the page that is seen.
    fn refresh(&self) {
        let draft = self.draft.borrow();
        match draft.page() {
            BackupPage::Machines => self.show_machines(&draft),
            BackupPage::Destination => self.show_destination(&draft),
            BackupPage::Passphrase => self.show_passphrase(&draft),
            BackupPage::Summary => self.show_summary(&draft),
            BackupPage::Backup => {}
        }
        let is_over = matches!(draft.run(), Run::Ended { .. });
        self.wizard.set_may_continue(&draft.may_continue());
        self.wizard.set_may_go_back(draft.may_go_back());
        self.wizard.set_may_cancel(!is_over && draft.run() != Run::Stopping);
        let is_last = draft.page() == BackupPage::Backup;
        self.wizard
            .set_next_label(&if is_last { words::finish() } else { words::next() });
    }
}
