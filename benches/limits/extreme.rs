// SPDX-License-Identifier: GPL-3.0-or-later
//! The extremes, one by one: each is made, and everything that can be done with it is measured.

use std::path::Path;

use clap::ValueEnum;
use pedos_backup::units::{GIB, KIB};

use crate::{
    Outcome,
    archive::{Archive, tar},
    measure::Measurer,
    root::{self, Vm},
};

/// What is extreme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Extreme {
    /// A volume in a million parts.
    Members,
    /// A volume in 4,096 parts of 64 KiB.
    Parts,
    /// As many VMs as an inventory may have, and ten times as many, which is refused. They are not backed up: that is the time
    /// of a key for each.
    Domains,
    /// A million files in dom0's home.
    Home,
    /// A volume of a million extents with holes between them.
    Extents,
    /// A volume of a tebibyte that is nearly all hole.
    Sparse,
}

impl Extreme {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::value_variants().iter().copied()
    }

    /// Makes it, in a folder and with all numbers divided, and measures.
    pub(crate) fn measure(self, folder: &Path, divide: usize, measurer: &mut Measurer) -> Outcome<()> {
        let (archive, root) = (folder.join("archive"), folder.join("root"));
        match self {
            Self::Members => {
                let parts = 1_000_000 / divide;
                in_parts(&archive, parts, 100)?;
                read(&format!("an archive of {parts} members"), &archive, measurer)
            }
            Self::Parts => {
                let parts = 4096 / divide;
                in_parts(&archive, parts, 64 * KIB as usize)?;
                read(&format!("a volume in {parts} parts of 64 KiB"), &archive, measurer)
            }
            Self::Domains => {
                // Dom0 is one of those that an inventory may have.
                let count = 10_000 / divide - 1;
                let what = format!("{count} VMs");
                of_vms(&archive, count, true)?;
                measurer.list(&what, &archive)?;
                measurer.verify(&what, &archive)?;
                measurer.restore(&what, &archive)?;
                let too_many = 100_000 / divide;
                of_vms(&archive, too_many, false)?;
                measurer.list(&format!("an inventory of {too_many} VMs"), &archive)
            }
            Self::Home => {
                let files = 1_000_000 / divide;
                root::with_home(&root, files)?;
                back_up_and_read(&format!("{files} files in dom0's home"), &root, "dom0", measurer)
            }
            Self::Extents => {
                let extents = 1_000_000 / divide as u64;
                let size_bytes = extents * 8 * KIB;
                let vm = vm("extents", size_bytes);
                root::with_volume(&root, &vm, 8 * KIB)?;
                back_up_and_read(
                    &format!("a volume of {extents} extents of 4 KiB"),
                    &root,
                    &vm.name,
                    measurer,
                )
            }
            Self::Sparse => {
                let size_bytes = 1024 * GIB / divide as u64;
                let vm = vm("sparse", size_bytes);
                root::with_volume(&root, &vm, GIB)?;
                let what = format!("a volume of {} GiB with 4 KiB of data in each", size_bytes / GIB);
                back_up_and_read(&what, &root, &vm.name, measurer)
            }
        }
    }
}

fn vm(name: &str, size_bytes: u64) -> Vm {
    Vm {
        name: name.to_owned(),
        size_bytes,
    }
}

fn back_up_and_read(what: &str, root: &Path, vm: &str, measurer: &mut Measurer) -> Outcome<()> {
    let archive = measurer.back_up(what, root, &[vm])?;
    read(what, &archive, measurer)
}

fn read(what: &str, archive: &Path, measurer: &mut Measurer) -> Outcome<()> {
    measurer.list(what, archive)?;
    measurer.verify(what, archive)?;
    measurer.restore(what, archive)?;
    Ok(())
}

/// An archive of one VM with its volume in that many parts of that size.
fn in_parts(path: &Path, parts: usize, part_bytes: usize) -> Outcome<()> {
    // The inner archive has a header before the volume, and padding and an end mark behind it.
    let content: Vec<u8> = (0..parts * part_bytes - 2048).map(|place| (place / 7) as u8).collect();
    let vms = [vm("large", content.len() as u64)];
    let mut archive = Archive::create(path, &root::record(&vms, true))?;
    archive.file("vm1/private.img", &tar("vm1/private.img", &content)?, part_bytes)?;
    archive.finish()
}

/// An archive of that many VMs, each with a small volume, or of their inventory alone.
fn of_vms(path: &Path, count: usize, has_volumes: bool) -> Outcome<()> {
    let vms: Vec<Vm> = (1..=count).map(|number| vm(&format!("vm-{number}"), 1024)).collect();
    let mut archive = Archive::create(path, &root::record(&vms, true))?;
    for number in (1..=count).filter(|_| has_volumes) {
        let file = format!("vm{number}/private.img");
        let inner = tar(&file, &[number as u8; 1024])?;
        archive.file(&file, &inner, inner.len())?;
    }
    archive.finish()
}
