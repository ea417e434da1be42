// SPDX-License-Identifier: GPL-3.0-or-later
//! The thread that carries a job out, and the promise of its last word.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use async_channel::{Sender, TrySendError, bounded};

use crate::{
    cancel::CancelToken,
    engine::{
        self, Context, EngineError, ItemState, Observer, Partial, Phase, Progress, Report, Resources, VmReport,
        VmResult, Warning, give_way, of_panic,
    },
    host::{Host, Services},
};

use super::{Event, Job, JobHandle, Outcome};

/// Events that may wait in the channel before the job waits for its watcher.
const EVENTS_IN_FLIGHT: usize = 64;

/// Starts a job on a thread of its own.
pub fn spawn(job: Job, resources: Resources) -> JobHandle {
    spawn_noted(job, resources, |_| {})
}

/// Starts a job on a thread of its own. `note` hears on that thread how the job ended, before its last word is said.
pub fn spawn_noted(job: Job, resources: Resources, note: impl FnOnce(&Outcome) + Send + 'static) -> JobHandle {
    let waiting = vms(&job);
    let work = move |context: &Context| match job {
        Job::Backup(plan, host) => engine::backup::run(&plan, host.as_ref(), context),
        Job::Restore(plan, host) => engine::restore::run(&plan, host.as_ref(), context),
        Job::Verify(plan, host) => {
            let host = host.map(|host| host.with_cancel(&context.cancel));
            engine::verify::run(&plan, services(host.as_deref()), context)
        }
        Job::Extract(plan, host) => {
            let host = host.map(|host| host.with_cancel(&context.cancel));
            engine::extract::run(&plan, services(host.as_deref()), context)
        }
    };
    spawn_work(waiting, resources, work, note)
}

/// What a reader of an archive needs of a host.
fn services(host: Option<&dyn Host>) -> Option<&dyn Services> {
    host.map(|host| host as &dyn Services)
}

/// The VMs of a job, as they are before any of it is done.
fn vms(job: &Job) -> Vec<VmReport> {
    let same = |name: &String| (name.clone(), name.clone());
    let names: Vec<(String, String)> = match job {
        Job::Backup(plan, _) => plan.vms.iter().map(same).collect(),
        Job::Restore(plan, _) => {
            let rows = plan.table.selected();
            rows.map(|row| (row.domain.name.clone(), row.name_here.clone()))
                .collect()
        }
        Job::Verify(plan, _) => plan.vms.iter().flatten().map(same).collect(),
        Job::Extract(plan, _) => vec![(plan.what.vm().to_owned(), String::new())],
    };
    let waiting = names.into_iter().map(|(name, name_here)| VmReport {
        name,
        name_here,
        items: Vec::new(),
        result: VmResult::NotReached,
    });
    waiting.collect()
}

/// Runs `work` so that its events come in one order and its last word is said exactly once, whatever it does.
fn spawn_work(
    vms: Vec<VmReport>,
    resources: Resources,
    work: impl FnOnce(&Context) -> Result<Report, EngineError> + Send + 'static,
    note: impl FnOnce(&Outcome) + Send + 'static,
) -> JobHandle {
    let (sender, events) = bounded(EVENTS_IN_FLIGHT);
    let cancel = CancelToken::default();
    let handle = JobHandle {
        events,
        cancel: cancel.clone(),
    };
    let unheard = sender.clone();
    let names = vms.iter().map(|vm| vm.name.clone()).collect();
    let spawned = thread::Builder::new().spawn(move || {
        let speaker = Arc::new(Speaker {
            sender,
            cancel: cancel.clone(),
            partial: Mutex::new(Partial {
                vms,
                warnings: Vec::new(),
            }),
        });
        speaker.say(Event::Started { vms: names });
        if resources.is_gentle {
            give_way();
        }
        let context = Context::new(cancel, speaker.clone()).with_resources(resources);
        let result =
            catch_unwind(AssertUnwindSafe(|| work(&context))).unwrap_or_else(|panic| Err(of_panic(panic.as_ref())));
        let outcome = match result {
            Ok(report) => Outcome::Done(Box::new(report)),
            Err(EngineError::Cancelled) => Outcome::Cancelled(speaker.partial()),
            // Whatever went wrong after a cancel went wrong because of it: processes are killed to free their pipes.
            Err(_) if speaker.cancel.is_cancelled() => Outcome::Cancelled(speaker.partial()),
            Err(error) => Outcome::Failed(error, speaker.partial()),
        };
        note(&outcome);
        speaker.last_word(outcome);
    });
    if spawned.is_err() {
        // There is room for one event in an empty channel, and its receiver is in the handle.
        let _ = unheard.try_send(Event::Finished(Outcome::Failed(
            EngineError::NoThread,
            Partial::default(),
        )));
    }
    handle
}

/// Turns what the engine observes into events, and remembers what a job that does not come to its end leaves to say.
struct Speaker {
    sender: Sender<Event>,
    cancel: CancelToken,
    partial: Mutex<Partial>,
}

