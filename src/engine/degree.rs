// SPDX-License-Identifier: GPL-3.0-or-later
//! How good a run was: the only place that decides it. Exit codes, words, signs, power-off and documents ask here.
//!
//! What was asked for and not done is never a success, whatever the reason.

use crate::engine::{Report, SkipReason, VerifyVerdict, VmReport, VmResult, Warning};

/// How good a run was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Degree {
    /// Everything that was asked for is done.
    Complete,
    /// A part of it is done, and the rest is named.
    Partial,
    /// Nothing of it is done, or what is done cannot be relied on.
    Failed,
    /// Its user stopped it.
    Cancelled,
}

impl Report {
    /// How good the run was that this is the report of.
    pub fn degree(&self) -> Degree {
        let is_verified = match self.verdict {
            // An archive that was read again and is bad cannot be relied on, whatever was written into it.
            VerifyVerdict::Bad(_) => return Degree::Failed,
            VerifyVerdict::Omitted(_) => false,
            VerifyVerdict::NotDone | VerifyVerdict::Good => true,
        };
        let is_lasting = !self.has_unsafe_name();
        let are_vms_complete = self.vms.iter().all(|vm| is_as_asked(&vm.result));
        if are_vms_complete && is_verified && is_lasting && !self.lacks_recovery_text && self.findings.is_empty() {
            return Degree::Complete;
        }
        if self.vms.iter().any(|vm| vm.result.is_there()) {
            Degree::Partial
        } else {
            Degree::Failed
        }
    }

    /// Whether everything that was asked for was done and nothing was found wrong.
    pub fn is_success(&self) -> bool {
        self.degree() == Degree::Complete
    }

    /// Whether something has its name, but may lose it in a power cut.
    pub fn has_unsafe_name(&self) -> bool {
        let is_unsafe = |warning: &Warning| matches!(warning, Warning::NameNotSynced { .. });
        self.warnings.iter().any(is_unsafe)
    }

    /// The VMs that were left alone, for whatever reason.
    pub fn left_out(&self) -> impl Iterator<Item = &VmReport> {
        self.vms.iter().filter(|vm| matches!(vm.result, VmResult::Skipped(_)))
    }
}

/// Whether that is what was asked for. A rule such as `--skip-broken` or `--skip-conflicting` names no VM: its user
/// learns only from the run which ones it left out, so the run is not complete.
fn is_as_asked(result: &VmResult) -> bool {
    match result {
        VmResult::Done | VmResult::Skipped(SkipReason::LeftOut) => true,
        VmResult::Skipped(SkipReason::Conflict | SkipReason::Broken)
        | VmResult::Partly(_)
        | VmResult::Failed(_)
        | VmResult::NotReached => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::{ArchiveError, EngineError, Failure, Mistake},
        plan::{Missing, Unverified},
    };

    fn failure() -> Failure {
        Failure(EngineError::Internal { what: Mistake::Worker })
    }

    fn degree(results: &[VmResult], verdict: VerifyVerdict, lacks_recovery_text: bool) -> Degree {
        let vm = |result: &VmResult| VmReport {
            name: "a".into(),
            name_here: "a".into(),
            items: vec![],
            result: result.clone(),
        };
        let report = Report {
            vms: results.iter().map(vm).collect(),
            verdict,
            lacks_recovery_text,
            ..Report::default()
        };
        assert_eq!(report.is_success(), report.degree() == Degree::Complete);
        report.degree()
    }

    #[test]
    fn every_combination_of_what_was_asked_and_what_was_done_has_its_degree() {
        use Degree::{Complete, Failed, Partial};
        use VmResult::{Done, NotReached, Skipped};
        let bad = || VmResult::Failed(failure());
        // The VMs, and what they come to without a word on verification and recovery text.
        let vms: [(Vec<VmResult>, Degree); 12] = [
            (vec![], Complete),
            (vec![Done], Complete),
            (vec![Done, Skipped(SkipReason::LeftOut)], Complete),
            (vec![Done, Skipped(SkipReason::Broken)], Partial),
            (vec![Done, Skipped(SkipReason::Conflict)], Partial),
            (vec![Done, bad()], Partial),
            (vec![Done, NotReached], Partial),
            (vec![bad(), Skipped(SkipReason::LeftOut)], Failed),
            (vec![bad()], Failed),
            (vec![NotReached], Failed),
            (vec![Skipped(SkipReason::Broken)], Failed),
            (vec![Skipped(SkipReason::Conflict), bad()], Failed),
        ];
        for (results, alone) in vms {
            let has_done = results.contains(&Done);
            let lessened = match alone {
                Complete if has_done => Partial,
                Complete => Failed,
                other => other,
            };
            let of = |verdict, lacks| degree(&results, verdict, lacks);
            assert_eq!(of(VerifyVerdict::NotDone, false), alone, "{results:?}");
            assert_eq!(of(VerifyVerdict::Good, false), alone, "{results:?}");
            assert_eq!(of(VerifyVerdict::Good, true), lessened, "{results:?}");
            for why in [Unverified::InVm, Unverified::Cancelled] {
                assert_eq!(of(VerifyVerdict::Omitted(why), false), lessened, "{results:?} {why:?}");
            }
            assert_eq!(of(VerifyVerdict::Bad(failure()), false), Failed, "{results:?}");
        }
    }

    #[test]
    fn a_name_that_may_not_last_is_no_success() {
        let report = Report {
            vms: vec![VmReport {
                name: "a".into(),
                name_here: "a".into(),
                items: vec![],
                result: VmResult::Done,
            }],
            warnings: vec![Warning::NameNotSynced {
                path: "/x".into(),
                why: std::io::ErrorKind::Other.into(),
            }],
            ..Report::default()
        };
        assert_eq!(report.degree(), Degree::Partial);
    }

    #[test]
    fn an_archive_with_which_something_is_wrong_is_no_success() {
        let report = Report {
            findings: vec![ArchiveError::Missing {
                what: Missing::Vm { vm: "x".into() },
            }],
            ..Report::default()
        };
        assert!(!report.is_success());
    }
}
