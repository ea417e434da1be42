// SPDX-License-Identifier: GPL-3.0-or-later
//! What no PedOS takes, in a backup: settings, firewall rules, names. The rest of each VM is restored, what is left
//! out is named, and the record that comes of it holds nothing over which a PedOS would refuse it as a whole.

use std::{collections::BTreeSet, fs};

use crate::support::{
    jobs,
    programs::{self, back_up, only_archive, passfile},
    roots::{self, Fill, Vm},
};
use pedos_backup::{
    engine::{VerifyVerdict, VmResult, Warning},
    host::{Vms, root::RootHost},
    inventory::Inventory,
};

/// Properties, each with a value over which a PedOS refuses the whole record.
const ODD: [(&str, &str); 17] = [
    ("keyboard_layout", "us+col[e]mak+"),
    ("a_newer_property", "1"),
    ("memory", "lots"),
    ("maxmem", "-1"),
    ("vcpus", "0"),
    ("ip", "999.1.1.1"),
    ("ip6", "fe80::1::2"),
    ("mac", "00:16:3e"),
    ("virt_mode", "kvm"),
    ("qrexec_timeout", "soon"),
    ("shutdown_timeout", "1.5"),
    ("default_user", "a b"),
    ("debug", "perhaps"),
    ("auto_cleanup", "True"),
    ("updateable", "True"),
    ("devices_denied", "everything"),
    ("guivm", "none"),
];
/// Devices, each of which no PedOS takes, but for the last one.
const DEVICES: &str = r#"<devices class="pci"><device backend-domain="dom0" id="network" mode="required"/><device backend-domain="plain" id="00_14.3"/></devices>
      <devices class="usb"><device backend-domain="plain" id="2-1" mode="manual"/><device backend-domain="plain" id="2-2" required="perhaps"/></devices>
      <devices class="block"><device backend-domain="plain" id="sda" mode="ask-to-attach" identity="x:1"/></devices>"#;

fn vms() -> Vec<Vm> {
    let data = |size| Fill::Bytes(vec![7; size]);
    let mut odd = Vm::new("odd", "AppVM")
        .property("template", "tpl")
        .property("kernelopts", "quiet")
        .feature("gui", "1")
        .feature("two words", "1")
        .feature("preload-dispvm-max", "many")
        .feature("service.", "1")
        .tag("good")
        .tag("two words")
        .devices(DEVICES)
        .volume("private", data(3000));
    for (property, value) in ODD {
        odd = odd.property(property, value);
    }
    vec![
        Vm::new("tpl", "TemplateVM")
            .volume("root", data(2000))
            .volume("private", data(0)),
        Vm::new("plain", "AppVM")
            .property("template", "tpl")
            .volume("private", data(10)),
        odd,
    ]
}

#[test]
fn what_the_system_does_not_take_is_left_out_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    roots::make(&root, &vms());
    let archive = jobs::archive(&root, &["tpl", "plain", "odd"], folder.path());
    let here = folder.path().join("here");
    let report = jobs::restore(&archive, &RootHost::create(&here).unwrap()).unwrap();
    assert!(report.is_success(), "{report:?}");
    let mut left_out = BTreeSet::new();
    for warning in &report.warnings {
        let Warning::SettingUnfit { vm, setting, value, .. } = warning else {
            panic!("{warning:?}")
        };
        assert_eq!(vm, "odd");
        left_out.insert(format!("{setting}={value}"));
    }
    let odd = ODD
        .iter()
        .map(|(property, value)| format!("property {property}={value}"));
    let others = [
        "feature preload-dispvm-max=many",
        "feature service.=1",
        "tag=two words",
        "pci device=network",
        "pci device=00_14.3",
        "usb device=2-1",
        "usb device=2-2",
    ];
    let expected: BTreeSet<String> = odd.chain(others.map(str::to_owned)).collect();
    // A VM's name that none can have leads nowhere when the plan is made.
    let expected: BTreeSet<String> = expected.into_iter().filter(|text| !text.contains("guivm")).collect();
    assert_eq!(left_out, expected);
    let domain = &roots::domains(&here)["odd"];
    for (property, _) in ODD {
        assert_eq!(domain.property(property), None, "{property}");
    }
    assert_eq!(domain.property("kernelopts"), Some("quiet"));
    let features = [("gui", "1"), ("two words", "1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(domain.features, features);
    assert_eq!(domain.tags, ["good"]);
    let [device] = domain.devices.as_slice() else {
        panic!("{:?}", domain.devices)
    };
    // What the archive says twice for other restorers stands in the record once.
    let names: Vec<&str> = device.attributes.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["backend-domain", "id", "mode", "identity"]);
    assert_eq!(device.id(), Some("sda"));
}