impl Speaker {
    /// Nobody listening is the same as a cancel.
    fn say(&self, event: Event) {
        if self.sender.send_blocking(event).is_err() {
            self.cancel.cancel();
        }
    }

    fn last_word(&self, outcome: Outcome) {
        if let Err(unheard) = self.sender.send_blocking(Event::Finished(outcome)) {
            log::info!("a job ended with nobody watching: {:?}", unheard.0);
        }
    }

    fn partial(&self) -> Partial {
        self.partial.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Observer for Speaker {
    fn phase(&self, phase: Phase) {
        log::info!("phase {phase:?}");
        self.say(Event::Phase(phase));
    }

    fn progress(&self, progress: Progress) {
        if let Err(TrySendError::Closed(_)) = self.sender.try_send(Event::Progress(progress)) {
            self.cancel.cancel();
        }
    }

    fn item(&self, vm: &str, state: ItemState) {
        let result = match &state {
            ItemState::Done => Some(VmResult::Done),
            ItemState::Failed(failure) => Some(VmResult::Failed(failure.clone())),
            ItemState::Waiting | ItemState::Working => None,
        };
        if let Some(result) = result {
            let mut partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(report) = partial.vms.iter_mut().find(|report| report.name == vm) {
                report.result = result;
            }
        }
        self.say(Event::Item {
            vm: vm.to_owned(),
            state,
        });
    }

    fn warning(&self, warning: Warning) {
        self.partial
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .warnings
            .push(warning.clone());
        self.say(Event::Warning(warning));
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn events(handle: &JobHandle) -> Vec<Event> {
        std::iter::from_fn(|| handle.recv_blocking()).collect()
    }

    fn spawn_quietly(
        vms: Vec<VmReport>,
        work: impl FnOnce(&Context) -> Result<Report, EngineError> + Send + 'static,
    ) -> JobHandle {
        spawn_work(vms, Resources::default(), work, |_| {})
    }

    #[test]
    fn the_end_is_noted_before_it_is_told() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let note = move |outcome: &Outcome| sender.send(matches!(outcome, Outcome::Cancelled(_))).unwrap();
        let handle = spawn_work(vec![], Resources::default(), |_| Err(EngineError::Cancelled), note);
        assert_eq!(last_words(&events(&handle)), 1);
        assert!(receiver.try_recv().unwrap());
    }

    fn last_words(events: &[Event]) -> usize {
        events
            .iter()
            .filter(|event| matches!(event, Event::Finished(_)))
            .count()
    }

    #[test]
    fn a_panic_is_told_as_a_failure_and_once() {
        let events = events(&spawn_quietly(vec![], |_| panic!("ouch")));
        assert_eq!(last_words(&events), 1);
        let Some(Event::Finished(Outcome::Failed(error, _))) = events.last() else {
            panic!("{events:?}")
        };
        assert_eq!(error.to_string(), "internal error: ouch");
    }

    #[test]
    fn a_cancel_is_an_outcome_that_names_what_was_done() {
        let vm = |name: &str| VmReport {
            name: name.to_owned(),
            name_here: format!("{name}-here"),
            items: Vec::new(),
            result: VmResult::NotReached,
        };
        let handle = spawn_quietly(vec![vm("a"), vm("b")], |context| {
            context.observer.item("a", ItemState::Done);
            loop {
                context.cancel.check()?;
                thread::sleep(Duration::from_millis(1));
            }
        });
        handle.cancel();
        let events = events(&handle);
        assert_eq!(last_words(&events), 1);
        let Some(Event::Finished(Outcome::Cancelled(partial))) = events.last() else {
            panic!("{events:?}")
        };
        assert_eq!(partial.vms[0].result, VmResult::Done);
        assert_eq!(partial.vms[0].name_here, "a-here");
        assert_eq!(partial.vms[1].result, VmResult::NotReached);
    }

    #[test]
    fn progress_never_holds_a_job_up_and_never_displaces_another_event() {
        let handle = spawn_quietly(vec![], |context| {
            for done_bytes in 0..10_000 {
                context.observer.progress(Progress {
                    done_bytes,
                    ..Progress::default()
                });
            }
            Ok(Report::default())
        });
        thread::sleep(Duration::from_millis(50));
        let events = events(&handle);
        assert!(matches!(events.first(), Some(Event::Started { .. })));
        assert!(matches!(events.last(), Some(Event::Finished(Outcome::Done(_)))));
    }

    #[test]
    fn a_dropped_handle_cancels_the_job() {
        let (sender, receiver) = std::sync::mpsc::channel();
        drop(spawn_quietly(vec![], move |context| {
            let start = Instant::now();
            while !context.cancel.is_cancelled() && start.elapsed() < Duration::from_secs(10) {
                thread::sleep(Duration::from_millis(1));
            }
            sender.send(context.cancel.is_cancelled()).unwrap();
            Ok(Report::default())
        }));
        assert!(receiver.recv().unwrap());
    }
}
