// SPDX-License-Identifier: GPL-3.0-or-later
//! How earlier runs ended, as lines of a terminal.

use std::{io, time::Duration};

use crate::{
    history::PastRun,
    profile::MadeArchive,
    text::{
        Message, date, duration,
        i18n::{gettext, gettext_f, ngettext_f, pgettext},
        io_text, sanitize, size,
    },
};

/// Returns the runs, two lines for each.
pub fn history(runs: &[PastRun]) -> Vec<String> {
    if runs.is_empty() {
        return vec![gettext("Nothing has been backed up, restored or verified here yet.")];
    }
    runs.iter().flat_map(lines).collect()
}

fn lines(run: &PastRun) -> Vec<String> {
    let job = match run.job.as_str() {
        "backup" => pgettext("a past run", "Backup"),
        "restore" => pgettext("a past run", "Restore"),
        "verify" => pgettext("a past run", "Verification"),
        other => sanitize(other),
    };
    let mut facts = vec![result(run)];
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
    let time: String = sanitize(&run.ended_at).replacen('T', " ", 1).chars().take(16).collect();
    let mut lines = vec![format!("{time}  {job}: {}", facts.join(", "))];
    lines.push(format!("                  {}", sanitize(&run.place)));
    if let Some(error) = &run.error {
        lines.push(format!("                  {}", sanitize(&error.text)));
    }
    lines
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
        (other, ..) => sanitize(other),
    }
}

/// Returns what is said before a restore of an archive of which this system has made newer ones.
pub fn newer_made(count: usize, newest: &MadeArchive) -> String {
    ngettext_f(
        "this system has made {n} newer backup of this kind, on {date}: {place}",
        "this system has made {n} newer backups of this kind, the newest on {date}: {place}",
        count as u64,
        &[
            ("date", &date(newest.made)),
            ("place", &sanitize(&newest.location.to_string())),
        ],
    )
}

/// Returns why the history cannot be said.
pub fn history_unreadable(error: &io::Error) -> Message {
    Message::new(gettext("The history cannot be read")).detail(io_text(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::PastVm;

    #[test]
    fn a_run_says_when_what_how_and_where_and_cannot_steer_a_terminal() {
        let run = PastRun {
            job: "backup".to_owned(),
            outcome: "done".to_owned(),
            verdict: "good".to_owned(),
            place: "/mnt/\u{1b}[31mdisk".to_owned(),
            ended_at: "2026-11-30T18:04:05+01:00".to_owned(),
            elapsed_seconds: Some(65.0),
            archive_bytes: Some(3 << 20),
            vms: vec![PastVm {
                name: "work".to_owned(),
                state: "done".to_owned(),
            }],
            error: None,
        };
        let said = history(std::slice::from_ref(&run)).join("\n");
        assert!(
            said.starts_with("2026-11-30 18:04  Backup: done and verified, 1 of 1 VMs, 3.0 MiB, "),
            "{said}"
        );
        assert!(!said.contains('\u{1b}'));
        let odd = PastRun {
            elapsed_seconds: Some(-1.0),
            outcome: "x\u{1b}".to_owned(),
            ..run
        };
        assert!(!history(&[odd]).join("").contains('\u{1b}'));
    }
}
