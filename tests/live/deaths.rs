// SPDX-License-Identifier: GPL-3.0-or-later
//! Restores in which something dies, or is cancelled: nothing half-made is left that looks whole.

use std::{
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use pedos_backup::{
    engine::{Degree, Leftovers},
    host::IN_PROGRESS_TAG,
    job::{Job, JobKind, Outcome},
    transport::Location,
};
use pedos_standin::{Dialect, Fault, Standin};

use crate::{
    pedos::{data, open, restore, volume},
    support::{jobs, programs},
};

/// An archive of a VM with that much data.
fn archive(pedos: &Standin, folder: &Path, bytes: usize) -> PathBuf {
    pedos.fill_volume("personal", "private", &data(1, bytes));
    let file = folder.join("archive");
    let report = jobs::back_up(open(pedos).as_ref(), &["personal", "vault"], &file).unwrap();
    assert_eq!(report.degree(), Degree::Complete);
    file
}

/// Waits until that holds.
#[track_caller]
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(40), "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a VM that is there without the tag has its data, and no import is open.
#[track_caller]
fn holds_no_false_vm(pedos: &Standin) {
    let state = pedos.state();
    for vm in state.vms.iter().filter(|vm| vm.name.starts_with("personal-")) {
        if !vm.tags.iter().any(|tag| tag == IN_PROGRESS_TAG) {
            assert!(
                volume(pedos, &vm.name, "private") == volume(pedos, "personal", "private"),
                "{}",
                vm.name
            );
        }
    }
    assert_eq!(state.open_imports(), []);
}

#[test]
fn a_daemon_that_dies_at_any_call_of_a_restore_and_comes_back_costs_nothing() {
    let back = Some(Duration::from_millis(300));
    for method in [
        "admin.vm.Create.AppVM",
        "admin.vm.tag.Set",
        "admin.vm.property.Set",
        "admin.vm.tag.Remove",
        "internal.vm.volume.ImportBegin",
        "internal.vm.volume.ImportEnd",
        "admin.vm.List",
    ] {
        for fault in [Fault::DieBefore(back), Fault::DieAfter(back)] {
            let pedos = Standin::new(Dialect::V4_3);
            let folder = tempfile::tempdir().unwrap();
            let archive = archive(&pedos, folder.path(), 1 << 20);
            pedos.on(method, fault.clone());
            let report = restore(&archive, &pedos);
            assert_eq!(report.degree(), Degree::Complete, "{method} {fault:?}: {report:#?}");
            holds_no_false_vm(&pedos);
            assert_eq!(
                pedos
                    .state()
                    .vms
                    .iter()
                    .filter(|vm| vm.name.starts_with("personal"))
                    .count(),
                2
            );
        }
    }
}

/// Patience is half a minute, so this takes as long.
#[test]
fn a_daemon_that_dies_for_good_ends_a_restore_in_time_and_what_is_left_is_named() {
    let pedos = Standin::new(Dialect::V4_3);
    let folder = tempfile::tempdir().unwrap();
    let archive = archive(&pedos, folder.path(), 1 << 20);
    let host = open(&pedos);
    let plan = jobs::renaming_plan(Location::File(archive).into(), host.as_ref()).unwrap();
    pedos.on("internal.vm.volume.ImportEnd", Fault::DieBefore(None));
    let start = Instant::now();
    let job = jobs::spawn(Job::Restore(plan, host));
    let outcome = jobs::last_word(&job);
    assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
    let said = format!("{outcome:?}");
    let degree = outcome.degree(JobKind::Restore);
    assert!(matches!(degree, Degree::Failed | Degree::Partial), "{said}");
    for vm in pedos.state().vms.iter().filter(|vm| vm.name.ends_with("-1")) {
        assert!(vm.tags.iter().any(|tag| tag == IN_PROGRESS_TAG), "{}", vm.name);
        assert!(said.contains(&vm.name), "{said}");
    }
    // The next start names what stayed, and takes it away when told to.
    pedos.start();
    let left = Leftovers::find(open(&pedos).as_ref()).unwrap();
    assert!(!left.vms.is_empty(), "{left:?}");
}

#[test]
fn a_cancel_takes_away_what_is_unfinished_at_once() {
    let pedos = Standin::new(Dialect::V4_3);
    let folder = tempfile::tempdir().unwrap();
    let archive = archive(&pedos, folder.path(), 1 << 20);
    for method in ["internal.vm.volume.ImportBegin", "admin.vm.property.Set"] {
        let host = open(&pedos);
        let plan = jobs::renaming_plan(Location::File(archive.clone()).into(), host.as_ref()).unwrap();
        pedos.on(method, Fault::Slow(Duration::from_secs(1)));
        pedos.clear_journal();
        let job = jobs::spawn(Job::Restore(plan, host));
        wait_until("the call comes", || {
            pedos.journal().iter().any(|call| call.method == method)
        });
        let start = Instant::now();
        job.cancel();
        assert!(matches!(jobs::last_word(&job), Outcome::Cancelled(_)));
        assert!(
            start.elapsed() < Duration::from_secs(3),
            "{method}: {:?}",
            start.elapsed()
        );
        wait_until("the VMs are gone", || {
            pedos
                .state()
                .vms
                .iter()
                .all(|vm| vm.name != "personal-1" && vm.name != "vault-1")
        });
        holds_no_false_vm(&pedos);
    }
}

/// Starts a restore by the tool, into a daemon that takes its time.
fn tool(pedos: &Standin, archive: &Path, folder: &Path) -> Child {
    let passphrase = folder.join("passphrase");
    std::fs::write(&passphrase, jobs::PASSPHRASE).unwrap();
    programs::qvm_backup_restore()
        .arg("--root")
        .arg(pedos.root())
        .arg("--passphrase-file")
        .arg(passphrase)
        .arg("--rename-conflicting")
        .arg(archive)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn what_a_killed_program_leaves_is_put_in_order_by_the_helper() {
    let pedos = Standin::new(Dialect::V4_3);
    let folder = tempfile::tempdir().unwrap();
    let archive = archive(&pedos, folder.path(), 1 << 20);
    for method in [
        "admin.vm.Create.AppVM",
        "admin.vm.tag.Set",
        "internal.vm.volume.ImportBegin",
        "internal.vm.volume.ImportEnd",
    ] {
        pedos.clear_journal();
        pedos.on(method, Fault::Slow(Duration::from_millis(400)));
        let mut child = tool(&pedos, &archive, folder.path());
        wait_until("the call comes", || {
            pedos.journal().iter().any(|call| call.method == method)
        });
        child.kill().unwrap();
        child.wait().unwrap();
        wait_until(
            &format!("the VMs of a run that was killed at {method} are gone"),
            || {
                pedos
                    .state()
                    .vms
                    .iter()
                    .all(|vm| vm.name != "personal-1" && vm.name != "vault-1")
            },
        );
        holds_no_false_vm(&pedos);
    }
}
