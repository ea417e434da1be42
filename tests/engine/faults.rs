// SPDX-License-Identifier: GPL-3.0-or-later
//! What goes wrong inside: volumes that cannot be read or written, stages that break, users who cancel at any moment.
//!
//! After each of them there is exactly one last word that names the cause, no archive under a final name, and no VM
//! that is not whole.

use std::{
    fs,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    injured::{InjuredHost, Injury},
    jobs::{self, last_word},
    noise::Noise,
    programs::{expect_no_archive, names},
    roots::{self, Fill, KIB, MIB, Vm},
};
use pedos_backup::{
    cancel::CancelToken,
    engine::{self, Context, Degree, EngineError, Report, VerifyVerdict, VmResult, Warning},
    host::{Host, Restored, VmFile},
    job::{Job, Outcome},
    plan::BackupPlan,
    transport::{DestinationError, Location, Purpose, probe},
};

/// Input/output error.
const EIO: i32 = 5;
/// No space left on device.
const ENOSPC: i32 = 28;

/// How soon a job must end after its cause came up. Cancelling may take two seconds; the rest is for a loaded VM.
const SOON: Duration = Duration::from_secs(6);

struct Workspace {
    folder: tempfile::TempDir,
}

impl Workspace {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        roots::make(&folder.path().join("root"), &roots::small());
        for name in ["target", "here"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        roots::make(&folder.path().join("here"), &[]);
        Self { folder }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn host(&self, name: &str) -> Arc<dyn Host> {
        jobs::host(&self.path(name))
    }

    /// A backup of all VMs into the directory "target", as a job.
    fn backup(&self, host: Arc<dyn Host>) -> Outcome {
        let plan = jobs::backup_plan(&ALL, Location::Folder(self.path("target")));
        last_word(&jobs::spawn(Job::Backup(plan, host)))
    }

    /// The same, verified at its end.
    fn verified_backup(&self, host: Arc<dyn Host>) -> Outcome {
        let mut plan = jobs::backup_plan(&ALL, Location::Folder(self.path("target")));
        plan.verify = true;
        last_word(&jobs::spawn(Job::Backup(plan, host)))
    }

    /// A restore of an archive of all VMs into the empty root "here", as a job on a host that is injured.
    fn restore_injured(&self, vm: &str, injury: Injury) -> Outcome {
        let archive = jobs::archive(&self.path("root"), &ALL, &self.path("target"));
        let host = Arc::new(InjuredHost::new(self.host("here"), vm, injury));
        let plan = jobs::restore_plan(Location::File(archive).into(), host.as_ref(), false).unwrap();
        let outcome = last_word(&jobs::spawn(Job::Restore(plan, host.clone())));
        assert!(host.was_felt(), "{injury:?} was not come upon");
        outcome
    }

    /// The one VM that failed, while all others are done.
    #[track_caller]
    fn expect_one_failed(&self, report: &Report) -> String {
        let failed: Vec<_> = report.failed().map(|vm| vm.name.clone()).collect();
        assert_eq!(failed.len(), 1, "{report:?}");
        let done = report.vms.iter().filter(|vm| vm.result == VmResult::Done);
        assert_eq!(done.count(), report.vms.len() - 1, "{report:?}");
        failed[0].clone()
    }

    /// Holds that every VM that is now in "here" is whole.
    #[track_caller]
    fn expect_only_whole_vms(&self) -> usize {
        let vms = roots::domains(&self.path("here"));
        let names: Vec<_> = vms.keys().filter(|name| *name != "dom0").collect();
        for name in &names {
            roots::expect_same(&self.path("root"), name, &self.path("here"), name);
        }
        names.len()
    }
}

const ALL: [&str; 7] = ["tpl", "net", "dvm", "disp", "work", "vault", "solo"];

#[test]
fn a_volume_that_cannot_be_read_fails_its_vm_and_no_other() {
    for injury in [
        Injury::Read { from: 0, errno: EIO },
        Injury::Read {
            from: 300 * KIB,
            errno: EIO,
        },
        Injury::Short { at: 200 * KIB },
        // The map of its holes is wanted before anything is written.
        Injury::Extents,
        Injury::Open,
    ] {
        let place = Workspace::new();
        let host = Arc::new(InjuredHost::new(place.host("root"), "vault", injury));
        let start = Instant::now();
        let Outcome::Done(report) = place.verified_backup(host.clone()) else {
            panic!("{injury:?} ended the backup")
        };
        assert!(host.was_felt() && start.elapsed() < SOON, "{injury:?}");
        // The verification repeats nothing that the backup has reported as missing.
        assert!(
            matches!(report.verdict, VerifyVerdict::Good),
            "{injury:?}: {:?}",
            report.verdict
        );
        assert_eq!(report.degree(), Degree::Partial, "{injury:?}");
        assert_eq!(place.expect_one_failed(&report), "vault", "{injury:?}");
        let archive = report.archive.unwrap();
        let is_promised = !matches!(injury, Injury::Extents | Injury::Open);
        let verified = jobs::verify(&archive, place.host("here").as_ref()).unwrap();
        if is_promised {
            assert_eq!(place.expect_one_failed(&verified), "vault", "{injury:?}");
            let VmResult::Failed(failure) = &verified.failed().next().unwrap().result else {
                panic!("{injury:?}")
            };
            let text = failure.0.to_string();
            assert!(text.contains("VM vault") && text.contains("missing"), "{text}");
            assert!(verified.findings.is_empty(), "{:?}", verified.findings);
        } else {
            assert!(verified.is_success(), "{injury:?}: {verified:?}");
        }
        let restored = jobs::restore(&archive, place.host("here").as_ref()).unwrap();
        assert_eq!(restored.is_success(), !is_promised, "{injury:?}");
        assert_eq!(place.expect_only_whole_vms(), ALL.len() - 1, "{injury:?}");
        let noted = |name: &str| {
            roots::domains(&place.path("root"))[name]
                .property("backup_timestamp")
                .is_some()
        };
        assert!(noted("solo") && !noted("vault"), "{injury:?}");
    }
}

#[test]
fn a_volume_that_fails_on_the_way_to_a_service_costs_its_vm_and_no_other() {
    let place = Workspace::new();
    let injury = Injury::Read {
        from: 300 * KIB,
        errno: EIO,
    };
    let host = Arc::new(InjuredHost::new(place.host("root"), "vault", injury));
    let destination = Location::Vm {
        vm: "net".to_owned(),
        line: "dd of=archive status=none".to_owned(),
    };
    let plan = jobs::backup_plan(&ALL, destination);
    let Outcome::Done(report) = last_word(&jobs::spawn(Job::Backup(plan, host))) else {
        panic!("the backup ended")
    };
    assert_eq!(place.expect_one_failed(&report), "vault");
    let archive = place.path("root/run/vm/net/home/user/archive");
    let verified = jobs::verify(&archive, place.host("here").as_ref()).unwrap();
    assert_eq!(place.expect_one_failed(&verified), "vault");
}

#[test]
fn where_no_vm_can_be_read_there_is_no_archive() {
    for injury in [
        Injury::Open,
        Injury::Read {
            from: 300 * KIB,
            errno: EIO,
        },
    ] {
        let place = Workspace::new();
        let host = Arc::new(InjuredHost::new(place.host("root"), "vault", injury));
        let plan = jobs::backup_plan(&["vault"], Location::Folder(place.path("target")));
        let outcome = last_word(&jobs::spawn(Job::Backup(plan, host)));
        let Outcome::Failed(error, _) = outcome else {
            panic!("{injury:?}: {outcome:?}")
        };
        assert!(!error.to_string().is_empty());
        assert_eq!(names(&place.path("target")), Vec::<std::ffi::OsString>::new());
    }
}

#[test]
fn a_reader_that_breaks_is_told_as_a_failure() {
    let place = Workspace::new();
    let host = Arc::new(InjuredHost::new(
        place.host("root"),
        "vault",
        Injury::Panic { from: 100 * KIB },
    ));
    let outcome = place.backup(host);
    assert!(matches!(outcome, Outcome::Failed(..)), "{outcome:?}");
    expect_no_archive(&place.path("target"));
}

#[test]
fn a_backup_that_cannot_be_noted_is_still_a_backup() {
    let place = Workspace::new();
    let host = Arc::new(InjuredHost::new(place.host("root"), "", Injury::Record));
    let Outcome::Done(report) = place.backup(host.clone()) else {
        panic!("failed")
    };
    assert!(host.was_felt() && report.is_success());
    assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
}

#[test]
fn a_volume_that_cannot_be_written_fails_its_vm_and_no_other() {
    for injury in [
        Injury::Write { from: 0, errno: ENOSPC },
        Injury::Write {
            from: 300 * KIB,
            errno: EIO,
        },
        Injury::Finish { errno: EIO },
    ] {
        let place = Workspace::new();
        let outcome = place.restore_injured("vault", injury);
        let Outcome::Done(report) = outcome else {
            panic!("{injury:?}: {outcome:?}")
        };
        assert!(!report.is_success(), "{injury:?}");
        for vm in &report.vms {
            let is_done = vm.result == VmResult::Done;
            assert_eq!(is_done, vm.name != "vault", "{injury:?}: {vm:?}");
        }
        assert_eq!(place.expect_only_whole_vms(), ALL.len() - 1, "{injury:?}");
    }
}

#[test]
fn a_vm_that_cannot_be_created_fails_alone() {
    let place = Workspace::new();
    let outcome = place.restore_injured("solo", Injury::Create);
    let Outcome::Done(report) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(report.failed().map(|vm| vm.name.as_str()).collect::<Vec<_>>(), ["solo"]);
    assert_eq!(place.expect_only_whole_vms(), ALL.len() - 1);
}

#[test]
fn settings_that_are_refused_are_warned_of_one_by_one() {
    let place = Workspace::new();
    let outcome = place.restore_injured("work", Injury::Settings);
    let Outcome::Done(report) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(report.failed().next().is_none(), "{report:?}");
    let refused: Vec<&Restored> = report
        .warnings
        .iter()
        .filter_map(|warning| match warning {
            Warning::SettingNotRestored { vm, what, .. } if vm == "work" => Some(what),
            _ => None,
        })
        .collect();
    for setting in [
        Restored::Property("memory".to_owned()),
        Restored::Feature("text with space".to_owned()),
        Restored::File(VmFile::Notes),
        Restored::Device {
            class: "block".to_owned(),
            id: "sdb1".to_owned(),
        },
    ] {
        assert!(refused.contains(&&setting), "{setting}: {refused:#?}");
    }
}

#[test]
fn nothing_is_written_where_another_disk_is_mounted_than_the_one_that_was_seen() {
    let place = Workspace::new();
    let target = place.path("target");
    let found = probe(
        &Location::Folder(target.clone()),
        Purpose::Write,
        None,
        &CancelToken::default(),
    )
    .unwrap();
    let run = |device| {
        let plan = BackupPlan {
            device,
            ..jobs::backup_plan(&["vault"], Location::Folder(target.clone()))
        };
        engine::backup::run(&plan, place.host("root").as_ref(), &Context::default())
    };
    // The disk that its user saw had another number.
    let other = run(found.device.map(|device| device + 1)).unwrap_err();
    let path = target.clone();
    assert_eq!(other, EngineError::Destination(DestinationError::OtherDisk { path }));
    assert!(names(&target).is_empty());
    assert!(run(found.device).unwrap().is_success());
}

#[test]
fn a_writer_that_breaks_leaves_nothing_half() {
    let place = Workspace::new();
    let outcome = place.restore_injured("vault", Injury::WritePanic);
    assert!(
        !matches!(&outcome, Outcome::Done(report) if report.is_success()),
        "{outcome:?}"
    );
    assert!(!matches!(&outcome, Outcome::Cancelled(_)), "{outcome:?}");
    // What such a breach leaves behind is at least told apart from whole VMs.
    for (name, domain) in roots::domains(&place.path("here"))
        .iter()
        .filter(|(name, _)| *name != "dom0")
    {
        if !domain.tags.iter().any(|tag| tag == "backup-restore-in-progress") {
            roots::expect_same(&place.path("root"), name, &place.path("here"), name);
        }
    }
}

#[test]
fn a_volume_that_is_gone_before_the_backup_leaves_its_vm_out() {
    let place = Workspace::new();
    fs::remove_file(place.path("root/var/lib/qubes/appvms/vault/private.img")).unwrap();
    let Outcome::Done(report) = place.backup(place.host("root")) else {
        panic!("the backup ended")
    };
    assert_eq!(place.expect_one_failed(&report), "vault");
    // The archive promises nothing of it.
    let archive = report.archive.unwrap();
    let verified = jobs::verify(&archive, place.host("here").as_ref()).unwrap();
    assert!(verified.is_success(), "{verified:?}");
    assert_eq!(verified.vms.len(), ALL.len() - 1);
}

/// Data that takes a moment to go through, so that there is something to cancel.
fn slow_vms() -> Vec<Vm> {
    let mut vms = roots::small();
    for (number, name) in ["bulk1", "bulk2", "bulk3"].into_iter().enumerate() {
        vms.push(
            Vm::new(name, "AppVM")
                .property("template", "tpl")
                .volume("private", Fill::Dense(10 * MIB, 40 + number as u64)),
        );
    }
    vms
}

#[test]
fn a_vm_that_lost_its_template_is_named() {
    let place = Workspace::new();
    let outcome = place.restore_injured("tpl", Injury::Write { from: 0, errno: EIO });
    let Outcome::Done(report) = outcome else {
        panic!("{outcome:?}")
    };
    let named: Vec<(&str, &str)> = report
        .warnings
        .iter()
        .filter_map(|warning| match warning {
            Warning::TemplateNotRestored { vm, template } => Some((vm.as_str(), template.as_str())),
            _ => None,
        })
        .collect();
    assert!(named.contains(&("net", "tpl")), "{named:?}");
    // Its template is there.
    assert!(named.iter().all(|(vm, _)| *vm != "disp"), "{named:?}");
}

#[test]
fn a_backup_cancelled_at_any_moment_leaves_nothing() {
    let place = Workspace::new();
    roots::make(&place.path("root"), &slow_vms());
    let host = place.host("root");
    let mut noise = Noise::new(11);
    let (mut cancelled, mut moment) = (0, 0);
    for _ in 0..30 {
        moment = if moment > 400 { 0 } else { moment + noise.below(40) };
        let plan = jobs::backup_plan(
            &["bulk1", "bulk2", "bulk3", "work"],
            Location::Folder(place.path("target")),
        );
        let handle = jobs::spawn(Job::Backup(plan, host.clone()));
        thread::sleep(Duration::from_millis(moment));
        handle.cancel();
        let asked = Instant::now();
        match last_word(&handle) {
            Outcome::Cancelled(_) => {
                assert!(asked.elapsed() < SOON, "{:?} after {moment} ms", asked.elapsed());
                assert_eq!(
                    names(&place.path("target")),
                    Vec::<std::ffi::OsString>::new(),
                    "after {moment} ms"
                );
                cancelled += 1;
            }
            Outcome::Done(report) => {
                // The archive had its name when the cancel came: then it is whole.
                assert!(report.is_success());
                fs::remove_file(report.archive.unwrap()).unwrap();
                moment = 0;
            }
            Outcome::Failed(error, _) => panic!("a cancel is no failure: {error} (after {moment} ms)"),
        }
    }
    assert!(cancelled > 10, "{cancelled} of 30 cancelled");
}

#[test]
fn a_restore_cancelled_at_any_moment_leaves_only_whole_vms() {
    let place = Workspace::new();
    roots::make(&place.path("root"), &slow_vms());
    let all = [&ALL[..], &["bulk1", "bulk2", "bulk3"]].concat();
    let archive = jobs::archive(&place.path("root"), &all, &place.path("target"));
    let mut noise = Noise::new(12);
    let (mut cancelled, mut moment) = (0, 0);
    for round in 0..16 {
        moment = if moment > 600 { 0 } else { moment + noise.below(80) };
        let here = place.path(&format!("here{round}"));
        roots::make(&here, &[]);
        let host = jobs::host(&here);
        let plan = jobs::restore_plan(Location::File(archive.clone()).into(), host.as_ref(), false).unwrap();
        let handle = jobs::spawn(Job::Restore(plan, host));
        thread::sleep(Duration::from_millis(moment));
        handle.cancel();
        let asked = Instant::now();
        match last_word(&handle) {
            Outcome::Cancelled(partial) => {
                // Nothing is wrong with the archive.
                let failed = partial.vms.iter().find(|vm| matches!(vm.result, VmResult::Failed(_)));
                assert!(failed.is_none(), "{failed:?} after {moment} ms");
                assert!(asked.elapsed() < SOON, "{:?} after {moment} ms", asked.elapsed());
                cancelled += 1;
            }
            Outcome::Done(report) => {
                assert!(report.is_success());
                moment = 0;
            }
            Outcome::Failed(error, _) => panic!("a cancel is no failure: {error} (after {moment} ms)"),
        }
        for name in roots::domains(&here).keys().filter(|name| *name != "dom0") {
            roots::expect_same(&place.path("root"), name, &here, name);
        }
        expect_no_leftovers(&here);
        fs::remove_dir_all(&here).unwrap();
    }
    assert!(cancelled > 5, "{cancelled} of 16 cancelled");
}

/// Holds that a root has no files of imports that never ended, and no folder of a VM that is not in its record.
#[track_caller]
fn expect_no_leftovers(root: &Path) {
    let known = roots::domains(root);
    for kind in ["appvms", "vm-templates"] {
        let folder = root.join("var/lib/qubes").join(kind);
        if !folder.is_dir() {
            continue;
        }
        for name in names(&folder) {
            let name = name.to_string_lossy().into_owned();
            assert!(known.contains_key(&name), "{kind}/{name} is left and not in the record");
            for file in names(&folder.join(&name)) {
                let file = file.to_string_lossy().into_owned();
                let is_known = file.ends_with(".img")
                    || file.ends_with(".xml")
                    || file.ends_with(".txt")
                    || file.ends_with(".list");
                assert!(is_known && !file.contains("import"), "{kind}/{name}/{file} is left");
            }
        }
    }
}
