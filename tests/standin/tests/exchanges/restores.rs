// SPDX-License-Identifier: GPL-3.0-or-later
//! What a restore meets: new VMs of every class, settings, devices, rules, notes, and the record of it all.

use std::{io::Read, thread, time::Duration};

use pedos_standin::{Class, Dialect, Driver, Standin};

use super::support::{TAG, ask, create, listen, must, record};

#[test]
fn a_disposable_takes_over_what_is_set_on_its_template() {
    for dialect in Dialect::ALL {
        let pedos = Standin::new(dialect);
        must(&pedos, "admin.vm.property.Set+memory default-dvm", "600");
        must(&pedos, "admin.vm.feature.Set+gui default-dvm", "1");
        must(&pedos, "admin.vm.tag.Set+mine default-dvm", "");
        must(&pedos, "admin.vm.firewall.Set+ default-dvm", "action=drop\n");
        must(&pedos, &format!("admin.vm.tag.Set+{TAG} default-dvm"), "");
        must(&pedos, "admin.vm.Create.DispVM+default-dvm dom0", "name=disp label=red");
        let all = must(&pedos, "admin.vm.property.GetAll+ disp", "");
        assert!(all.contains("\nmemory default=False type=int 600\n"));
        assert!(all.contains("\nauto_cleanup default=True type=bool False\n") || all.starts_with("auto_cleanup "));
        assert!(all.contains("\ndefault_dispvm default=True type=vm default-dvm\n"));
        assert_eq!(must(&pedos, "admin.vm.feature.List+ disp", ""), "gui\n");
        assert_eq!(must(&pedos, "admin.vm.firewall.Get+ disp", ""), "action=drop\n");
        assert!(pedos.path("/var/lib/qubes/appvms/disp/firewall.xml").exists());
        let state = pedos.state();
        let disp = state.vm("disp").unwrap();
        assert!(disp.tags.contains("mine") && disp.tags.contains(TAG) && disp.tags.contains("created-by-dom0"));
        assert!(disp.volumes.iter().all(|volume| !volume.save_on_stop));
        assert_eq!(
            disp.volume("private").unwrap().source.as_deref(),
            Some("appvms/default-dvm/private")
        );
        assert_eq!(
            disp.volume("root").unwrap().source.as_deref(),
            Some("vm-templates/tpl-main/root")
        );
    }
}

#[test]
fn new_vms_have_what_their_class_has() {
    let pedos = Standin::builder(Dialect::V4_3)
        .pool_driver(Driver::LvmThin)
        .only(&["tpl-main"])
        .start();
    must(&pedos, "admin.vm.Create.StandaloneVM+ dom0", "name=solo label=gray");
    must(
        &pedos,
        "admin.vm.CreateInPool.AppVM+tpl-main dom0",
        "name=mixed label=red pool:private=varlibqubes",
    );
    let state = pedos.state();
    let solo = state.vm("solo").unwrap();
    assert_eq!(solo.class, Class::Standalone);
    assert!(solo.volume("root").unwrap().save_on_stop);
    assert_eq!(solo.volume("root").unwrap().pool, "vm-pool");
    let mixed = state.vm("mixed").unwrap();
    assert_eq!(mixed.volume("private").unwrap().pool, "varlibqubes");
    assert_eq!(mixed.volume("private").unwrap().vid, "appvms/mixed/private");
    assert_eq!(mixed.volume("root").unwrap().pool, "vm-pool");
    assert!(pedos.path("/var/lib/qubes/appvms/mixed/private.img").exists());
    assert_eq!(state.vms.len(), 4);
    let netvm = must(&pedos, "admin.vm.property.Get+netvm mixed", "");
    assert_eq!(netvm, "default=True type=vm ");
}

#[test]
fn events_come_before_the_record_knows() {
    let pedos = Standin::new(Dialect::V4_3);
    pedos.delay_record(Duration::from_millis(300));
    let mut listener = listen(pedos.root(), "dom0");
    thread::scope(|scope| {
        scope.spawn(|| must(&pedos, "admin.vm.Create.AppVM+ dom0", "name=late label=red"));
        let mut event = [0; b"1\0\0domain-add\0vm\0late\0\0".len()];
        listener.read_exact(&mut event).unwrap();
        assert_eq!(&event, b"1\0\0domain-add\0vm\0late\0\0");
        assert!(!record(&pedos).contains(">late<"));
    });
    assert!(record(&pedos).contains("<property name=\"name\">late</property>"));
}