#[test]
fn a_device_says_whether_it_is_required_in_an_archive() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    roots::make(&root, &vms());
    let host = RootHost::open(&root).unwrap();
    let mut inventory = host.inventory().unwrap();
    inventory.mark_contents(&std::collections::BTreeMap::new()).unwrap();
    let archived = Inventory::parse(&inventory.to_xml()).unwrap();
    let said: Vec<_> = archived
        .domain("odd")
        .unwrap()
        .devices
        .iter()
        .map(|device| {
            let find = |name: &str| device.attributes.iter().find(|(key, _)| key == name);
            (
                device.id().unwrap().to_owned(),
                find("required").map(|(_, value)| value.clone()),
            )
        })
        .collect();
    let expect = |id: &str, required: Option<&str>| (id.to_owned(), required.map(str::to_owned));
    assert_eq!(
        said,
        [
            expect("network", Some("yes")),
            expect("00_14.3", None),
            expect("2-1", Some("no")),
            expect("2-2", Some("perhaps")),
            expect("sda", Some("no")),
        ]
    );
}

#[test]
fn a_record_has_of_each_class_what_that_class_has() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    roots::make(&root, &vms());
    // As an earlier version of this program left it.
    let record = root.join("var/lib/qubes/qubes.xml");
    let text = fs::read_to_string(&record).unwrap();
    let dom0 = "<properties><property name=\"label\">black</property>";
    let old = text.replacen(
        dom0,
        &format!("{dom0}<property name=\"backup_timestamp\">1700000000</property>"),
        1,
    );
    assert_ne!(old, text);
    fs::write(&record, old).unwrap();
    let host = jobs::host(&root);
    assert_eq!(
        host.system().unwrap().vm("dom0").unwrap().last_backup,
        Some(1_700_000_000)
    );
    let file = folder.path().join("archive");
    let report = jobs::back_up(host.as_ref(), &["dom0", "plain"], &file).unwrap();
    assert!(report.is_success() && report.warnings.is_empty(), "{report:?}");
    let domains = roots::domains(&root);
    assert_eq!(domains["dom0"].property("backup_timestamp"), None);
    assert!(domains["plain"].property("backup_timestamp").is_some());
    // A new record says what a PedOS asks of every record.
    let fresh = RootHost::create(&folder.path().join("fresh")).unwrap();
    let globals = fresh.inventory().unwrap().globals();
    for (property, value) in [
        ("default_template", ""),
        ("default_kernel", ""),
        ("default_pool", "varlibqubes"),
    ] {
        assert_eq!(globals.get(property).map(String::as_str), Some(value), "{property}");
    }
}

/// Rules that nobody can read.
const UNREADABLE: [&str; 4] = [
    "",
    "<firewall version=\"2\"><rules><rule><properties><prop",
    "<firewall version=\"3\"><rules/></firewall>",
    "<firewall version=\"2\"><rules><rule><properties><property name=\"action\">ask</property></properties></rule></rules></firewall>",
];

