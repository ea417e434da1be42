// SPDX-License-Identifier: GPL-3.0-or-later
//! The result of a job as plain text: a table of all VMs for a terminal, and a whole report to be kept.
//!
//! Lines are wrapped at a hundred characters; a word that is longer, a path for one, stays in one piece.

use std::{ffi::OsStr, io, path::Path};

use crate::{
    durable,
    engine::{ArchiveInfo, OpenedArchive},
    job::Ended,
    json,
    units::iso_time,
};

use super::{
    ItemLine, Message, OutcomeView, VmLine, filter,
    i18n::{gettext, gettext_f},
    outcome, protection, sanitize, size,
};

/// How long a line may be, in characters: what fits on paper and into most windows.
const WIDTH: usize = 100;

/// The longest name that the first column makes room for, in characters: that of a VM is never longer.
const NAME_WIDTH: usize = 31;

/// Readable by its user alone: a report tells which VMs there are.
const REPORT_MODE: u32 = 0o600;

/// Writes the report of a job that has ended into a file, in place of what was there: as JSON if the name ends in
/// `.json`, else as text.
///
/// # Errors
/// When it cannot be written; what was there is still there then.
pub fn save_report(path: &Path, ended: &Ended<'_>) -> io::Result<()> {
    let is_json = path
        .extension()
        .and_then(OsStr::to_str)
        .is_some_and(|end| end.eq_ignore_ascii_case("json"));
    let report = if is_json {
        json::report(ended)
    } else {
        report_text(ended)
    };
    durable::replace(path, report.as_bytes(), REPORT_MODE)
}

/// The report of a job that has ended, as plain text.
pub fn report_text(ended: &Ended<'_>) -> String {
    let view = outcome(ended.kind, ended.outcome);
    let mut lines = vec![gettext_f("{title}.", &[("title", &view.title)]), String::new()];
    let mut facts = vec![
        (gettext("Date"), iso_time(ended.at).replacen('T', " ", 1)),
        (gettext("Backup"), sanitize(ended.place)),
    ];
    facts.extend(ended.archive.into_iter().flat_map(archive_facts));
    lines.extend(pairs(&facts));
    lines.push(String::new());
    lines.extend(view.lines.iter().flat_map(|line| wrapped(line, 0)));
    if let Some(cause) = &view.cause {
        lines.extend(wrapped(&reason(cause), 0));
    }
    let table = vm_table(&view);
    if !table.is_empty() {
        lines.push(String::new());
        lines.extend(table);
    }
    if !view.warnings.is_empty() {
        lines.extend([String::new(), gettext("Warnings:")]);
        lines.extend(view.warnings.iter().flat_map(|warning| wrapped(warning, 2)));
    }
    lines.extend([
        String::new(),
        gettext_f("Written by {program}.", &[("program", PROGRAM)]),
    ]);
    lines.join("\n") + "\n"
}

pub(super) const PROGRAM: &str = concat!("PedOS Backup ", env!("CARGO_PKG_VERSION"));

/// A table of all VMs of a result, and below each that is not whole its volumes and files with what is wrong with
/// them and where; then what can be done about it.
pub fn vm_table(view: &OutcomeView) -> Vec<String> {
    let vms = &view.vms;
    let longest = vms.iter().map(|vm| vm.name.chars().count()).max().unwrap_or(0);
    let column = longest.min(NAME_WIDTH);
    let mut lines = Vec::new();
    for vm in vms {
        lines.push(format!("  {:<column$}  {}", vm.name, vm.state));
        lines.extend(details(vm));
    }
    let hints = hints(view);
    if !hints.is_empty() {
        lines.push(String::new());
        lines.extend(hints.iter().flat_map(|hint| wrapped(hint, 2)));
    }
    lines
}

/// What is wrong with a VM; said of its volume where it is the same.
fn details(vm: &VmLine) -> Vec<String> {
    if vm.is_done {
        return Vec::new();
    }
    let mut lines = Vec::new();
    let is_said = |cause: &Message| vm.items.iter().any(|item| item.reason.as_ref() == Some(cause));
    if let Some(cause) = vm.reason.as_ref().filter(|cause| !is_said(cause)) {
        lines.extend(wrapped(&reason(cause), 6));
    }
    for item in &vm.items {
        lines.extend(wrapped(&item_text(item), 6));
    }
    lines
}

/// One volume or file with how it ended; what is wrong with it has its place in the archive.
pub fn item_text(item: &ItemLine) -> String {
    match &item.reason {
        // Translators: a volume that failed, as in "private.img: failed: The backup is damaged (...)".
        Some(cause) => gettext_f(
            "{volume}: {state}: {reason}",
            &[
                ("volume", &item.name),
                ("state", &item.state),
                ("reason", &reason(cause)),
            ],
        ),
        None => gettext_f(
            // Translators: a volume that is whole, as in "root.img: done, 1.5 GiB".
            "{volume}: {state}, {size}",
            &[
                ("volume", &item.name),
                ("state", &item.state),
                ("size", &size(item.size_bytes)),
            ],
        ),
    }
}

/// A message on one line, without what can be done about it.
fn reason(message: &Message) -> String {
    let detail = message.detail.replace('\n', " ");
    if detail.is_empty() {
        message.title.clone()
    } else {
        format!("{} ({detail})", message.title)
    }
}

