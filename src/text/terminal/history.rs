// SPDX-License-Identifier: GPL-3.0-or-later
//! How earlier runs ended, as lines of a terminal.

use crate::{
    history::PastRun,
    profile::MadeArchive,
    text::{
        date,
        history::{no_runs, past_run},
        i18n::ngettext_f,
        sanitize,
    },
};

/// Returns the runs, each with its facts below it.
pub fn history(runs: &[PastRun]) -> Vec<String> {
    if runs.is_empty() {
        return vec![no_runs()];
    }
    runs.iter().flat_map(lines).collect()
}

fn lines(run: &PastRun) -> Vec<String> {
    let line = past_run(run);
    let said = [line.title, line.facts].into_iter().filter(|text| !text.is_empty());
    let first = format!("{}  {}", line.time, said.collect::<Vec<_>>().join(", "));
    let below = [line.place].into_iter().chain(line.reasons);
    let below = below.map(|text| format!("{:width$}  {text}", "", width = line.time.chars().count()));
    [first].into_iter().chain(below).collect()
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
