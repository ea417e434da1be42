// SPDX-License-Identifier: GPL-3.0-or-later
//! A backup from its plan to its verification.

use std::time::Instant;

use crate::{
    host::Host,
    plan::{Access, BackupPlan, Source, Unverified},
};

use super::{Context, EngineError, Failure, Report, VerifyVerdict, Warning, memory, read::verify, write};

/// Carries a backup out, and reads the archive again where that is wanted.
///
/// # Errors
/// The first cause that ended it. Nothing is left under a final name then.
pub fn run(plan: &BackupPlan, host: &dyn Host, context: &Context) -> Result<Report, EngineError> {
    let host = &*host.with_cancel(&context.cancel);
    let start = Instant::now();
    let mut report = write::run(plan, host, context)?;
    if plan.verify {
        verify_written(plan, context, &mut report);
    }
    report.warnings = context.warnings();
    report.elapsed = start.elapsed();
    report.peak_memory_bytes = memory::peak_bytes();
    Ok(report)
}

/// Reads the archive again from where it went.
fn verify_written(plan: &BackupPlan, context: &Context, report: &mut Report) {
    let (unverifiable, archive) = (plan.destination.unverifiable(), report.archive.clone());
    let (None, Some(path)) = (unverifiable, archive) else {
        return omit_verification(unverifiable.unwrap_or(Unverified::InVm), context, report);
    };
    // Of the others it is known already that they are not whole.
    let there = report.vms.iter().filter(|vm| vm.result.is_there());
    let names: Vec<String> = there.map(|vm| vm.name.clone()).collect();
    match verify::verify_archive(
        &Access::new(Source::File(path), plan.passphrase.clone()),
        &names,
        None,
        context,
    ) {
        Ok(verified) => {
            report.verdict = verified.verdict;
        }
        // The archive is whole and has its name; only the second look at it was stopped.
        Err(EngineError::Cancelled) => omit_verification(Unverified::Cancelled, context, report),
        Err(error) => report.verdict = VerifyVerdict::Bad(Failure(error)),
    }
}

fn omit_verification(why: Unverified, context: &Context, report: &mut Report) {
    context.warn(Warning::NotVerified { why });
    report.verdict = VerifyVerdict::Omitted(why);
}
