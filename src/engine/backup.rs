// SPDX-License-Identifier: GPL-3.0-or-later
//! A backup from its plan to its verification, and to what is removed once it is known to be good.

use std::time::Instant;

use crate::{
    host::{Host, Services},
    plan::{Access, BackupPlan, Unverified, VerifyPlan},
    transport::Source,
};

use super::{
    Context, EngineError, Failure, Report, VerifyVerdict, VmReport, Warning, memory,
    read::verify,
    retention,
    write::{self, NewArchive},
};

/// Carries a backup out, and reads the archive again where that is wanted.
///
/// # Errors
/// The first cause that ended it. Nothing is left under a final name then.
pub fn run(plan: &BackupPlan, host: &dyn Host, context: &Context) -> Result<Report, EngineError> {
    let start = Instant::now();
    let view = host.with_cancel(&context.cancel);
    // What a cancel leaves in a VM is taken away by a service that is not cancelled.
    let mut new = write::run(plan, &*view, host, context)?;
    if plan.verify {
        verify_written(plan, &mut new, &*view, context);
    }
    let report = retention::conclude(plan, new, host, &*view, context);
    Ok(Report {
        warnings: context.warnings(),
        elapsed: start.elapsed(),
        peak_memory_bytes: memory::peak_bytes(),
        ..report
    })
}

/// Reads the archive again from where it went.
fn verify_written(plan: &BackupPlan, new: &mut NewArchive, services: &dyn Services, context: &Context) {
    let (location, report) = (new.location.clone(), &mut new.report);
    if !new.is_readable_again {
        let why = Unverified::of(&plan.destination);
        return omit_verification(why, context, report);
    }
    // Of the others it is known already that they are not whole, or not there at all.
    let (there, failed): (Vec<_>, Vec<_>) = report.vms.iter().partition(|vm| vm.result.is_there());
    let names = |vms: Vec<&VmReport>| vms.into_iter().map(|vm| vm.name.clone()).collect();
    let plan = VerifyPlan {
        access: Access::new(Source::new(location), plan.passphrase.clone()),
        vms: Some(names(there)),
        known_missing: names(failed),
    };
    match verify::run(&plan, Some(services), context) {
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
