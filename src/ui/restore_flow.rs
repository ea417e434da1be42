// SPDX-License-Identifier: GPL-3.0-or-later
//! The Restore Backup wizard: carries what the pages say into the draft, and what the draft says onto the pages.

mod edit;
mod extract;
mod inside;
mod show;

use std::{cell::RefCell, path::PathBuf, rc::Rc, sync::Arc};

use gtk::prelude::*;

use crate::{
    draft::{Opening, RestoreDraft, RestorePage, Run, WizardDraft},
    engine::{ArchiveInfo, EngineError, OpenedArchive, open_archive},
    host::Host,
    job::{Job, Overall, Task},
    profile::{self, Profile, known_backups},
    secret::Passphrase,
    text::{JobKind, wizard as words},
};

use super::{
    BpWizard,
    flow::{Flow, Shell, Waiting, connect_history, connect_starting, when_answered},
    pages::{BpContentsPage, BpOpenPage, BpRestoreSummaryPage, BpSourcePage},
};

/// The wizard while its window is open.
pub struct RestoreFlow {
    shell: Shell,
    draft: RefCell<RestoreDraft>,
    source: BpSourcePage,
    open: BpOpenPage,
    contents: BpContentsPage,
    summary: BpRestoreSummaryPage,
    overlooking: RefCell<Waiting>,
    opening: RefCell<Waiting>,
    noting: RefCell<Waiting>,
    finding: RefCell<Waiting>,
}

impl RestoreFlow {
    /// Opens the window, with the archive that was named if one was.
    pub fn open(app: &gtk::Application, host: Arc<dyn Host>, archive: Option<PathBuf>, verifies_only: bool) {
        let wizard = BpWizard::new(app, &words::restore_program());
        let source = BpSourcePage::default();
        let flow = Rc::new(Self {
            shell: Shell::new(wizard, host, source.place().clone()),
            draft: RefCell::new(RestoreDraft::new()),
            source,
            open: BpOpenPage::default(),
            contents: BpContentsPage::default(),
            summary: BpRestoreSummaryPage::default(),
            overlooking: RefCell::default(),
            opening: RefCell::default(),
            noting: RefCell::default(),
            finding: RefCell::default(),
        });
        flow.draft.borrow_mut().verifies_only = verifies_only;
        flow.add_pages();
        flow.connect();
        flow.show_page();
        if let Some(archive) = archive.and_then(|path| std::path::absolute(path).ok()) {
            flow.shell.place.set_place(&archive.to_string_lossy());
        }
        flow.find_known();
        flow.watch(|flow| flow.draft.borrow().page() != RestorePage::Restore);
        flow.shell.wizard.present();
    }

    fn add_pages(&self) {
        let add = |page: RestorePage, widget: &gtk::Widget, first: Vec<gtk::Widget>| {
            self.shell
                .wizard
                .add_page(&words::restore_page(page, false), widget, first);
            self.shell.wizard.set_help(page as usize, &words::restore_help(page));
        };
        add(
            RestorePage::Source,
            self.source.upcast_ref(),
            vec![self.shell.place.first_field()],
        );
        add(
            RestorePage::Passphrase,
            self.open.upcast_ref(),
            self.open.first_fields(),
        );
        add(
            RestorePage::Vms,
            self.contents.upcast_ref(),
            self.contents.first_fields(),
        );
        add(RestorePage::Summary, self.summary.upcast_ref(), Vec::new());
        add(RestorePage::Restore, self.shell.progress.upcast_ref(), Vec::new());
    }

    fn connect(self: &Rc<Self>) {
        self.connect_shell();
        connect_starting(self);
        connect_history(self);
        self.shell
            .place
            .connect_changed(self.hearing(|flow, _| flow.take_source()));
        self.source.connect_changed(self.hearing(|flow, _| flow.take_source()));
        self.source.connect_inside(self.hearing(|flow, _| flow.look_inside()));
        self.open.connect_inside(self.hearing(|flow, _| flow.look_inside()));
        self.open.connect_changed(self.hearing(|flow, _| flow.take_typed()));
        self.open.connect_stop(self.hearing(|flow, _| flow.stop_opening()));
        self.contents.connect_changed(self.hearing(|flow, _| flow.take_vms()));
        let weak = Rc::downgrade(self);
        self.summary.connect_edit(move |vm, edit| {
            if let Some(flow) = weak.upgrade() {
                flow.take_edit(vm, edit);
            }
        });
        let weak = Rc::downgrade(self);
        self.summary.connect_for_all(move |change| {
            if let Some(flow) = weak.upgrade() {
                flow.take_for_all(change);
            }
        });
    }