#[test]
fn a_vm_whose_rules_cannot_be_read_is_closed_and_partly_done() {
    for rules in UNREADABLE {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        let mut vms = vms();
        let plain = vms.remove(1).file("firewall.xml", rules);
        roots::make(&root, &[vms.remove(0), plain]);
        let archive = jobs::archive(&root, &["tpl", "plain"], folder.path());
        let here = folder.path().join("here");
        let host = RootHost::create(&here).unwrap();
        let report = jobs::restore(&archive, &host).unwrap();
        assert!(!report.is_success(), "{rules}");
        let results: Vec<bool> = report.vms.iter().map(|vm| vm.result == VmResult::Done).collect();
        assert_eq!(results, [true, false], "{rules}");
        assert!(report.vms[1].result.is_there(), "{report:?}");
        let closed = fs::read_to_string(here.join("var/lib/qubes/appvms/plain/firewall.xml")).unwrap();
        assert!(closed.contains(">drop<") && !closed.contains("accept"), "{closed}");
        assert!(roots::domains(&here)["plain"].tags.is_empty());
        let verdict = jobs::verify(&archive, &host).unwrap();
        assert!(matches!(verdict.verdict, VerifyVerdict::Bad(_)), "{rules}: {verdict:?}");
    }
}

#[test]
fn the_tool_says_first_that_a_vm_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let mut vms = vms();
    let plain = vms.remove(1).file("firewall.xml", "");
    roots::make(&root, &[vms.remove(0), plain]);
    let (pass, archives) = (passfile(folder.path(), "correct horse"), folder.path().join("archives"));
    fs::create_dir(&archives).unwrap();
    back_up(&root, &pass, &archives, &["tpl", "plain"]).expect(0);
    let archive = only_archive(&archives);
    let run = programs::restore_new(&folder.path().join("here"), &pass, &archive).expect(3);
    let said = run.said();
    let lines: Vec<&str> = said.lines().collect();
    let title = lines
        .iter()
        .position(|line| line.contains("Not everything was restored"))
        .unwrap();
    assert!(
        lines[title + 1].contains("plain") && lines[title + 1].contains("drop"),
        "{said}"
    );
    let run = programs::verify(&root, &pass, &archive).expect(6);
    assert!(run.said().contains("firewall rules"), "{}", run.said());
}

#[test]
fn names_that_no_vm_can_have_are_replaced_by_the_nearest_free_ones() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let long = "a-name-that-is-longer-than-what-a-pedos-takes";
    let names = ["default", "fine-dm", "fine\t", "fine ", "fine", "none", "1fine", long];
    let vm = |name: &&str| {
        Vm::new(name, "StandaloneVM")
            .volume("private", Fill::Bytes(vec![7; 100]))
            .volume("root", Fill::Holes(0))
    };
    roots::make(&root, &names.iter().map(vm).collect::<Vec<_>>());
    let (pass, archives) = (passfile(folder.path(), "correct horse"), folder.path().join("archives"));
    fs::create_dir(&archives).unwrap();
    back_up(&root, &pass, &archives, &names).expect(0);
    let archive = only_archive(&archives);
    // The archive is whole, and its user hears that these names cannot be kept.
    let run = programs::verify(&root, &pass, &archive).expect(0);
    for name in ["default", "fine-dm", "none", "1fine", long] {
        assert!(
            run.stderr
                .contains(&format!("The VM {name} can be restored only under another name")),
            "{}",
            run.said()
        );
    }
    let here = folder.path().join("here");
    RootHost::create(&here).unwrap();
    let run = programs::restore(&here, &pass, &archive, &[]).expect(1);
    assert!(
        run.said().contains("has 45 characters") && run.said().contains("--rename-conflicting"),
        "{}",
        run.said()
    );
    assert_eq!(roots::domains(&here).len(), 1);
    programs::restore(&here, &pass, &archive, &["--rename-conflicting"]).expect(0);
    let found: BTreeSet<String> = roots::domains(&here).into_keys().collect();
    let expected = [
        "default-1",
        "dom0",
        "fine",
        "fine-1",
        "fine-2",
        "fine-3",
        "fine-dm-1",
        "none-1",
        &long[..31],
    ];
    assert_eq!(found, expected.map(str::to_owned).into());
}
