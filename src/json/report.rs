// SPDX-License-Identifier: GPL-3.0-or-later
//! How a job ended.

use std::{path::Path, time::SystemTime};

use serde::Serialize;

use crate::{
    engine::{
        Degree, EngineError, Failure, ItemReport, ItemResult, RemovedArchive, SkipReason, VerifyVerdict, VmReport,
        VmResult,
    },
    job::{Ended, JobKind, Outcome},
    units::iso_time,
};

use super::{
    PROGRAM, SCHEMA_VERSION,
    code::{Cause, Notice},
    document,
    listing::Archive,
};

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    document: &'static str,
    program: &'static str,
    job: &'static str,
    outcome: &'static str,
    verdict: &'static str,
    error: Option<Cause>,
    place: &'a str,
    profile: Option<&'a str>,
    archive: Option<Archive<'a>>,
    ended_at: String,
    elapsed_seconds: Option<f64>,
    peak_memory_bytes: Option<u64>,
    archive_bytes: Option<u64>,
    data_bytes: Option<u64>,
    recovery_file: Option<String>,
    removed: Vec<Removed<'a>>,
    home_folder: Option<String>,
    extracted: Option<String>,
    vms: Vec<Vm<'a>>,
    warnings: Vec<Notice>,
}

#[derive(Serialize)]
struct Removed<'a> {
    place: &'a str,
    backup_id: &'a str,
}

#[derive(Serialize)]
struct Vm<'a> {
    name: &'a str,
    name_here: &'a str,
    state: &'static str,
    error: Option<Cause>,
    skip_reason: Option<&'static str>,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    name: &'a str,
    state: &'static str,
    size_bytes: u64,
    error: Option<Cause>,
}

/// The report of a job that has ended, as `docs/schema/report.schema.json` describes it.
pub fn report(ended: &Ended<'_>) -> String {
    let (report, vms, warnings) = match ended.outcome {
        Outcome::Done(report) => (Some(report.as_ref()), &report.vms, &report.warnings),
        Outcome::Cancelled(partial) | Outcome::Failed(_, partial) => (None, &partial.vms, &partial.warnings),
    };
    // What a backup had done of its VMs went with the archive.
    let is_discarded = ended.kind == JobKind::Backup && report.is_none();
    document(&Document {
        schema_version: SCHEMA_VERSION,
        document: "report",
        program: PROGRAM,
        job: match ended.kind {
            JobKind::Backup => "backup",
            JobKind::Restore => "restore",
            JobKind::Verify => "verify",
            JobKind::Extract => "extract",
        },
        outcome: outcome(ended),
        verdict: report.map_or("not_verified", |report| match report.verdict {
            VerifyVerdict::NotDone | VerifyVerdict::Omitted(_) => "not_verified",
            VerifyVerdict::Good => "good",
            VerifyVerdict::Bad(_) => "bad",
        }),
        error: first_cause(ended.outcome).map(Cause::of),
        place: ended.place,
        profile: ended.profile,
        archive: ended.archive.map(Archive::of),
        ended_at: iso_time(ended.at),
        elapsed_seconds: report.map(|report| report.elapsed.as_secs_f64()),
        peak_memory_bytes: report.and_then(|report| report.peak_memory_bytes),
        archive_bytes: report.map(|report| report.archive_bytes),
        data_bytes: report.map(|report| report.data_bytes),
        recovery_file: report.and_then(|report| report.recovery_file.as_deref().map(lossy)),
        removed: report.map_or_else(Vec::new, |report| report.removed.iter().map(removed).collect()),
        home_folder: report.and_then(|report| report.home_folder.as_deref().map(lossy)),
        extracted: report.and_then(|report| report.extracted.as_deref().map(lossy)),
        vms: vms.iter().map(|vm| self::vm(vm, is_discarded)).collect(),
        warnings: warnings.iter().map(Notice::of).collect(),
    })
}

/// A task that ended before there was anything to report.
#[derive(Debug, Clone, Copy)]
pub struct Unopened<'a> {
    /// Its name in the schema.
    pub job: &'static str,
    /// Where the archive is or was to be.
    pub place: &'a str,
    /// The profile by which a backup was to be made.
    pub profile: Option<&'a str>,
    /// Why it ended.
    pub why: WhyUnopened<'a>,
}