#[test]
fn the_record_has_what_calls_have_set() {
    let pedos = Standin::new(Dialect::V4_3);
    create(&pedos, "back");
    must(&pedos, "admin.vm.property.Set+kernelopts back", "a=\"b\" <c>&");
    must(&pedos, "admin.vm.feature.Set+empty back", "");
    must(
        &pedos,
        "admin.vm.device.pci.Assign+dom0+00_1f.2+_ back",
        "device_id='0x8086:0x10d3::p020000' port_id='00_1f.2' devclass='pci' backend_domain='dom0' mode='required' \
         frontend_domain='back' _a='it\\'s'",
    );
    let journal = pedos.journal();
    let wrote: Vec<bool> = journal.iter().map(|call| call.wrote_record).collect();
    assert_eq!(wrote, [true; 5]);
    must(&pedos, "admin.vm.device.pci.Assigned+ back", "");
    assert!(!pedos.journal()[5].wrote_record);
    let record = record(&pedos);
    let domain = &record[record.find("<property name=\"name\">back<").unwrap()..];
    for wanted in [
        "<property name=\"kernelopts\">a=&quot;b&quot; &lt;c&gt;&amp;</property>",
        "<feature name=\"empty\"></feature>",
        &format!("<tag name=\"{TAG}\"/>"),
        "<devices class=\"pci\">",
        "<device backend-domain=\"dom0\" id=\"00_1f.2\" mode=\"required\" identity=\"0x8086:0x10d3::p020000\">",
        "<option name=\"a\">it's</option>",
        "<volume name=\"private\" pool=\"varlibqubes\" vid=\"appvms/back/private\"",
    ] {
        assert!(domain.contains(wanted), "{wanted}\n{domain}");
    }
    let assigned = must(&pedos, "admin.vm.device.pci.Assigned+ back", "");
    assert!(assigned.starts_with("dom0+00_1f.2:0x8086:0x10d3::p020000 device_id='0x8086:0x10d3::p020000'"));
    assert!(assigned.ends_with("_a='it\\'s'\n"), "{assigned}");
}

#[test]
fn the_oldest_dialect_attaches_devices_that_are_there() {
    let pedos = Standin::new(Dialect::V4_2);
    must(
        &pedos,
        "admin.vm.device.pci.Attach+dom0+00_14.0 personal",
        "no-strict-reset=True persistent=yes",
    );
    let listed = must(&pedos, "admin.vm.device.pci.List+ personal", "");
    assert_eq!(listed, "dom0+00_14.0 no-strict-reset=True persistent=yes\n");
    assert!(record(&pedos).contains("<device backend-domain=\"dom0\" id=\"00_14.0\">"));
    assert_eq!(ask(&pedos, "admin.vm.notes.Get+ personal", ""), "");
}

#[test]
fn tags_follow_the_vm_for_the_screen() {
    let pedos = Standin::new(Dialect::V4_4);
    must(&pedos, "admin.vm.property.Set+guivm personal", "sys-usb");
    assert_eq!(
        must(&pedos, "admin.vm.tag.List+ personal", ""),
        "audiovm-dom0\nguivm-sys-usb\n"
    );
    must(&pedos, "admin.vm.property.Reset+guivm personal", "");
    assert_eq!(
        must(&pedos, "admin.vm.tag.List+ personal", ""),
        "audiovm-dom0\nguivm-dom0\n"
    );
    let events = pedos.events();
    let position = |wanted: &str| events.iter().position(|(_, event)| event == wanted).unwrap();
    assert!(position("property-set:guivm") < position("domain-tag-add:guivm-sys-usb"));
    assert!(position("property-reset:guivm") < position("property-del:guivm"));
}

#[test]
fn a_vm_that_is_used_stays() {
    let pedos = Standin::new(Dialect::V4_3);
    for (vm, kind) in [
        ("sys-net", "QubesVMNotHaltedError"),
        ("tpl-minimal", "QubesVMInUseError"),
        ("default-dvm", "QubesVMInUseError"),
        ("dom0", "QubesVMInUseError"),
    ] {
        let answer = ask(&pedos, &format!("admin.vm.Remove+ {vm}"), "");
        assert!(answer.starts_with(&format!("2|{kind}|")), "{answer}");
    }
    must(&pedos, "admin.vm.property.Set+installed_by_rpm legacy", "True");
    let answer = ask(&pedos, "admin.vm.Remove+ legacy", "");
    assert!(answer.contains("installed by package manager"));
}

#[test]
fn notes_and_rules_lie_where_a_backup_finds_them() {
    let pedos = Standin::new(Dialect::V4_3);
    must(&pedos, "admin.vm.notes.Set+ work", "hello\u{7}\n");
    must(
        &pedos,
        "admin.vm.firewall.Set+ work",
        "action=accept dst4=192.0.2.0/24 proto=tcp dstports=1-2 comment=x\n",
    );
    let read = |name: &str| std::fs::read_to_string(pedos.path(&format!("/var/lib/qubes/appvms/work/{name}"))).unwrap();
    assert_eq!(read("notes.txt"), "hello_\n");
    assert!(read("firewall.xml").contains("<property name=\"dsthost\">192.0.2.0/24</property>"));
}
