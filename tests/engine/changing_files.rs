// SPDX-License-Identifier: GPL-3.0-or-later
//! Sources and destinations that others change while a backup runs: what was read of a volume that changed is named, and
//! only the file that was written becomes the archive.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use crate::support::{
    injured::{InjuredHost, Injury},
    jobs,
    programs::{expect_no_archive, names},
    roots::{self, KIB},
};
use pedos_backup::{
    engine::{Context, Degree, EngineError, Failure, Report, VmResult, Warning, backup},
    host::{Change, Host},
    transport::{DestinationError, Location},
};

const VMS: [&str; 3] = ["tpl", "solo", "vault"];

fn root() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    roots::make(&folder.path().join("root"), &roots::small());
    fs::create_dir(folder.path().join("target")).unwrap();
    folder
}

fn volume(folder: &Path, vm: &str) -> PathBuf {
    let kind = if vm == "tpl" { "vm-templates" } else { "appvms" };
    let name = if vm == "vault" { "private.img" } else { "root.img" };
    folder.join("root/var/lib/qubes").join(kind).join(vm).join(name)
}

/// Backs up while that is done to a volume of the VM once a part of it was read.
fn while_reading(folder: &Path, vm: &str, deed: impl Fn(&Path) + Send + Sync + 'static) -> Result<Report, EngineError> {
    let path = volume(folder, vm);
    let deed = move || {
        // Times of files move by the tick of the system.
        thread::sleep(Duration::from_millis(30));
        deed(&path);
    };
    let whole = jobs::host(&folder.join("root"));
    let host = InjuredHost::with_deed(whole, vm, 100 * KIB, deed);
    let report = jobs::back_up(&host, &VMS, &folder.join("target/archive"));
    assert!(host.was_felt());
    report
}

fn change(report: &Report, vm: &str) -> Option<Change> {
    let report = report.vms.iter().find(|report| report.name == vm).unwrap();
    match &report.result {
        VmResult::Partly(Failure(EngineError::VolumeChanged { change, .. })) => Some(*change),
        VmResult::Done => None,
        other => panic!("{other:?}"),
    }
}

type Deed = fn(&Path);

/// Puts another file in the place of a volume, as the end of a VM does.
fn replace(path: &Path) {
    let new = path.with_extension("new");
    fs::copy(path, &new).unwrap();
    fs::rename(new, path).unwrap();
}

#[test]
fn a_volume_that_changes_while_it_is_read_is_named() {
    let deeds: [(Deed, Change); 5] = [
        (
            |path| {
                let file = File::options().write(true).open(path).unwrap();
                file.write_all_at(b"x", 7).unwrap();
            },
            Change::Content,
        ),
        (
            |path| {
                let file = File::options().write(true).open(path).unwrap();
                file.set_len(64 << 20).unwrap();
            },
            Change::Size,
        ),
        (|path| fs::remove_file(path).unwrap(), Change::Gone),
        (
            |path| fs::rename(path, path.with_extension("old")).unwrap(),
            Change::Gone,
        ),
        (replace, Change::Replaced),
    ];
    for (deed, expected) in deeds {
        let folder = root();
        let report = while_reading(folder.path(), "solo", deed).unwrap();
        assert_eq!(change(&report, "solo"), Some(expected));
        assert_eq!(report.degree(), Degree::Partial);
        for other in ["tpl", "vault"] {
            assert_eq!(change(&report, other), None, "{expected:?}");
        }
        // What was read is there all the same.
        let here = folder.path().join("here");
        roots::make(&here, &[]);
        let verified = jobs::verify(&folder.path().join("target/archive"), jobs::host(&here).as_ref()).unwrap();
        assert!(verified.is_success(), "{verified:?}");
    }
}

