// SPDX-License-Identifier: GPL-3.0-or-later
//! How far a job is as a whole: its phases on one scale, so that a bar never begins anew.

use std::time::Duration;

use crate::engine::{Phase, Progress};

/// The share of a backup's time that its writing takes where it is verified afterwards. Reading an archive again takes
/// about two thirds of the time that writing it took.
const WRITING_SHARE: f64 = 0.6;

/// The scale of one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overall {
    /// Whether an archive is written and then verified.
    pub verifies_after_writing: bool,
}

impl Overall {
    /// Returns the part of the job that is done, from 0 to 1; `None` while nobody can know.
    pub fn fraction(self, phase: Phase, progress: &Progress) -> Option<f64> {
        let share = if self.verifies_after_writing {
            WRITING_SHARE
        } else {
            1.0
        };
        match phase {
            Phase::Preparing | Phase::AwaitingTurn | Phase::Opening | Phase::CreatingVms => None,
            Phase::BackingUp => Some(progress.fraction()? * share),
            Phase::Finishing => Some(share),
            Phase::Removing => Some(1.0),
            Phase::Verifying if self.verifies_after_writing => {
                Some(share + progress.fraction().unwrap_or_default() * (1.0 - share))
            }
            Phase::Verifying | Phase::Restoring | Phase::Extracting => progress.fraction(),
        }
    }

    /// Returns the time that the rest of the job will take, once it can be told.
    pub fn remaining(self, phase: Phase, progress: &Progress) -> Option<Duration> {
        let remaining = progress.remaining?;
        if phase == Phase::BackingUp && self.verifies_after_writing {
            let writing = progress.elapsed + remaining;
            return Some(remaining + writing.mul_f64((1.0 - WRITING_SHARE) / WRITING_SHARE));
        }
        Some(remaining)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(done: u64) -> Progress {
        Progress {
            done_bytes: done,
            total_bytes: Some(100),
            elapsed: Duration::from_secs(30),
            remaining: Some(Duration::from_secs(30)),
            ..Progress::default()
        }
    }

    #[test]
    fn the_bar_of_a_backup_never_goes_back_when_its_verification_begins() {
        let overall = Overall {
            verifies_after_writing: true,
        };
        let steps = [
            (Phase::BackingUp, 0),
            (Phase::BackingUp, 100),
            (Phase::Finishing, 0),
            (Phase::Verifying, 0),
            (Phase::Verifying, 50),
            (Phase::Verifying, 100),
        ];
        let seen: Vec<f64> = steps
            .iter()
            .map(|(phase, done)| overall.fraction(*phase, &at(*done)).unwrap())
            .collect();
        assert!(seen.is_sorted(), "{seen:?}");
        assert_eq!((seen[0], seen[5]), (0.0, 1.0));
        assert!(seen[1] < 1.0, "{seen:?}");
        let rest = overall.remaining(Phase::BackingUp, &at(50)).unwrap();
        assert_eq!(rest.as_secs(), 70);
    }

    #[test]
    fn a_job_of_one_phase_has_the_bar_for_itself() {
        let overall = Overall {
            verifies_after_writing: false,
        };
        assert_eq!(overall.fraction(Phase::BackingUp, &at(100)), Some(1.0));
        assert_eq!(overall.fraction(Phase::Verifying, &at(50)), Some(0.5));
        assert_eq!(overall.fraction(Phase::Opening, &at(50)), None);
        assert_eq!(overall.remaining(Phase::Restoring, &at(50)).unwrap().as_secs(), 30);
    }
}
