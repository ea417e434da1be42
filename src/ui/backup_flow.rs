// SPDX-License-Identifier: GPL-3.0-or-later
//! The Backup PedOS wizard: carries what the pages say into the draft, and what the draft says onto the pages.

mod defaults;
mod profiles;
mod show;

use std::{cell::RefCell, rc::Rc, sync::Arc};

use gtk::prelude::*;

use crate::{
    draft::{BackupDraft, BackupPage, PowerOff, Run, WizardDraft},
    engine::EngineError,
    host::Host,
    job::{Job, Overall, Task},
    plan::BackupCure,
    profile,
    text::{self, JobKind, wizard as words},
};

use super::{
    BpWizard, desktop,
    dialogs::{self, Answer},
    flow::{
        Countdown, Flow, Shell, Waiting, connect_arranging, connect_history, connect_starting, count_down,
        when_answered,
    },
    pages::{BpDestinationPage, BpPassphrasePage, BpSummaryPage, BpVmsPage},
};

/// The wizard while its window is open.
pub struct BackupFlow {
    shell: Shell,
    draft: RefCell<BackupDraft>,
    vms: BpVmsPage,
    destination: BpDestinationPage,
    passphrase: BpPassphrasePage,
    summary: BpSummaryPage,
    checking: RefCell<Waiting>,
    counting: RefCell<Waiting>,
    profile_problem: RefCell<Option<String>>,
    countdown: RefCell<Option<Countdown>>,
    /// What is being done with profiles.
    keeping: RefCell<Waiting>,
}

/// How long a computer that is to be turned off waits for somebody who wants it to stay on.
const SECONDS_BEFORE_POWER_OFF: u32 = 60;

impl BackupFlow {
    /// Opens the window.
    pub fn open(app: &gtk::Application, host: Arc<dyn Host>) {
        let wizard = BpWizard::new(app, &words::backup_program());
        let destination = BpDestinationPage::default();
        let flow = Rc::new(Self {
            shell: Shell::new(wizard, host, destination.place().clone()),
            draft: RefCell::new(BackupDraft::new()),
            vms: BpVmsPage::default(),
            destination,
            passphrase: BpPassphrasePage::default(),
            summary: BpSummaryPage::default(),
            checking: RefCell::default(),
            counting: RefCell::default(),
            profile_problem: RefCell::default(),
            countdown: RefCell::default(),
            keeping: RefCell::default(),
        });
        flow.add_pages();
        flow.connect();
        flow.begin();
        flow.shell.wizard.present();
    }

