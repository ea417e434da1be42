// SPDX-License-Identifier: GPL-3.0-or-later
//! The result of a job in one sentence: its first line.

use crate::{
    engine::{Report, SkipReason, VerifyVerdict, VmReport, VmResult},
    job::JobKind,
    text::i18n::{gettext, ngettext_f},
};

use super::tone::Tone;

/// The result in one sentence without a full stop.
pub(super) fn title(kind: JobKind, tone: Tone, report: &Report) -> String {
    match (kind, tone) {
        (JobKind::Backup, Tone::Success) => match report.verdict {
            VerifyVerdict::Good => gettext("The backup is finished and verified"),
            VerifyVerdict::NotDone | VerifyVerdict::Omitted(_) | VerifyVerdict::Bad(_) => {
                gettext("The backup is finished")
            }
        },
        (JobKind::Restore | JobKind::Verify, Tone::Success | Tone::Partial) => read_title(kind, tone, report),
        (JobKind::Extract, Tone::Success) => gettext("The file was extracted"),
        (JobKind::Extract, Tone::Partial) if report.has_unsafe_name() => {
            gettext("The file was extracted, but may not outlast a power cut")
        }
        (JobKind::Backup, Tone::Partial) => partial_backup(report),
        (JobKind::Backup, _) if matches!(report.verdict, VerifyVerdict::Bad(_)) => {
            gettext("The backup was written, but reading it again found it bad")
        }
        (JobKind::Backup, _) => gettext("The backup failed"),
        (JobKind::Restore, _) => gettext("Nothing was restored"),
        (JobKind::Verify, _) => gettext("The backup is not whole"),
        (JobKind::Extract, _) => gettext("Nothing was extracted"),
    }
}

/// The title of a backup of which something is missing that was asked for.
fn partial_backup(report: &Report) -> String {
    let are_all_done = report.vms.iter().all(|vm| vm.result == VmResult::Done);
    match report.verdict {
        VerifyVerdict::Omitted(_) if are_all_done => gettext("The backup was written, but not verified"),
        _ if are_all_done && report.has_unsafe_name() => {
            gettext("The backup was written, but may not outlast a power cut")
        }
        _ if are_all_done && report.lacks_recovery_text => {
            gettext("The backup was written, but its recovery text is missing")
        }
        _ => gettext("Not everything was backed up"),
    }
}

/// The title of a restore or a verification of which something is good: it counts all VMs that were left out, by the
/// user or by the program.
fn read_title(kind: JobKind, tone: Tone, report: &Report) -> String {
    if kind == JobKind::Restore && tone == Tone::Partial && is_only_the_archive_damaged(report) {
        return gettext("Everything that was selected was restored, but the backup itself is damaged");
    }
    let is_failed = |vm: &&VmReport| {
        matches!(
            vm.result,
            VmResult::Failed(_) | VmResult::Partly(_) | VmResult::NotReached
        )
    };
    let failed = report.vms.iter().filter(is_failed).count() as u64;
    let (left_out, all) = (report.left_out().count() as u64, report.vms.len().to_string());
    let all: &[(&str, &str)] = &[("all", &all)];
    match (kind, tone, left_out) {
        (JobKind::Verify, Tone::Success, 0) => gettext("The backup is whole"),
        (JobKind::Verify, Tone::Success, _) => ngettext_f(
            // Translators: {n} VMs of the {all} VMs in the backup.
            "What was selected of the backup is whole; {n} of {all} VMs was left out",
            "What was selected of the backup is whole; {n} of {all} VMs were left out",
            left_out,
            all,
        ),
        (JobKind::Verify, _, _) => gettext("The backup is not whole"),
        (_, Tone::Success, 0) => gettext("Everything was restored"),
        (_, Tone::Success, _) => ngettext_f(
            "Everything that was selected was restored; {n} of {all} VMs was left out",
            "Everything that was selected was restored; {n} of {all} VMs were left out",
            left_out,
            all,
        ),
        _ if failed > 0 => ngettext_f(
            "Not everything was restored; {n} of {all} VMs is missing or not whole",
            "Not everything was restored; {n} of {all} VMs are missing or not whole",
            failed,
            all,
        ),
        (_, _, 0) => gettext("Not everything was restored"),
        (..) => ngettext_f(
            "Not everything was restored; {n} of {all} VMs was left out",
            "Not everything was restored; {n} of {all} VMs were left out",
            left_out,
            all,
        ),
    }
}

/// Whether all VMs that were selected are whole, and what keeps the run from success is the archive beside them.
fn is_only_the_archive_damaged(report: &Report) -> bool {
    let is_fine = |vm: &VmReport| matches!(vm.result, VmResult::Done | VmResult::Skipped(SkipReason::LeftOut));
    !report.findings.is_empty() && report.vms.iter().all(is_fine)
}
