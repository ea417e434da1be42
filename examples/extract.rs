// SPDX-License-Identifier: GPL-3.0-or-later
//! Gets one file out of a backup: `extract ARCHIVE VM:VOLUME OUTPUT`, with the passphrase on standard input.
//!
//! `work:private` is the private volume of the VM `work`. The output is created only if all of it was verified.

use std::{error::Error, io, path::Path, sync::Arc};

use pedos_backup::{
    engine::{self, Context},
    plan::{Access, ArchivedFile, ExtractPlan, ExtractTo},
    secret::Passphrase,
    transport::Location,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [archive, what, output] = arguments.as_slice() else {
        return Err("usage: extract ARCHIVE VM:VOLUME OUTPUT".into());
    };
    let passphrase = io::stdin().lines().next().ok_or("no passphrase")??;
    let what = what.to_str().ok_or("the name of the volume is not UTF-8")?;
    extract(archive.as_ref(), passphrase, what, output.as_ref())
}

/// Writes a volume, or another file of a VM, into a new file.
pub(crate) fn extract(archive: &Path, passphrase: String, what: &str, output: &Path) -> Result<(), Box<dyn Error>> {
    let passphrase = Arc::new(Passphrase::for_reading(passphrase));
    let plan = ExtractPlan {
        access: Access::new(Location::File(archive.to_owned()).into(), passphrase),
        what: ArchivedFile::parse(what).ok_or("VM:VOLUME is expected")?,
        to: ExtractTo::Path(output.to_owned()),
    };
    let report = engine::extract::run(&plan, None, &Context::default())?;
    if report.is_success() {
        Ok(())
    } else {
        Err(format!("{:?} {:?}", report.vms, report.findings).into())
    }
}