    fn add_pages(&self) {
        let add = |page: BackupPage, widget: &gtk::Widget, first: Vec<gtk::Widget>| {
            self.shell.wizard.add_page(&words::backup_page(page), widget, first);
            self.shell.wizard.set_help(page as usize, &words::backup_help(page));
        };
        add(BackupPage::Vms, self.vms.upcast_ref(), self.vms.first_fields());
        add(
            BackupPage::Destination,
            self.destination.upcast_ref(),
            vec![self.shell.place.first_field()],
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
        add(BackupPage::Backup, self.shell.progress.upcast_ref(), Vec::new());
    }

    fn connect(self: &Rc<Self>) {
        self.connect_shell();
        connect_arranging(self);
        connect_starting(self);
        connect_history(self);
        self.connect_profiles();
        self.vms.connect_changed(self.hearing(|flow, _| flow.take_vms()));
        self.vms.connect_new(self.hearing(|flow, _| {
            flow.draft.borrow_mut().select_new();
            flow.refresh();
            flow.shell.wizard.focus_first();
        }));
        self.vms.connect_select_changed(self.hearing(|flow, _| {
            flow.draft.borrow_mut().select_changed();
            flow.refresh();
            flow.shell.wizard.focus_first();
        }));
        self.vms.connect_retry(self.hearing(|flow, _| flow.retry()));
        self.shell
            .place
            .connect_changed(self.hearing(|flow, _| flow.take_place()));
        self.destination
            .connect_changed(self.hearing(|flow, _| flow.take_place()));
        self.passphrase
            .connect_changed(self.hearing(|flow, _| flow.take_passphrase()));
        self.summary.connect_cure(self.hearing(Self::cure));
    }

    fn begin(self: &Rc<Self>) {
        self.vms.show_reading();
        self.passphrase.clear_typed(false);
        self.show_page();
        let task = self.read_profile(profile::DEFAULT_NAME);
        let waiting = when_answered(self, task, |flow, answer| {
            flow.hear_profile(profile::DEFAULT_NAME, answer);
            // The selection is made when the host is first heard of, so the profile has to come before.
            flow.watch(|flow| flow.draft.borrow().page() != BackupPage::Backup);
        });
        self.checking.replace(waiting);
    }

    fn retry(self: &Rc<Self>) {
        self.vms.show_reading();
        self.read_again();
    }

    fn take_place(self: &Rc<Self>) {
        let mut draft = self.draft.borrow_mut();
        draft.set_typed_place(self.shell.place.typed());
        if let Some(is_wanted) = self.destination.wants_recovery() {
            draft.set_recovery_text(is_wanted.then_some(text::recovery_text));
        }
        drop(draft);
        self.look_if_needed();
        self.refresh();
    }

    fn take_vms(self: &Rc<Self>) {
        let mut draft = self.draft.borrow_mut();
        draft.select(self.vms.selected());
        draft.is_compressed = self.vms.is_compressed();
        draft.method = self.vms.method();
        draft.level = self.vms.level().unwrap_or(draft.level);
        draft.scope = self.vms.scope();
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
        draft.set_profile_name(&choices.profile_name);
        draft.rhythm = choices.rhythm;
        draft.saves_passphrase = choices.saves_passphrase;
        draft.set_verifies(choices.verifies);
        draft.resources.is_gentle = choices.is_gentle;
        draft.power_off = if choices.powers_off {
            PowerOff::Yes
        } else {
            PowerOff::No
        };
        drop(draft);
        self.refresh();
    }

    /// Counts dom0's home, which the list and the summary show.
    fn count_home(self: &Rc<Self>) {
        let host = Arc::clone(&self.shell.host);
        let task = Task::spawn(move |context| Ok(host.with_cancel(&context.cancel).home_bytes()?));
        let waiting = when_answered(self, task, |flow, answer| match answer {
            Ok(Some(bytes)) => {
                flow.draft.borrow_mut().set_home_bytes(bytes);
                flow.system_has_changed(false);
            }
            Ok(None) | Err(EngineError::Cancelled) => {}
            Err(error) => log::warn!("the size of dom0's home: {error}"),
        });
        self.counting.replace(waiting);
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

    /// Does something about what was found.
    fn cure(self: &Rc<Self>, cure: &BackupCure) {
        let page = self.draft.borrow_mut().apply(cure);
        if page == BackupPage::Summary {
            self.check();
            self.refresh();
            self.shell.wizard.focus_first();
        } else {
            self.show_page();
        }
    }

    /// Asks whether a weak passphrase will do, and goes on if so.
    fn ask_about_passphrase(self: &Rc<Self>) {
        let question = {
            let draft = self.draft.borrow();
            let Some(judged) = draft.passphrase.strength() else {
                return;
            };
            words::ask_weak(judged, draft.kdf())
        };
        let flow = Rc::downgrade(self);
        let question = dialogs::ask(&self.shell.wizard, &question, &words::weak_answers(), move |answer| {
            let Some(flow) = flow.upgrade() else { return };
            match answer {
                Answer::Go => {
                    flow.draft.borrow_mut().passphrase.accept_weakness();
                    flow.next();
                }
                // The page before is the one of the passphrase.
                Answer::Stay => flow.back(),
            }
        });
        self.shell.asking.replace(Some(question));
    }

    fn show_page(self: &Rc<Self>) {
        self.refresh();
        let page = self.draft.borrow().page();
        self.shell.wizard.show_page(page as usize);
    }
}

impl Flow for BackupFlow {
    type Draft = BackupDraft;
    const IS_BACKUP: bool = true;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn draft(&self) -> &RefCell<BackupDraft> {
        &self.draft
    }

    fn show_current_page(&self) {
        let draft = self.draft.borrow();
        match draft.page() {
            BackupPage::Vms => self.show_vms(&draft),
            BackupPage::Destination => self.show_destination(&draft),
            BackupPage::Passphrase => self.show_passphrase(&draft),
            BackupPage::Summary => self.show_summary(&draft),
            BackupPage::Backup => {}
        }
    }

    fn next(self: &Rc<Self>) {
        let from = self.draft.borrow().page();
        if let (BackupPage::Backup, Run::Ended { .. }) = (from, self.draft.borrow().run()) {
            self.shell.wizard.close_now();
            return;
        }
        if from == BackupPage::Summary && self.draft.borrow().may_continue().is_ok() && self.draft.borrow().has_to_ask()
        {
            self.ask_about_passphrase();
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
            // It may have grown since the window was opened.
            self.count_home();
        }
        if let Some(Ok(plan)) = plan {
            let overall = Overall {
                verifies_after_writing: plan.verify,
            };
            let job = Job::Backup(plan, Arc::clone(&self.shell.host));
            self.start(JobKind::Backup, overall, job);
        }
        self.show_page();
    }

    fn back(self: &Rc<Self>) {
        if self.draft.borrow_mut().back() == BackupPage::Summary {
            self.read_again();
            self.begins_again();
        } else {
            self.look_if_needed();
            self.show_page();
        }
    }

    fn begins_again(self: &Rc<Self>) {
        self.countdown.replace(None);
        self.check();
        self.show_page();
    }

    fn place_was_looked_at(self: &Rc<Self>) {
        if self.draft.borrow().page() == BackupPage::Summary {
            self.check();
        }
    }

    fn system_has_changed(self: &Rc<Self>, is_first: bool) {
        if self.draft.borrow().page() == BackupPage::Summary {
            self.check();
        }
        self.refresh();
        if is_first {
            self.count_home();
            self.shell.wizard.focus_first();
        }
    }

    // A list that was read once stays; the next look may succeed.
    fn system_is_not_read(&self, error: &EngineError) {
        match self.draft.borrow().system() {
            None => self.vms.show_error(&text::message(error)),
            Some(_) => log::warn!("the list of VMs: {error}"),
        }
    }

    fn may_repeat(&self) -> bool {
        let draft = self.draft.borrow();
        let host = &self.shell.host;
        let will_be = draft.saves_profile && draft.rhythm.is_some();
        host.can_repeat() && !will_be && host.rhythm(draft.profile_name()).is_none()
    }

    fn repeat(self: &Rc<Self>) {
        self.ask_to_repeat_this();
    }

    fn has_ended(self: &Rc<Self>, is_success: bool) {
        self.keep_profile(is_success);
        if is_success && self.draft.borrow().power_off == PowerOff::Yes {
            let countdown = count_down(&self.shell.progress, SECONDS_BEFORE_POWER_OFF, desktop::power_off);
            self.countdown.replace(Some(countdown));
        }
    }
}