/// What can be done, each thing once.
fn hints(view: &OutcomeView) -> Vec<&str> {
    let of_vms = view.vms.iter().filter(|vm| !vm.is_done);
    let of_vms = of_vms.flat_map(|vm| {
        let items = vm.items.iter().filter_map(|item| item.reason.as_ref());
        vm.reason.iter().chain(items)
    });
    let mut hints = Vec::new();
    for hint in view
        .cause
        .iter()
        .chain(of_vms)
        .filter_map(|message| message.hint.as_deref())
    {
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    hints
}

fn archive_facts(info: &ArchiveInfo) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    facts.extend(info.backup_id.as_ref().map(|id| (gettext("Identifier"), sanitize(id))));
    facts.extend(info.made.as_ref().map(|made| (gettext("Made"), sanitize(made))));
    facts.push((gettext("Format"), info.version.to_string()));
    facts.push((gettext("Protection"), protection(&info.protection)));
    facts.push((gettext("Compression"), filter(&info.filter)));
    facts
}

/// What stands above the listing of an archive.
pub fn archive_lines(place: &str, archive: &OpenedArchive) -> Vec<String> {
    let mut facts = vec![(gettext("Backup"), sanitize(place))];
    facts.extend(archive_facts(&archive.info));
    facts.extend(
        archive
            .info
            .archive_bytes
            .map(|bytes| (gettext("Size of the file"), size(bytes))),
    );
    pairs(&facts)
}

/// Captions and values in two columns.
pub(super) fn pairs(facts: &[(String, String)]) -> Vec<String> {
    let column = 1 + facts
        .iter()
        .map(|(caption, _)| caption.chars().count())
        .max()
        .unwrap_or(0);
    let line = |(caption, value): &(String, String)| format!("{:<column$} {value}", format!("{caption}:"));
    facts.iter().map(line).collect()
}

/// A text in lines that begin with so many blanks, those after the first with two more.
fn wrapped(text: &str, indent: usize) -> Vec<String> {
    wrapped_by(text, indent, indent + 2)
}

/// A text in lines, of which the first begins with so many blanks, and the others with so many.
pub(super) fn wrapped_by(text: &str, first: usize, others: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let begin = if lines.is_empty() { first } else { others };
        if line.is_empty() {
            line = format!("{:begin$}{word}", "");
        } else if line.chars().count() + 1 + word.chars().count() <= WIDTH {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(line);
            line = format!("{:others$}{word}", "");
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::{ArchiveError, Damage, EngineError, Failure, ItemReport, ItemResult, Report, VmReport, VmResult},
        job::{JobKind, Outcome},
    };

    fn damage(volume: &str) -> Failure {
        Failure(EngineError::Archive(ArchiveError::Damaged {
            member: Some(format!("vm6/{volume}.000.enc")),
            position: 123_456,
            why: Damage::MacMismatch,
        }))
    }

    fn outcome() -> Outcome {
        let item = |name: &str, result| ItemReport {
            name: name.to_owned(),
            size_bytes: 4096,
            result,
        };
        let vm = |name: &str, items, result| VmReport {
            name: name.to_owned(),
            name_here: name.to_owned(),
            items,
            result,
        };
        let items = vec![
            item("root.img", ItemResult::Done),
            item("private.img", ItemResult::Failed(damage("private.img"))),
            item("firewall.xml", ItemResult::Skipped),
        ];
        Outcome::Done(Box::new(Report {
            vms: vec![
                vm("work", vec![item("private.img", ItemResult::Done)], VmResult::Done),
                vm("vault", items, VmResult::Failed(damage("private.img"))),
            ],
            ..Report::default()
        }))
    }

    #[test]
    fn a_table_names_each_volume_of_what_is_not_whole_with_its_place_once() {
        let table = vm_table(&super::outcome(JobKind::Restore, &outcome())).join("\n");
        assert!(
            table.starts_with("  work   done\n  vault  failed\n      root.img: done, 4.0 KiB\n"),
            "{table}"
        );
        assert_eq!(
            table.replace("\n        ", " ").matches("from byte 123456").count(),
            1,
            "{table}"
        );
        assert!(table.contains("      firewall.xml: skipped"), "{table}");
    }

    #[test]
    fn a_report_has_short_lines_and_no_word_of_success_over_a_failure() {
        let outcome = outcome();
        let text = report_text(&Ended {
            kind: JobKind::Restore,
            outcome: &outcome,
            place: "/mnt/\u{1b}disk",
            archive: None,
            profile: None,
            at: std::time::SystemTime::UNIX_EPOCH,
        });
        assert!(
            text.starts_with("Not everything was restored; 1 of 2 VMs is missing or not whole.\n"),
            "{text}"
        );
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(
            !text.to_lowercase().contains("success") && !text.contains('\u{1b}'),
            "{text}"
        );
    }

    #[test]
    fn long_words_stay_in_one_piece() {
        let path = "/x".repeat(80);
        let lines = wrapped(&format!("a file {path} is there"), 4);
        assert_eq!(
            lines,
            [
                "    a file".to_owned(),
                format!("      {path}"),
                "      is there".to_owned()
            ]
        );
    }
}
