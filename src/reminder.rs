// SPDX-License-Identifier: GPL-3.0-or-later
//! What somebody should be reminded of: a backup that failed, is overdue or was never verified.
//!
//! The rules look at the profiles, the history and the clock, and at nothing else. Of a system whose profiles are all well there is
//! nothing to say. What was said once is not said again for some days ([`told`]).

mod told;

use std::{fs, time::Duration};

use crate::{
    history::{self, PastRun, past_runs},
    host::{Host, LocalDir},
    profile::{self, Profile},
    schedule::Rhythm,
    units::{seconds_of_iso, unix_now},
};

pub use told::Told;

/// A day in seconds.
const DAY: i64 = 24 * 60 * 60;
/// A backup that nobody repeats is overdue after so many days.
const USUAL_DAYS: u32 = 30;

/// What somebody should be reminded of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reminder {
    /// The last backup of a profile failed, or only a part of it was made.
    Failed {
        /// The profile.
        profile: String,
        /// When it ended, as the history has it.
        at: String,
        /// Why, a sentence in English, where one cause stands for all of it.
        why: Option<String>,
    },
    /// The last good backup of a profile is too old, or there is none.
    Overdue {
        /// The profile.
        profile: String,
        /// How many days old the last good one is.
        days: Option<u32>,
        /// Whether a disk or a VM is waited for.
        is_waiting: bool,
    },
    /// No backup of a profile was ever verified.
    NeverVerified {
        /// The profile.
        profile: String,
    },
}

impl Reminder {
    /// Returns the profile.
    pub fn profile(&self) -> &str {
        match self {
            Self::Failed { profile, .. } | Self::Overdue { profile, .. } | Self::NeverVerified { profile } => profile,
        }
    }
}

/// A profile, as far as the rules look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Its name.
    pub name: String,
    /// How often its backup is repeated.
    pub rhythm: Option<Rhythm>,
    /// After how many days without a backup it is overdue, where it says so; 0 for never.
    pub overdue_days: Option<u32>,
    /// When it was saved last, in seconds since 1970.
    pub saved: Option<i64>,
}

impl Watched {
    /// How old the last good backup may be, in seconds; `None` for any age.
    fn patience(&self) -> Option<i64> {
        match (self.overdue_days, self.rhythm) {
            (Some(0), _) => None,
            (Some(days), _) => Some(i64::from(days) * DAY),
            // One that is made up for a day later is not overdue.
            (None, Some(rhythm)) => Some(seconds(rhythm.period()) + 2 * DAY),
            (None, None) => Some(i64::from(USUAL_DAYS) * DAY),
        }
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// Returns what somebody should be reminded of on a PedOS, in the order of the profiles.
pub fn reminders(host: &dyn Host) -> Vec<Reminder> {
    let Some(folder) = host.profile_dir() else {
        return Vec::new();
    };
    let runs = past_runs(&folder).unwrap_or_default();
    due(
        &watched(host, &folder),
        &runs,
        i64::try_from(unix_now()).unwrap_or(i64::MAX),
    )
}

/// The profiles of a PedOS. One that cannot be read has nothing to be reminded of but its last run.
fn watched(host: &dyn Host, folder: &LocalDir) -> Vec<Watched> {
    let names = profile::list(folder).unwrap_or_default();
    let one = |name: String| {
        let loaded = Profile::load(folder, &name).ok();
        let saved = profile::path(folder.path(), &name).ok().and_then(|path| {
            let changed = fs::metadata(path).ok()?.modified().ok()?;
            let since = changed.duration_since(std::time::UNIX_EPOCH).ok()?;
            i64::try_from(since.as_secs()).ok()
        });
        Watched {
            rhythm: host.rhythm(&name),
            overdue_days: loaded.and_then(|loaded| loaded.profile.extras.overdue_days),
            saved,
            name,
        }
    };
    names.into_iter().map(one).collect()
}

/// Returns what somebody should be reminded of at that time. `runs` are those of the history, the newest first.
pub fn due(profiles: &[Watched], runs: &[PastRun], now: i64) -> Vec<Reminder> {
    profiles
        .iter()
        .filter_map(|profile| due_of(profile, runs, now))
        .collect()
}

/// One profile is worth one reminder: the most urgent.
fn due_of(profile: &Watched, runs: &[PastRun], now: i64) -> Option<Reminder> {
    let backups = || {
        let of_it = |run: &&PastRun| run.job == "backup" && run.profile.as_deref() == Some(&profile.name);
        runs.iter().filter(of_it)
    };
    let name = || profile.name.clone();
    // Who cancelled one knows it.
    let last = backups().find(|run| run.outcome != "cancelled");
    if let Some(last) = last
        && matches!(last.outcome.as_str(), "failed" | "partial")
    {
        return Some(Reminder::Failed {
            profile: name(),
            at: last.ended_at.clone(),
            why: last.error.as_ref().map(|error| error.text.clone()),
        });
    }
    let is_good = |run: &&PastRun| run.outcome == "done";
    let good = backups().find(is_good).and_then(|run| seconds_of_iso(&run.ended_at));
    // A clock that was set back makes nothing overdue.
    let age = |time: i64| now.saturating_sub(time).max(0);
    let is_overdue = profile.patience().is_some_and(|patience| {
        let since = good.or(profile.saved);
        since.is_some_and(|since| age(since) > patience)
    });
    if is_overdue {
        return Some(Reminder::Overdue {
            profile: name(),
            days: good.and_then(|time| u32::try_from(age(time) / DAY).ok()),
            is_waiting: last.is_some_and(|run| run.outcome == history::WAITING),
        });
    }
    let places: Vec<&str> = backups().filter(is_good).map(|run| run.place.as_str()).collect();
    let is_verified = |run: &PastRun| {
        let is_of_it = run.job == "backup" && run.profile.as_deref() == Some(&profile.name)
            || run.job == "verify" && places.contains(&run.place.as_str());
        run.verdict == "good" && is_of_it
    };
    (!places.is_empty() && !runs.iter().any(is_verified)).then(|| Reminder::NeverVerified { profile: name() })
}

#[cfg(test)]
mod tests;
