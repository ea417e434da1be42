// SPDX-License-Identifier: GPL-3.0-or-later
//! The result of a job, in words.
//!
//! No word of success stands here but behind [`Degree::Complete`]; everything else names what was not done and why.

mod title;
mod tone;

use crate::{
    engine::{
        ArchiveError, EngineError, Failure, ItemReport, ItemResult, OpenedArchive, Partial, Protection, Report,
        SkipReason, VerifyVerdict, VmReport, VmResult,
    },
    job::{JobKind, Outcome},
    plan::Unverified,
};

use super::{
    Message, date, duration, filter,
    i18n::{gettext, gettext_f, left_to_right, ngettext_f, pgettext},
    message, sanitize, size, warning,
};

use title::title;

pub use tone::Tone;

/// The result of a job, in words.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeView {
    /// How to show it.
    pub tone: Tone,
    /// The result in one sentence without a full stop.
    pub title: String,
    /// What belongs to it: place, size, time.
    pub lines: Vec<String>,
    /// Why it is no success, where one cause stands for all of it.
    pub cause: Option<Message>,
    /// Each VM.
    pub vms: Vec<VmLine>,
    /// Everything that was warned of.
    pub warnings: Vec<String>,
}

impl OutcomeView {
    /// Names the cause once: a VM that failed for the very reason that stands above all of them points there.
    #[must_use]
    pub fn with_cause_once(mut self) -> Self {
        for line in &mut self.vms {
            if line.reason.is_some() && line.reason == self.cause {
                line.reason = Some(Message::new(gettext("For the cause that is named above.")));
            }
        }
        self
    }
}

/// The result of one volume or file, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemLine {
    /// Its name in the VM's folder.
    pub name: String,
    /// "done", "failed" or "skipped".
    pub state: String,
    /// Its size as far as it came, in bytes.
    pub size_bytes: u64,
    /// Why, if it failed.
    pub reason: Option<Message>,
}

/// One VM's result, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VmLine {
    /// Its name; after a restore under another one both, "work (now work-1)".
    pub name: String,
    /// "done", "failed", "not reached" or why it was left alone.
    pub state: String,
    /// Why, if it failed.
    pub reason: Option<Message>,
    /// Its volumes and files.
    pub items: Vec<ItemLine>,
    /// Whether it is whole.
    pub is_done: bool,
}

/// The result of a job, in words.
pub fn outcome(kind: JobKind, outcome: &Outcome) -> OutcomeView {
    match outcome {
        Outcome::Done(report) => done(kind, outcome.degree(kind).into(), report),
        Outcome::Cancelled(partial) => cancelled(kind, partial),
        Outcome::Failed(error, partial) => OutcomeView {
            tone: outcome.degree(kind).into(),
            title: match kind {
                JobKind::Backup => gettext("The backup failed"),
                JobKind::Restore => gettext("The restore failed"),
                JobKind::Verify => gettext("The verification failed"),
                JobKind::Extract => gettext("Nothing was extracted"),
            },
            lines: nothing_kept(kind),
            cause: Some(message(error)),
            vms: unfinished(kind, &partial.vms),
            warnings: partial.warnings.iter().map(warning).collect(),
        },
    }
}

/// What an opened archive says of itself, as pairs of a caption and a value.
pub fn opened(archive: &OpenedArchive) -> Vec<(String, String)> {
    let info = &archive.info;
    let held = archive
        .inventory
        .domains()
        .iter()
        .filter(|domain| domain.content().is_some())
        .count();
    let mut rows = vec![
        (
            gettext("Made"),
            info.made
                .as_deref()
                .map_or_else(|| gettext("an unknown time"), |made| left_to_right(&sanitize(made))),
        ),
        (gettext("Format"), info.version.to_string()),
        (gettext("Compression"), filter(&info.filter)),
        (gettext("VMs in it"), held.to_string()),
    ];
    if let Some(bytes) = info.archive_bytes {
        rows.push((gettext("Size of the file"), size(bytes)));
    }
    rows
}

fn done(kind: JobKind, tone: Tone, report: &Report) -> OutcomeView {
    let cause = match &report.verdict {
        VerifyVerdict::Bad(Failure(error)) => Some(message(error)),
        VerifyVerdict::NotDone | VerifyVerdict::Omitted(_) | VerifyVerdict::Good => None,
    };
    OutcomeView {
        tone,
        title: title(kind, tone, report),
        lines: facts(kind, tone, report),
        cause,
        vms: vms(kind, &report.vms),
        warnings: report.warnings.iter().map(warning).collect(),
    }
}

