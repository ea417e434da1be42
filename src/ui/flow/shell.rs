// SPDX-License-Identifier: GPL-3.0-or-later
//! What both wizards are made of around their pages: a place that is typed, looked at and picked, a job that is started
//! and stopped, and the ways on, back and out.

use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};

use gtk::prelude::*;

use crate::{
    draft::{self, PlaceState, Run, Way, WizardDraft},
    engine::{ArchiveInfo, EngineError},
    history::{self, Noted},
    host::{Host, System},
    job::{self, Job, JobKind, Outcome, Overall, Task},
    text::wizard as words,
    transport::probe,
    ui::{BpPlaceField, BpWizard, Move, desktop, dialogs::Question, neighbour::Presence, pages::BpProgressPage},
};

use super::{Leaving, Running, Shown, Waiting, Watching, ask_to_leave, pick_place, read_system, watch, when_answered};

/// How long nothing may be typed before a VM is asked what a line means there.
const PAUSE_BEFORE_VM: Duration = Duration::from_millis(600);

/// The parts of a wizard that do not depend on which it is.
pub(in crate::ui) struct Shell {
    pub(in crate::ui) wizard: BpWizard,
    pub(in crate::ui) host: Arc<dyn Host>,
    /// Where the archive goes or comes from.
    pub(in crate::ui) place: BpPlaceField,
    pub(in crate::ui) progress: BpProgressPage,
    looking: RefCell<Waiting>,
    watching: RefCell<Watching>,
    /// The host as it was read last.
    read: RefCell<Option<System>>,
    picking: RefCell<Option<Waiting>>,
    rereading: RefCell<Waiting>,
    presence: RefCell<Option<Presence>>,
    /// What is being done at the place: its VM is started, a directory is made, or what an earlier run left is removed.
    pub(super) arranging: RefCell<Option<Waiting>>,
    running: RefCell<Option<Rc<Running>>>,
    /// What is asked before something is given up.
    pub(in crate::ui) asking: RefCell<Option<Question>>,
}

impl Shell {
    /// A window without pages, for a host.
    pub(in crate::ui) fn new(wizard: BpWizard, host: Arc<dyn Host>, place: BpPlaceField) -> Self {
        Self {
            wizard,
            host,
            place,
            progress: BpProgressPage::default(),
            looking: RefCell::default(),
            watching: RefCell::default(),
            read: RefCell::default(),
            picking: RefCell::default(),
            rereading: RefCell::default(),
            presence: RefCell::default(),
            arranging: RefCell::default(),
            running: RefCell::default(),
            asking: RefCell::default(),
        }
    }
}

