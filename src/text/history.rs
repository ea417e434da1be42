// SPDX-License-Identifier: GPL-3.0-or-later
//! How earlier runs ended, in words that a window or a terminal only has to place.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::history::{PastRun, PastVm};

use super::{
    Message, duration,
    i18n::{gettext, gettext_f, left_to_right, pgettext},
    io_text, sanitize, size,
};

/// How long a time is: date, hour and minute.
const TIME_CHARACTERS: usize = 16;

/// An earlier run, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLine {
    /// When it ended, "2026-11-30 18:04".
    pub time: String,
    /// What it was and how it ended, "Backup: done and verified".
    pub title: String,
    /// How many VMs, how much data and how long.
    pub facts: String,
    /// Where the archive is.
    pub place: String,
    /// Why it is no success, where that is known, and which VMs are not whole.
    pub reasons: Vec<String>,
    /// Each VM, with how it ended.
    pub vms: Vec<String>,
    /// The archive, where it is a file of this computer that was made or read as a whole.
    pub file: Option<PathBuf>,
}

/// Returns an earlier run in words.
pub fn past_run(run: &PastRun) -> RunLine {
    let time = sanitize(&run.ended_at).replacen('T', " ", 1);
    let unfinished: Vec<String> = run
        .vms
        .iter()
        .filter(|vm| !matches!(vm.state.as_str(), "done" | "skipped" | "discarded"))
        .map(|vm| sanitize(&vm.name))
        .collect();
    let mut reasons: Vec<String> = run.error.iter().map(|error| sanitize(&error.text)).collect();
    if !unfinished.is_empty() && run.outcome != "cancelled" {
        reasons.push(gettext_f("Not whole: {list}", &[("list", &unfinished.join(", "))]));
    }
    RunLine {
        time: time.chars().take(TIME_CHARACTERS).collect(),
        // Translators: what an earlier run was and how it ended, as in "Backup: done and verified".
        title: gettext_f("{job}: {result}", &[("job", &job(run)), ("result", &result(run))]),
        facts: facts(run).join(", "),
        place: left_to_right(&sanitize(&run.place)),
        reasons,
        vms: run.vms.iter().map(vm_line).collect(),
        file: file(run),
    }
}

fn vm_line(vm: &PastVm) -> String {
    let state = match vm.state.as_str() {
        "done" => pgettext("result of a VM", "done"),
        "partly" => pgettext("result of a VM", "partly done"),
        "failed" => pgettext("result of a VM", "failed"),
        "not_reached" => pgettext("result of a VM", "not reached"),
        "skipped" => pgettext("result of a VM", "left out"),
        "discarded" => pgettext("result of a VM", "discarded"),
        other => sanitize(other),
    };
    gettext_f("{job}: {result}", &[("job", &sanitize(&vm.name)), ("result", &state)])
}

/// What a window may offer to verify or to restore from. A place in a VM or a store is no path of this computer.
fn file(run: &PastRun) -> Option<PathBuf> {
    let is_there = matches!(run.outcome.as_str(), "done" | "partial") || run.job != "backup";
    let path = Path::new(&run.place);
    (is_there && path.is_absolute()).then(|| path.to_owned())
}

/// Returns what is said where there is no history.
pub fn no_runs() -> String {
    gettext("Nothing has been backed up, restored or verified here yet.")
}

/// Returns why the history cannot be said.
pub fn history_unreadable(error: &io::Error) -> Message {
    Message::new(gettext("The history cannot be read")).detail(io_text(error))
}

fn job(run: &PastRun) -> String {
    match run.job.as_str() {
        "backup" => pgettext("a past run", "Backup"),
        "restore" => pgettext("a past run", "Restore"),
        "verify" => pgettext("a past run", "Verification"),
        other => sanitize(other),
    }
}

fn facts(run: &PastRun) -> Vec<String> {
    let mut facts = Vec::new();
    let done = run.vms.iter().filter(|vm| vm.state == "done").count();
    if !run.vms.is_empty() {
        let (done, all) = (done.to_string(), run.vms.len().to_string());
        facts.push(gettext_f("{n} of {all} VMs", &[("n", &done), ("all", &all)]));
    }
    facts.extend(run.archive_bytes.filter(|bytes| *bytes > 0).map(size));
    let elapsed = run
        .elapsed_seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    facts.extend(elapsed.map(duration));
    facts
}

fn result(run: &PastRun) -> String {
    match (run.outcome.as_str(), run.verdict.as_str(), run.job.as_str()) {
        ("done", "good", "backup") => gettext("done and verified"),
        ("done", _, "backup") => gettext("done, not verified"),
        ("done", ..) => pgettext("a past run", "done"),
        ("partial", ..) => gettext("only a part is done"),
        ("failed", "bad", _) => gettext("the backup is bad"),
        ("failed", ..) => pgettext("a past run", "failed"),
        ("cancelled", ..) => gettext("cancelled"),
        // Translators: how a past run ended: the disk or VM that it goes to was not there, and it is tried again.
        ("waiting", ..) => gettext("waiting for its place"),
        (other, ..) => sanitize(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_says_when_what_how_and_where_and_cannot_steer_a_terminal() {
        let vm = |name: &str, state: &str| PastVm {
            name: name.to_owned(),
            state: state.to_owned(),
        };
        let run = PastRun {
            job: "restore".to_owned(),
            outcome: "partial".to_owned(),
            verdict: "not_verified".to_owned(),
            place: "/mnt/\u{1b}[31mdisk".to_owned(),
            profile: None,
            ended_at: "2026-11-30T18:04:05+01:00".to_owned(),
            elapsed_seconds: Some(65.0),
            archive_bytes: Some(3 << 20),
            vms: vec![vm("work", "done"), vm("bank", "failed"), vm("old", "skipped")],
            error: None,
        };
        let line = past_run(&run);
        assert_eq!(
            (line.time.as_str(), line.title.as_str()),
            ("2026-11-30 18:04", "Restore: only a part is done")
        );
        assert!(line.facts.starts_with("1 of 3 VMs, 3.0 MiB, "), "{line:?}");
        assert_eq!(line.reasons, ["Not whole: bank"]);
        assert_eq!(line.vms, ["work: done", "bank: failed", "old: left out"]);
        assert_eq!(line.file.as_deref(), Some(Path::new(&run.place)));
        assert!(!line.place.contains('\u{1b}'));
        let odd = PastRun {
            elapsed_seconds: Some(-1.0),
            outcome: "x\u{1b}".to_owned(),
            ..run
        };
        assert!(!past_run(&odd).title.contains('\u{1b}'));
    }
}