#[test]
fn a_volume_that_is_another_when_its_turn_comes_is_named() {
    let write: Deed = |path| {
        let file = File::options().write(true).open(path).unwrap();
        file.write_all_at(&[7; 4096], 8 << 20).unwrap();
    };
    let grow: Deed = |path| {
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(64 << 20)
            .unwrap();
    };
    for (deed, vm, expected) in [
        (write, "solo", Change::Content),
        (grow, "solo", Change::Size),
        (replace as Deed, "solo", Change::Replaced),
    ] {
        let folder = root();
        let path = volume(folder.path(), vm);
        // While the first VM is read, all have been counted and only that one has been opened for reading.
        let report = while_reading(folder.path(), "tpl", move |_| deed(&path)).unwrap();
        for other in VMS {
            let expected = (other == vm).then_some(expected);
            assert_eq!(change(&report, other), expected, "{other}");
        }
        assert_eq!(report.degree(), Degree::Partial);
        let here = folder.path().join("here");
        roots::make(&here, &[]);
        let verified = jobs::verify(&folder.path().join("target/archive"), jobs::host(&here).as_ref()).unwrap();
        assert!(verified.is_success(), "{verified:?}");
    }
}

/// Volumes are open from the beginning, so that an archive shows one moment: what is saved of a VM that runs is the state
/// from before its start, though the VM ends before its turn.
#[test]
fn a_running_vm_that_ends_before_its_turn_is_saved_as_it_was() {
    let folder = root();
    let path = volume(folder.path(), "vault");
    let before = fs::read(&path).unwrap();
    let other = path.clone();
    let end = move |_: &Path| {
        fs::write(other.with_extension("new"), "written while it ran").unwrap();
        fs::rename(other.with_extension("new"), &other).unwrap();
    };
    let report = while_reading(folder.path(), "tpl", end).unwrap();
    assert_eq!(change(&report, "vault"), None);
    assert_eq!(report.degree(), Degree::Complete);
    let here = folder.path().join("here");
    roots::make(&here, &[]);
    let restored = jobs::restore(&folder.path().join("target/archive"), jobs::host(&here).as_ref()).unwrap();
    assert!(restored.is_success(), "{restored:?}");
    assert_ne!(fs::read(&path).unwrap(), before);
    let restored = volume(folder.path(), "vault");
    let restored = here.join(restored.strip_prefix(folder.path().join("root")).unwrap());
    assert!(fs::read(restored).unwrap() == before);
}

#[test]
fn a_volume_that_shrinks_while_it_is_read_fails_its_vm() {
    let folder = root();
    let shrink = |path: &Path| {
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(50 * KIB)
            .unwrap();
    };
    let report = while_reading(folder.path(), "solo", shrink).unwrap();
    let failed: Vec<_> = report.failed().map(|vm| vm.name.as_str()).collect();
    assert_eq!(failed, ["solo"]);
}

#[test]
fn the_snapshot_of_a_running_vm_has_not_changed_when_the_vm_ends() {
    // While it runs the VM writes elsewhere; at its end the new state takes the place of the old one.
    let deeds: [Deed; 3] = [
        |path| fs::write(path.with_file_name("private-dirty.img"), "new").unwrap(),
        replace,
        |path| {
            fs::rename(path, path.with_extension("img@2026-01-01T00:00:00Z")).unwrap();
            fs::write(path, "new").unwrap();
        },
    ];
    for deed in deeds {
        let folder = root();
        let report = while_reading(folder.path(), "vault", deed).unwrap();
        assert!(report.is_success(), "{report:?}");
    }
    // The snapshot itself must not be written to.
    let folder = root();
    let write = |path: &Path| {
        let file = File::options().write(true).open(path).unwrap();
        file.write_all_at(b"x", 7).unwrap();
    };
    let report = while_reading(folder.path(), "vault", write).unwrap();
    assert_eq!(change(&report, "vault"), Some(Change::Content));
}

#[test]
fn a_small_file_that_is_none_is_named_and_costs_no_volume() {
    let folder = root();
    let vm = folder.path().join("root/var/lib/qubes/appvms/work");
    fs::remove_file(vm.join("notes.txt")).unwrap();
    fs::create_dir(vm.join("notes.txt")).unwrap();
    let host = jobs::host(&folder.path().join("root"));
    let report = jobs::back_up(host.as_ref(), &["tpl", "work"], &folder.path().join("target/archive")).unwrap();
    assert_eq!(report.degree(), Degree::Partial);
    let VmResult::Partly(failure) = &report.vms.last().unwrap().result else {
        panic!("{report:?}")
    };
    assert!(failure.0.to_string().contains("notes.txt"), "{failure:?}");
    let here = folder.path().join("here");
    roots::make(&here, &[]);
    let verified = jobs::verify(&folder.path().join("target/archive"), jobs::host(&here).as_ref()).unwrap();
    assert!(verified.is_success(), "{verified:?}");
}

