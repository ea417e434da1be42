// SPDX-License-Identifier: GPL-3.0-or-later
//! No good word without a good result.

use super::*;
use crate::{
    engine::{ArchiveError, EngineError},
    plan::{Missing, Unverified},
};

fn report(results: &[VmResult], verdict: VerifyVerdict) -> Report {
    let vm = |(i, result): (usize, &VmResult)| VmReport {
        name: format!("vm{i}"),
        name_here: format!("vm{i}"),
        items: vec![],
        result: result.clone(),
    };
    Report {
        vms: results.iter().enumerate().map(vm).collect(),
        place: "/mnt/x".into(),
        verdict,
        ..Report::default()
    }
}

fn view(kind: JobKind, report: Report) -> OutcomeView {
    outcome(kind, &Outcome::Done(Box::new(report)))
}

fn failed() -> VmResult {
    VmResult::Failed(damage())
}

fn damage() -> Failure {
    Failure(EngineError::Archive(ArchiveError::Missing {
        what: Missing::Path {
            path: "vm1/private.img".into(),
        },
    }))
}

#[test]
fn success_is_said_only_of_a_success() {
    let words = ["finished", "Everything", "is whole"];
    let bad = [
        (vec![VmResult::Done, failed()], VerifyVerdict::NotDone),
        (vec![failed()], VerifyVerdict::NotDone),
        (vec![VmResult::NotReached], VerifyVerdict::Good),
        (vec![VmResult::Done], VerifyVerdict::Bad(damage())),
    ];
    for kind in [JobKind::Backup, JobKind::Restore, JobKind::Verify] {
        for (results, verdict) in &bad {
            let view = view(kind, report(results, verdict.clone()));
            assert_ne!(view.tone, Tone::Success);
            assert!(!words.iter().any(|word| view.title.contains(word)), "{}", view.title);
        }
        let good = view(kind, report(&[VmResult::Done], VerifyVerdict::NotDone));
        assert_eq!(good.tone, Tone::Success);
        assert!(words.iter().any(|word| good.title.contains(word)), "{}", good.title);
    }
}

#[test]
fn the_first_line_counts_what_was_left_out_and_says_what_was_not_done() {
    let skipped = VmResult::Skipped;
    let title = |kind, results: &[VmResult], verdict| {
        let view = view(kind, report(results, verdict));
        (view.tone, view.title)
    };
    let done = || VmResult::Done;
    let cases = [
        (
            title(
                JobKind::Restore,
                &[done(), skipped(SkipReason::LeftOut)],
                VerifyVerdict::NotDone,
            ),
            (
                Tone::Success,
                "Everything that was selected was restored; 1 of 2 VMs was left out",
            ),
        ),
        (
            title(
                JobKind::Restore,
                &[done(), skipped(SkipReason::Broken), skipped(SkipReason::Conflict)],
                VerifyVerdict::NotDone,
            ),
            (Tone::Partial, "Not everything was restored; 2 of 3 VMs were left out"),
        ),
        (
            title(
                JobKind::Verify,
                &[done(), skipped(SkipReason::LeftOut)],
                VerifyVerdict::Good,
            ),
            (
                Tone::Success,
                "What was selected of the backup is whole; 1 of 2 VMs was left out",
            ),
        ),
        (
            title(JobKind::Backup, &[done()], VerifyVerdict::Omitted(Unverified::InVm)),
            (Tone::Partial, "The backup was written, but not verified"),
        ),
        (
            title(
                JobKind::Backup,
                &[done(), failed()],
                VerifyVerdict::Omitted(Unverified::Cancelled),
            ),
            (Tone::Partial, "Not everything was backed up"),
        ),
    ];
    for ((tone, said), (right_tone, right)) in cases {
        assert_eq!((tone, said.as_str()), (right_tone, right));
    }
}

#[test]
fn each_vm_that_is_not_whole_is_named_with_its_reason() {
    let view = view(
        JobKind::Restore,
        report(&[VmResult::Done, failed()], VerifyVerdict::NotDone),
    );
    assert_eq!(view.tone, Tone::Partial);
    assert_eq!(view.vms[1].name, "vm1");
    assert!(view.vms[1].reason.as_ref().unwrap().detail.contains("private.img"));
}

#[test]
fn a_backup_that_does_not_verify_is_a_failure_with_its_cause() {
    let view = view(JobKind::Backup, report(&[VmResult::Done], VerifyVerdict::Bad(damage())));
    assert_eq!(view.tone, Tone::Failure);
    assert!(view.cause.is_some());
}

#[test]
fn a_renamed_vm_shows_both_names() {
    let mut renamed = report(&[VmResult::Done], VerifyVerdict::NotDone);
    renamed.vms[0].name_here = "vm0-1".into();
    let mut failed = renamed.clone();
    failed.vms[0].result = VmResult::Failed(damage());
    assert_eq!(view(JobKind::Restore, renamed).vms[0].name, "vm0 (now vm0-1)");
    assert_eq!(view(JobKind::Restore, failed).vms[0].name, "vm0");
}

#[test]
fn a_backup_that_broke_off_calls_no_vm_done() {
    let partial = Partial {
        vms: report(
            &[VmResult::Done, failed(), VmResult::NotReached],
            VerifyVerdict::NotDone,
        )
        .vms,
        warnings: vec![],
    };
    let outcome = Outcome::Failed(damage().0, partial);
    let names = |kind| {
        super::outcome(kind, &outcome)
            .vms
            .into_iter()
            .map(|line| line.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(JobKind::Backup), ["vm1"]);
    assert_eq!(names(JobKind::Restore), ["vm0", "vm1", "vm2"]);
}

#[test]
fn a_cancel_is_neither_success_nor_failure() {
    let view = outcome(JobKind::Backup, &Outcome::Cancelled(Partial::default()));
    assert_eq!(view.tone, Tone::Cancelled);
    assert!(view.cause.is_none());
}