/// Why a task ended before there was anything to report.
#[derive(Debug, Clone, Copy)]
pub enum WhyUnopened<'a> {
    /// There was nothing to do.
    NothingToDo,
    /// It was cancelled.
    Cancelled,
    /// The place is not there now; the backup will be tried again.
    Waiting(&'a EngineError),
    /// It failed.
    Failed(&'a EngineError),
    /// It failed for a reason that only has words.
    Said(&'a str),
}

/// The report of a task that ended before there was anything to report.
pub fn unopened(ended: &Unopened<'_>) -> String {
    let (outcome, error) = match ended.why {
        WhyUnopened::NothingToDo => ("done", None),
        WhyUnopened::Cancelled => ("cancelled", None),
        WhyUnopened::Waiting(error) => ("waiting", Some(Cause::of(error))),
        WhyUnopened::Failed(error) => ("failed", Some(Cause::of(error))),
        WhyUnopened::Said(text) => ("failed", Some(Cause::said(text))),
    };
    document(&Document {
        schema_version: SCHEMA_VERSION,
        document: "report",
        program: PROGRAM,
        job: ended.job,
        outcome,
        verdict: "not_verified",
        error,
        place: ended.place,
        profile: ended.profile,
        archive: None,
        ended_at: iso_time(SystemTime::now()),
        elapsed_seconds: None,
        peak_memory_bytes: None,
        archive_bytes: None,
        data_bytes: None,
        recovery_file: None,
        removed: Vec::new(),
        home_folder: None,
        extracted: None,
        vms: Vec::new(),
        warnings: Vec::new(),
    })
}

/// The same four ends as those of the exit codes: all of it, a part of it, nothing that can be relied on, stopped.
fn outcome(ended: &Ended<'_>) -> &'static str {
    match ended.outcome.degree(ended.kind) {
        Degree::Complete => "done",
        Degree::Partial => "partial",
        Degree::Failed => "failed",
        Degree::Cancelled => "cancelled",
    }
}

fn first_cause(outcome: &Outcome) -> Option<&EngineError> {
    match outcome {
        Outcome::Failed(error, _) => Some(error),
        Outcome::Done(report) => match &report.verdict {
            VerifyVerdict::Bad(Failure(error)) => Some(error),
            VerifyVerdict::NotDone | VerifyVerdict::Omitted(_) | VerifyVerdict::Good => None,
        },
        Outcome::Cancelled(_) => None,
    }
}

fn removed(archive: &RemovedArchive) -> Removed<'_> {
    Removed {
        place: &archive.place,
        backup_id: &archive.backup_id,
    }
}

fn vm(report: &VmReport, is_discarded: bool) -> Vm<'_> {
    let (state, error, skip_reason) = match &report.result {
        VmResult::Done if is_discarded => ("discarded", None, None),
        VmResult::Done => ("done", None, None),
        VmResult::Partly(Failure(error)) => ("partly", Some(Cause::of(error)), None),
        VmResult::Failed(Failure(error)) => ("failed", Some(Cause::of(error)), None),
        VmResult::NotReached => ("not_reached", None, None),
        VmResult::Skipped(reason) => ("skipped", None, Some(skip_reason(*reason))),
    };
    Vm {
        name: &report.name,
        name_here: &report.name_here,
        state,
        error,
        skip_reason,
        items: report.items.iter().map(item).collect(),
    }
}

fn skip_reason(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::LeftOut => "left_out",
        SkipReason::Conflict => "conflict",
        SkipReason::Broken => "broken",
    }
}

fn item(report: &ItemReport) -> Item<'_> {
    let (state, error) = match &report.result {
        ItemResult::Done => ("done", None),
        ItemResult::Failed(Failure(error)) => ("failed", Some(Cause::of(error))),
        ItemResult::Skipped => ("skipped", None),
    };
    Item {
        name: &report.name,
        state,
        size_bytes: report.size_bytes,
        error,
    }
}

fn lossy(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
