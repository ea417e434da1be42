// SPDX-License-Identifier: GPL-3.0-or-later
//! A job that is being shown, from its start to its last word.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant, SystemTime},
};

use gtk::prelude::*;

use crate::{
    draft::{PlaceDraft, Run, ways_on},
    engine::{ArchiveInfo, Degree, Phase, Progress},
    job::{Event, JobHandle, JobKind, Outcome, Overall},
    text::{self, OutcomeView, outcome, progress, wizard as words},
    ui::{BpWizard, desktop, pages::BpProgressPage},
};

use super::report::Kept;

/// How often the page is drawn anew while nothing is heard of the job.
const TICK: Duration = Duration::from_secs(1);

/// What is known of a job before it begins.
pub(in crate::ui) struct Shown {
    pub(in crate::ui) kind: JobKind,
    pub(in crate::ui) overall: Overall,
    /// The profile by which a backup is made.
    pub(in crate::ui) profile: Option<String>,
    /// Whether the backup can be repeated and is not yet.
    pub(in crate::ui) may_repeat: bool,
}

/// A job that is being shown.
pub(in crate::ui) struct Running {
    handle: JobHandle,
    kind: JobKind,
    overall: Overall,
    profile: Option<String>,
    may_repeat: bool,
    window: glib::WeakRef<gtk::Window>,
    page: BpProgressPage,
    phase: Cell<Phase>,
    /// What was heard last, and when.
    last: RefCell<(Progress, Instant)>,
    /// When a byte was last seen to move.
    moved: Cell<Instant>,
    tick: RefCell<Option<glib::SourceId>>,
    _awake: desktop::Awake,
}

impl Running {
    /// Shows a job on its page, keeps the session awake, and hands over its last word.
    pub(in crate::ui) fn start(
        window: &gtk::Window,
        page: &BpProgressPage,
        Shown {
            kind,
            overall,
            profile,
            may_repeat,
        }: Shown,
        handle: JobHandle,
        at_end: impl FnOnce(&Self, Outcome) + 'static,
    ) -> Rc<Self> {
        let awake = desktop::Awake::new(window, &words::inhibit_reason(kind == JobKind::Backup));
        let now = Instant::now();
        let running = Rc::new(Self {
            handle,
            kind,
            overall,
            profile,
            may_repeat,
            window: window.downgrade(),
            page: page.clone(),
            phase: Cell::new(Phase::Preparing),
            last: RefCell::new((Progress::default(), now)),
            moved: Cell::new(now),
            tick: RefCell::default(),
            _awake: awake,
        });
        page.show_start(&words::starting(), &[]);
        let watched = Rc::downgrade(&running);
        let tick = glib::timeout_add_local(TICK, move || match watched.upgrade() {
            Some(running) => {
                running.draw();
                glib::ControlFlow::Continue
            }
            None => glib::ControlFlow::Break,
        });
        running.tick.replace(Some(tick));
        let watched = Rc::downgrade(&running);
        glib::spawn_future_local(async move {
            // The flow holds the job; when the window is gone, so is the job.
            while let Some(running) = watched.upgrade() {
                match running.handle.recv().await {
                    Some(Event::Finished(outcome)) => {
                        // Whoever keeps this shows the end from now on.
                        if let Some(tick) = running.tick.take() {
                            tick.remove();
                        }
                        at_end(&running, outcome);
                        return;
                    }
                    Some(event) => running.apply(event),
                    None => return,
                }
            }
        });
        running
    }

    /// Returns what kind of job it is.
    pub(in crate::ui) fn kind(&self) -> JobKind {
        self.kind
    }

    /// Asks the job to stop; its last word follows.
    pub(in crate::ui) fn cancel(&self) {
        self.page.show_stopping();
        self.handle.cancel();
    }

