// SPDX-License-Identifier: GPL-3.0-or-later
//! The tool is killed at a random call.

use std::time::Instant;

use pedos_tracer::{Call, Fault};

use crate::{
    bench::{Bench, complaint, rounds, seed},
    jobs::Job,
    support::{noise::Noise, tools},
};

/// The jobs that leave something.
pub(crate) const WRITING: [Job; 4] = [Job::Backup, Job::Restore, Job::NewRoot, Job::Extract];

/// How many calls each of these jobs makes.
pub(crate) fn lengths(bench: &Bench) -> [u64; 4] {
    WRITING.map(|job| {
        let place = bench.place();
        let run = place.traced(&job.command(&place.folder(), &place.archive), None, None);
        run.trace.calls.values().sum()
    })
}

#[test]
fn a_tool_that_is_killed_at_any_call_leaves_nothing_that_looks_whole() {
    let Some(bench) = Bench::new() else { return };
    let start = Instant::now();
    let seed = seed();
    let kills = if tools::slow_wanted() { 1000 } else { 8 };
    let lengths = lengths(&bench);
    let complaints = rounds(kills, |round| {
        let which = (round % 4) as usize;
        let job = WRITING[which];
        let number = 1 + Noise::new(seed + round).below(lengths[which]);
        let place = bench.place();
        let command = job.command(&place.folder(), &place.archive);
        let run = place.traced(&command, Some((Call { kind: None, number }, Fault::Kill)), None);
        complaint(|| {
            job.check(&place.folder(), &bench.archive, (run.code().unwrap(), &run.said));
            job.check_next(&place.folder(), &place.archive);
        })
        .map_err(|what| format!("{job:?} at call {number}: {:?}: {what}\n{}", run.trace.hit, run.said))
    });
    tools::say(&format!(
        "{kills} kills, seed {seed}, {} complaints; {} s",
        complaints.len(),
        start.elapsed().as_secs()
    ));
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
}
