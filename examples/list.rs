// SPDX-License-Identifier: GPL-3.0-or-later
//! Lists the VMs of a backup: `list ARCHIVE`, with the passphrase on standard input.
//!
//! Nothing of the archive is read but its header and its inventory.

use std::{error::Error, io, path::Path, sync::Arc};

use pedos_backup::{
    engine::{self, Context},
    plan::Access,
    secret::Passphrase,
    transport::Location,
};

fn main() -> Result<(), Box<dyn Error>> {
    let archive = std::env::args_os().nth(1).ok_or("usage: list ARCHIVE")?;
    let passphrase = io::stdin().lines().next().ok_or("no passphrase")??;
    for line in list(archive.as_ref(), passphrase)? {
        println!("{line}");
    }
    Ok(())
}

/// Returns a line for each VM: its name and its class.
pub(crate) fn list(archive: &Path, passphrase: String) -> Result<Vec<String>, Box<dyn Error>> {
    let passphrase = Arc::new(Passphrase::for_reading(passphrase));
    let access = Access::new(Location::File(archive.to_owned()).into(), passphrase);
    let opened = engine::open_archive(&access, None, &Context::default())?;
    let in_backup = opened
        .inventory
        .domains()
        .into_iter()
        .filter(|vm| vm.content().is_some());
    Ok(in_backup.map(|vm| format!("{}\t{}", vm.name, vm.class)).collect())
}
