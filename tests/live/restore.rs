// SPDX-License-Identifier: GPL-3.0-or-later
//! Restoring into a live PedOS: the same comes back, and few calls are made for it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use pedos_backup::{
    engine::{Degree, Report},
    host::{IN_PROGRESS_TAG, VmFile, Wanted},
};
use pedos_standin::{Call, Dialect, Driver, Fault, Standin};

use crate::{
    pedos::{DIALECTS, data, open, restore, settings, volume},
    support::jobs,
};

const FULL: [&str; 5] = ["tpl-main", "personal", "work", "vault", "default-dvm"];

/// What a call of somebody else must answer.
#[track_caller]
fn done(pedos: &Standin, method: &str, argument: &str, vm: &str, payload: &str) {
    let answer = pedos.call(method, argument, vm, payload.as_bytes());
    assert!(
        answer.starts_with(b"0\0"),
        "{method}+{argument} {vm}: {:?}",
        String::from_utf8_lossy(&answer)
    );
}

/// Sets one of everything.
fn adorn(pedos: &Standin, dialect: Dialect) {
    done(pedos, "admin.vm.property.Set", "memory", "personal", "700");
    done(pedos, "admin.vm.property.Set", "netvm", "personal", "sys-firewall");
    done(pedos, "admin.vm.property.Set", "kernelopts", "personal", "a \\ b");
    done(pedos, "admin.vm.property.Set", "autostart", "personal", "True");
    done(
        pedos,
        "admin.vm.property.Set",
        "default_dispvm",
        "personal",
        "default-dvm",
    );
    done(pedos, "admin.vm.feature.Set", "service.crond", "personal", "1");
    done(pedos, "admin.vm.feature.Set", "off", "personal", "");
    done(pedos, "admin.vm.tag.Set", "mine", "personal", "");
    let rules = "action=accept proto=tcp dst4=192.0.2.0/24 dstports=22-22 comment=a b\naction=drop\n";
    done(pedos, "admin.vm.firewall.Set", "", "personal", rules);
    if dialect != Dialect::V4_2 {
        done(pedos, "admin.vm.notes.Set", "", "personal", "ä note\nof two lines");
    }
    done(
        pedos,
        "admin.vm.volume.Set.revisions_to_keep",
        "private",
        "personal",
        "3",
    );
    done(pedos, "admin.vm.volume.Set.revisions_to_keep", "private", "vault", "0");
    done(pedos, "admin.vm.volume.Set.revisions_to_keep", "root", "tpl-main", "2");
    // A named disposable that differs from what it inherits.
    done(pedos, "admin.vm.feature.Set", "service.inherited", "default-dvm", "1");
    done(pedos, "admin.vm.tag.Set", "inherited", "default-dvm", "");
    done(pedos, "admin.vm.property.Set", "memory", "default-dvm", "500");
    done(pedos, "admin.vm.firewall.Set", "", "default-dvm", "action=drop\n");
    done(
        pedos,
        "admin.vm.Create.DispVM",
        "default-dvm",
        "dom0",
        "name=named-disposable-of-31-letters label=red",
    );
    let disposable = "named-disposable-of-31-letters";
    done(pedos, "admin.vm.property.Reset", "memory", disposable, "");
    done(pedos, "admin.vm.feature.Remove", "service.inherited", disposable, "");
    done(pedos, "admin.vm.tag.Remove", "inherited", disposable, "");
    done(pedos, "admin.vm.firewall.Set", "", disposable, "action=accept\n");
    for (seed, vm) in FULL.iter().enumerate() {
        pedos.fill_volume(vm, "private", &data(seed as u8, 3 << 20));
    }
}

const DISPOSABLE: &str = "named-disposable-of-31-letters";

/// Backs up everything that was adorned.
fn archive(pedos: &Standin, folder: &Path) -> PathBuf {
    let file = folder.join("archive");
    let vms: Vec<&str> = FULL.into_iter().chain([DISPOSABLE]).collect();
    let report = jobs::back_up(open(pedos).as_ref(), &vms, &file).unwrap();
    assert_eq!(report.degree(), Degree::Complete, "{report:?}");
    file
}

