// SPDX-License-Identifier: GPL-3.0-or-later
//! What both flows do alike: hear signals, wait for answers, watch the host, see a job to its end.

mod arrange;
mod ask;
mod report;
mod shell;
mod waiting;
mod watch;

use ask::{Leaving, ask_to_leave, pick_place};
use report::Kept;
use watch::{Watching, watch};

pub(super) use arrange::connect_arranging;
pub(super) use shell::{Flow, Shell};
pub(super) use waiting::{Waiting, when_answered};
pub(super) use watch::read_system;

use std::{cell::RefCell, rc::Rc, time::SystemTime};

use gtk::prelude::*;

use crate::{
    draft::{PlaceDraft, Run},
    engine::{ArchiveInfo, Degree, Phase},
    host::System,
    inventory::Class,
    job::{Event, JobHandle, Outcome},
    text::{self, JobKind, OutcomeView, outcome, progress, wizard as words},
};

use super::{BpWizard, Glyph, VmItem, desktop, pages::BpProgressPage};

/// The colour of a label that the host does not know, as 0xRRGGBB.
const UNKNOWN_LABEL_COLOR: u32 = 0x0088_8a85;

/// The colour of a label on a host.
pub(super) fn label_color(system: &System, label: &str) -> u32 {
    let found = system.labels.iter().find(|known| known.name == label);
    found.map_or(UNKNOWN_LABEL_COLOR, |label| label.color)
}

/// A VM of a host as the lists show it.
pub(super) fn vm_item(system: &System, position: usize, vm: &crate::host::Vm) -> VmItem {
    let is_vm = vm.class != Class::AdminVm;
    VmItem {
        name: vm.name.clone(),
        position,
        glyph: Glyph::of(vm, label_color(system, &vm.label)),
        detail: words::vm_detail(vm),
        value: words::vm_size(vm),
        state: words::running(is_vm && vm.is_running),
    }
}

/// A job that is being shown, from its start to its last word.
pub(super) struct Running {
    handle: JobHandle,
    kind: JobKind,
    page: BpProgressPage,
    phase: RefCell<Phase>,
    _awake: desktop::Awake,
}

impl Running {
    /// Shows a job on its page, keeps the session awake, and hands over its last word.
    pub(super) fn start(
        wizard: &BpWizard,
        page: &BpProgressPage,
        kind: JobKind,
        handle: JobHandle,
        at_end: impl FnOnce(Outcome) + 'static,
    ) -> Rc<Self> {
        let awake = desktop::Awake::new(wizard, &words::inhibit_reason(kind == JobKind::Backup));
        let running = Rc::new(Self {
            handle,
            kind,
            page: page.clone(),
            phase: RefCell::new(Phase::Preparing),
            _awake: awake,
        });
        page.show_start(&words::starting(), &[]);
        let watched = Rc::downgrade(&running);
        glib::spawn_future_local(async move {
            // The flow holds the job; when the window is gone, so is the job.
            while let Some(running) = watched.upgrade() {
                match running.handle.recv().await {
                    Some(Event::Finished(outcome)) => {
                        at_end(outcome);
                        return;
                    }
                    Some(event) => running.apply(event),
                    None => return,
                }
            }
        });
        running
    }

    /// Asks the job to stop; its last word follows.
    pub(super) fn cancel(&self) {
        self.page.show_stopping();
        self.handle.cancel();
    }

    fn apply(&self, event: Event) {
        match event {
            Event::Started { vms } => self.page.show_start(&words::starting(), &vms),
            Event::Phase(phase) => {
                *self.phase.borrow_mut() = phase;
                self.page
                    .show_progress(&progress::view(phase, &crate::engine::Progress::default()));
            }
            Event::Progress(_) if self.handle.cancel_token().is_cancelled() => {}
            Event::Progress(done) => self.page.show_progress(&progress::view(*self.phase.borrow(), &done)),
            Event::Item { vm, state } => self.page.show_item(&vm, &state),
            Event::Warning(warning) => self.page.add_warning(&text::warning(&warning)),
            // Handled by the loop, which ends with it.
            Event::Finished(_) => {}
        }
    }

    /// Shows the last word, tells the desktop if nobody is looking, and returns how the run stands.
    /// `place` is where the archive is, `notes` what else should be known.
    pub(super) fn show_end(
        &self,
        wizard: &BpWizard,
        last: &Outcome,
        place: &PlaceDraft,
        archive: Option<&ArchiveInfo>,
        notes: Vec<String>,
    ) -> Run {
        let mut view = outcome(self.kind, last);
        view.warnings.extend(notes);
        if self.kind == JobKind::Backup && !matches!(last, Outcome::Done(_)) {
            // There is no archive: a tick beside a VM would say that something of it was saved.
            view.vms.retain(|line| line.reason.is_some());
        }
        let unmount = words::unmount(&place.typed().target);
        self.page
            .show_outcome(&view, &full_text(&view, last), unmount.as_deref());
        let kept = Kept {
            kind: self.kind,
            outcome: last.clone(),
            place: match last {
                Outcome::Done(report) if !report.place.is_empty() => report.place.clone(),
                _ => place.location().to_string(),
            },
            archive: archive.cloned(),
            at: SystemTime::now(),
        };
        kept.offer(wizard, &self.page);
        if !wizard.is_active() {
            desktop::notify(wizard, &view.title, &view.lines.join("\n"));
        }
        let is_success = last.degree(self.kind) == Degree::Complete;
        Run::Ended { is_success }
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
