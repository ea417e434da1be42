// SPDX-License-Identifier: GPL-3.0-or-later
//! What the program is to reach, as data, and whether it did.

use crate::{
    data::Set::{self, Large2, Large8, Mixed, Noise, Small, SmallAlone, Sparse, SparseAlone},
    facts::Facts,
    samples::{
        Figure::{self, Peak, Size, Wall},
        Key, Samples, Spread, Step,
        Step::{Backup, Restore, RestoreByUs, Verify},
    },
};

/// One thing to reach.
pub(crate) struct Target {
    /// What it is, in words.
    pub(crate) what: &'static str,
    /// What is measured for it.
    rule: Rule,
    /// What the figure has to keep to.
    pub(crate) limit: Limit,
}

/// What a figure has to keep to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

/// What is measured.
enum Rule {
    /// How many times the second figure the first one is.
    Ratio(Figure, Key, Key),
    /// The seconds of the first one beside so many times those of the second one and what the keys of the first one take.
    BesideAndKeys(Key, f64, Key),
    /// The highest peak of this program, in MiB, where its keys are its own or cost as much.
    HighestPeak,
}

impl Limit {
    /// Whether a figure keeps to it.
    pub(crate) fn is_met(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(limit) => figure >= limit,
            Self::AtMost(limit) => figure <= limit,
        }
    }
}

const fn key(set: Set, who: &'static str, step: Step) -> Key {
    Key { set, who, step }
}

/// A backup of mixed data.
const fn mixed(who: &'static str) -> Key {
    key(Mixed, who, Backup)
}

const fn ours(set: Set, step: Step) -> Key {
    key(set, "ours-gzip", step)
}

const fn target(what: &'static str, rule: Rule, limit: Limit) -> Target {
    Target { what, rule, limit }
}

/// How many times as fast the second one is.
const fn faster(what: &'static str, slow: Key, fast: Key, times: f64) -> Target {
    target(what, Rule::Ratio(Wall, slow, fast), Limit::AtLeast(times))
}

/// How much longer or larger the first one is.
const fn at_most(what: &'static str, figure: Figure, one: Key, other: Key, times: f64) -> Target {
    target(what, Rule::Ratio(figure, one, other), Limit::AtMost(times))
}

/// One worker against two.
const fn scaling(what: &'static str, set: Set, step: Step) -> Target {
    faster(what, key(set, "ours-jobs1", step), key(set, "ours-jobs2", step), 1.7)
}

