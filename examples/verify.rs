// SPDX-License-Identifier: GPL-3.0-or-later
//! Verifies a backup to its last byte: `verify ARCHIVE`, with the passphrase on standard input.
//!
//! The exit code is 0 only if the whole archive is good.

use std::{error::Error, io, path::Path, process::ExitCode, sync::Arc};

use pedos_backup::{
    engine::{self, Context, Report},
    host::{NoHost, System},
    plan::{Access, RestoreChoices, RestorePlan, RestorePolicy, Source, resolve},
    secret::Passphrase,
};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let archive = std::env::args_os().nth(1).ok_or("usage: verify ARCHIVE")?;
    let passphrase = io::stdin().lines().next().ok_or("no passphrase")??;
    let report = verify(archive.as_ref(), passphrase)?;
    for vm in &report.vms {
        println!("{}\t{:?}", vm.name, vm.result);
    }
    println!("{:?}", report.verdict);
    Ok(if report.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Returns what was found; an error says why the archive cannot be opened.
pub(crate) fn verify(archive: &Path, passphrase: String) -> Result<Report, Box<dyn Error>> {
    let passphrase = Arc::new(Passphrase::for_reading(passphrase));
    let access = Access::new(Source::File(archive.to_owned()), passphrase);
    let context = Context::default();
    let opened = engine::open_archive(&access, &NoHost, &context)?;
    let policy = RestorePolicy {
        verify_only: true,
        ..RestorePolicy::default()
    };
    let choices = RestoreChoices {
        policy,
        ..RestoreChoices::default()
    };
    let table = resolve(&opened.inventory, &System::default(), &choices);
    let plan = RestorePlan {
        access,
        table,
        verify_only: true,
    };
    Ok(engine::verify::run(&plan, &NoHost, &context)?)
}
