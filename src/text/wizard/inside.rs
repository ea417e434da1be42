// SPDX-License-Identifier: GPL-3.0-or-later
//! What is said of an archive that is looked over or looked into, without restoring it.

use std::collections::BTreeSet;

use crate::{
    draft::{NotesRead, QuickLook},
    engine::{ArchiveInfo, EngineError, OpenedArchive, Outline, Protection},
    inventory::Domain,
    plan::ArchivedFile,
    profile::KnownBackup,
    text::{
        Message, Tone, archive_error, date,
        i18n::{gettext, gettext_f, ngettext_f},
        message, opened, protection, sanitize, sanitize_lines, size,
    },
};

use super::{Verdict, domain_detail};

/// How many findings are named one by one.
const NAMED_FINDINGS: usize = 8;

/// What the quick look over a file told; `None` where there is nothing to say.
pub fn quick_look(look: &QuickLook) -> Option<Verdict> {
    match look {
        // Why it could not be examined is a verdict on the file, which stands with the field.
        QuickLook::NotDone | QuickLook::Failed(_) => None,
        QuickLook::Looking => Some(Verdict {
            tone: Tone::Success,
            text: gettext("Examining the file…"),
            detail: String::new(),
        }),
        QuickLook::Done(outline) => Some(outline_verdict(outline)),
    }
}

fn outline_verdict(outline: &Outline) -> Verdict {
    let findings = &outline.findings;
    if findings.is_empty() {
        let folder = |name: &str| name.rsplit_once('/').map_or(name, |(folder, _)| folder).to_owned();
        let vms: BTreeSet<String> = outline.files.iter().map(|file| folder(&file.name)).collect();
        let parts = outline.files.iter().map(|file| u64::from(file.parts)).sum();
        let holds = ngettext_f(
            "The file holds {n} VM.",
            "The file holds {n} VMs.",
            vms.len() as u64,
            &[],
        );
        let whole = ngettext_f(
            "It has {n} part, and nothing is missing as far as the headers tell.",
            "It has {n} parts, and nothing is missing as far as the headers tell.",
            parts,
            &[],
        );
        return Verdict {
            tone: Tone::Success,
            text: format!("{holds} {whole}"),
            detail: gettext("This is not a verification."),
        };
    }
    let mut lines: Vec<String> = findings
        .iter()
        .take(NAMED_FINDINGS)
        .map(|finding| line(&archive_error(finding)))
        .collect();
    let rest = findings.len().saturating_sub(NAMED_FINDINGS);
    if rest > 0 {
        lines.push(ngettext_f("… and {n} more", "… and {n} more", rest as u64, &[]));
    }
    Verdict {
        tone: Tone::Failure,
        text: gettext("The headers of this file show that it is not whole."),
        detail: lines.join("\n"),
    }
}

fn line(message: &Message) -> String {
    if message.detail.is_empty() {
        return message.title.clone();
    }
    // Translators: what is wrong with an archive, and where.
    gettext_f(
        "{title}: {detail}",
        &[("title", &message.title), ("detail", &message.detail)],
    )
}

/// What the format of an archive cannot show; `None` for the present one, which shows everything.
pub fn weak_protection(info: &ArchiveInfo) -> Option<String> {
    match info.protection {
        Protection::Scrypt => None,
        Protection::Hmac { .. } => Some(gettext_f(
            "Format {version} does not bind the parts of a backup to their place or to this backup. A part that somebody exchanged for another one made with the same passphrase cannot be told from the right one.",
            &[("version", &info.version.to_string())],
        )),
    }
}

/// What an archive says of itself, for a look inside.
pub fn inside_facts(archive: &OpenedArchive) -> Vec<(String, String)> {
    let mut facts = opened(archive);
    let info = &archive.info;
    facts.push((gettext("Protection"), protection(&info.protection)));
    if let Some(id) = &info.backup_id {
        facts.push((gettext("Identifier"), sanitize(id)));
    }
    let domains = archive.inventory.domains();
    let mentioned = domains.iter().filter(|domain| domain.content().is_none()).count();
    facts.push((gettext("VMs only mentioned"), mentioned.to_string()));
    facts
}

/// Kind, template, net VM and label of a VM in an archive.
pub fn inside_detail(domain: &Domain) -> String {
    // Translators: what is known of a VM, and the colour of its label.
    gettext_f(
        "{facts} · {label}",
        &[("facts", &domain_detail(domain)), ("label", &sanitize(&domain.label))],
    )
}

/// A VM that the list of contents names and of which the archive holds nothing.
pub fn only_mentioned() -> String {
    gettext("only mentioned")
}

/// What a VM's user wrote down about it, or why that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteText {
    /// The note itself, or the reason.
    pub text: String,
    /// Whether it is a reason.
    pub is_failed: bool,
}

/// The note of a VM, or why it could not be read.
pub fn note(read: &Result<String, EngineError>) -> NoteText {
    match read {
        Ok(text) => NoteText {
            text: sanitize_lines(text.trim_end()),
            is_failed: false,
        },
        Err(error) => NoteText {
            text: gettext_f(
                "Its notes could not be read: {why}",
                &[("why", &message(error).full_text())],
            ),
            is_failed: true,
        },
    }
}