fn facts(kind: JobKind, tone: Tone, report: &Report) -> Vec<String> {
    let place = sanitize(&report.place);
    let mut lines = closed(kind, report);
    match kind {
        JobKind::Backup => lines.push(gettext_f(
            "Written to {place}, {size}.",
            &[("place", &place), ("size", &size(report.archive_bytes))],
        )),
        JobKind::Restore | JobKind::Verify | JobKind::Extract => {
            lines.push(gettext_f("Read from {place}.", &[("place", &place)]));
        }
    }
    let count = |is: fn(&VmReport) -> bool| report.vms.iter().filter(|vm| is(vm)).count() as u64;
    let (all, whole) = (report.vms.len() as u64 - count(is_skipped), count(is_done));
    if whole == all {
        lines.push(amount(report, all));
        if kind == JobKind::Verify && tone == Tone::Success {
            lines.push(gettext("Every byte that its list of contents promises was read and checked. Nothing was changed on this system."));
        }
    } else {
        lines.push(ngettext_f(
            "{whole} of {n} VM is whole.",
            "{whole} of {n} VMs are whole.",
            all,
            &[("whole", &whole.to_string())],
        ));
    }
    if kind == JobKind::Backup {
        lines.extend(caveat_of_backup(report));
    } else {
        lines.extend(caveat(report));
    }
    if let Some(path) = &report.recovery_file {
        lines.push(gettext_f(
            "How to open it without this program is written in {path}.",
            &[("path", &sanitize(&path.to_string_lossy()))],
        ));
    }
    lines.extend(report.removed.iter().map(|archive| {
        gettext_f(
            // Translators: an older backup that was removed after a new one was verified, with the time when it was made.
            "Removed: {place} (made {date}).",
            &[("place", &sanitize(&archive.place)), ("date", &date(archive.made))],
        )
    }));
    if let Some(folder) = &report.home_folder {
        lines.push(gettext_f(
            "dom0's home was restored into the folder {path}.",
            &[("path", &sanitize(&folder.to_string_lossy()))],
        ));
    }
    if let Some(path) = &report.extracted {
        lines.push(gettext_f(
            "Written to {path}.",
            &[("path", &sanitize(&path.to_string_lossy()))],
        ));
    }
    lines.push(gettext_f("It took {time}.", &[("time", &duration(report.elapsed))]));
    if !report.warnings.is_empty() {
        let n = report.warnings.len() as u64;
        lines.push(ngettext_f("There was {n} warning.", "There were {n} warnings.", n, &[]));
    }
    lines
}

/// How many VMs there are and how much data. The volumes of the VMs are larger where they have empty space.
fn amount(report: &Report, vms: u64) -> String {
    let items = report.vms.iter().flat_map(|vm| &vm.items);
    let total = items.map(|item| item.size_bytes).fold(0, u64::saturating_add);
    let values = [("size", &*size(report.data_bytes)), ("total", &size(total))];
    if values[0].1 == values[1].1 || total < report.data_bytes {
        ngettext_f("{n} VM, {size} of data.", "{n} VMs, {size} of data.", vms, &values)
    } else {
        ngettext_f(
            "{n} VM, {size} of data in volumes of {total}.",
            "{n} VMs, {size} of data in volumes of {total}.",
            vms,
            &values,
        )
    }
}

/// Names the VMs that let nothing pass until their user decides, before everything else.
fn closed(kind: JobKind, report: &Report) -> Vec<String> {
    let is_closed = |vm: &&VmReport| {
        matches!(
            vm.result,
            VmResult::Partly(Failure(EngineError::Archive(ArchiveError::UnreadableRules { .. })))
        )
    };
    let names = report.vms.iter().filter(is_closed);
    let names: Vec<String> = names.map(|vm| sanitize(&vm.name)).collect();
    if names.is_empty() {
        return Vec::new();
    }
    let (n, names) = (names.len() as u64, names.join(", "));
    vec![match kind {
        JobKind::Restore => ngettext_f(
            "The firewall rules of {n} VM in the backup cannot be read, so it drops everything until you set them: {names}.",
            "The firewall rules of {n} VMs in the backup cannot be read, so they drop everything until you set them: {names}.",
            n,
            &[("names", &names)],
        ),
        JobKind::Backup | JobKind::Verify | JobKind::Extract => ngettext_f(
            "The firewall rules of {n} VM in the backup cannot be read: {names}.",
            "The firewall rules of {n} VMs in the backup cannot be read: {names}.",
            n,
            &[("names", &names)],
        ),
    }]
}

fn cancelled(kind: JobKind, partial: &Partial) -> OutcomeView {
    OutcomeView {
        tone: Tone::Cancelled,
        title: match kind {
            JobKind::Backup => gettext("The backup was cancelled"),
            JobKind::Restore => gettext("The restore was cancelled"),
            JobKind::Verify => gettext("The verification was cancelled"),
            JobKind::Extract => gettext("The extraction was cancelled"),
        },
        lines: nothing_kept(kind),
        cause: None,
        vms: unfinished(kind, &partial.vms),
        warnings: partial.warnings.iter().map(warning).collect(),
    }
}

