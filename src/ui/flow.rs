// SPDX-License-Identifier: GPL-3.0-or-later
//! What both flows do alike: hear signals, wait for answers, watch the host, see a job to its end.

mod ask;
mod report;
mod shell;

use ask::{Leaving, ask_to_leave, pick_place};
use report::Kept;

pub(super) use shell::{Flow, Shell};

use std::{
    cell::RefCell,
    rc::Rc,
    sync::Arc,
    time::{Duration, SystemTime},
};

use gtk::prelude::*;

use crate::{
    cancel::CancelToken,
    draft::{PlaceDraft, Run},
    engine::{ArchiveInfo, Degree, EngineError, Phase},
    host::{Changes, Host, System},
    inventory::Class,
    job::{Event, JobHandle, Outcome, Task},
    text::{self, JobKind, OutcomeView, outcome, progress, wizard as words},
};

use super::{BpWizard, Glyph, VmItem, desktop, pages::BpProgressPage};

/// How long to wait before a host that could not be read is read again, or before it is looked whether anybody wants it.
const RETRY_AFTER: Duration = Duration::from_secs(3);

/// How long a thread listens for changes before it looks up.
const LISTEN_FOR: Duration = Duration::from_secs(60);

/// The colour of a label that the host does not know, as 0xRRGGBB.
const UNKNOWN_LABEL_COLOR: u32 = 0x0088_8a85;

/// Hears a signal without parameters.
pub(super) fn connect<T: IsA<glib::Object>>(object: &T, signal: &str, handler: impl Fn(&T) + 'static) {
    object.connect_local(signal, false, move |values| {
        if let Some(object) = values.first().and_then(|value| value.get::<T>().ok()) {
            handler(&object);
        }
        None
    });
}

/// Takes everything out of a box.
pub(super) fn remove_children(holder: &impl IsA<gtk::Box>) {
    let holder = holder.as_ref();
    while let Some(child) = holder.first_child() {
        holder.remove(&child);
    }
}

/// Does something with the answer of a task, if `flow` is still there by then. Dropping the guard that is given back
/// cancels the task, and nothing is done.
pub(super) fn when_answered<F: 'static, T: Send + 'static>(
    flow: &Rc<F>,
    task: Task<T>,
    then: impl FnOnce(&Rc<F>, Result<T, EngineError>) + 'static,
) -> Waiting {
    let flow = Rc::downgrade(flow);
    Waiting(Some(glib::spawn_future_local(async move {
        let answer = task.answer().await;
        if let Some(flow) = flow.upgrade() {
            then(&flow, answer);
        }
    })))
}

/// A task that is waited for.
#[derive(Debug, Default)]
pub(super) struct Waiting(Option<glib::JoinHandle<()>>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(future) = self.0.take() {
            future.abort();
        }
    }
}

/// Reads the host, and again whenever it says that something has changed, while `is_wanted`; hands over what it says.
/// Dropping what is returned ends that.
pub(super) fn watch<F: 'static>(
    flow: &Rc<F>,
    host: &Arc<dyn Host>,
    is_wanted: impl Fn(&F) -> bool + 'static,
    hear: impl Fn(&Rc<F>, Result<System, EngineError>) + 'static,
) -> Watching {
    let cancel = CancelToken::default();
    let (weak, host) = (Rc::downgrade(flow), host.with_cancel(&cancel));
    let future = glib::spawn_future_local(async move {
        // Listening begins before the first reading, so that nothing falls between the two.
        let mut news = News::of(Arc::clone(&host)).await;
        loop {
            while weak.upgrade().is_some_and(|flow| !is_wanted(&flow)) {
                glib::timeout_future(RETRY_AFTER).await;
            }
            let answer = read_system(&host).answer().await;
            let is_read = answer.is_ok();
            let Some(flow) = weak.upgrade() else { return };
            hear(&flow, answer);
            drop(flow);
            news = match news {
                Some(news) if is_read => news.next().await,
                _ => {
                    glib::timeout_future(RETRY_AFTER).await;
                    News::of(Arc::clone(&host)).await
                }
            };
        }
    });
    Watching {
        future: Some(future),
        cancel,
    }
}

/// A host that is listened to. Dropping it ends that.
#[derive(Default)]
pub(super) struct Watching {
    future: Option<glib::JoinHandle<()>>,
    cancel: CancelToken,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some(future) = self.future.take() {
            future.abort();
        }
    }
}

/// What a host says of its changes, heard on threads of their own.
struct News(Box<dyn Changes>);

impl News {
    /// Begins to listen; `None` where nothing can be heard.
    async fn of(host: Arc<dyn Host>) -> Option<Self> {
        let listening = Task::spawn(move |_| Ok(host.changes()?)).answer().await;
        listening.inspect_err(not_heard).ok().map(Self)
    }

    /// Waits for the next change; `None` where nothing more can be heard.
    async fn next(mut self) -> Option<Self> {
        loop {
            let waiting = Task::spawn(move |_| {
                let has_changed = self.0.wait(LISTEN_FOR)?;
                Ok((self, has_changed))
            });
            match waiting.answer().await {
                Ok((news, true)) => return Some(news),
                Ok((news, false)) => self = news,
                Err(error) => {
                    not_heard(&error);
                    return None;
                }
            }
        }
    }
}

fn not_heard(error: &EngineError) {
    if !matches!(error, EngineError::Cancelled) {
        log::warn!("changes of the list of VMs: {error}");
    }
}

/// Reads the host once.
pub(super) fn read_system(host: &Arc<dyn Host>) -> Task<System> {
    let host = Arc::clone(host);
    Task::spawn(move |context| Ok(host.with_cancel(&context.cancel).system()?))
}

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

    /// Shows the last word, tells the desktop if nobody is looking, and gives how the run stands.
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

/// Everything that is known of a bad end, for a report to whoever can help.
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
