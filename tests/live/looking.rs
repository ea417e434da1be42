// SPDX-License-Identifier: GPL-3.0-or-later
//! What a list of a live PedOS shows, and how it is kept current.

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

use pedos_backup::{
    cancel::CancelToken,
    host::{HostError, Reference, VolumeState},
};
use pedos_standin::{Dialect, Driver, Fault, Standin};

use crate::pedos::{DIALECTS, calls, data, open};

#[test]
fn the_vms_are_listed_with_what_the_daemon_knows() {
    for dialect in DIALECTS {
        let pedos = Standin::new(dialect);
        pedos.fill_volume("work", "private", &data(1, 1 << 20));
        let system = open(&pedos).system().unwrap();
        let names: BTreeSet<&str> = system.vms.iter().map(|vm| vm.name.as_str()).collect();
        assert_eq!(system.vms[0].name, "dom0");
        let state = pedos.state();
        for vm in &state.vms {
            assert!(names.contains(vm.name.as_str()), "{}", vm.name);
        }
        let work = system.vm("work").unwrap();
        assert!(work.is_running);
        assert_eq!(work.running_since, Some(1_700_000_000));
        assert_eq!(work.template.as_deref(), Some("tpl-main"));
        assert_eq!(work.volumes.len(), 1);
        assert_eq!(work.volumes[0].size_bytes, 1 << 20);
        assert!(matches!(work.volumes[0].state, VolumeState::Ready { .. }), "{work:?}");
        assert!(!system.vm("personal").unwrap().is_running);
        assert_eq!(system.vm("vault").unwrap().netvm, Reference::None);
        assert_eq!(system.kernels.as_deref(), Some(&["6.6.0-test".to_owned()][..]));
        assert_eq!(system.user.as_deref(), Some("user"));
        assert!(system.globals.contains_key("default_template"), "{:?}", system.globals);
        assert!(system.pools.iter().any(|pool| pool.is_reachable));
    }
}

#[test]
fn what_cannot_be_saved_now_is_known_before_it_is_tried() {
    let pedos = Standin::builder(Dialect::V4_3).pool_driver(Driver::File).start();
    let system = open(&pedos).system().unwrap();
    let state = |vm: &str| system.vm(vm).unwrap().volumes[0].state.clone();
    assert!(matches!(state("work"), VolumeState::WrittenInPlace { .. }));
    assert!(matches!(state("personal"), VolumeState::Ready { .. }));
}

#[test]
fn a_list_costs_few_calls() {
    for (driver, vms) in [(Driver::FileReflink, 300), (Driver::LvmThin, 40)] {
        let pedos = Standin::builder(Dialect::V4_3).pool_driver(driver).vms(vms).start();
        let host = open(&pedos);
        pedos.clear_journal();
        let start = Instant::now();
        let system = host.system().unwrap();
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        assert_eq!(system.vms.len(), vms);
        let running = system.vms.iter().filter(|vm| vm.is_running).count() - 1;
        let saved = system.vms.iter().map(|vm| vm.volumes.len()).sum::<usize>();
        let most = 10 + running + if driver == Driver::LvmThin { saved } else { 0 };
        let made = calls(&pedos);
        assert!(made.len() <= most, "{} calls: {made:?}", made.len());
    }
}

#[test]
fn a_list_is_kept_current_by_events_and_not_by_asking() {
    for dialect in DIALECTS {
        let pedos = Standin::new(dialect);
        // As the real daemon does: what an event tells of is not on record yet.
        pedos.delay_record(Duration::from_millis(100));
        let host = open(&pedos);
        let mut changes = host.changes().unwrap();
        host.system().unwrap();
        pedos.clear_journal();
        assert!(!changes.wait(Duration::from_millis(1500)).unwrap());
        assert_eq!(calls(&pedos), Vec::<String>::new());
        let start = Instant::now();
        pedos.start_vm("personal");
        assert!(changes.wait(Duration::from_secs(5)).unwrap());
        assert!(host.system().unwrap().vm("personal").unwrap().is_running);
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        let made = calls(&pedos);
        assert!(made.len() <= 4, "{made:?}");
        // A VM that appears is on record only after its event.
        thread::scope(|scope| {
            scope.spawn(|| pedos.must("admin.vm.Create.AppVM", "tpl-main", "dom0", "name=fresh label=red"));
            assert!(changes.wait(Duration::from_secs(5)).unwrap());
            assert!(host.system().unwrap().vm("fresh").is_some());
        });
    }
}

#[test]
fn after_a_restart_of_the_daemon_everything_is_read_again() {
    let pedos = Standin::new(Dialect::V4_3);
    let host = open(&pedos);
    let mut changes = host.changes().unwrap();
    host.system().unwrap();
    pedos.stop();
    assert!(!changes.wait(Duration::from_millis(300)).unwrap());
    pedos.start();
    assert!(changes.wait(Duration::from_secs(5)).unwrap());
    pedos.clear_journal();
    host.system().unwrap();
    assert!(
        calls(&pedos)
            .iter()
            .any(|call| call.starts_with("admin.property.GetAll"))
    );
}

#[test]
fn a_list_that_waits_for_another_one_ends_with_a_cancel() {
    let pedos = Standin::new(Dialect::V4_3);
    let host = open(&pedos);
    let mut changes = host.changes().unwrap();
    pedos.on("admin.vm.List", Fault::NoAnswer);
    let (first, second) = (CancelToken::default(), CancelToken::default());
    thread::scope(|scope| {
        let hanging = scope.spawn(|| host.with_cancel(&first).system());
        thread::sleep(Duration::from_millis(300));
        let waiting = scope.spawn(|| host.with_cancel(&second).system());
        // An event is taken note of all the same.
        pedos.start_vm("personal");
        let start = Instant::now();
        assert!(changes.wait(Duration::from_secs(10)).unwrap());
        assert!(!waiting.is_finished());
        second.cancel();
        assert!(matches!(waiting.join().unwrap(), Err(HostError::Cancelled(_))));
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        first.cancel();
        assert!(hanging.join().unwrap().is_err());
    });
}

#[test]
fn what_a_daemon_declines_without_a_word_is_not_known_and_no_error() {
    let pedos = Standin::builder(Dialect::V4_2).pool_driver(Driver::LvmThin).start();
    let host = open(&pedos);
    for method in [
        "admin.pool.volume.List",
        "admin.pool.UsageDetails",
        "admin.vm.property.Get",
        "admin.vm.volume.Info",
    ] {
        pedos.on(method, Fault::Silence);
    }
    let system = host.system().unwrap();
    assert_eq!(system.kernels, None);
    assert!(system.vm("work").is_some());
    pedos.on("admin.vm.List", Fault::Silence);
    assert!(matches!(host.system(), Err(HostError::Unspoken { .. })));
}
