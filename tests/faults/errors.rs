// SPDX-License-Identifier: GPL-3.0-or-later
//! Each call that concerns the files of a job fails, once or from then on, or is done in part.

use std::{collections::BTreeMap, path::Path, sync::Mutex, time::Instant};

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
        Kind::Sync => &[Error(libc::EIO), Error(libc::ENOSPC), Error(libc::EINTR)],
        Kind::Rename | Kind::Make => &[Error(libc::EIO), Error(libc::ENOSPC), Error(libc::EDQUOT)],
        Kind::Allocate => &[Error(libc::EIO), Error(libc::ENOSPC), Error(libc::EINTR)],
        Kind::Lock => &[Error(libc::EIO), Error(libc::EINTR)],
        Kind::Space | Kind::Stat | Kind::List | Kind::Remove | Kind::Seek | Kind::Change => &[Error(libc::EIO)],
        Kind::Say => &[Error(libc::EIO), Error(libc::ENOSPC), Error(libc::EINTR), Short],
    }
}

/// Whether a job has to go on as if nothing had happened: it was interrupted, or got less than it asked for.
fn is_harmless(kind: Kind, fault: Fault) -> bool {
    fault == Fault::Short || (fault == Fault::Error(libc::EINTR) && !matches!(kind, Kind::Lock))
}

/// From each of so many calls on an error lasts: what it leads to differs little from one call to the next.
const LASTING_STEP: usize = 3;

/// A fault that is to be tried.
#[derive(Debug, Clone, Copy)]
struct Case {
    job: Job,
    call: Call,
    fault: Fault,
}

/// Every fault at every call of every job.
fn cases(bench: &Bench) -> Vec<Case> {
    let mut cases = Vec::new();
    for job in Job::ALL {
        let place = bench.place();
        let run = place.traced(&job.command(&place.folder(), &place.archive), None, None);
        assert_eq!(run.code(), Ok(Some(job.code())), "{job:?}\n{}", run.said);
        for kind in Kind::ALL {
            let count = run.trace.calls.get(&kind).copied().unwrap_or_default();
            let calls = (1..=count).map(|number| Call {
                kind: Some(kind),
                number,
            });
            cases.extend(calls.flat_map(|call| faults(kind).iter().map(move |&fault| Case { job, call, fault })));
        }
        let all: u64 = run.trace.calls.values().sum();
        for number in (1..=all).step_by(LASTING_STEP) {
            let call = Call { kind: None, number };
            cases.extend([Fault::Gone, Fault::Full].map(|fault| Case { job, call, fault }));
        }
    }
    cases
}

/// The words that name the cause of a failure.
fn words(fault: Fault) -> &'static [&'static str] {
    match fault {
        Fault::Gone | Fault::Error(libc::EIO) => &["input/output", "i/o error", "failing"],
        Fault::Full | Fault::Error(libc::ENOSPC) => &["space", "room", "full"],
        Fault::Error(libc::EDQUOT) => &["quota", "space"],
        Fault::Error(libc::EMFILE) => &["too many open files", "open files"],
        _ => &[""],
    }
}

/// Holds what was said against what was done. Returns a complaint.
fn judge(run: &Run, archive: &Path, case: Case) -> Result<(), String> {
    let code = run.code()?.ok_or("it was killed")?;
    // Lines are broken where they are long.
    let said = run.said.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let is_damaged = case.job == Job::VerifyDamaged;
    let lies = ["panicked", "internal error", "wrong passphrase"].into_iter();
    // That an archive is damaged is said of none that could not be read.
    for word in lies.chain((!is_damaged).then_some("damaged")) {
        if said.contains(word) {
            return Err(format!("it says {word:?}"));
        }
    }
    let Some((kind, file)) = &run.trace.hit else {
        return if code == case.job.code() {
            Ok(())
        } else {
            Err(format!("it ends with {code}"))
        };
    };
    match code {
        0 if is_damaged => return Err("a damaged archive is called good".to_owned()),
        // A read that failed once may have been one ahead, which is done again; from a disk that is gone nothing is.
        0 if case.job != Job::Backup && *kind == Kind::Read && file == archive && case.fault == Fault::Gone => {
            return Err("it succeeds, and could not read the archive".to_owned());
        }
        code if code == case.job.code() => return Ok(()),
        5 | 6 => return Err(format!("it ends with {code}")),
        code if is_harmless(*kind, case.fault) => return Err(format!("it ends with {code}")),
        _ => {}
    }
    if words(case.fault).iter().any(|word| said.contains(word)) {
        Ok(())
    } else {
        Err(format!("it ends with {code} and does not name the cause"))
    }
}

fn try_case(bench: &Bench, case: Case) -> Result<Option<Kind>, String> {
    let Case { job, call, fault } = case;
    let place = bench.place();
    let run = place.traced(&job.command(&place.folder(), &place.archive), Some((call, fault)), None);
    let told = |what: String| format!("{case:?} at {:?}: {what}\n{}", run.trace.hit, run.said);
    judge(&run, &place.archive, case).map_err(told)?;
    complaint(|| {
        job.check(&place.folder(), &bench.archive, (run.code().unwrap(), &run.said));
        job.check_next(&place.folder(), &place.archive);
    })
    .map_err(told)?;
    Ok(run.trace.hit.map(|(kind, _)| kind))
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
    let hits = Mutex::new(BTreeMap::<(Job, bool, Kind), u64>::new());
    let complaints = rounds(cases.len() as u64, |round| {
        let case = cases[usize::try_from(round).unwrap()];
        if let Some(hit) = try_case(&bench, case)? {
            // Faults that last are counted by themselves.
            let key = (case.job, case.call.kind.is_none(), hit);
            *hits.lock().unwrap().entry(key).or_default() += 1;
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
