// SPDX-License-Identifier: GPL-3.0-or-later
//! Profiles and histories, and what they are worth saying.

use super::*;
use crate::history::PastError;

/// 2026-11-30T12:00:00Z.
const NOW: i64 = 1_796_040_000;

fn watched(rhythm: Option<Rhythm>) -> Watched {
    Watched {
        name: "night".to_owned(),
        rhythm,
        overdue_days: None,
        saved: Some(NOW - 100 * DAY),
    }
}

fn run(job: &str, outcome: &str, verdict: &str, ended_at: &str) -> PastRun {
    PastRun {
        job: job.to_owned(),
        outcome: outcome.to_owned(),
        verdict: verdict.to_owned(),
        place: "/mnt/a".to_owned(),
        profile: (job == "backup").then(|| "night".to_owned()),
        ended_at: ended_at.to_owned(),
        elapsed_seconds: None,
        archive_bytes: None,
        vms: Vec::new(),
        error: (outcome == "failed").then(|| PastError {
            text: "no space left".to_owned(),
        }),
    }
}

fn overdue(days: Option<u32>, is_waiting: bool) -> Option<Reminder> {
    Some(Reminder::Overdue {
        profile: "night".to_owned(),
        days,
        is_waiting,
    })
}

#[test]
fn a_profile_whose_last_backup_is_good_young_and_verified_is_quiet() {
    let runs = [
        run("backup", "done", "good", "2026-11-29T12:00:00Z"),
        run("backup", "failed", "not_verified", "2026-11-28T12:00:00Z"),
    ];
    for rhythm in [None, Some(Rhythm::Daily), Some(Rhythm::Weekly), Some(Rhythm::Monthly)] {
        assert_eq!(due_of(&watched(rhythm), &runs, NOW), None, "{rhythm:?}");
    }
    // A cancelled one after it is no failure, and one of another profile is none of its own.
    let mut other = run("backup", "failed", "not_verified", "2026-11-30T11:00:00Z");
    other.profile = Some("day".to_owned());
    let cancelled = run("backup", "cancelled", "not_verified", "2026-11-30T11:30:00Z");
    let more = [[cancelled, other].as_slice(), &runs].concat();
    assert_eq!(due_of(&watched(Some(Rhythm::Daily)), &more, NOW), None);
}

#[test]
fn a_failure_is_told_with_its_cause() {
    let runs = [
        run("backup", "failed", "not_verified", "2026-11-30T01:00:00+01:00"),
        run("backup", "done", "good", "2026-11-29T12:00:00Z"),
    ];
    let told = due_of(&watched(Some(Rhythm::Daily)), &runs, NOW);
    let failed = Reminder::Failed {
        profile: "night".to_owned(),
        at: "2026-11-30T01:00:00+01:00".to_owned(),
        why: Some("no space left".to_owned()),
    };
    assert_eq!(told, Some(failed));
}

#[test]
fn the_age_that_is_too_old_follows_the_rhythm_or_the_profile() {
    let good = |days: i64| {
        let time = jiff::Timestamp::from_second(NOW - days * DAY).unwrap();
        [run("backup", "done", "good", &time.to_string())]
    };
    let due = |rhythm, days| due_of(&watched(rhythm), &good(days), NOW);
    assert_eq!(due(Some(Rhythm::Daily), 3), None);
    assert_eq!(due(Some(Rhythm::Daily), 4), overdue(Some(4), false));
    assert_eq!(due(Some(Rhythm::Weekly), 9), None);
    assert_eq!(due(Some(Rhythm::Weekly), 10), overdue(Some(10), false));
    assert_eq!(due(None, 30), None);
    assert_eq!(due(None, 31), overdue(Some(31), false));
    let own = |days| Watched {
        overdue_days: Some(days),
        ..watched(None)
    };
    assert_eq!(due_of(&own(5), &good(6), NOW), overdue(Some(6), false));
    assert_eq!(due_of(&own(0), &good(900), NOW), None);
}

#[test]
fn what_waits_for_long_and_what_was_never_made_is_overdue() {
    let runs = [
        run("backup", "waiting", "not_verified", "2026-11-20T00:00:00Z"),
        run("backup", "done", "good", "2026-11-10T12:00:00Z"),
    ];
    assert_eq!(
        due_of(&watched(Some(Rhythm::Daily)), &runs, NOW),
        overdue(Some(20), true)
    );
    assert_eq!(due_of(&watched(None), &[], NOW), overdue(None, false));
    let new = Watched {
        saved: Some(NOW - DAY),
        ..watched(Some(Rhythm::Weekly))
    };
    assert_eq!(due_of(&new, &[], NOW), None);
}

#[test]
fn a_clock_that_was_set_back_makes_nothing_overdue() {
    let runs = [run("backup", "done", "good", "2027-06-01T00:00:00Z")];
    assert_eq!(due_of(&watched(Some(Rhythm::Daily)), &runs, NOW), None);
}

#[test]
fn backups_that_were_never_read_again_are_told_until_one_is() {
    let unread = run("backup", "done", "not_verified", "2026-11-29T12:00:00Z");
    let never = Some(Reminder::NeverVerified {
        profile: "night".to_owned(),
    });
    assert_eq!(due_of(&watched(None), std::slice::from_ref(&unread), NOW), never);
    let read = run("verify", "done", "good", "2026-11-29T13:00:00Z");
    assert_eq!(due_of(&watched(None), &[read.clone(), unread.clone()], NOW), None);
    let elsewhere = PastRun {
        place: "/mnt/b".to_owned(),
        ..read
    };
    assert_eq!(due_of(&watched(None), &[elsewhere, unread], NOW), never);
}