/// What a job that did not come to its end leaves; the words depend on nothing but what it was there for.
fn nothing_kept(kind: JobKind) -> Vec<String> {
    vec![match kind {
        JobKind::Backup => gettext("There is no new backup."),
        JobKind::Restore => gettext("VMs that were not whole were removed again; what was whole before stays."),
        JobKind::Verify => gettext("Nothing can be said of the backup as a whole."),
        JobKind::Extract => gettext("No file was made."),
    }]
}

fn vms(kind: JobKind, reports: &[VmReport]) -> Vec<VmLine> {
    reports.iter().map(|report| vm(kind, report)).collect()
}

/// Of a job that broke off. What a backup had done of its VMs went with the archive, so only the guilty one is named.
fn unfinished(kind: JobKind, reports: &[VmReport]) -> Vec<VmLine> {
    let mut lines = vms(kind, reports);
    if kind == JobKind::Backup {
        lines.retain(|line| line.reason.is_some());
    }
    lines
}

fn vm(kind: JobKind, report: &VmReport) -> VmLine {
    let name = sanitize(&report.name);
    // A VM that failed is nowhere, under no name.
    let is_here = kind == JobKind::Restore && report.result.is_there() && !report.name_here.is_empty();
    let is_renamed = is_here && report.name_here != report.name;
    let (state, reason) = match &report.result {
        VmResult::Done => (pgettext("result of a VM", "done"), None),
        VmResult::Partly(Failure(error)) => (pgettext("result of a VM", "partly done"), Some(message(error))),
        VmResult::Failed(Failure(error)) => (pgettext("result of a VM", "failed"), Some(message(error))),
        VmResult::NotReached => (pgettext("result of a VM", "not reached"), None),
        VmResult::Skipped(reason) => (skipped(*reason), None),
    };
    VmLine {
        name: if is_renamed {
            // Translators: a VM that was restored under another name, as in "work (now work-1)".
            gettext_f(
                "{old} (now {new})",
                &[("old", &name), ("new", &sanitize(&report.name_here))],
            )
        } else {
            name
        },
        state,
        reason,
        items: report.items.iter().map(item).collect(),
        is_done: is_done(report),
    }
}

fn is_skipped(report: &VmReport) -> bool {
    matches!(report.result, VmResult::Skipped(_))
}

fn skipped(reason: SkipReason) -> String {
    match reason {
        SkipReason::LeftOut => pgettext("result of a VM", "left out"),
        SkipReason::Conflict => pgettext("result of a VM", "left out, a VM of its name is here"),
        SkipReason::Broken => pgettext("result of a VM", "left out because of its problems"),
    }
}

fn item(report: &ItemReport) -> ItemLine {
    let (state, reason) = match &report.result {
        ItemResult::Done => (pgettext("result of a volume", "done"), None),
        ItemResult::Failed(Failure(error)) => (pgettext("result of a volume", "failed"), Some(message(error))),
        ItemResult::Skipped => (pgettext("result of a volume", "skipped"), None),
    };
    ItemLine {
        name: sanitize(&report.name),
        state,
        size_bytes: report.size_bytes,
        reason,
    }
}

fn is_done(report: &VmReport) -> bool {
    report.result == VmResult::Done
}

/// What cannot be seen of an archive that was written.
fn caveat_of_backup(report: &Report) -> Option<String> {
    Some(match report.unreadable? {
        Unverified::ToCommand => gettext(
            "The command reported success. What it has made of the backup cannot be seen from here: verify it before you rely on it.",
        ),
        Unverified::ToStandardOutput => gettext(
            "What has become of standard output cannot be seen from here: verify the backup before you rely on it.",
        ),
        Unverified::InVm | Unverified::Cancelled => gettext(
            "The VM reported success. What it has kept of the backup cannot be seen from here: verify it where it lies.",
        ),
    })
}

/// What the format of the archive that was read cannot show, whatever was found.
fn caveat(report: &Report) -> Option<String> {
    if matches!(report.protection, Some(Protection::Hmac { .. })) {
        return Some(gettext(
            "The format of this old backup cannot show everything: this program does not notice a part that was exchanged for another one made with the same passphrase, or a small file that was left out.",
        ));
    }
    report.has_unlisted_files.then(|| {
        gettext(
            "This backup does not list the small files of its VMs: if firewall rules, notes or a menu were left out, this program does not notice it.",
        )
    })
}

#[cfg(test)]
mod tests;