/// How the reading of the notes stands; `None` before it has begun. `shown` is how many VMs have any, and `failed` of how
/// many they could not be read.
pub fn notes_read(state: &NotesRead, shown: usize, failed: usize) -> Option<Verdict> {
    let verdict = |tone, text, detail| Some(Verdict { tone, text, detail });
    match state {
        NotesRead::NotRead => None,
        NotesRead::Reading => verdict(
            Tone::Success,
            gettext("Reading the notes…"),
            gettext("Each note has a key of its own, so this may take a while."),
        ),
        NotesRead::Failed(error) => verdict(
            Tone::Failure,
            gettext("The notes could not be read."),
            message(error).full_text(),
        ),
        NotesRead::Done(notes) => {
            let text = if shown == 0 {
                gettext("No VM has notes.")
            } else {
                ngettext_f("{n} VM has notes.", "{n} VMs have notes.", shown as u64, &[])
            };
            let failed = (failed > 0).then(|| {
                ngettext_f(
                    "The notes of {n} VM could not be read.",
                    "The notes of {n} VMs could not be read.",
                    failed as u64,
                    &[],
                )
            });
            let broken = notes.broken.as_ref().map(|error| message(error).full_text());
            let tone = if failed.is_none() && broken.is_none() {
                Tone::Success
            } else {
                Tone::Partial
            };
            let lines: Vec<String> = failed.into_iter().chain(broken).collect();
            verdict(tone, text, lines.join("\n"))
        }
    }
}

/// How many VMs of how many a search leaves.
pub fn inside_count(shown: usize, all: usize) -> String {
    if shown == all {
        ngettext_f("{n} VM", "{n} VMs", all as u64, &[])
    } else {
        ngettext_f(
            "{shown} of {n} VM",
            "{shown} of {n} VMs",
            all as u64,
            &[("shown", &shown.to_string())],
        )
    }
}

/// Returns the suggested name of the file that a report of a job is saved in that ended at `moment`, in seconds since 1970.
pub fn report_file(moment: i64) -> String {
    let date = date(moment).replace([' ', ':', '/'], "-");
    // Translators: the name of a file; {date} is as in "2026-03-01-14-05".
    gettext_f("backup-report-{date}.txt", &[("date", &date)])
}

/// Returns a backup that is known on this system as a choice.
pub fn known_backup(known: &KnownBackup) -> String {
    let path = sanitize(&known.path.to_string_lossy());
    let (date, size) = (date(known.changed), size(known.bytes));
    let values: &[(&str, &str)] = &[("date", &date), ("path", &path), ("size", &size)];
    if known.is_verified {
        // Translators: a known backup, as in "2026-03-01 14:05 · 1.5 GiB · verified · /mnt/disk/pedos-backup-…".
        gettext_f("{date} · {size} · verified · {path}", values)
    } else {
        gettext_f("{date} · {size} · {path}", values)
    }
}

/// Returns the first choice among the known backups, which is none of them.
pub fn no_known_backup(count: usize) -> String {
    ngettext_f(
        "Choose the known backup",
        "Choose one of {n} known backups",
        count as u64,
        &[],
    )
}

/// Returns a file of an archive as a choice.
pub fn archived_file(file: &ArchivedFile) -> String {
    match file {
        ArchivedFile::Home => gettext("dom0's home, as a folder"),
        ArchivedFile::OfVm { file, .. } => sanitize(file),
    }
}

/// Returns the suggested name of a file that is taken out of an archive.
pub fn extracted_name(file: &ArchivedFile) -> String {
    match file {
        ArchivedFile::Home => "dom0-home".to_owned(),
        ArchivedFile::OfVm { vm, file } => sanitize(&format!("{vm}-{file}")),
    }
}

/// Returns the title of the dialog that asks where it goes.
pub fn take_out_title(file: &ArchivedFile) -> String {
    match file {
        ArchivedFile::Home => gettext("Save dom0's home as a new folder"),
        ArchivedFile::OfVm { .. } => gettext("Save the file of the VM"),
    }
}

/// The title of the dialog that asks for it.
pub fn save_report_title() -> String {
    gettext("Save the report (as JSON if its name ends in .json)")
}

/// A report was saved, or why not.
pub fn report_saved(place: &str, problem: Option<&str>) -> String {
    match problem {
        None => gettext_f("The report is in {place}.", &[("place", &sanitize(place))]),
        Some(why) => gettext_f(
            "The report could not be written to {place}: {why}",
            &[("place", &sanitize(place)), ("why", &sanitize(why))],
        ),
    }
}

/// What is below the result of a VM: how many of its volumes and files are not whole.
pub fn bad_items(bad: usize, all: usize) -> String {
    if bad == 0 {
        ngettext_f("{n} volume or file", "{n} volumes and files", all as u64, &[])
    } else {
        ngettext_f(
            "{bad} of {n} volume or file is not whole",
            "{bad} of {n} volumes and files are not whole",
            all as u64,
            &[("bad", &bad.to_string())],
        )
    }
}