    /// Looks for the backups that are known on this system, and for the VM that they usually go to, off the window's thread:
    /// their disks may be slow.
    fn find_known(self: &Rc<Self>) {
        let Some(folder) = self.shell.host.profile_dir() else {
            return;
        };
        let task = Task::spawn(move |_| {
            let profile = Profile::load(&folder, profile::DEFAULT_NAME).ok();
            let target = profile.map(|loaded| loaded.profile.destination_vm);
            Ok((known_backups(&folder), target))
        });
        let waiting = when_answered(self, task, |flow, answer| {
            if let Ok((known, target)) = answer {
                flow.source.show_known(&known);
                if let Some(vm) = target {
                    flow.draft.borrow_mut().set_profile_target(vm);
                    flow.refresh();
                }
            }
        });
        self.finding.replace(waiting);
    }

    fn take_source(self: &Rc<Self>) {
        let rules = self.source.rules();
        let mut draft = self.draft.borrow_mut();
        let typed = self.shell.place.typed();
        if typed != *draft.place().typed() {
            self.overlooking.replace(Waiting::default());
        }
        draft.set_typed_place(typed);
        draft.ignores_missing = rules.ignores_missing;
        draft.ignores_user_mismatch = rules.ignores_user_mismatch;
        draft.verifies_only = rules.verifies_only;
        draft.resources.is_gentle = rules.is_gentle;
        draft.is_encrypted = rules.is_encrypted;
        drop(draft);
        self.look_if_needed();
        self.refresh();
    }

    fn take_typed(self: &Rc<Self>) {
        self.draft.borrow_mut().set_typed(self.open.has_typed());
        self.refresh();
    }

    fn take_vms(self: &Rc<Self>) {
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
        let host = Arc::clone(&self.shell.host);
        let task = Task::spawn(move |context| {
            let host = host.with_cancel(&context.cancel);
            open_archive(&access, Some(host.as_ref()), context).map(Arc::new)
        });
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
            self.shell.wizard.focus_next();
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

    fn show_page(self: &Rc<Self>) {
        self.refresh();
        let page = self.draft.borrow().page();
        self.shell.wizard.show_page(page as usize);
        if page == RestorePage::Summary {
            self.summary.focus_problem();
        }
    }
}

impl Flow for RestoreFlow {
    type Draft = RestoreDraft;
    const IS_BACKUP: bool = false;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn draft(&self) -> &RefCell<RestoreDraft> {
        &self.draft
    }

    fn show_current_page(&self) {
        let draft = self.draft.borrow();
        let last = words::restore_page(RestorePage::Restore, draft.verifies_only);
        self.shell.wizard.rename_page(RestorePage::Restore as usize, &last);
        match draft.page() {
            RestorePage::Source => self.show_source(&draft),
            RestorePage::Passphrase => self.show_opening(&draft),
            RestorePage::Vms => self.show_contents(&draft),
            RestorePage::Summary => self.show_table(&draft),
            RestorePage::Restore => {}
        }
    }

    fn next(self: &Rc<Self>) {
        let from = self.draft.borrow().page();
        if let (RestorePage::Restore, Run::Ended { .. }) = (from, self.draft.borrow().run()) {
            self.shell.wizard.close_now();
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
        if from == RestorePage::Vms {
            self.summary.forget_rows();
        }
        if let Some(Ok(plan)) = plan {
            let host = Arc::clone(&self.shell.host);
            let overall = Overall {
                verifies_after_writing: false,
            };
            let (kind, job) = if self.draft.borrow().verifies_only {
                (JobKind::Verify, Job::Verify(plan.into(), Some(host)))
            } else {
                (JobKind::Restore, Job::Restore(plan, host))
            };
            self.start(kind, overall, job);
        }
        self.show_page();
    }

    fn back(self: &Rc<Self>) {
        self.opening.replace(Waiting::default());
        let mut draft = self.draft.borrow_mut();
        if matches!(draft.opening(), Opening::Trying) {
            draft.set_opening(false);
        }
        let was_over = draft.page() == RestorePage::Restore;
        draft.back();
        drop(draft);
        if was_over {
            self.read_again();
            self.begins_again();
        } else {
            self.show_page();
        }
    }

    fn begins_again(self: &Rc<Self>) {
        self.summary.forget_rows();
        self.show_page();
    }

    fn restore_only(self: &Rc<Self>, vms: &[String]) {
        if self.draft.borrow_mut().restore_only(vms) {
            self.begins_again();
        }
    }

    fn place_was_looked_at(self: &Rc<Self>) {
        self.overlook_if_due();
    }

    fn system_has_changed(self: &Rc<Self>, _: bool) {
        self.refresh();
    }

    fn archive(&self) -> Option<ArchiveInfo> {
        self.draft.borrow().archive().map(|archive| archive.info.clone())
    }
}