    fn apply(&self, event: Event) {
        match event {
            Event::Started { vms } => self.page.show_start(&words::starting(), &vms),
            Event::Phase(phase) => {
                if phase == Phase::Verifying && self.phase.get() != phase {
                    self.page.begin_anew();
                }
                self.phase.set(phase);
                self.moved.set(Instant::now());
                self.hear(Progress::default());
                self.draw();
            }
            Event::Progress(done) => {
                self.hear(done);
                self.draw();
            }
            Event::Item { vm, state } => self.page.show_item(&vm, &state),
            Event::Warning(warning) => self.page.add_warning(&text::warning(&warning)),
            // Handled by the loop, which ends with it.
            Event::Finished(_) => {}
        }
    }

    fn hear(&self, progress: Progress) {
        let now = Instant::now();
        if self.last.borrow().0.done_bytes != progress.done_bytes {
            self.moved.set(now);
        }
        self.last.replace((progress, now));
    }

    /// Shows how far the job is. The clock goes on while nothing is heard, and the page then says why.
    fn draw(&self) {
        if self.handle.cancel_token().is_cancelled() {
            return;
        }
        let (mut progress, heard) = self.last.borrow().clone();
        progress.elapsed += heard.elapsed();
        let view = progress::view_of_job(self.overall, self.phase.get(), &progress);
        self.page.show_progress(&view);
        // A job that waits for its turn says so in its title: no data could move.
        let still = (self.phase.get() != Phase::AwaitingTurn).then(|| self.moved.get().elapsed());
        if let Some(why) = still.and_then(words::stillness) {
            self.page.show_detail(&why);
        }
        self.show_percent(&view.percent);
    }

    fn show_percent(&self, percent: &str) {
        if let Some(wizard) = self.window.upgrade().and_downcast::<BpWizard>() {
            wizard.show_percent(percent);
        }
    }

    /// Shows the last word, tells the desktop if nobody is looking, and returns how the run stands.
    /// `place` is where the archive is.
    pub(in crate::ui) fn show_end(&self, last: &Outcome, place: &PlaceDraft, archive: Option<&ArchiveInfo>) -> Run {
        let mut view = outcome(self.kind, last);
        if self.kind == JobKind::Backup && !matches!(last, Outcome::Done(_)) {
            // There is no archive: a tick beside a VM would say that something of it was saved.
            view.vms.retain(|line| line.reason.is_some());
        }
        self.show_percent("");
        let disk_vm = place.typed().disk_vm();
        let unmount = disk_vm.map(words::unmount);
        self.page.show_outcome(
            &view.clone().with_cause_once(),
            &full_text(&view, last),
            unmount.as_deref(),
        );
        self.page.show_ways(&ways_on(self.kind, last, disk_vm, self.may_repeat));
        let kept = Kept {
            kind: self.kind,
            outcome: last.clone(),
            place: match last {
                Outcome::Done(report) if !report.place.is_empty() => report.place.clone(),
                _ => place.location().to_string(),
            },
            archive: archive.cloned(),
            profile: self.profile.clone(),
            at: SystemTime::now(),
        };
        let degree = last.degree(self.kind);
        if let Some(window) = self.window.upgrade() {
            kept.offer(&window, &self.page);
            if !window.is_active() {
                desktop::notify(&window, &view.title, &view.lines.join("\n"), degree);
            }
        }
        let is_success = degree == Degree::Complete;
        Run::Ended { is_success }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(tick) = self.tick.take() {
            tick.remove();
        }
    }
}

/// Everything that is known of a failure, as the text of a bug report.
fn full_text(view: &OutcomeView, last: &Outcome) -> String {
    let mut lines = vec![view.title.clone()];
    lines.extend(view.lines.iter().cloned());
    lines.extend(view.cause.iter().map(text::Message::full_text));
    if let Outcome::Failed(error, _) = last {
        lines.push(text::sanitize_lines(&error.to_string()));
    }
    for vm in &view.vms {
        let reason = vm.reason.as_ref().map(text::Message::full_text).unwrap_or_default();
        lines.push(format!("{}: {} {}", vm.name, vm.state, reason));
    }
    lines.extend(view.warnings.iter().cloned());
    lines.join("\n")
}
