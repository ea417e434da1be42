// SPDX-License-Identifier: GPL-3.0-or-later
//! Counts bytes and tells the observer, five times a second at most.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::engine::{Context, EngineError, Progress};

/// How often the observer hears of progress.
const INTERVAL: Duration = Duration::from_millis(200);

/// Over how long the speed is taken: long enough to be calm while keys are derived, short enough to show a change.
const SPEED_WINDOW: Duration = Duration::from_secs(10);

/// No guess at the remaining time before this much has passed.
const FIRST_GUESS: Duration = Duration::from_secs(2);

/// The progress of one phase. Checks for a cancel whenever something is counted.
pub(super) struct Meter<'a> {
    context: &'a Context,
    state: Mutex<State>,
}

struct State {
    progress: Progress,
    start: Instant,
    last_told: Option<Instant>,
    /// Times and byte counts of the last while, oldest first.
    samples: VecDeque<(Instant, u64)>,
}

impl<'a> Meter<'a> {
    /// Starts counting towards `total_bytes`.
    pub(super) fn new(context: &'a Context, total_bytes: Option<u64>) -> Self {
        let start = Instant::now();
        let state = State {
            progress: Progress {
                total_bytes,
                ..Progress::default()
            },
            start,
            last_told: None,
            samples: VecDeque::from([(start, 0)]),
        };
        Self {
            context,
            state: Mutex::new(state),
        }
    }

    /// Names what is at work from now on.
    pub(super) fn at_work(&self, vm: &str, item: &str) {
        // Both may come from an archive, so they are escaped.
        log::debug!("file {item:?} of VM {vm:?}");
        let mut state = self.lock();
        state.progress.vm = Some(Arc::from(vm));
        state.progress.item = Some(Arc::from(item));
        state.last_told = None;
    }

    /// Counts bytes.
    ///
    /// # Errors
    /// [`EngineError::Cancelled`] when the job was cancelled.
    pub(super) fn add(&self, bytes: u64) -> Result<(), EngineError> {
        let mut state = self.lock();
        state.progress.done_bytes += bytes;
        self.tell(&mut state);
        drop(state);
        Ok(self.context.cancel.check()?)
    }

    /// Replaces an estimate of what is still to come.
    pub(super) fn correct(&self, estimate: u64, bytes: u64) {
        let mut state = self.lock();
        if let Some(total) = &mut state.progress.total_bytes {
            *total = total.saturating_sub(estimate).saturating_add(bytes);
        }
    }

    /// Says that all is done, whatever was estimated.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        if let Some(total) = state.progress.total_bytes {
            state.progress.done_bytes = total;
        }
        state.last_told = None;
        self.tell(&mut state);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, state: &mut State) {
        let now = Instant::now();
        if state.last_told.is_some_and(|last| now - last < INTERVAL) {
            return;
        }
        state.last_told = Some(now);
        state.update(now);
        self.context.observer.progress(state.progress.clone());
    }
}

impl State {
    fn update(&mut self, now: Instant) {
        let done = self.progress.done_bytes;
        self.samples.push_back((now, done));
        while self.samples.len() > 2 && now - self.samples[1].0 > SPEED_WINDOW {
            self.samples.pop_front();
        }
        self.progress.elapsed = now - self.start;
        if let Some((then, before)) = self.samples.front() {
            let seconds = (now - *then).as_secs_f64();
            if seconds > 0.0 {
                self.progress.bytes_per_second = (done - before.min(&done)) as f64 / seconds;
            }
        }
        self.progress.remaining = self.remaining();
    }

    /// From the average of the whole phase, which is steadier than the speed of the moment.
    fn remaining(&self) -> Option<Duration> {
        let (total, done) = (self.progress.total_bytes?, self.progress.done_bytes);
        if done == 0 || self.progress.elapsed < FIRST_GUESS {
            return None;
        }
        let left = total.saturating_sub(done) as f64 / done as f64;
        Duration::try_from_secs_f64(self.progress.elapsed.as_secs_f64() * left).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{CancelToken, ItemState, Observer, Phase, Warning};

    #[derive(Default)]
    struct Heard(Mutex<Vec<Progress>>);

    impl Observer for Heard {
        fn phase(&self, _: Phase) {}
        fn progress(&self, progress: Progress) {
            self.0.lock().unwrap().push(progress);
        }
        fn item(&self, _: &str, _: ItemState) {}
        fn warning(&self, _: Warning) {}
    }

    #[test]
    fn many_bytes_are_few_words_and_the_last_one_is_all() {
        let heard = Arc::new(Heard::default());
        let context = Context::new(CancelToken::default(), heard.clone());
        let meter = Meter::new(&context, Some(1000));
        for _ in 0..900 {
            meter.add(1).unwrap();
        }
        meter.finish();
        let heard = heard.0.lock().unwrap();
        assert!(heard.len() <= 4, "{}", heard.len());
        assert_eq!(heard.last().unwrap().done_bytes, 1000);
    }

    #[test]
    fn a_cancel_is_noticed_at_the_next_byte() {
        let context = Context::default();
        let meter = Meter::new(&context, None);
        meter.add(1).unwrap();
        context.cancel.cancel();
        assert!(matches!(meter.add(1), Err(EngineError::Cancelled)));
    }
}
