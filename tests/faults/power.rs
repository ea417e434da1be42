// SPDX-License-Identifier: GPL-3.0-or-later
//! The power goes at a random call, or right after the tool has ended: what was not synced is lost, or torn.

use std::time::Instant;

use pedos_tracer::{Call, Disk, Fault, Loss};

use crate::{
    bench::{Bench, complaint, has_moved, rounds, seed},
    jobs::Job,
    kills::{WRITING, lengths},
    support::{noise::Noise, tools},
};

const LOSSES: [Loss; 4] = [Loss::Everything, Loss::Contents, Loss::Zeros, Loss::Torn];

/// Cuts the power at a call, or after the end where that is beyond the last one. Returns a complaint.
fn cut(bench: &Bench, job: Job, number: u64, loss: Loss) -> Result<(), String> {
    let place = bench.place();
    let mut disk = Disk::new(&place.folder()).unwrap();
    let command = job.command(&place.folder(), &place.archive);
    let run = place.traced(
        &command,
        Some((Call { kind: None, number }, Fault::Kill)),
        Some(&mut disk),
    );
    let after = tempfile::tempdir().unwrap();
    let left = after.path().join("it");
    disk.after(loss, &left).unwrap();
    has_moved(&place.folder(), &left);
    complaint(|| {
        job.check(&left, &bench.archive, (run.code().unwrap(), &run.said));
        job.check_next(&left, &left.join("target").join(&bench.archive));
    })
    .map_err(|what| {
        format!(
            "{job:?} at call {number} {:?}, {loss:?}: {what}\n{}",
            run.trace.hit, run.said
        )
    })
}

#[test]
fn what_is_left_after_a_power_cut_is_whole_or_says_that_it_is_not() {
    let Some(bench) = Bench::new() else { return };
    let start = Instant::now();
    let seed = seed();
    let cuts = if tools::slow_wanted() { 640 } else { 16 };
    let lengths = lengths(&bench);
    let complaints = rounds(cuts, |round| {
        let which = (round % 4) as usize;
        let loss = LOSSES[(round / 4 % 4) as usize];
        // Every eighth one comes after the end.
        let number = match round / 16 % 8 {
            0 => u64::MAX,
            _ => 1 + Noise::new(seed + round).below(lengths[which]),
        };
        cut(&bench, WRITING[which], number, loss)
    });
    tools::say(&format!(
        "{cuts} power cuts, seed {seed}, {} complaints; {} s",
        complaints.len(),
        start.elapsed().as_secs()
    ));
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
}
