// SPDX-License-Identifier: GPL-3.0-or-later
//! Which older backups stay when a new one is made, and why: a function of times and a policy.
//!
//! The rules are those of restic's `forget`: each keeps the newest archive of each of the last so many days, weeks or
//! months that have one, and what any rule keeps stays. Whatever the rules say, the archive that was just made, the newest
//! one that was verified and everything after that stay. This file decides; it removes nothing.

use std::{cmp::Reverse, collections::BTreeSet, num::NonZeroU32};

use crate::units::LocalTime;

use super::Unverified;

/// One rule of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RetentionRule {
    /// The newest ones, whenever they were made.
    Last,
    /// The newest one of each day.
    Daily,
    /// The newest one of each week of ISO 8601, which begins on Monday.
    Weekly,
    /// The newest one of each month.
    Monthly,
}

impl RetentionRule {
    /// All rules, in the order in which they are written.
    pub const ALL: [Self; 4] = [Self::Last, Self::Daily, Self::Weekly, Self::Monthly];

    /// Returns the name of the rule in a profile; the option of the tools has hyphens in it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Last => "keep_last",
            Self::Daily => "keep_daily",
            Self::Weekly => "keep_weekly",
            Self::Monthly => "keep_monthly",
        }
    }

    /// Returns the rule of that name.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.key() == key)
    }

    /// What two archives have in common of which this rule keeps one; every archive is the only one of its kind for the
    /// newest ones.
    fn period(self, archive: &DatedArchive, position: usize) -> Period {
        let local = archive.local;
        match self {
            Self::Last => Period::Single(position),
            Self::Daily => Period::Day(local.day()),
            Self::Weekly => Period::Week(local.iso_week()),
            Self::Monthly => Period::Month(local.month()),
        }
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Period {
    Single(usize),
    Day((i16, i8, i8)),
    Week((i16, i8)),
    Month((i16, i8)),
}

/// How many older backups stay: a number for each rule. One without any rule keeps all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RetentionPolicy([Option<NonZeroU32>; RetentionRule::ALL.len()]);

impl RetentionPolicy {
    /// Returns the policy with a number for one rule more, or without that rule.
    #[must_use]
    pub fn with(mut self, rule: RetentionRule, count: Option<NonZeroU32>) -> Self {
        self.0[rule as usize] = count;
        self
    }

    /// Returns the number of a rule, if there is one.
    pub fn count(self, rule: RetentionRule) -> Option<NonZeroU32> {
        self.0[rule as usize]
    }

    /// Returns the rules that have a number.
    pub fn rules(self) -> impl Iterator<Item = (RetentionRule, NonZeroU32)> {
        let count = move |rule| Some((rule, self.count(rule)?));
        RetentionRule::ALL.into_iter().filter_map(count)
    }

    /// Whether there is no rule, so that nothing is ever removed.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// These numbers, and where there is none, that of `others`.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        RetentionRule::ALL.into_iter().fold(self, |policy, rule| {
            policy.with(rule, policy.count(rule).or(others.count(rule)))
        })
    }

    /// Returns why the policy cannot go with a backup: it removes nothing unless the new backup was verified. `unreadable`
    /// is why the archive cannot be read again at its destination, where it cannot.
    pub fn refusal(self, verifies: bool, unreadable: Option<Unverified>) -> Option<RetentionRefusal> {
        match (self.is_empty(), verifies, unreadable) {
            (true, ..) => None,
            (false, false, _) => Some(RetentionRefusal::NotVerified),
            (false, true, why) => why.map(RetentionRefusal::Unreadable),
        }
    }
}

/// Why no older backups can be removed after a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetentionRefusal {
    /// The backup is not to be verified.
    NotVerified,
    /// It cannot be verified where it goes.
    Unreadable(Unverified),
}

/// What makes archives a series, of which a policy keeps some. Archives of another series are never touched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Series {
    /// The profile by which they are made.
    pub profile: Option<String>,
    /// Where there is no profile: what was asked for, in the words of the command line and in order, so that a backup of
    /// one VM does not take the place of one of another.
    pub selection: Vec<String>,
}

