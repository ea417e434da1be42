// SPDX-License-Identifier: GPL-3.0-or-later
//! What is set on volumes, and VMs whose volumes lie in several pools.

use std::{fs, path::Path};

use pedos_backup::{
    engine::{Degree, Warning},
    host::{
        HostError, Refusal, Restored, System, VolumeState,
        root::RootHost,
        settings::{Setting, Unfit},
    },
};
use pedos_standin::{Dialect, Driver, Standin};

use crate::{
    pedos::{DIALECTS, data, open, restore, volume},
    support::jobs,
};

const SET: &str = "admin.vm.volume.Set.revisions_to_keep";

/// How many old states of a private volume are kept.
fn revisions(pedos: &Standin, vm: &str) -> i64 {
    let state = pedos.state();
    let volume = state.vm(vm).and_then(|vm| vm.volume("private")).unwrap();
    volume.revisions_to_keep
}

/// An archive of the VMs "hidden", "personal" and "vault".
fn archive(pedos: &Standin, folder: &Path) -> std::path::PathBuf {
    let file = folder.join("archive");
    let report = jobs::back_up(open(pedos).as_ref(), &["hidden", "personal", "vault"], &file).unwrap();
    assert_eq!(report.degree(), Degree::Complete, "{report:?}");
    file
}

#[test]
fn how_many_revisions_are_kept_comes_back_where_somebody_chose_it() {
    let pedos = Standin::new(Dialect::V4_3);
    pedos.must(SET, "private", "personal", "-1");
    pedos.must(SET, "private", "hidden", "5");
    let folder = tempfile::tempdir().unwrap();
    let archive = archive(&pedos, folder.path());
    // In a pool that gives its volumes another number.
    let other = Standin::builder(Dialect::V4_4).pool_driver(Driver::LvmThin).start();
    other.edit(|state| state.pools.iter_mut().for_each(|pool| pool.revisions_to_keep = 5));
    let report = restore(&archive, &other);
    assert_eq!((report.degree(), report.warnings), (Degree::Complete, vec![]));
    assert_eq!(revisions(&other, "personal-1"), -1);
    assert_eq!(revisions(&other, "vault-1"), 5);
    // What is so already is not set.
    assert_eq!(revisions(&other, "hidden-1"), 5);
    let calls = other.journal();
    let set: Vec<_> = calls.iter().filter(|call| call.method == SET).collect();
    assert_eq!(set.len(), 1, "{set:?}");
    // In a folder.
    let root = folder.path().join("root");
    let host = RootHost::create(&root).unwrap();
    assert_eq!(jobs::restore(&archive, &host).unwrap().degree(), Degree::Complete);
    let domains = crate::support::roots::domains(&root);
    let kept = |vm: &str| {
        domains[vm]
            .volumes
            .iter()
            .find(|volume| volume.name == "private")
            .unwrap()
    };
    assert_eq!(kept("personal").revisions_to_keep, Some(-1));
    assert_eq!(kept("vault").revisions_to_keep, Some(1));
}

#[test]
fn a_number_of_revisions_that_a_pool_does_not_keep_is_a_warning() {
    let pedos = Standin::new(Dialect::V4_3);
    pedos.must(SET, "private", "personal", "3");
    pedos.must(SET, "private", "vault", "-1");
    let folder = tempfile::tempdir().unwrap();
    let archive = archive(&pedos, folder.path());
    let other = Standin::builder(Dialect::V4_2).pool_driver(Driver::File).start();
    let report = restore(&archive, &other);
    let unfit = Warning::SettingUnfit {
        vm: "personal-1".into(),
        setting: Setting::Revisions {
            volume: "private".into(),
        },
        value: "3".into(),
        why: Unfit::Whole { least: -1, most: 1 },
    };
    // The number that means "no snapshots" is newer than that version, which says nothing.
    let [first, Warning::SettingNotRestored { vm, what, why }] = &report.warnings[..] else {
        panic!("{report:?}");
    };
    assert_eq!((first, vm.as_str()), (&unfit, "vault-1"));
    assert_eq!(what, &Restored::Revisions("private".into()));
    let why = format!("{why:?}");
    assert!(why.contains("Unspoken"), "{why}");
    assert_eq!((revisions(&other, "personal-1"), revisions(&other, "vault-1")), (1, 1));
}

#[test]
fn a_volume_that_a_running_vm_writes_to_is_refused_with_the_reason() {
    let refusal = |pedos: &Standin| match open(pedos).open_volume("work", "private").err() {
        Some(HostError::Refused { why }) => why,
        other => panic!("{other:?}"),
    };
    let (vm, volume) = ("work".to_owned(), "private".to_owned());
    // All VMs in such a pool do, whatever is set on them.
    let pedos = Standin::builder(Dialect::V4_3).pool_driver(Driver::File).start();
    let in_place = Refusal::WrittenInPlace {
        vm: vm.clone(),
        volume: volume.clone(),
    };
    assert_eq!(refusal(&pedos), in_place);
    pedos.halt_vm("work");
    pedos.must(SET, "private", "work", "-1");
    pedos.start_vm("work");
    assert_eq!(refusal(&pedos), in_place);
    let system = open(&pedos).system().unwrap();
    let state = |system: &System| {
        let volumes = &system.vm("work").unwrap().volumes;
        volumes
            .iter()
            .find(|volume| volume.name == "private")
            .unwrap()
            .state
            .clone()
    };
    assert_eq!(
        state(&system),
        VolumeState::WrittenInPlace {
            driver: "file".to_owned()
        }
    );
    // Elsewhere it was decided for this volume.
    let pedos = Standin::new(Dialect::V4_3);
    pedos.halt_vm("work");
    pedos.must(SET, "private", "work", "-1");
    pedos.start_vm("work");
    assert_eq!(refusal(&pedos), Refusal::NoSnapshot { vm, volume });
    assert_eq!(state(&open(&pedos).system().unwrap()), VolumeState::NoSnapshot);
}

#[test]
fn a_vm_with_volumes_in_pools_of_two_drivers_is_backed_up_and_restored() {
    for dialect in DIALECTS {
        let pedos = Standin::builder(dialect).pool_driver(Driver::LvmThin).start();
        let create = "name=mixed label=red pool:private=varlibqubes";
        pedos.must("admin.vm.CreateInPool.StandaloneVM", "", "dom0", create);
        let state = pedos.state();
        let driver = |name: &str| state.vm("mixed").unwrap().volume(name).unwrap().driver;
        assert_eq!(
            (driver("root"), driver("private")),
            (Driver::LvmThin, Driver::FileReflink)
        );
        pedos.fill_volume("mixed", "root", &data(1, 8 << 20));
        pedos.fill_volume("mixed", "private", &data(2, 3 << 20));
        // What it writes while it runs is in neither.
        pedos.start_vm("mixed");
        for name in ["root", "private"] {
            fs::write(pedos.live_path("mixed", name), "written since the start").unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("archive");
        let report = jobs::back_up(open(&pedos).as_ref(), &["mixed"], &file).unwrap();
        assert_eq!(report.degree(), Degree::Complete, "{report:?}");
        let report = restore(&file, &pedos);
        assert_eq!((report.degree(), report.warnings), (Degree::Complete, vec![]));
        let copy = &report.vms[0].name_here;
        assert!(volume(&pedos, copy, "root").starts_with(&data(1, 8 << 20)));
        assert!(volume(&pedos, copy, "private").starts_with(&data(2, 3 << 20)));
    }
}