#[test]
fn the_same_comes_back_under_new_names_and_under_the_old_ones() {
    for dialect in DIALECTS {
        for driver in [Driver::FileReflink, Driver::LvmThin] {
            let pedos = Standin::builder(dialect).pool_driver(driver).start();
            let folder = tempfile::tempdir().unwrap();
            adorn(&pedos, dialect);
            let archive = archive(&pedos, folder.path());
            let before: Vec<_> = FULL
                .into_iter()
                .chain([DISPOSABLE])
                .map(|vm| settings(&pedos, vm))
                .collect();
            // Beside the old ones.
            let report = restore(&archive, &pedos);
            assert_eq!(report.degree(), Degree::Complete, "{report:#?}");
            for vm in &report.vms {
                assert_ne!(vm.name, vm.name_here);
                if FULL.contains(&vm.name.as_str()) {
                    // A pool may have rounded the size up.
                    let (now, before) = (
                        volume(&pedos, &vm.name_here, "private"),
                        volume(&pedos, &vm.name, "private"),
                    );
                    let same = now.starts_with(&before) && now[before.len()..].iter().all(|byte| *byte == 0);
                    assert!(same, "{}", vm.name);
                }
            }
            compare(&pedos, &report, "tpl-main", &before[0]);
            compare(&pedos, &report, "personal", &before[1]);
            compare(&pedos, &report, DISPOSABLE, &before[5]);
            remove_all(&pedos, &report);
            // In the place of the old ones.
            for vm in [DISPOSABLE, "vault"] {
                done(&pedos, "admin.vm.Remove", "", vm, "");
            }
            let report = restore(&archive, &pedos);
            assert_eq!(report.degree(), Degree::Complete, "{report:#?}");
            let vault = report.vms.iter().find(|vm| vm.name == "vault").unwrap();
            assert_eq!(vault.name_here, "vault");
            assert!(volume(&pedos, "vault", "private").starts_with(&data(3, 3 << 20)));
            compare(&pedos, &report, "vault", &before[3]);
            holds_nothing_unfinished(&pedos);
        }
    }
}

/// Removes what was restored, what is based on others first.
#[track_caller]
fn remove_all(pedos: &Standin, report: &Report) {
    for _ in &report.vms {
        for vm in &report.vms {
            let _ = pedos.call("admin.vm.Remove", "", &vm.name_here, b"");
        }
    }
    for vm in &report.vms {
        assert!(pedos.state().vm(&vm.name_here).is_none(), "{}", vm.name_here);
    }
}

/// Holds that a restored VM has the settings that it had, but for the names of VMs that were renamed with it.
#[track_caller]
fn compare(pedos: &Standin, report: &Report, vm: &str, before: &std::collections::BTreeMap<String, String>) {
    let here = &report.vms.iter().find(|report| report.name == vm).unwrap().name_here;
    let mut now = settings(pedos, here);
    for value in now.values_mut() {
        for renamed in &report.vms {
            if value.ends_with(&format!(" {}", renamed.name_here)) {
                *value = value.replace(&renamed.name_here, &renamed.name);
            }
        }
    }
    // When it was backed up is noted only after the archive was written.
    let mut before = before.clone();
    for all in [&mut now, &mut before] {
        all.retain(|name, _| name != "property backup_timestamp" && !name.starts_with("tag created-by-"));
    }
    assert_eq!(now, before, "{vm}");
}

/// Holds that no import is open and that no VM carries the tag of an unfinished restore.
#[track_caller]
fn holds_nothing_unfinished(pedos: &Standin) {
    for vm in &pedos.state().vms {
        assert!(!vm.tags.iter().any(|tag| tag == IN_PROGRESS_TAG), "{}", vm.name);
    }
    assert_eq!(pedos.state().open_imports(), []);
}

#[test]
fn a_restored_vm_costs_what_differs_and_little_more() {
    let pedos = Standin::new(Dialect::V4_4);
    let folder = tempfile::tempdir().unwrap();
    done(&pedos, "admin.vm.property.Set", "memory", "personal", "700");
    done(&pedos, "admin.vm.feature.Set", "service.crond", "personal", "1");
    let host = open(&pedos);
    let file = folder.path().join("archive");
    let report = jobs::back_up(host.as_ref(), &["personal"], &file).unwrap();
    assert_eq!(report.degree(), Degree::Complete);
    let source = pedos_backup::transport::Location::File(file).into();
    let plan = jobs::renaming_plan(source, host.as_ref()).unwrap();
    pedos.clear_journal();
    let report =
        pedos_backup::engine::restore::run(&plan, host.as_ref(), &pedos_backup::engine::Context::default()).unwrap();
    assert_eq!(report.degree(), Degree::Complete, "{report:?}");
    let journal = pedos.journal();
    let about = |call: &&Call| call.destination == "personal-1" || call.method.contains("Create");
    let own: Vec<_> = journal.iter().filter(about).collect();
    let names: Vec<_> = own
        .iter()
        .map(|call| format!("{}+{}", call.method, call.argument))
        .collect();
    // Two settings, the time of the backup, and one volume.
    assert!(own.len() <= 3 + 8 + 4, "{names:?}");
    let changing = own.iter().filter(|call| call.wrote_record).count();
    assert!(changing <= 3 + 3 + 2, "{names:?}");
}

