// SPDX-License-Identifier: GPL-3.0-or-later
//! Each call that concerns the files of a job fails once, or is done in part.

use std::{collections::BTreeMap, sync::Mutex, time::Instant};

use pedos_tracer::{Call, Fault, Kind};

use crate::{
    bench::{Bench, Run, complaint, rounds},
    jobs::Job,
    support::tools,
};

/// The errors of each kind of call, and whether the job has to succeed all the same.
fn faults(kind: Kind) -> &'static [Fault] {
    use Fault::{Error, Short};
    match kind {
        Kind::Read => &[Error(libc::EIO), Error(libc::EINTR), Short],
        Kind::Write => &[
            Error(libc::EIO),
            Error(libc::ENOSPC),
            Error(libc::EDQUOT),
            Error(libc::EINTR),
            Short,
        ],
        Kind::Open => &[
            Error(libc::EIO),
            Error(libc::EINTR),
            Error(libc::ENOSPC),
            Error(libc::EMFILE),
        ],
        Kind::Sync => &[Error(libc::EIO), Error(libc::ENOSPC)],
        Kind::Rename | Kind::Make => &[Error(libc::EIO), Error(libc::ENOSPC), Error(libc::EDQUOT)],
        Kind::Allocate => &[Error(libc::EIO), Error(libc::ENOSPC), Error(libc::EINTR)],
        Kind::Lock => &[Error(libc::EIO), Error(libc::EINTR)],
        Kind::Space | Kind::Stat | Kind::List | Kind::Remove | Kind::Seek | Kind::Change => &[Error(libc::EIO)],
    }
}

/// Whether a job has to go on as if nothing had happened: it was interrupted, or got less than it asked for.
fn is_harmless(kind: Kind, fault: Fault) -> bool {
    fault == Fault::Short || (fault == Fault::Error(libc::EINTR) && !matches!(kind, Kind::Lock))
}

/// A fault that is to be tried.
type Case = (Job, Kind, u64, Fault);

/// Every fault at every call of every job.
fn cases(bench: &Bench) -> Vec<Case> {
    let mut cases = Vec::new();
    for job in Job::ALL {
        let place = bench.place();
        let run = place.traced(&job.command(&place.folder(), &place.archive), None, None);
        assert_eq!(run.code(), Ok(Some(0)), "{job:?}\n{}", run.said);
        for kind in Kind::ALL {
            let count = run.trace.calls.get(&kind).copied().unwrap_or_default();
            for number in 1..=count {
                cases.extend(faults(kind).iter().map(|fault| (job, kind, number, *fault)));
            }
        }
    }
    cases
}

/// Holds what was said against what was done. Returns a complaint.
fn judge(run: &Run, (_, kind, _, fault): Case) -> Result<(), String> {
    let code = run.code()?.ok_or("it was killed")?;
    // Lines are broken where they are long.
    let said = run.said.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    for word in ["panicked", "internal error", "wrong passphrase"] {
        if said.contains(word) {
            return Err(format!("it says {word:?}"));
        }
    }
    if code == 0 || run.trace.hit.is_none() {
        return Ok(());
    }
    if is_harmless(kind, fault) {
        return Err(format!("it ends with {code}"));
    }
    let words: &[&str] = match fault {
        Fault::Error(libc::EIO) => &["input/output", "i/o error", "failing"],
        Fault::Error(libc::ENOSPC) => &["space", "room", "full"],
        Fault::Error(libc::EDQUOT) => &["quota", "space"],
        Fault::Error(libc::EMFILE) => &["too many open files", "open files"],
        _ => &[""],
    };
    if words.iter().any(|word| said.contains(word)) {
        Ok(())
    } else {
        Err(format!("it ends with {code} and does not name the cause"))
    }
}

fn try_case(bench: &Bench, case: Case) -> Result<bool, String> {
    let (job, kind, number, fault) = case;
    let place = bench.place();
    let call = Call {
        kind: Some(kind),
        number,
    };
    let run = place.traced(&job.command(&place.folder(), &place.archive), Some((call, fault)), None);
    let told = |what: String| format!("{case:?} at {:?}: {what}\n{}", run.trace.hit, run.said);
    judge(&run, case).map_err(told)?;
    complaint(|| {
        job.check(&place.folder(), &bench.archive, run.code().unwrap());
        job.check_next(&place.folder(), &place.archive);
    })
    .map_err(told)?;
    Ok(run.trace.hit.is_some())
}

/// One of so many cases is tried where nobody asked for all of them.
const SAMPLE: usize = 97;

#[test]
fn a_call_that_fails_loses_nothing_and_is_named() {
    let Some(bench) = Bench::new() else { return };
    let start = Instant::now();
    let mut cases = cases(&bench);
    if !tools::slow_wanted() {
        cases = cases.into_iter().step_by(SAMPLE).collect();
    }
    let hits = Mutex::new(BTreeMap::<(Job, Kind), u64>::new());
    let complaints = rounds(cases.len() as u64, |round| {
        let case = cases[usize::try_from(round).unwrap()];
        if try_case(&bench, case)? {
            *hits.lock().unwrap().entry((case.0, case.1)).or_default() += 1;
        }
        Ok(())
    });
    let hits = hits.into_inner().unwrap();
    let all: u64 = hits.values().sum();
    tools::say(&format!(
        "{} faults, {all} of them hit and were borne, {} were not; {} s\n{hits:?}",
        cases.len(),
        complaints.len(),
        start.elapsed().as_secs()
    ));
    assert!(
        complaints.is_empty(),
        "{} complaints:\n{}",
        complaints.len(),
        complaints.join("\n\n")
    );
    assert!(all * 10 > cases.len() as u64 * 8, "most of them must hit something");
}
