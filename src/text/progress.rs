// SPDX-License-Identifier: GPL-3.0-or-later
//! How far a job is, in words that a window or a terminal only has to place.

use crate::{
    engine::{ItemState, Phase, Progress},
    job::Overall,
};

use super::{
    clock,
    i18n::{gettext, gettext_f, pgettext},
    remaining, sanitize, size, speed, within,
};

/// What a progress page shows; every text is ready, empty where there is nothing to say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProgressView {
    /// The phase, "Backing up".
    pub title: String,
    /// The VM and its volume at work, "work: private".
    pub detail: String,
    /// The part that is done, from 0 to 1; `None` while nobody can know.
    pub fraction: Option<f64>,
    /// The same in words, "42 %".
    pub percent: String,
    /// "1.5 GiB of 3.0 GiB", or only the former.
    pub amount: String,
    /// "120.0 MiB/s".
    pub speed: String,
    /// The time since the phase began, "1:05".
    pub elapsed: String,
    /// "about 2 minutes left".
    pub remaining: String,
}

/// Returns the view of a job of several phases: bar, percent and remaining time are those of the job as a whole.
pub fn view_of_job(overall: Overall, at: Phase, progress: &Progress) -> ProgressView {
    let fraction = overall.fraction(at, progress);
    let of_phase = view(at, progress);
    let is_first_half = matches!(at, Phase::BackingUp | Phase::Finishing) && overall.verifies_after_writing;
    ProgressView {
        // The amount is that of this phase, the percentage that of the job.
        title: if is_first_half {
            // Translators: {what} is "Backing up" or the like.
            gettext_f("{what}, verification follows", &[("what", &of_phase.title)])
        } else {
            of_phase.title
        },
        fraction,
        percent: fraction.map(percent).unwrap_or_default(),
        remaining: overall.remaining(at, progress).map(remaining).unwrap_or_default(),
        ..of_phase
    }
}

/// The view of a phase that is that far.
pub fn view(at: Phase, progress: &Progress) -> ProgressView {
    let fraction = progress.fraction();
    let amount = match progress.total_bytes {
        Some(total) => within(progress.done_bytes.min(total), total),
        None if progress.done_bytes > 0 => size(progress.done_bytes),
        None => String::new(),
    };
    ProgressView {
        title: phase(at),
        detail: at_work(progress),
        fraction,
        percent: fraction.map(percent).unwrap_or_default(),
        amount,
        speed: if progress.bytes_per_second > 0.0 {
            speed(progress.bytes_per_second)
        } else {
            String::new()
        },
        elapsed: clock(progress.elapsed),
        remaining: progress.remaining.map(remaining).unwrap_or_default(),
    }
}

/// What a job is at.
pub fn phase(phase: Phase) -> String {
    match phase {
        Phase::Preparing => gettext("Preparing"),
        Phase::BackingUp => gettext("Backing up"),
        Phase::Finishing => gettext("Writing everything to the disk"),
        Phase::Verifying => gettext("Verifying"),
        Phase::Removing => gettext("Removing older backups"),
        Phase::AwaitingTurn => gettext("Waiting for another restore to end"),
        Phase::Opening => gettext("Opening the backup"),
        Phase::CreatingVms => gettext("Creating VMs"),
        Phase::Restoring => gettext("Restoring"),
        Phase::Extracting => gettext("Extracting"),
    }
}

/// How a VM stands in a running job.
pub fn item_state(state: &ItemState) -> String {
    match state {
        ItemState::Waiting => pgettext("state of a VM", "waiting"),
        ItemState::Working => pgettext("state of a VM", "at work"),
        ItemState::Done => pgettext("state of a VM", "done"),
        ItemState::Failed(_) => pgettext("state of a VM", "failed"),
    }
}

/// Whole percent, rounded down: 100 % is said only when it is so.
fn percent(fraction: f64) -> String {
    format!("{} %", (fraction * 100.0).floor() as u32)
}

fn at_work(progress: &Progress) -> String {
    match (&progress.vm, &progress.item) {
        (Some(vm), Some(item)) => format!("{}: {}", sanitize(vm), sanitize(item)),
        (Some(name), None) | (None, Some(name)) => sanitize(name),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_view_holds_ready_words() {
        let progress = Progress {
            done_bytes: 3 << 19,
            total_bytes: Some(3 << 20),
            vm: Some("work".into()),
            item: Some("private".into()),
            elapsed: Duration::from_secs(65),
            bytes_per_second: 1048576.0,
            remaining: Some(Duration::from_secs(30)),
        };
        let view = view(Phase::BackingUp, &progress);
        assert_eq!(view.title, "Backing up");
        assert_eq!(view.detail, "work: private");
        assert_eq!(view.fraction, Some(0.5));
        assert_eq!(view.percent, "50 %");
        assert_eq!(view.amount, "1.5 MiB of 3.0 MiB");
        assert_eq!(view.speed, "1.0 MiB/s");
        assert_eq!(view.elapsed, "1:05");
        assert_eq!(view.remaining, "about 30 seconds left");
    }

    #[test]
    fn what_nobody_knows_is_left_empty() {
        let view = view(Phase::Opening, &Progress::default());
        assert_eq!(
            (view.fraction, view.percent.as_str(), view.amount.as_str()),
            (None, "", "")
        );
        assert_eq!((view.speed.as_str(), view.remaining.as_str()), ("", ""));
    }

    #[test]
    fn a_hundred_percent_is_said_only_at_the_end() {
        assert_eq!(percent(0.9999), "99 %");
        assert_eq!(percent(1.0), "100 %");
    }
}
