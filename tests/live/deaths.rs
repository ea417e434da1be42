// SPDX-License-Identifier: GPL-3.0-or-later
//! Restores in which something dies, or is cancelled: nothing half-made is left that looks whole.

use std::{
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use pedos_backup::{
    engine::{self, Context, Degree, Leftovers, VmResult},
    helper::PROGRAM,
    host::{Host, IN_PROGRESS_TAG, RestoreTurn},
    job::{Job, JobHandle, JobKind, Outcome},
    transport::Location,
};
use pedos_standin::{Call, Dialect, Fault, Standin, Vm};

use crate::{
    pedos::{data, open, restore, volume},
    support::{
        injured::{InjuredHost, Injury},
        jobs, programs,
    },
};

/// An archive of a VM with that much data.
pub(crate) fn archive(pedos: &Standin, folder: &Path, bytes: usize) -> PathBuf {
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

/// Cancels a restore of an archive when a call has come in, and holds that nothing of it stays.
#[track_caller]
fn cancel_at(vms: &[&str], method: &str, fault: Fault) {
    let pedos = Standin::new(Dialect::V4_3);
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    jobs::back_up(open(&pedos).as_ref(), vms, &archive).unwrap();
    let before = pedos.state().vms.len();
    let host = open(&pedos);
    let plan = jobs::renaming_plan(Location::File(archive).into(), host.as_ref()).unwrap();
    let is_forever = fault == Fault::NoAnswer;
    pedos.on(method, fault);
    pedos.clear_journal();
    let job = jobs::spawn(Job::Restore(plan, host));
    wait_until("the call comes", || {
        pedos.journal().iter().any(|call| call.method == method)
    });
    let start = Instant::now();
    job.cancel();
    let outcome = jobs::last_word(&job);
    assert!(matches!(outcome, Outcome::Cancelled(_)), "{method}: {outcome:?}");
    let elapsed = start.elapsed();
    assert!(elapsed < Duration::from_secs(2), "{method}: {elapsed:?}");
    if !is_forever {
        wait_until(
            &format!("the VMs of a restore that was cancelled at {method} are gone"),
            || pedos.state().vms.len() == before,
        );
        assert_eq!(pedos.state().open_imports(), []);
    }
}

#[test]
fn a_cancel_waits_for_no_call_and_what_is_unfinished_goes() {
    thread::scope(|scope| {
        for method in [
            "admin.vm.Create.AppVM",
            "admin.vm.tag.Set",
            "admin.vm.property.Set",
            "internal.vm.volume.ImportBegin",
            "internal.vm.volume.ImportEnd",
            "admin.vm.tag.Remove",
        ] {
            scope.spawn(move || cancel_at(&["personal", "vault"], method, Fault::Slow(Duration::from_secs(3))));
        }
        for method in ["internal.vm.volume.ImportBegin", "internal.vm.volume.ImportEnd"] {
            scope.spawn(move || cancel_at(&["personal"], method, Fault::NoAnswer));
        }
    });
}

#[test]
fn what_others_are_based_on_is_taken_away_after_them() {
    cancel_at(
        &["tpl-main", "default-dvm", "personal"],
        "internal.vm.volume.ImportEnd",
        Fault::Slow(Duration::from_millis(100)),
    );
    // The same of what an earlier run has left.
    let pedos = Standin::new(Dialect::V4_3);
    pedos.must("admin.vm.Create.TemplateVM", "", "dom0", "name=a-template label=red");
    pedos.must(
        "admin.vm.Create.AppVM",
        "a-template",
        "dom0",
        "name=based-on-it label=red",
    );
    for vm in ["a-template", "based-on-it"] {
        pedos.must("admin.vm.tag.Set", IN_PROGRESS_TAG, vm, "");
    }
    let host = open(&pedos);
    let left = Leftovers::find(host.as_ref()).unwrap();
    assert_eq!(left.vms.len(), 2);
    let RestoreTurn::Mine(turn) = host.restore_turn().unwrap() else {
        panic!("nobody else restores");
    };
    assert_eq!(left.remove(host.as_ref(), &turn), []);
}

/// A restore that is under way.
fn begin_restore(pedos: &Standin, archive: &Path) -> JobHandle {
    let host = open(pedos);
    let plan = jobs::renaming_plan(Location::File(archive.to_owned()).into(), host.as_ref()).unwrap();
    pedos.clear_journal();
    jobs::spawn(Job::Restore(plan, host))
}

/// Waits for so many calls of a method, and returns the VM of the first.
#[track_caller]
fn first_of(pedos: &Standin, calls: usize, method: &str) -> String {
    let came = || {
        let journal = pedos.journal().into_iter();
        let came: Vec<String> = journal
            .filter(|call| call.method == method)
            .map(|call| call.destination)
            .collect();
        came
    };
    wait_until("the calls come", || came().len() >= calls);
    came().remove(0)
}

/// Holds that of the VMs of a restore all but that one are whole.
#[track_caller]
fn all_but(pedos: &Standin, job: &JobHandle, vm: &str) {
    let outcome = jobs::last_word(job);
    let Outcome::Done(report) = &outcome else {
        panic!("{outcome:?}");
    };
    for row in &report.vms {
        let is_done = row.result == VmResult::Done;
        assert_eq!(is_done, row.name_here != vm, "{report:#?}");
        assert_eq!(pedos.state().vm(&row.name_here).is_some(), is_done, "{report:#?}");
    }
    holds_no_false_vm(pedos);
    assert!(
        pedos
            .state()
            .vms
            .iter()
            .all(|vm| !vm.tags.iter().any(|tag| tag == IN_PROGRESS_TAG))
    );
}

#[test]
fn a_vm_that_somebody_removes_meanwhile_costs_no_other() {
    for (calls, method) in [(2, "admin.vm.tag.Set"), (1, "internal.vm.volume.ImportBegin")] {
        let pedos = Standin::new(Dialect::V4_3);
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(&pedos, folder.path(), 1 << 20);
        for _ in 1..calls {
            pedos.on(method, Fault::Slow(Duration::from_millis(1)));
        }
        pedos.on(method, Fault::Slow(Duration::from_millis(500)));
        let job = begin_restore(&pedos, &archive);
        let vm = first_of(&pedos, calls, method);
        pedos.must("admin.vm.Remove", "", &vm, "");
        all_but(&pedos, &job, &vm);
        let _ = pedos.violations();
    }
}

#[test]
fn a_helper_that_is_killed_costs_the_vm_at_work_and_no_other() {
    let pedos = Standin::new(Dialect::V4_3);
    let folder = tempfile::tempdir().unwrap();
    let archive = archive(&pedos, folder.path(), 1 << 20);
    pedos.on(
        "internal.vm.volume.ImportBegin",
        Fault::Slow(Duration::from_millis(500)),
    );
    let job = begin_restore(&pedos, &archive);
    let vm = first_of(&pedos, 1, "internal.vm.volume.ImportBegin");
    for helper in helpers(&pedos) {
        rustix::process::kill_process(helper, rustix::process::Signal::KILL).unwrap();
    }
    all_but(&pedos, &job, &vm);
}

/// The helpers that work on a PedOS.
fn helpers(pedos: &Standin) -> Vec<rustix::process::Pid> {
    let root = pedos.root().canonicalize().unwrap();
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    all.filter_map(|process| {
        let pid = process.file_name().to_str()?.parse().ok()?;
        let line = std::fs::read(process.path().join("cmdline")).ok()?;
        let mut words = line.split(|byte| *byte == 0);
        let is_helper = words.next()?.ends_with(PROGRAM.as_bytes());
        let is_here = words.any(|word| word == root.as_os_str().as_encoded_bytes());
        (is_helper && is_here)
            .then(|| rustix::process::Pid::from_raw(pid))
            .flatten()
    })
    .collect()
}

#[test]
fn a_helper_leaves_no_zombie_in_a_program_that_goes_on() {
    let pedos = Standin::new(Dialect::V4_3);
    let host = open(&pedos);
    host.prepare().unwrap();
    let pids = helpers(&pedos);
    assert_eq!(pids.len(), 1);
    drop(host);
    wait_until("the helper has ended and nothing is left of it", || {
        pids.iter()
            .all(|pid| !Path::new(&format!("/proc/{}", pid.as_raw_nonzero())).exists())
    });
}

#[test]
fn an_import_that_breaks_off_is_ended_badly() {
    let pedos = Standin::new(Dialect::V4_3);
    let folder = tempfile::tempdir().unwrap();
    let archive = archive(&pedos, folder.path(), 1 << 20);
    let injury = Injury::Write { from: 0, errno: 28 };
    let host = InjuredHost::new(open(&pedos), "personal-1", injury);
    let plan = jobs::renaming_plan(Location::File(archive).into(), &host).unwrap();
    let report = engine::restore::run(&plan, &host, &Context::default()).unwrap();
    assert_eq!(report.degree(), Degree::Partial, "{report:?}");
    assert!(was_ended_badly(&pedos, "personal-1"));
    holds_no_false_vm(&pedos);
}

#[test]
fn a_cancel_ends_the_wait_for_a_vm_that_is_taken_away() {
    for method in ["admin.vm.Remove", "internal.vm.volume.ImportEnd"] {
        let pedos = Standin::new(Dialect::V4_3);
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(&pedos, folder.path(), 1 << 20);
        let injury = Injury::Write { from: 0, errno: 28 };
        let host: Arc<dyn Host> = Arc::new(InjuredHost::new(open(&pedos), "personal-1", injury));
        let plan = jobs::renaming_plan(Location::File(archive).into(), host.as_ref()).unwrap();
        pedos.on(method, Fault::NoAnswer);
        pedos.clear_journal();
        let job = jobs::spawn(Job::Restore(plan, host));
        first_of(&pedos, 1, method);
        let start = Instant::now();
        job.cancel();
        assert!(matches!(jobs::last_word(&job), Outcome::Cancelled(_)));
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{method}: {:?}",
            start.elapsed()
        );
    }
}

/// Whether the daemon was told that an import of a VM has failed.
fn was_ended_badly(pedos: &Standin, vm: &str) -> bool {
    let is_bad = |call: &Call| call.method.ends_with("ImportEnd") && call.payload.starts_with(b"fail");
    pedos
        .journal()
        .iter()
        .any(|call| call.destination == vm && is_bad(call))
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
        if method.ends_with("ImportBegin") {
            wait_until("the import is ended badly", || {
                ["personal-1", "vault-1"].iter().any(|vm| was_ended_badly(&pedos, vm))
            });
        }
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

#[test]
fn a_program_that_is_killed_when_a_vm_is_whole_leaves_it() {
    let pedos = Standin::new(Dialect::V4_3);
    let folder = tempfile::tempdir().unwrap();
    // Without a volume, so that the helper has seen no tag of it.
    pedos.must("admin.vm.Create.DispVM", "default-dvm", "dom0", "name=named label=red");
    let archive = folder.path().join("archive");
    jobs::back_up(open(&pedos).as_ref(), &["named"], &archive).unwrap();
    pedos.on("admin.vm.tag.Remove", Fault::Slow(Duration::from_millis(400)));
    pedos.clear_journal();
    let mut child = tool(&pedos, &archive, folder.path());
    first_of(&pedos, 1, "admin.vm.tag.Remove");
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("the helper has ended", || helpers(&pedos).is_empty());
    let is_unfinished = |vm: &Vm| vm.tags.iter().any(|tag| tag == IN_PROGRESS_TAG);
    wait_until("the daemon has done what it was asked for", || {
        pedos.state().vm("named-1").is_none_or(|vm| !is_unfinished(vm))
    });
    assert!(pedos.state().vm("named-1").is_some());
}