/// A wizard while its window is open.
pub(in crate::ui) trait Flow: Sized + 'static {
    /// What its user has chosen so far.
    type Draft: WizardDraft;
    /// Whether it makes archives, rather than reading them.
    const IS_BACKUP: bool;

    fn shell(&self) -> &Shell;
    fn draft(&self) -> &RefCell<Self::Draft>;
    /// Copies the draft onto the page that is seen.
    fn show_current_page(&self);
    /// Goes on, if the page lets go.
    fn next(self: &Rc<Self>);
    /// Goes back.
    fn back(self: &Rc<Self>);

    /// More is known of the place.
    fn place_was_looked_at(self: &Rc<Self>) {}
    /// The host is known for the first time, or has changed.
    fn system_has_changed(self: &Rc<Self>, _is_first: bool) {}
    /// The host could not be read.
    fn system_is_not_read(&self, error: &EngineError) {
        log::warn!("the list of VMs: {error}");
    }
    /// The archive that a job was about, if it was open.
    fn archive(&self) -> Option<ArchiveInfo> {
        None
    }
    /// A job has ended; `is_success` says whether everything that was asked for is done.
    fn has_ended(self: &Rc<Self>, _is_success: bool) {}
    /// Another run is to begin on the summary, with everything that was chosen.
    fn begins_again(self: &Rc<Self>);
    /// These VMs of the archive that a run was about are to be restored.
    fn restore_only(self: &Rc<Self>, _vms: &[String]) {}

    /// Whether the backup can be repeated by itself and will not be.
    fn may_repeat(&self) -> bool {
        false
    }
    /// The backup that was made is to be repeated.
    fn repeat(self: &Rc<Self>) {}

    /// A handler that does not keep the flow alive.
    fn hearing<P: ?Sized>(self: &Rc<Self>, act: impl Fn(&Rc<Self>, &P) + 'static) -> impl Fn(&P) + 'static {
        let flow = Rc::downgrade(self);
        move |page| {
            if let Some(flow) = flow.upgrade() {
                act(&flow, page);
            }
        }
    }

    /// The window's handlers hold the flow, and let it go when the window closes.
    fn connect_shell(self: &Rc<Self>) {
        let flow = Rc::clone(self);
        self.shell().wizard.connect_move(move |to| match to {
            Move::Next => flow.next(),
            Move::Back => flow.back(),
            Move::Cancel => flow.cancel(),
        });
        let place = &self.shell().place;
        place.connect_browse(self.hearing(|flow, _| flow.browse()));
        self.shell()
            .progress
            .connect_way(self.hearing(|flow, way| flow.take_way(way)));
    }

    /// Takes a way on after a run has ended.
    fn take_way(self: &Rc<Self>, way: &Way) {
        match way {
            Way::TryAgain => {
                if self.draft().borrow_mut().try_again() {
                    self.read_again();
                    self.begins_again();
                }
            }
            Way::RestoreVerified { vms } | Way::RestoreMissing { vms } => {
                self.read_again();
                self.restore_only(vms);
            }
            Way::OpenFolder { folder } => {
                let page = self.shell().progress.downgrade();
                desktop::open_folder(folder, move |why| {
                    if let Some(page) = page.upgrade() {
                        page.show_saved(&words::folder_not_opened(why));
                    }
                });
            }
            Way::Repeat => self.repeat(),
            Way::Unmount { vm } => self.show_dialog_of(vm),
        }
    }

    /// Has a VM show its file dialog, in which disks can be unmounted. What is picked there is of no interest.
    fn show_dialog_of(self: &Rc<Self>, vm: &str) {
        let (host, asked) = (Arc::clone(&self.shell().host), vm.to_owned());
        let vm = asked.clone();
        let task = Task::spawn(move |context| {
            let host = host.with_cancel(&context.cancel);
            draft::pick(host.as_ref(), &vm, false, context)
        });
        let waiting = when_answered(self, task, move |flow, answer| {
            flow.shell().picking.replace(None);
            if answer.is_err() {
                flow.shell().progress.show_saved(&words::pick_failed(&asked).text);
            }
        });
        self.shell().picking.replace(Some(waiting));
    }

    /// Reads the host anew at once: a run may have changed it.
    fn read_again(self: &Rc<Self>) {
        let task = read_system(&self.shell().host);
        let waiting = when_answered(self, task, Self::hear_system);
        self.shell().rereading.replace(waiting);
    }

    /// Keeps the list of VMs up to date while `is_wanted`.
    fn watch(self: &Rc<Self>, is_wanted: impl Fn(&Self) -> bool + 'static) {
        let watching = watch(self, &self.shell().host, is_wanted, Self::hear_system);
        self.shell().watching.replace(watching);
    }

    /// Takes what was read of the host.
    fn hear_system(self: &Rc<Self>, answer: Result<System, EngineError>) {
        match answer {
            Ok(system) => {
                let read = &self.shell().read;
                if read.borrow().as_ref() == Some(&system) {
                    return;
                }
                let is_first = read.replace(Some(system.clone())).is_none();
                if is_first {
                    self.announce(&system);
                }
                self.draft().borrow_mut().set_system(Arc::new(system));
                self.look_if_needed();
                self.system_has_changed(is_first);
            }
            Err(error) => self.system_is_not_read(&error),
        }
    }

    /// Makes this wizard known to others on the same PedOS, and says if there is one already.
    fn announce(&self, system: &System) {
        let presence = Presence::announce(&system.root);
        if presence.has_neighbour() {
            self.shell().wizard.show_notice(&words::another_wizard());
        }
        self.shell().presence.replace(Some(presence));
    }

    /// Copies the draft onto the page that is seen and onto the buttons below it.
    fn refresh(&self) {
        self.show_current_page();
        let (draft, wizard) = (self.draft().borrow(), &self.shell().wizard);
        let is_over = matches!(draft.run(), Run::Ended { .. });
        wizard.set_may_continue(&draft.may_continue());
        wizard.set_next_starts_job(draft.next_starts_job());
        wizard.set_may_go_back(draft.may_go_back());
        wizard.set_may_cancel(!is_over && draft.run() != Run::Stopping);
        let is_last = draft.run() != Run::NotBegun;
        wizard.set_next_label(&if is_last { words::finish() } else { words::next() });
    }

    /// Shows the place of the draft, and what is known of it.
    fn show_place(&self, verdict: &words::Verdict) {
        let (draft, shell) = (self.draft().borrow(), self.shell());
        shell
            .place
            .show_targets(&draft.targets(), &draft.place().typed().target);
        let place = draft.place();
        let is_looking = matches!(place.state(), PlaceState::Probing | PlaceState::Starting);
        shell.place.show_target_note(&words::target_note(draft.absent_target()));
        let (typed, is_backup) = (place.typed(), Self::IS_BACKUP);
        let caption = if typed.is_store() {
            words::store_place_caption(is_backup)
        } else {
            words::place_caption(is_backup, typed.is_local())
        };
        shell
            .place
            .show_kinds(&words::kinds(is_backup, typed.is_of_dom0()), typed.kind);
        shell.place.show_reach(words::reach(typed).as_ref());
        if shell.place.place_caption() != caption {
            shell.place.set_place_caption(caption);
        }
        shell.place.show_may_start(place.may_start());
        shell.place.show_may_make(place.may_make_directory());
        shell.place.show_leftovers(&words::leftovers(place.leftovers()));
        shell.place.show_verdict(verdict, is_looking);
        // A dialog of a halted VM would start it.
        let may_browse = shell.picking.borrow().is_none() && !place.is_absent();
        shell.place.set_may_browse(may_browse);
    }

    /// Looks at the place that is typed, off the window's thread, if that was not done yet. A VM is looked into once it is
    /// known to run: a halted one would be started by that.
    fn look_if_needed(self: &Rc<Self>) {
        let place = self.draft().borrow().place().clone();
        let is_known = place.typed().is_of_dom0() || self.draft().borrow().system().is_some();
        if !place.is_due() || !is_known {
            self.shell().looking.replace(Waiting::default());
            return;
        }
        let (asked, host) = (place.typed().clone(), Arc::clone(&self.shell().host));
        let task = Task::spawn(move |context| {
            if !place.typed().is_local() {
                // A VM is asked only when nothing was typed for a moment.
                context.cancel.sleep(PAUSE_BEFORE_VM)?;
            }
            let view = host.with_cancel(&context.cancel);
            Ok(probe(&place.location(), place.purpose(), Some(&*view), &context.cancel))
        });
        let waiting = when_answered(self, task, move |flow, answer| {
            if let Ok(answer) = answer {
                flow.draft().borrow_mut().set_probe(&asked, answer);
                flow.place_was_looked_at();
                flow.refresh();
            }
        });
        self.shell().looking.replace(waiting);
    }

    /// Lets the user pick a place.
    fn browse(self: &Rc<Self>) {
        let (typed, shell) = (self.draft().borrow().place().typed().clone(), self.shell());
        let picked = |flow: &Rc<Self>, answer: Result<Option<String>, words::Verdict>| {
            let shell = flow.shell();
            shell.picking.replace(None);
            flow.refresh();
            match answer {
                Ok(Some(path)) => shell.place.set_place(&path),
                Ok(None) => {}
                Err(verdict) => shell.place.show_verdict(&verdict, false),
            }
        };
        let waiting = pick_place(self, &shell.wizard, &shell.host, typed, !Self::IS_BACKUP, picked);
        shell.picking.replace(waiting);
        self.refresh();
    }

    /// Starts the job of the last page.
    fn start(self: &Rc<Self>, kind: JobKind, overall: Overall, job: Job) {
        let shell = self.shell();
        let place = self.draft().borrow().place().location().to_string();
        let noted = Noted {
            kind,
            place,
            archive: self.archive(),
            profile: job.profile().map(str::to_owned),
        };
        let profile = noted.profile.clone();
        let note = history::noting(shell.host.profile_dir(), noted);
        let handle = job::spawn_noted(job, self.draft().borrow().resources(), note);
        let flow = Rc::downgrade(self);
        let at_end = move |running: &Running, outcome| {
            if let Some(flow) = flow.upgrade() {
                flow.ended(running, &outcome);
            }
        };
        let running = Running::start(
            shell.wizard.upcast_ref(),
            &shell.progress,
            Shown {
                kind,
                overall,
                profile,
                may_repeat: self.may_repeat(),
            },
            handle,
            at_end,
        );
        shell.running.replace(Some(running));
    }

    /// Shows the last word of the job.
    fn ended(self: &Rc<Self>, running: &Running, outcome: &Outcome) {
        let shell = self.shell();
        shell.running.replace(None);
        // There is nothing left to stop.
        shell.asking.replace(None);
        let place = self.draft().borrow().place().clone();
        let archive = self.archive();
        let run = running.show_end(outcome, &place, archive.as_ref());
        self.draft().borrow_mut().set_run(run);
        let is_success = run == (Run::Ended { is_success: true });
        if is_success {
            shell.wizard.show_all_done();
        }
        self.refresh();
        // Enter closes the window only where there is nothing left to do.
        if is_success || !shell.progress.focus_way() {
            shell.wizard.focus_next();
        }
        self.has_ended(is_success);
    }

    /// Asks whether to give up what would be lost, and gives it up.
    fn cancel(self: &Rc<Self>) {
        let (run, has_work) = (self.draft().borrow().run(), self.draft().borrow().has_work());
        let shell = self.shell();
        let running = shell.running.borrow().as_ref().map(|running| running.kind());
        let question = ask_to_leave(
            self,
            &shell.wizard,
            run,
            has_work,
            running.unwrap_or(JobKind::Backup),
            |flow, leaving| match leaving {
                Leaving::Job => flow.stop(),
                Leaving::Wizard => flow.shell().wizard.close_now(),
            },
        );
        shell.asking.replace(question);
    }

    /// Asks the job to stop; its last word follows.
    fn stop(self: &Rc<Self>) {
        if let Some(running) = &*self.shell().running.borrow() {
            self.draft().borrow_mut().set_run(Run::Stopping);
            running.cancel();
        }
        self.refresh();
    }
}