/// Everything that is to be reached.
pub(crate) const TARGETS: &[Target] = &[
    faster(
        "Backup, gzip, balanced: times as fast as the reference's shape",
        mixed("reference"),
        mixed("ours-gzip"),
        10.0,
    ),
    faster(
        "Backup, gzip, fast: times as fast as the reference's shape",
        mixed("reference"),
        mixed("ours-gzip-fast"),
        14.0,
    ),
    faster(
        "Backup with keys of the reference's cost: times as fast as the reference's shape",
        mixed("reference"),
        mixed("ours-strong"),
        3.0,
    ),
    at_most(
        "Backup, gzip, balanced: time beside tar and pigz, which encrypt nothing",
        Wall,
        mixed("ours-gzip"),
        mixed("pigz"),
        0.5,
    ),
    at_most(
        "Backup, zstd, balanced: time beside tar and zstd -1, which encrypt nothing",
        Wall,
        mixed("ours-zstd"),
        mixed("zstd"),
        1.25,
    ),
    at_most(
        "Backup, zstd, fast: time beside tar and zstd -1, which encrypt nothing",
        Wall,
        mixed("ours-zstd-fast"),
        mixed("zstd"),
        1.25,
    ),
    target(
        "Backup without compression, noise: time beside twice that of cat and the keys",
        Rule::BesideAndKeys(key(Noise, "ours-none", Backup), 2.0, key(Noise, "cat", Backup)),
        Limit::AtMost(1.0),
    ),
    target(
        "The same of mixed data",
        Rule::BesideAndKeys(mixed("ours-none"), 2.0, mixed("cat")),
        Limit::AtMost(1.0),
    ),
    faster(
        "Restore of our archive: times as fast as the reference's shape restores its own",
        key(Mixed, "reference", Restore),
        ours(Mixed, Restore),
        8.0,
    ),
    faster(
        "Restore of the reference's archive: times as fast as the reference's shape",
        key(Mixed, "reference", Restore),
        key(Mixed, "reference", RestoreByUs),
        2.5,
    ),
    faster(
        "The same with the keys that the reference takes on this computer",
        key(Mixed, "reference-large", Restore),
        key(Mixed, "reference-large", RestoreByUs),
        2.5,
    ),
    at_most(
        "Verification: time beside the restore",
        Wall,
        ours(Mixed, Verify),
        ours(Mixed, Restore),
        1.0,
    ),
    scaling("Two workers: times as fast as one, backup of mixed data", Mixed, Backup),
    scaling("The same, restore", Mixed, Restore),
    scaling("The same, backup of noise", Noise, Backup),
    scaling("The same, restore of noise", Noise, Restore),
    at_most(
        "Eight times the data: time of a backup beside twice the data",
        Wall,
        ours(Large8, Backup),
        ours(Large2, Backup),
        4.4,
    ),
    at_most(
        "The same, restore",
        Wall,
        ours(Large8, Restore),
        ours(Large2, Restore),
        4.4,
    ),
    target(
        "Many small VMs: time of a backup beside that of one with the same bytes and the keys",
        Rule::BesideAndKeys(ours(Small, Backup), 1.0, ours(SmallAlone, Backup)),
        Limit::AtMost(1.0),
    ),
    target(
        "The same, restore",
        Rule::BesideAndKeys(ours(Small, Restore), 1.0, ours(SmallAlone, Restore)),
        Limit::AtMost(1.0),
    ),
    at_most(
        "A large volume with little data: time of a backup beside the data alone",
        Wall,
        ours(Sparse, Backup),
        ours(SparseAlone, Backup),
        1.3,
    ),
    at_most(
        "The same, restore",
        Wall,
        ours(Sparse, Restore),
        ours(SparseAlone, Restore),
        1.3,
    ),
    target(
        "Highest peak memory of all cases with two workers, in MiB",
        Rule::HighestPeak,
        Limit::AtMost(600.0),
    ),
    at_most(
        "Peak memory of a backup of eight times the data beside twice the data",
        Peak,
        ours(Large8, Backup),
        ours(Large2, Backup),
        1.05,
    ),
    at_most(
        "The same, restore",
        Peak,
        ours(Large8, Restore),
        ours(Large2, Restore),
        1.05,
    ),
    at_most(
        "Size of the archive, gzip, balanced, beside the reference's (gzip -6)",
        Size,
        mixed("ours-gzip"),
        mixed("reference"),
        1.03,
    ),
];

impl Target {
    /// What was measured for it; nothing where a part of it was not.
    pub(crate) fn figure(&self, facts: &Facts, samples: &Samples) -> Option<Spread> {
        match self.rule {
            Rule::Ratio(figure, one, other) => samples.ratio(one, other, figure),
            Rule::BesideAndKeys(one, times, other) => {
                let keys = facts
                    .keys
                    .iter()
                    .find(|keys| keys.set == one.set && keys.who == one.who)?;
                let seconds = keys.count as f64 * facts.key_seconds;
                samples.paired(one, other, Wall, |one, other| one / (times * other + seconds))
            }
            Rule::HighestPeak => {
                let counted = samples.all().iter().filter(|sample| {
                    let Key { who, step, .. } = sample.key;
                    who.starts_with("ours") && who != "ours-jobs1" || who == "reference" && step == RestoreByUs
                });
                let all = Spread::of(counted.map(|sample| sample.figure(Peak)))?;
                Some(Spread {
                    median: all.most,
                    ..all
                })
            }
        }
    }
}