#[test]
fn only_the_file_that_was_written_becomes_the_archive() {
    let part = |folder: &Path| folder.join("target/archive.part");
    let deeds: [fn(&Path); 3] = [
        |part| {
            fs::remove_file(part).unwrap();
            fs::write(part, "another").unwrap();
        },
        |part| fs::remove_file(part).unwrap(),
        |part| {
            fs::rename(part, part.with_extension("moved")).unwrap();
            std::os::unix::fs::symlink("archive.moved", part).unwrap();
        },
    ];
    for deed in deeds {
        let folder = root();
        let path = part(folder.path());
        let there = path.clone();
        let report = while_reading(folder.path(), "solo", move |_| deed(&there));
        let Err(EngineError::Destination(DestinationError::Replaced { .. })) = report else {
            panic!("{report:?}")
        };
        assert!(!folder.path().join("target/archive").exists());
        // What others have put there is theirs.
        if let Ok(content) = fs::read_to_string(&path) {
            assert_eq!(content, "another");
        }
    }
}

#[test]
fn what_a_killed_run_left_is_replaced_and_what_another_run_writes_is_not() {
    let folder = root();
    let host = jobs::host(&folder.path().join("root"));
    let archive = folder.path().join("target/archive");
    let part = folder.path().join("target/archive.part");
    fs::write(&part, "left over").unwrap();
    let report = jobs::back_up(host.as_ref(), &["vault"], &archive).unwrap();
    assert!(report.is_success());
    assert_eq!(report.warnings, [Warning::LeftoverReplaced { path: part.clone() }]);
    assert!(!part.exists());
    fs::remove_file(&archive).unwrap();
    // Two runs to one name: the second is told why, and the first is not disturbed.
    let (root, target) = (folder.path().join("root"), archive.clone());
    let second = Arc::new(std::sync::Mutex::new(None));
    let result = Arc::clone(&second);
    let first = while_reading(folder.path(), "solo", move |_| {
        let host = jobs::host(&root);
        *result.lock().unwrap() = Some(jobs::back_up(host.as_ref(), &["vault"], &target));
    });
    assert!(first.unwrap().is_success());
    let second = second.lock().unwrap().take().unwrap();
    let Err(EngineError::Destination(DestinationError::InUse { path })) = second else {
        panic!("{second:?}")
    };
    assert_eq!(path, part);
    fs::remove_file(&archive).unwrap();
    // What is no file stays.
    fs::create_dir(&part).unwrap();
    let blocked = jobs::back_up(host.as_ref(), &["vault"], &archive);
    assert!(matches!(
        blocked,
        Err(EngineError::Destination(DestinationError::Exists { .. }))
    ));
    assert!(part.is_dir());
}

#[test]
fn two_backups_into_one_folder_within_a_second_get_two_names() {
    let folder = root();
    let target = folder.path().join("target");
    for _ in 0..3 {
        let host = jobs::host(&folder.path().join("root"));
        let plan = jobs::backup_plan(&["vault"], Location::Folder(target.clone()));
        let report = backup::run(&plan, host.as_ref() as &dyn Host, &Context::default()).unwrap();
        assert!(report.is_success());
    }
    assert_eq!(names(&target).len(), 3);
}

#[test]
fn a_backup_that_ends_early_takes_its_unfinished_file_away() {
    let folder = root();
    let host = InjuredHost::new(jobs::host(&folder.path().join("root")), "vault", Injury::Extents);
    jobs::back_up(&host, &["vault"], &folder.path().join("target/archive")).unwrap_err();
    expect_no_archive(&folder.path().join("target"));
    let host = jobs::host(&folder.path().join("root"));
    jobs::back_up(host.as_ref(), &["vault"], &folder.path().join("target/archive")).unwrap();
    assert_eq!(names(&folder.path().join("target")).len(), 1);
}
