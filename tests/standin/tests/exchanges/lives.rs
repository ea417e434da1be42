// SPDX-License-Identifier: GPL-3.0-or-later
//! VMs that somebody else starts and stops, and large systems.

use std::time::Instant;

use pedos_standin::{Dialect, Driver, Power, Standin};

use super::support::{must, record};

#[test]
fn somebody_else_starts_and_stops_vms_with_events_and_without_a_journal() {
    let pedos = Standin::new(Dialect::V4_3);
    pedos.start_vm("personal");
    let state = pedos.state();
    assert_eq!(state.vm("personal").unwrap().power, Power::Running);
    let started = must(&pedos, "admin.vm.property.Get+start_time personal", "");
    let started: f64 = started.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(started > 1_700_000_000.0);
    pedos.halt_vm("personal");
    let names: Vec<String> = pedos.events().into_iter().map(|(_, event)| event).collect();
    assert_eq!(names, ["domain-pre-start", "domain-start", "domain-shutdown"]);
    assert_eq!(pedos.journal().len(), 1);
}

#[test]
fn a_test_can_make_states_that_no_call_makes() {
    let pedos = Standin::new(Dialect::V4_3);
    pedos.must("admin.vm.tag.Set", "mine", "work", "");
    pedos.must("admin.vm.tag.Set", "mine", "work", "");
    pedos.edit(|state| {
        let work = state.vms.iter_mut().find(|vm| vm.name == "work").unwrap();
        work.features.push(("odd name".to_owned(), "é".to_owned()));
    });
    assert!(record(&pedos).contains("<feature name=\"odd name\">é</feature>"));
    assert!(record(&pedos).contains("<tag name=\"mine\"/>"));
    pedos.fill_volume("work", "private", b"content");
    assert_eq!(std::fs::read(pedos.volume_path("work", "private")).unwrap(), b"content");
    assert!(record(&pedos).contains("vid=\"appvms/work/private\" revisions_to_keep=\"1\" rw=\"True\" save_on_stop=\"True\" snap_on_start=\"False\" size=\"7\""));
    assert!(pedos.journal().is_empty());
}

#[test]
fn a_vm_brings_its_network_with_it() {
    let pedos = Standin::new(Dialect::V4_3);
    for vm in ["work", "sys-firewall", "sys-net"] {
        pedos.halt_vm(vm);
    }
    pedos.start_vm("work");
    let state = pedos.state();
    for vm in ["work", "sys-firewall", "sys-net"] {
        assert!(state.vm(vm).unwrap().is_running());
    }
}

#[test]
fn three_hundred_vms_are_there_soon() {
    let begin = Instant::now();
    let pedos = Standin::builder(Dialect::V4_4)
        .pool_driver(Driver::LvmThin)
        .vms(300)
        .start();
    assert!(begin.elapsed().as_secs() < 20);
    assert_eq!(must(&pedos, "admin.vm.List+ dom0", "").lines().count(), 300);
    assert_eq!(record(&pedos).matches("<domain ").count(), 300);
}