impl Series {
    /// The series of a profile.
    pub fn of_profile(name: impl Into<String>) -> Self {
        Self {
            profile: Some(name.into()),
            selection: Vec::new(),
        }
    }

    /// The series of backups without a profile, of these VMs without those; nothing at all stands for the default selection.
    pub fn of_selection(included: &[String], excluded: &[String]) -> Self {
        let sorted = |names: &[String]| names.iter().cloned().collect::<BTreeSet<String>>();
        let without = sorted(excluded).into_iter().map(|name| format!("-x {name}"));
        Self {
            profile: None,
            selection: sorted(included).into_iter().chain(without).collect(),
        }
    }
}

impl Series {
    /// What stands in the selection of a series whose archives hold only what had changed. No VM has such a name.
    const CHANGED: &'static str = "--changed";

    /// Returns the series of the archives that hold only what had changed: none of them may take the place of a whole one.
    #[must_use]
    pub fn of_changed(mut self) -> Self {
        self.selection.push(Self::CHANGED.to_owned());
        self
    }
}

/// An archive of a series, as far as a policy looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatedArchive {
    /// When it was begun, in seconds since 1970. This decides which one is newer.
    pub made: i64,
    /// What the clock on the wall showed then. This decides the day, the week and the month.
    pub local: LocalTime,
    /// Whether it was verified.
    pub is_verified: bool,
    /// Whether it is the one that is made now: the newest one, whatever the clock says.
    pub is_new: bool,
}

impl DatedArchive {
    /// One that was made before, dated in the time zone of this computer.
    pub fn older(made: i64, is_verified: bool) -> Self {
        Self {
            made,
            local: LocalTime::at_unix(made),
            is_verified,
            is_new: false,
        }
    }

    /// The one that is made now.
    pub fn new(made: i64, is_verified: bool) -> Self {
        Self {
            is_new: true,
            ..Self::older(made, is_verified)
        }
    }

    /// Sorts by age.
    fn age(&self) -> (bool, i64) {
        (self.is_new, self.made)
    }
}

/// Why an archive stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepReason {
    /// A rule keeps it.
    Rule(RetentionRule),
    /// There is no rule.
    NoRule,
    /// It is the one that is made now.
    New,
    /// It is the newest one that was verified.
    NewestVerified,
    /// No archive of the series was verified that is newer.
    NotVerifiedSince,
}

/// What becomes of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It stays, for these reasons.
    Kept(Vec<KeepReason>),
    /// It is to be removed.
    Removed,
}

/// Decides what becomes of the archives of one series, in the order in which they are given.
pub fn retain(archives: &[DatedArchive], policy: RetentionPolicy) -> Vec<Fate> {
    let mut reasons: Vec<Vec<KeepReason>> = vec![Vec::new(); archives.len()];
    let mut newest_first: Vec<usize> = (0..archives.len()).collect();
    // Of those that were made in the same second, the later one of the list is the newer one.
    newest_first.sort_by_key(|index| Reverse((archives[*index].age(), archives[*index].is_verified, *index)));
    for (rule, count) in policy.rules() {
        // Where a clock was set back, the days of archives may not stand in their order.
        let mut periods = BTreeSet::new();
        for index in &newest_first {
            if periods.len() == count.get() as usize {
                break;
            }
            if periods.insert(rule.period(&archives[*index], *index)) {
                reasons[*index].push(KeepReason::Rule(rule));
            }
        }
    }
    let verified = archives.iter().filter(|archive| archive.is_verified);
    let newest_verified = verified.map(DatedArchive::age).max();
    for (archive, reasons) in archives.iter().zip(&mut reasons) {
        if policy.is_empty() {
            reasons.push(KeepReason::NoRule);
        }
        if archive.is_new {
            reasons.push(KeepReason::New);
        }
        match newest_verified {
            Some(age) if archive.age() < age => {}
            Some(_) if archive.is_verified => reasons.push(KeepReason::NewestVerified),
            _ => reasons.push(KeepReason::NotVerifiedSince),
        }
    }
    let fate = |reasons: Vec<KeepReason>| match reasons.is_empty() {
        true => Fate::Removed,
        false => Fate::Kept(reasons),
    };
    reasons.into_iter().map(fate).collect()
}

#[cfg(test)]
mod tests;
