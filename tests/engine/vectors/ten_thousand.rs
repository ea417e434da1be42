// SPDX-License-Identifier: GPL-3.0-or-later
//! Ten thousand damaged archives of every format and every compression: none of them is called good that is not, a
//! verification and a restore say the same, nothing breaks, and nothing takes long.
//!
//! A few hundred are tried each time; `RUN_SLOW_TESTS=1` tries ten thousand. docs/DAMAGE.md says what is done to them, and
//! what exactly is held of each. A case is made from the seed and its number alone, so that one that fails can be made again.

mod case;
mod judge;
mod oracle;
mod subject;

use std::{
    collections::BTreeMap,
    env, fs,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::support::noise::Noise;
use case::Case;
use judge::{Judged, judge};
use subject::{Subject, subjects};

/// Where the cases come from.
const SEED: u64 = 20_261_201;

/// Many times what a case takes on a computer that does other work too.
const LONGEST_CASE: Duration = Duration::from_secs(60);

/// What came of all cases of one kind of damage.
#[derive(Default)]
struct Count {
    cases: usize,
    /// Neither a verification nor a restore opened them.
    refused: usize,
    /// They were opened and called bad.
    bad: usize,
    /// They were called good, rightly: all content is as it was written, or as whoever has the passphrase wrote it.
    good: usize,
    /// They were called good, and their format has nothing that could tell: docs/DAMAGE.md.
    untold: usize,
}

#[derive(Default)]
struct Tally {
    kinds: BTreeMap<&'static str, Count>,
    subjects: BTreeMap<String, Count>,
    longest: Duration,
    wrong: Vec<String>,
}

impl Tally {
    fn take(&mut self, subject: &Subject, case: &Case, judged: &Judged, took: Duration) {
        let kind = self.kinds.entry(case.kind).or_default();
        let subject = self.subjects.entry(subject.name.clone()).or_default();
        for count in [kind, subject] {
            count.cases += 1;
            match judged {
                Judged::Refused => count.refused += 1,
                Judged::Bad => count.bad += 1,
                Judged::Good => count.good += 1,
                Judged::Untold => count.untold += 1,
            }
        }
        self.longest = self.longest.max(took);
    }
}

#[test]
fn no_damaged_archive_is_called_good() {
    let cases = if env::var_os("RUN_SLOW_TESTS").is_some() {
        10_000
    } else {
        200
    };
    let (subjects, next, tally) = (subjects(), AtomicUsize::new(0), Mutex::new(Tally::default()));
    let begun = Instant::now();
    let work = || {
        let folder = scratch();
        loop {
            let number = next.fetch_add(1, Ordering::SeqCst);
            if number >= cases {
                break;
            }
            let mut noise = Noise::new(SEED + number as u64);
            let subject = &subjects[number % subjects.len()];
            let case = subject.damaged(&mut noise);
            let since = Instant::now();
            let judged = judge(folder.path(), subject, &case);
            let took = since.elapsed();
            let mut tally = tally.lock().unwrap();
            match judged {
                Ok(judged) => tally.take(subject, &case, &judged, took),
                Err(why) => tally
                    .wrong
                    .push(format!("case {number}: {}: {}: {why}", subject.name, case.what)),
            }
            assert!(took < LONGEST_CASE, "case {number}: {}: {took:?}", case.what);
        }
    };
    // A restore waits for the disk most of the time.
    let threads = 2 * thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let tally = tally.into_inner().unwrap();
    say(&tally, cases, begun.elapsed());
    assert!(
        tally.wrong.is_empty(),
        "{} are wrong:\n{}",
        tally.wrong.len(),
        tally.wrong.join("\n")
    );
}

/// A folder in memory, where there is one: a sync there costs nothing.
fn scratch() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    if fs::metadata(&memory).is_ok_and(|found| found.is_dir())
        && let Ok(folder) = tempfile::tempdir_in(memory)
    {
        return folder;
    }
    tempfile::tempdir().unwrap()
}

/// Prints the figures as they stand in docs/DAMAGE.md.
fn say(tally: &Tally, cases: usize, took: Duration) {
    println!(
        "{cases} damaged archives, seed {SEED}, {:.0} s, the longest {:.1} s, {} wrong",
        took.as_secs_f64(),
        tally.longest.as_secs_f64(),
        tally.wrong.len()
    );
    let line = |name: &str, count: &Count| {
        let Count {
            cases,
            refused,
            bad,
            good,
            untold,
        } = count;
        println!("| {name} | {cases} | {refused} | {bad} | {good} | {untold} |");
    };
    tally.kinds.iter().for_each(|(name, count)| line(name, count));
    tally.subjects.iter().for_each(|(name, count)| line(name, count));
}