#[test]
fn a_setting_that_is_refused_is_a_warning_and_a_daemon_that_is_gone_is_not() {
    let pedos = Standin::new(Dialect::V4_4);
    let folder = tempfile::tempdir().unwrap();
    done(&pedos, "admin.vm.feature.Set", "service.crond", "personal", "1");
    let file = folder.path().join("archive");
    jobs::back_up(open(&pedos).as_ref(), &["personal"], &file).unwrap();
    pedos.on(
        "admin.vm.feature.Set",
        Fault::Exception("QubesValueError".into(), "not this one".into()),
    );
    let report = restore(&file, &pedos);
    assert_eq!(report.warnings.len(), 1, "{report:?}");
    assert!(volume(&pedos, "personal-1", "private") == volume(&pedos, "personal", "private"));
    holds_nothing_unfinished(&pedos);
}

#[test]
fn rules_that_mean_what_is_set_are_not_set_again() {
    let pedos = Standin::new(Dialect::V4_4);
    let host = open(&pedos);
    let rules = b"<firewall version=\"2\"><rules><rule><properties><property name=\"action\">accept</property>\
        <property name=\"proto\">tcp</property><property name=\"dsthost\">192.0.2.7</property>\
        <property name=\"dstports\">22</property></properties></rule></rules></firewall>";
    let sets = || {
        pedos
            .journal()
            .iter()
            .filter(|call| call.method == "admin.vm.firewall.Set")
            .count()
    };
    for _ in 0..2 {
        host.set_vm_file("personal", VmFile::Firewall, rules).unwrap();
        assert_eq!(sets(), 1);
    }
}

#[test]
fn what_is_looked_up_after_a_death_is_compared_as_it_was_set() {
    let pedos = Standin::new(Dialect::V4_3);
    let host = open(&pedos);
    let wanted = Wanted {
        properties: vec![("kernelopts".to_owned(), "a\\nb".to_owned())],
        ..Wanted::default()
    };
    pedos.on(
        "admin.vm.property.Set",
        Fault::DieAfter(Some(Duration::from_millis(300))),
    );
    assert_eq!(host.settle("personal", &wanted).unwrap(), []);
    let is_set = |call: &&Call| call.method == "admin.vm.property.Set";
    assert_eq!(pedos.journal().iter().filter(is_set).count(), 1);
}

#[test]
fn no_change_whose_answer_was_lost_is_made_twice() {
    let pedos = Standin::new(Dialect::V4_3);
    let folder = tempfile::tempdir().unwrap();
    adorn(&pedos, Dialect::V4_3);
    let device = "device_id='*' port_id='00_1f.2' devclass='pci' backend_domain='dom0' mode='required'";
    done(
        &pedos,
        "admin.vm.device.pci.Assign",
        "dom0+00_1f.2+_",
        "personal",
        device,
    );
    let archive = archive(&pedos, folder.path());
    for method in [
        "admin.vm.Create.TemplateVM",
        "admin.vm.Create.AppVM",
        "admin.vm.Create.DispVM",
        "admin.vm.tag.Set",
        "admin.vm.tag.Remove",
        "admin.vm.property.Set",
        "admin.vm.property.Reset",
        "admin.vm.feature.Set",
        "admin.vm.feature.Remove",
        "admin.vm.firewall.Set",
        "admin.vm.notes.Set",
        "admin.vm.volume.Set.revisions_to_keep",
        "admin.vm.device.pci.Assign",
        "internal.vm.volume.ImportBegin",
        "internal.vm.volume.ImportEnd",
    ] {
        pedos.on(method, Fault::DieAfter(Some(Duration::from_millis(200))));
    }
    let report = restore(&archive, &pedos);
    assert_eq!(report.degree(), Degree::Complete, "{report:#?}");
    assert_eq!(report.warnings, [], "{report:#?}");
    let restored = pedos.state();
    assert_eq!(restored.vm("personal-1").unwrap().devices.len(), 1);
    // That nothing was set to what it was, the stand-in holds itself.
    holds_nothing_unfinished(&pedos);
}
