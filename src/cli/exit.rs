// SPDX-License-Identifier: GPL-3.0-or-later
//! The exit codes of the tools: what a script can know without reading a word.
//!
//! 0 is given only for a job that did everything that was selected. The codes from 3 on are finer than those of the
//! existing tools, which know 1 for all of them.

use std::process::ExitCode;

use crate::{
    engine::{ArchiveError, Degree, EngineError, Failure, Report, VerifyVerdict, VmResult},
    job::Outcome,
    text::JobKind,
};

/// How a tool ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything that was selected is done.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A part is done, the rest is named.
    Partial = 3,
    /// Its user stopped it.
    Cancelled = 4,
    /// Wrong passphrase, or the header was altered.
    Passphrase = 5,
    /// The archive is damaged or incomplete.
    Damaged = 6,
    /// The place of a scheduled backup is not there now.
    Waiting = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// How a tool ends that could not go on.
    pub fn of_error(error: &EngineError) -> Self {
        match error {
            EngineError::Cancelled => Self::Cancelled,
            EngineError::Archive(error) => match error {
                ArchiveError::WrongPassphrase => Self::Passphrase,
                // A file that does not even begin like a backup may be one that lost its beginning, and a key that
                // costs too much is a key whose numbers were changed.
                ArchiveError::NotABackup { .. }
                | ArchiveError::KeyTooCostly { .. }
                | ArchiveError::KeyMemory { .. }
                | ArchiveError::Damaged { .. }
                | ArchiveError::Truncated { .. }
                | ArchiveError::Altered { .. }
                | ArchiveError::LostMember { .. }
                | ArchiveError::HomeEntries { .. }
                | ArchiveError::Duplicate { .. }
                | ArchiveError::NoSuchVolume { .. }
                | ArchiveError::Foreign { .. }
                | ArchiveError::UnreadableRules { .. }
                | ArchiveError::Missing { .. } => Self::Damaged,
                ArchiveError::UnsupportedVersion { .. }
                | ArchiveError::UnsupportedCompression { .. }
                | ArchiveError::UnsupportedAlgorithm { .. }
                | ArchiveError::UnsupportedCipher { .. } => Self::Failed,
            },
            EngineError::Host(_)
            | EngineError::Volume { .. }
            | EngineError::VolumeChanged { .. }
            | EngineError::HomeIncomplete { .. }
            | EngineError::Home { .. }
            | EngineError::Destination(_)
            | EngineError::Source(_)
            | EngineError::NotInArchive { .. }
            | EngineError::NotReady(_)
            | EngineError::Plan { .. }
            | EngineError::Key(_)
            | EngineError::NoThread
            | EngineError::Internal { .. } => Self::Failed,
        }
    }

    /// How a tool ends after its job.
    pub fn of_outcome(kind: JobKind, outcome: &Outcome) -> Self {
        match (outcome.degree(kind), outcome) {
            (Degree::Complete, _) => Self::Done,
            (Degree::Partial, _) => Self::Partial,
            (Degree::Cancelled, _) | (Degree::Failed, Outcome::Cancelled(_)) => Self::Cancelled,
            (Degree::Failed, Outcome::Failed(error, _)) => Self::of_error(error),
            (Degree::Failed, Outcome::Done(report)) => Self::of_failed(kind, report),
        }
    }

    /// The first cause says why a run failed that came to its end.
    fn of_failed(kind: JobKind, report: &Report) -> Self {
        if let VerifyVerdict::Bad(Failure(error)) = &report.verdict {
            return Self::of_error(error);
        }
        let first = report.failed().find_map(|vm| match &vm.result {
            VmResult::Failed(Failure(error)) => Some(Self::of_error(error)),
            VmResult::Done | VmResult::Partly(_) | VmResult::NotReached | VmResult::Skipped(_) => None,
        });
        first.unwrap_or(match kind {
            JobKind::Verify => Self::Damaged,
            JobKind::Backup | JobKind::Restore | JobKind::Extract => Self::Failed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::{Damage, Partial, SkipReason, VmReport},
        plan::Unverified,
    };

    fn damaged() -> EngineError {
        EngineError::Archive(ArchiveError::Damaged {
            member: Some("vm1/private.img.000".into()),
            position: 0,
            why: Damage::MacMismatch,
        })
    }

    fn report(results: Vec<VmResult>) -> Report {
        let vm = |result| VmReport {
            name: "a".into(),
            name_here: "a".into(),
            items: vec![],
            result,
        };
        Report {
            vms: results.into_iter().map(vm).collect(),
            ..Report::default()
        }
    }

    fn exit(kind: JobKind, report: Report) -> Exit {
        Exit::of_outcome(kind, &Outcome::Done(Box::new(report)))
    }

    #[test]
    fn the_codes_are_those_of_the_design() {
        use Exit::{Cancelled, Damaged, Done, Failed, Partial, Passphrase, Usage, Waiting};
        let codes = [Done, Failed, Usage, Partial, Cancelled, Passphrase, Damaged, Waiting].map(|exit| exit as u8);
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn a_restore_without_some_vms_is_partial_and_without_any_has_their_reason() {
        let failed = || VmResult::Failed(Failure(damaged()));
        assert_eq!(exit(JobKind::Restore, report(vec![VmResult::Done])), Exit::Done);
        assert_eq!(
            exit(JobKind::Restore, report(vec![VmResult::Done, failed()])),
            Exit::Partial
        );
        assert_eq!(exit(JobKind::Restore, report(vec![failed(), failed()])), Exit::Damaged);
        assert_eq!(exit(JobKind::Restore, report(vec![VmResult::NotReached])), Exit::Failed);
    }

    #[test]
    fn a_verification_that_finds_damage_is_never_partial() {
        let failed = VmResult::Failed(Failure(damaged()));
        assert_eq!(
            exit(JobKind::Verify, report(vec![VmResult::Done, failed])),
            Exit::Damaged
        );
    }

    #[test]
    fn a_backup_that_does_not_verify_says_why() {
        let mut bad = report(vec![VmResult::Done]);
        bad.verdict = VerifyVerdict::Bad(Failure(damaged()));
        assert_eq!(exit(JobKind::Backup, bad), Exit::Damaged);
    }

    #[test]
    fn what_a_rule_left_out_or_nobody_verified_is_partial() {
        let skipped = |reason| report(vec![VmResult::Done, VmResult::Skipped(reason)]);
        let restore = |reason| exit(JobKind::Restore, skipped(reason));
        assert_eq!(restore(SkipReason::LeftOut), Exit::Done);
        assert_eq!(restore(SkipReason::Broken), Exit::Partial);
        assert_eq!(restore(SkipReason::Conflict), Exit::Partial);
        let mut omitted = report(vec![VmResult::Done]);
        omitted.verdict = VerifyVerdict::Omitted(Unverified::InVm);
        assert_eq!(exit(JobKind::Backup, omitted), Exit::Partial);
    }

    #[test]
    fn the_passphrase_has_a_code_of_its_own() {
        let wrong = EngineError::Archive(ArchiveError::WrongPassphrase);
        let outcome = Outcome::Failed(wrong, Partial::default());
        assert_eq!(Exit::of_outcome(JobKind::Restore, &outcome), Exit::Passphrase);
        let cancelled = Outcome::Cancelled(Partial::default());
        assert_eq!(Exit::of_outcome(JobKind::Backup, &cancelled), Exit::Cancelled);
    }
}
