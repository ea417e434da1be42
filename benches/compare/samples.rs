// SPDX-License-Identifier: GPL-3.0-or-later
//! What was measured, and ratios of it with their spread.

use crate::{data::Set, measure::Cost};

/// What a contestant did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// Made its archive.
    Backup,
    /// Brought the data back from it.
    Restore,
    /// This program brought the data back from another one's archive.
    RestoreByUs,
    /// Read the archive through.
    Verify,
}

impl Step {
    /// What it is called in the raw figures.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::RestoreByUs => "restore-by-us",
            Self::Verify => "verify",
        }
    }

    /// What it is called in the tables.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Backup => "Backup",
            Self::Restore => "Restore",
            Self::RestoreByUs => "Restore by this program",
            Self::Verify => "Verification",
        }
    }
}

/// Who did what with which data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// The data.
    pub(crate) set: Set,
    /// The contestant's key.
    pub(crate) who: &'static str,
    /// What was done.
    pub(crate) step: Step,
}

/// One measurement.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// What was measured.
    pub(crate) key: Key,
    /// In which round, from 1.
    pub(crate) round: u32,
    /// What it cost.
    pub(crate) cost: Cost,
    /// The size of the archive.
    pub(crate) archive_bytes: u64,
}

/// Which figure of a measurement is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figure {
    /// Seconds by the clock.
    Wall,
    /// Seconds of processors.
    Cpu,
    /// Peak memory of the largest process in MiB.
    Peak,
    /// Peak memory of all stages in MiB.
    PeakTogether,
    /// Size of the archive in bytes.
    Size,
}

impl Sample {
    /// One of its figures.
    pub(crate) fn figure(&self, figure: Figure) -> f64 {
        match figure {
            Figure::Wall => self.cost.wall,
            Figure::Cpu => self.cost.cpu,
            Figure::Peak => self.cost.largest_kib as f64 / 1024.0,
            Figure::PeakTogether => self.cost.together_kib as f64 / 1024.0,
            Figure::Size => self.archive_bytes as f64,
        }
    }
}

/// The middle of some figures, and how far they reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    /// The one in the middle.
    pub(crate) median: f64,
    /// The least.
    pub(crate) least: f64,
    /// The most.
    pub(crate) most: f64,
}

impl Spread {
    /// Of all of these; `None` of nothing.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[middle]
        } else {
            (values[middle - 1] + values[middle]) / 2.0
        };
        Some(Self { median, least, most })
    }
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub(crate) struct Samples(Vec<Sample>);

impl Samples {
    /// Adds a measurement.
    pub(crate) fn add(&mut self, sample: Sample) {
        self.0.push(sample);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Forgets those that were added last: that many stay.
    pub(crate) fn keep_first(&mut self, count: usize) {
        self.0.truncate(count);
    }

    /// All measurements in their order.
    pub(crate) fn all(&self) -> &[Sample] {
        &self.0
    }

    /// The measurements of one thing.
    pub(crate) fn of(&self, key: Key) -> impl Iterator<Item = &Sample> {
        self.0.iter().filter(move |sample| sample.key == key)
    }

    /// The spread of a figure of one thing.
    pub(crate) fn spread(&self, key: Key, figure: Figure) -> Option<Spread> {
        Spread::of(self.of(key).map(|sample| sample.figure(figure)))
    }

    /// How many times the second figure the first one is, round by round.
    pub(crate) fn ratio(&self, top: Key, bottom: Key, figure: Figure) -> Option<Spread> {
        self.paired(top, bottom, figure, |top, bottom| top / bottom)
    }

    /// What becomes of the figures of two things of the same round.
    pub(crate) fn paired(
        &self,
        one: Key,
        other: Key,
        figure: Figure,
        join: impl Fn(f64, f64) -> f64,
    ) -> Option<Spread> {
        let pairs = self.of(one).filter_map(|sample| {
            let partner = self.of(other).find(|partner| partner.round == sample.round)?;
            Some(join(sample.figure(figure), partner.figure(figure)))
        });
        Spread::of(pairs)
    }
}
