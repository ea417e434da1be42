// SPDX-License-Identifier: GPL-3.0-or-later
//! Verifies a backup to its last byte: `verify ARCHIVE`, with the passphrase on standard input.
//!
//! The exit code is 0 only if the whole archive is good.

use std::{error::Error, io, path::Path, process::ExitCode, sync::Arc};

use pedos_backup::{
    engine::{self, Context, Report},
    plan::{Access, VerifyPlan},
    secret::Passphrase,
    transport::Location,
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
    let access = Access::new(Location::File(archive.to_owned()).into(), passphrase);
    let plan = VerifyPlan::everything(access);
    Ok(engine::verify::run(&plan, None, &Context::default())?)
}
