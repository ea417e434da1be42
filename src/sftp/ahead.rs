// SPDX-License-Identifier: GPL-3.0-or-later
//! What a reader of a file will want next, so that it can be asked for before it is wanted.

use std::ops::Range;

/// How many steps ahead are taken for granted once two in a row had the same length, at first and at most.
const FIRST_STEPS: u64 = 4;
const MOST_STEPS: u64 = 64;

/// How much is read ahead at first of a file that is read in one go, in bytes.
const FIRST_AHEAD_BYTES: u64 = 4096;

/// What will be wanted. Either the reader said it, or it follows from what the reader did: who reads in one go will go on,
/// and who goes from header to header in steps of one length will take the same step again.
#[derive(Default)]
pub(super) struct Ahead {
    /// The ranges that will be read, in that order.
    ranges: Vec<Range<u64>>,
    /// Whether the reader said so.
    is_told: bool,
    /// Where the last leap led to, and how far it was.
    leap: Option<(u64, u64)>,
    steps: u64,
    /// How far is read ahead of who reads in one go.
    go_bytes: u64,
}

/// Where the next request begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Within the range of that number.
    InRange(usize, u64),
    /// Anywhere.
    At(u64),
}

impl Ahead {
    /// Takes what the reader will read, in that order.
    pub(super) fn told(&mut self, ranges: Vec<Range<u64>>) {
        self.is_told = !ranges.is_empty();
        self.ranges = ranges;
    }

    /// Takes a leap of the reader to a position where it wants so many bytes.
    pub(super) fn leapt(&mut self, position: u64, wanted: u64) {
        let step = self.leap.and_then(|(before, _)| position.checked_sub(before));
        let is_same = step.is_some_and(|step| step > wanted && self.leap.is_some_and(|(_, last)| last == step));
        self.leap = Some((position, step.unwrap_or(0)));
        self.go_bytes = 0;
        if self.is_told || self.find(position).is_some() {
            return;
        }
        self.ranges.clear();
        self.steps = if is_same {
            (self.steps * 2).clamp(FIRST_STEPS, MOST_STEPS)
        } else {
            0
        };
        let step = step.unwrap_or(0);
        let starts = (0..self.steps).map_while(|number| step.checked_mul(number)?.checked_add(position));
        self.ranges
            .extend(starts.map(|start| start..start.saturating_add(wanted)));
    }

    /// Takes the next bytes of a reader that goes on where it was.
    pub(super) fn went_on(&mut self, most_bytes: usize) {
        self.go_bytes = (self.go_bytes * 4).clamp(FIRST_AHEAD_BYTES, most_bytes as u64);
    }

    /// Returns where to begin with what is wanted at a position.
    pub(super) fn begin(&self, position: u64) -> Next {
        self.find(position)
            .map_or(Next::At(position), |number| Next::InRange(number, position))
    }

    /// Returns the next request of at most so many bytes, and where the one behind it begins. `reach` is up to where a
    /// reader wants bytes that it did not announce.
    pub(super) fn request(&self, next: Next, reach: u64, most: u64) -> Option<(Range<u64>, Next)> {
        match next {
            Next::InRange(number, position) => {
                let end = self.ranges.get(number)?.end;
                let stop = end.min(position.saturating_add(most));
                let behind = match self.ranges.get(number + 1) {
                    Some(range) if stop == end => Next::InRange(number + 1, range.start),
                    _ => Next::InRange(number, stop),
                };
                (position < stop).then_some((position..stop, behind))
            }
            Next::At(position) => {
                let stop = reach.saturating_add(self.go_bytes).min(position.saturating_add(most));
                (position < stop).then_some((position..stop, Next::At(stop)))
            }
        }
    }

    fn find(&self, position: u64) -> Option<usize> {
        self.ranges.iter().position(|range| range.contains(&position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All requests from a position on, of at most 100 bytes.
    fn requests(ahead: &Ahead, position: u64, wanted: u64) -> Vec<(u64, u64)> {
        let mut next = ahead.begin(position);
        let requests = std::iter::from_fn(|| {
            let (range, behind) = ahead.request(next, position.saturating_add(wanted), 100)?;
            next = behind;
            Some((range.start, range.end))
        });
        requests.collect()
    }

    #[test]
    fn what_was_announced_is_asked_for_in_that_order_and_nothing_else() {
        let mut ahead = Ahead::default();
        ahead.told(vec![1000..1250, 5000..5010, 400..500]);
        assert_eq!(
            requests(&ahead, 1000, 10),
            [(1000, 1100), (1100, 1200), (1200, 1250), (5000, 5010), (400, 500)]
        );
        assert_eq!(requests(&ahead, 1201, 10), [(1201, 1250), (5000, 5010), (400, 500)]);
        assert_eq!(requests(&ahead, 2000, 10), [(2000, 2010)]);
        ahead.leapt(400, 10);
        assert_eq!(requests(&ahead, 400, 10), [(400, 500)]);
    }

    #[test]
    fn who_reads_in_one_go_gets_more_and_more_and_who_leaps_gets_what_was_wanted() {
        let mut ahead = Ahead::default();
        ahead.leapt(0, 10);
        assert_eq!(requests(&ahead, 0, 10), [(0, 10)]);
        ahead.went_on(1 << 20);
        assert_eq!(requests(&ahead, 10, 10).last(), Some(&(4110, 4116)));
        ahead.went_on(1 << 20);
        assert_eq!(requests(&ahead, 20, 10).last().unwrap().1, 20 + 10 + 4 * 4096);
        ahead.leapt(90_000, 10);
        assert_eq!(requests(&ahead, 90_000, 10), [(90_000, 90_010)]);
    }

    #[test]
    fn steps_of_one_length_are_foreseen() {
        let mut ahead = Ahead::default();
        let seen = |ahead: &Ahead, position| requests(ahead, position, 5).len();
        for (position, requested) in [(7, 1), (1007, 1), (2007, 4), (3007, 3), (4007, 2), (5007, 1), (6007, 8)] {
            ahead.leapt(position, 5);
            assert_eq!(seen(&ahead, position), requested, "{position}");
        }
        assert_eq!(requests(&ahead, 6007, 5)[1], (7007, 7012));
        // A step of another length ends it.
        ahead.leapt(8000, 5);
        assert_eq!(requests(&ahead, 8000, 5), [(8000, 8005)]);
        // Positions near the end of all numbers are no trouble.
        ahead.leapt(u64::MAX - 20, 5);
        ahead.leapt(u64::MAX - 12, 5);
        ahead.leapt(u64::MAX - 4, 5);
        assert!(seen(&ahead, u64::MAX - 4) <= 1);
    }
}
