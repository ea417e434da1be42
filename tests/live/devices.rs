// SPDX-License-Identifier: GPL-3.0-or-later
//! Logical volumes as real block devices, which tell neither their length nor their holes as a file does. Only root can make
//! them, so that these tests are left out elsewhere, with a word.

use std::{fs, os::unix::fs::FileTypeExt};

use pedos_backup::engine::Degree;
use pedos_standin::{Dialect, Driver, Standin, can_make_devices};

use crate::{
    pedos::{DIALECTS, data, open, restore, volume},
    support::jobs,
};

/// A PedOS whose logical volumes are block devices; nothing where they cannot be made.
fn pedos(dialect: Dialect) -> Option<Standin> {
    if let Err(error) = can_make_devices() {
        eprintln!("left out: no block devices can be made here: {error}");
        return None;
    }
    let standin = Standin::builder(dialect).pool_driver(Driver::LvmThin);
    Some(standin.block_devices().start())
}

const MIB: usize = 1 << 20;

#[test]
fn volumes_that_are_block_devices_are_backed_up_and_restored() {
    for dialect in DIALECTS {
        let Some(pedos) = pedos(dialect) else { return };
        let path = pedos.volume_path("personal", "private");
        assert!(fs::metadata(&path).unwrap().file_type().is_block_device());
        // Of a size that the pool rounds up: 30 MiB of which half are zeros.
        pedos.fill_volume("personal", "private", &data(1, 30 * MIB));
        pedos.fill_volume("work", "private", &vec![0; 8 * MIB]);
        pedos.fill_volume("legacy", "root", &data(3, 8 * MIB));
        // What a running VM writes now is in no archive.
        let live = pedos.live_path("work", "private");
        let live = fs::OpenOptions::new().write(true).open(live).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&live, b"written since the start", 5 << 20).unwrap();
        let host = open(&pedos);
        let source = host.open_volume("personal", "private").unwrap();
        assert_eq!(source.size_bytes(), 32 * MIB as u64);
        let found: u64 = source.extents().unwrap().iter().map(|extent| extent.length).sum();
        assert!((15 * MIB as u64..=16 * MIB as u64).contains(&found), "{found}");
        let bound = source.bound().unwrap();
        assert!(bound.data_bytes >= found, "{bound:?}");
        drop(source);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("archive");
        let vms = ["personal", "work", "legacy"];
        let report = jobs::back_up(host.as_ref(), &vms, &file).unwrap();
        assert_eq!(report.degree(), Degree::Complete, "{report:?}");
        assert!(jobs::verify(&file, host.as_ref()).unwrap().is_success());
        // Whole, with its holes, into block devices.
        let report = restore(&file, &pedos);
        assert_eq!(
            (report.degree(), report.warnings),
            (Degree::Complete, vec![]),
            "{dialect:?}"
        );
        for vm in vms {
            let copy = format!("{vm}-1");
            for name in ["root", "private"] {
                if pedos.state().vm(vm).unwrap().volume(name).unwrap().save_on_stop {
                    assert!(volume(&pedos, &copy, name) == volume(&pedos, vm, name), "{copy}:{name}");
                }
            }
        }
        assert!(volume(&pedos, "work-1", "private").iter().all(|byte| *byte == 0));
        assert!(volume(&pedos, "personal-1", "private").starts_with(&data(1, 30 * MIB)));
        // What is a hole was not written.
        let info = pedos.must("admin.vm.volume.Info", "private", "personal-1", "");
        let usage = info.lines().find_map(|line| line.strip_prefix("usage=")).unwrap();
        let usage: usize = usage.parse().unwrap();
        assert!(usage <= 17 * MIB, "{usage} of {}", 32 * MIB);
        // The root folder reads the same from the archive.
        let root = folder.path().join("root");
        let here = pedos_backup::host::root::RootHost::create(&root).unwrap();
        assert_eq!(jobs::restore(&file, &here).unwrap().degree(), Degree::Complete);
    }
}

#[test]
fn a_block_device_that_is_opened_stays_what_it_was_when_its_vm_stops() {
    let Some(pedos) = pedos(Dialect::V4_3) else { return };
    pedos.fill_volume("work", "private", &data(5, 4 * MIB));
    pedos.halt_vm("work");
    pedos.fill_volume("work", "private", &data(5, 4 * MIB));
    pedos.start_vm("work");
    let source = open(&pedos).open_volume("work", "private").unwrap();
    let live = fs::OpenOptions::new()
        .write(true)
        .open(pedos.live_path("work", "private"))
        .unwrap();
    std::os::unix::fs::FileExt::write_all_at(&live, &[7; 4096], 0).unwrap();
    drop(live);
    pedos.halt_vm("work");
    assert!(volume(&pedos, "work", "private").starts_with(&[7; 4096]));
    let mut content = vec![0; 4 * MIB];
    source.read_at(&mut content, 0).unwrap();
    assert!(content == data(5, 4 * MIB));
    assert_eq!(source.change().unwrap(), None);
}
