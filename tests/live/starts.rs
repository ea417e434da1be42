// SPDX-License-Identifier: GPL-3.0-or-later
//! Somebody starts a VM while it is being restored.

use std::{path::Path, sync::Arc};

use pedos_backup::{
    engine::{self, Context, Degree, VmResult},
    host::IN_PROGRESS_TAG,
    transport::Location,
};
use pedos_standin::{Dialect, Driver, Standin};

use crate::{
    deaths::archive,
    pedos::{data, open, volume},
    support::{injured::InjuredHost, jobs},
};

/// Restores an archive of two VMs; while the first one is filled, `deed` is done.
fn restore_with_deed(
    pedos: &Arc<Standin>,
    archive: &Path,
    deed: impl Fn(&Standin) + Send + Sync + 'static,
) -> engine::Report {
    let other = Arc::clone(pedos);
    let host = InjuredHost::with_deed(open(pedos), "personal-1", 100 << 10, move || deed(&other));
    let plan = jobs::renaming_plan(Location::File(archive.to_owned()).into(), &host).unwrap();
    let report = engine::restore::run(&plan, &host, &Context::default()).unwrap();
    assert!(host.was_felt());
    report
}

#[test]
fn a_vm_that_is_being_restored_cannot_be_started() {
    for driver in [Driver::FileReflink, Driver::File, Driver::LvmThin] {
        let pedos = Arc::new(Standin::builder(Dialect::V4_4).pool_driver(driver).start());
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(&pedos, folder.path(), 1 << 20);
        let report = restore_with_deed(&pedos, &archive, |pedos| {
            let answer = pedos.call("admin.vm.Start", "", "personal-1", b"");
            assert!(answer.starts_with(b"2\0QubesVMError"), "{answer:?}");
        });
        assert_eq!(report.degree(), Degree::Complete, "{driver:?} {report:?}");
        assert_eq!(report.warnings, [], "{driver:?}");
        let (now, data) = (volume(&pedos, "personal-1", "private"), data(1, 1 << 20));
        assert!(now.starts_with(&data), "{driver:?}");
    }
}

#[test]
fn somebody_who_takes_the_tag_away_and_starts_the_vm_costs_that_vm_and_no_other() {
    for driver in [Driver::FileReflink, Driver::File, Driver::LvmThin] {
        for dialect in [Dialect::V4_2, Dialect::V4_4] {
            let pedos = Arc::new(Standin::builder(dialect).pool_driver(driver).start());
            let folder = tempfile::tempdir().unwrap();
            let archive = archive(&pedos, folder.path(), 1 << 20);
            let report = restore_with_deed(&pedos, &archive, |pedos| {
                pedos.must("admin.vm.tag.Remove", IN_PROGRESS_TAG, "personal-1", "");
                let _ = pedos.call("admin.vm.Start", "", "personal-1", b"");
            });
            let state = pedos.state();
            assert_eq!(state.open_imports(), [], "{driver:?} {dialect:?}");
            // A pool whose files share blocks drops the import at the start, which nobody is told.
            let known = |said: &String| driver == Driver::FileReflink && said.contains("is ended that was not begun");
            let violations = pedos.violations();
            assert!(violations.iter().all(known), "{driver:?} {violations:?}");
            let result = |vm: &str| &report.vms.iter().find(|report| report.name == vm).unwrap().result;
            assert_eq!(result("vault"), &VmResult::Done, "{report:?}");
            assert!(state.vm("vault-1").is_some());
            // That the import was lost, or that the VM ran meanwhile, is no success.
            let is_there = state.vm("personal-1").is_some();
            if matches!(result("personal"), VmResult::Done) {
                let (now, data) = (volume(&pedos, "personal-1", "private"), data(1, 1 << 20));
                assert!(now.starts_with(&data), "{driver:?} {dialect:?}");
            } else {
                let is_said = format!("{:?}", report.warnings).contains("NotTakenAway");
                assert_eq!(is_said, is_there, "{driver:?} {dialect:?} {:?}", report.warnings);
            }
        }
    }
}
