// SPDX-License-Identifier: GPL-3.0-or-later
//! The conversion of old inventories, attribute by attribute.

use proptest::prelude::*;

use crate::inventory::{ArchivePath, Class, Content, Domain, Inventory, InventoryError};

const TEMPLATE: &str = "<QubesTemplateVm qid='1' name='tpl' template_qid='none'/>";
const NET: &str = "<QubesNetVm qid='2' name='net' template_qid='1'/>";
const WALL: &str = "<QubesProxyVm qid='3' name='wall' template_qid='1' netvm_qid='2'/>";

fn parse(vms: &str) -> Result<Inventory, InventoryError> {
    let xml = format!(
        "<QubesVmCollection default_netvm='3' default_template='1'>{TEMPLATE}{NET}{WALL}{vms}</QubesVmCollection>"
    );
    Inventory::parse(xml.as_bytes())
}

fn vm(kind: &str, attributes: &str) -> Domain {
    let inventory = parse(&format!("<{kind} qid='9' name='a' {attributes}/>")).unwrap();
    inventory.domains().into_iter().find(|domain| domain.qid == 9).unwrap()
}

#[test]
fn the_record_of_an_old_host_is_refused() {
    let inventory = parse("").unwrap();
    assert_eq!(Inventory::parse_record(&inventory.to_xml()).unwrap(), inventory);
    let old = format!("<QubesVmCollection>{TEMPLATE}</QubesVmCollection>");
    assert!(Inventory::parse_record(old.as_bytes()).is_err());
}

#[test]
fn the_class_follows_from_kind_and_template() {
    for (kind, template, class) in [
        ("QubesAppVm", "1", Class::AppVm),
        ("QubesAppVm", "none", Class::StandaloneVm),
        ("QubesAppVm", "None", Class::StandaloneVm),
        ("QubesNetVm", "1", Class::AppVm),
        ("QubesProxyVm", "none", Class::StandaloneVm),
        ("QubesHVm", "none", Class::StandaloneVm),
        ("QubesHVm", "1", Class::AppVm),
        ("QubesCowVm", "1", Class::AppVm),
        ("QubesTemplateVm", "none", Class::TemplateVm),
        ("QubesTemplateHVm", "none", Class::TemplateVm),
        ("QubesDisposableVm", "1", Class::DispVm),
        ("QubesStrangeVm", "1", Class::Other("QubesStrangeVm".to_owned())),
    ] {
        let domain = vm(kind, &format!("template_qid='{template}'"));
        assert_eq!(domain.class, class, "{kind}");
        let expected = (class == Class::AppVm).then_some("tpl");
        assert_eq!(domain.property("template"), expected, "{kind}");
    }
}

#[test]
fn dom0_is_there_whether_it_was_written_or_not() {
    for dom0 in [
        "",
        "<QubesAdminVm qid='0' name='dom0'/>",
        "<QubesDom0NetVm qid='0' name='dom0' memory='1'/>",
        "<QubesNetVm qid='0'/>",
    ] {
        let dom0 = parse(dom0).unwrap().domain("dom0").unwrap();
        assert_eq!((dom0.class, dom0.label.as_str()), (Class::AdminVm, "black"));
        assert_eq!((dom0.qid, dom0.properties.len()), (0, 1));
    }
}

#[test]
fn values_of_the_old_default_are_dropped() {
    let plain = "template_qid='1' memory='400' maxmem='4000' vcpus='2' debug='False' default_user='user' \
        qrexec_timeout='60' autostart='False' include_in_backups='True' mac='None' kernel='4.4' \
        uses_default_kernel='True' kernelopts='x' uses_default_kernelopts='True' uses_default_netvm='True' netvm_qid='2'";
    let names = |domain: &Domain| {
        let names = domain.properties.iter().map(|(name, _)| name.clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&vm("QubesAppVm", plain)), ["label", "name", "qid", "template"]);
    let set = "template_qid='1' memory='500' mac='00:16:3E:5E:6C:05' kernel='none' uses_default_kernel='False' \
        kernelopts='x' uses_default_kernelopts='False' label='green' internal='True'";
    let domain = vm("QubesAppVm", set);
    assert_eq!(domain.property("memory"), Some("500"));
    assert_eq!(domain.property("mac"), Some("00:16:3E:5E:6C:05"));
    assert_eq!(domain.property("kernel"), Some(""));
    assert_eq!(domain.property("kernelopts"), Some("x"));
    assert_eq!(
        (domain.label.as_str(), domain.feature("internal")),
        ("green", Some("1"))
    );
}

#[test]
fn services_and_devices_are_carried_over_or_left_out_but_never_half_understood() {
    let domain = vm(
        "QubesAppVm",
        "services=\"{'cups': True, 'ntpd': False, 'backup-content': True}\" pcidevs=\"['00:1a.0', '02:00.0']\" \
         pci_strictreset='False'",
    );
    assert_eq!(domain.feature("cups"), Some("1"));
    assert_eq!(domain.feature("service.ntpd"), Some(""));
    assert_eq!((domain.feature("backup-content"), domain.content()), (None, None));
    let ids: Vec<_> = domain.devices.iter().map(|device| device.id().unwrap()).collect();
    assert_eq!(ids, ["00_1a.0", "02_00.0"]);
    assert_eq!(
        domain.devices[0].options,
        [("no-strict-reset".to_owned(), "True".to_owned())]
    );
    let odd = vm("QubesAppVm", "services=\"{'cups': os.exit()}\" pcidevs='none'");
    assert_eq!((odd.feature("cups"), odd.devices.len()), (None, 0));
}

#[test]
fn a_net_vm_is_what_version_3_2_took_it_for() {
    let netvm = |kind, attributes| {
        let domain = vm(kind, attributes);
        domain.property("netvm").map(str::to_owned)
    };
    assert_eq!(netvm("QubesAppVm", "netvm_qid='2'"), None);
    assert_eq!(netvm("QubesAppVm", "uses_default_netvm='True' netvm_qid='2'"), None);
    assert_eq!(
        netvm("QubesAppVm", "uses_default_netvm='False' netvm_qid='2'").unwrap(),
        "net"
    );
    assert_eq!(
        netvm("QubesAppVm", "uses_default_netvm='False' netvm_qid='none'").unwrap(),
        ""
    );
    assert_eq!(netvm("QubesAppVm", "uses_default_netvm='False'").unwrap(), "");
    assert_eq!(netvm("QubesProxyVm", "netvm_qid='2'").unwrap(), "net");
    assert_eq!(netvm("QubesNetVm", "").unwrap(), "");
}

#[test]
fn disposables_get_a_vm_of_their_own_where_their_net_vm_is_not_the_default() {
    let dispvm = |attributes: &str| {
        let domain = vm("QubesAppVm", attributes);
        domain.property("default_dispvm").map(str::to_owned)
    };
    assert_eq!(dispvm("uses_default_netvm='False' netvm_qid='3'"), None);
    assert_eq!(dispvm("uses_default_netvm='False' netvm_qid='2'").unwrap(), "disp-net");
    for name in ["dispvm_netvm", "dispvm_netvm_qid"] {
        let given = |qid| dispvm(&format!("uses_default_dispvm_netvm='False' {name}='{qid}'"));
        assert_eq!(given("none").unwrap(), "disp-no-netvm");
        assert_eq!(given("2").unwrap(), "disp-net");
        assert_eq!(given("3"), None);
        assert_eq!(given("77"), None);
    }
    let inventory = parse("<QubesAppVm qid='9' name='disp-net' template_qid='1'/>").unwrap();
    assert!(
        inventory.domain("disp-net").unwrap().content().is_none(),
        "it was there already"
    );
    let made_up = inventory.domain("disp-no-netvm").unwrap();
    assert!(made_up.content().is_some_and(|content| content.is_made_up()));
    assert_eq!((made_up.qid, made_up.label.as_str()), (4, "red"));
    assert!(made_up.is_true("template_for_dispvms") && made_up.volumes.is_empty());
    assert_eq!(
        (made_up.property("netvm"), made_up.property("template")),
        (Some(""), None)
    );
}

#[test]
fn a_made_up_name_is_no_longer_than_a_name_may_be() {
    let long = |qid, last| {
        format!(
            "<QubesProxyVm qid='{qid}' name='{}{last}' netvm_qid='2'/>",
            "n".repeat(30)
        )
    };
    let user =
        |qid, net| format!("<QubesAppVm qid='{qid}' name='u{qid}' uses_default_netvm='False' netvm_qid='{net}'/>");
    let inventory = parse(&(long(5, 'a') + &long(6, 'b') + &user(7, 5) + &user(8, 6))).unwrap();
    let made_up: Vec<Domain> = ["u7", "u8"]
        .map(|user| {
            inventory
                .domain(user)
                .unwrap()
                .property("default_dispvm")
                .unwrap()
                .to_owned()
        })
        .map(|name| inventory.domain(&name).unwrap())
        .into();
    assert!(made_up.iter().all(|domain| domain.name.len() == 31));
    let is_for = |place: usize, last: char| made_up[place].property("netvm").unwrap().ends_with(last);
    assert!(is_for(0, 'a') && is_for(1, 'b'));
}

#[test]
fn what_is_not_there_is_named_as_missing_and_nothing_stands_in_for_it() {
    let domain = vm(
        "QubesAppVm",
        "template_qid='77' uses_default_netvm='False' netvm_qid='78'",
    );
    assert_eq!(domain.property("template"), Some("missing-qid-77"));
    assert_eq!(domain.property("netvm"), Some("missing-qid-78"));
    assert_eq!(domain.property("default_dispvm"), None);
    let xml = format!(
        "<QubesVmCollection default_netvm='99' updatevm='None' clockvm='x'>{TEMPLATE}{NET}</QubesVmCollection>"
    );
    let inventory = Inventory::parse(xml.as_bytes()).unwrap();
    assert_eq!(
        inventory.globals().into_iter().collect::<Vec<_>>(),
        [("updatevm".to_owned(), String::new())]
    );
    assert_eq!(
        inventory.domain("net").unwrap().property("default_dispvm"),
        None,
        "no default is known"
    );
}

#[test]
fn only_what_the_archive_holds_has_content_and_volumes() {
    let content = |attributes: &str| vm("QubesAppVm", &format!("template_qid='1' {attributes}")).content();
    let at = |path: &str, size_bytes| {
        Some(Content {
            path: ArchivePath::new(path),
            size_bytes,
        })
    };
    assert_eq!(
        content("backup_content='True' backup_path='vm9' backup_size='12'"),
        at("vm9", 12)
    );
    assert_eq!(
        content("backup_content='True' dir_path='/var/lib/qubes/appvms/a'"),
        at("appvms/a", 0)
    );
    assert_eq!(content("backup_content='False' backup_path='vm9'"), None);
    assert_eq!(content("backup_path='vm9'"), None);
    let held = vm(
        "QubesHVm",
        "template_qid='none' backup_content='True' backup_path='appvms/a (old)'",
    );
    assert_eq!(held.volumes.len(), 2);
    assert_eq!(
        (held.property("virt_mode"), held.property("kernel")),
        (Some("hvm"), Some(""))
    );
    assert_eq!(held.feature("linux-stubdom"), Some(""));
}

#[test]
fn what_would_mix_vms_up_is_refused() {
    for vms in [
        "<QubesAppVm name='a'/>",
        "<QubesAppVm qid='9'/>",
        "<QubesAppVm qid='-1' name='a'/>",
        "<QubesAppVm qid='1' name='a'/>",
        "<QubesAppVm qid='9' name='tpl'/>",
        "<QubesAppVm qid='9' name='dom0'/>",
        "<QubesAppVm qid='0'/><QubesAdminVm qid='8'/>",
        "<QubesAppVm qid='9' name='a' backup_content='True'/>",
    ] {
        assert!(matches!(parse(vms), Err(InventoryError::Invalid { .. })), "{vms}");
    }
    assert_eq!(parse("<Other qid='1' name='tpl'/>").unwrap().domains().len(), 5 + 1);
    let name = parse("<QubesAppVm qid='9' name='work (old)'/>").unwrap();
    assert!(name.domain("work (old)").is_some());
}

proptest! {
    #[test]
    fn no_input_panics_and_what_is_taken_is_a_document_of_today(
        kinds in prop::collection::vec("Qubes(App|H|Net|Proxy|Template|Admin|Disposable|Odd)Vm", 0..6),
        qids in prop::collection::vec("[0-9]{1,2}|none|-1|", 24),
        texts in prop::collection::vec("[a-c]{1,2}|True|False|none|\\{'a': ?(True|1|x)\\}|\\['0:1']|[ -~é]{0,8}", 60),
    ) {
        let names = ["qid", "template_qid", "netvm_qid", "dispvm_netvm", "name", "label", "services", "pcidevs",
            "uses_default_netvm", "uses_default_dispvm_netvm", "kernel", "backup_content", "backup_path", "memory"];
        let mut qids = qids.into_iter().cycle();
        let mut texts = texts.into_iter().cycle();
        let mut root = crate::inventory::xml::Element::new(super::ROOT).with("default_netvm", qids.next().unwrap());
        for kind in kinds {
            let mut vm = crate::inventory::xml::Element::new(&kind);
            for (place, name) in names.iter().enumerate() {
                let value = if place < 4 { qids.next() } else { texts.next() };
                vm = vm.with(name, value.unwrap());
            }
            root.push(vm);
        }
        if let Ok(inventory) = Inventory::parse(&root.print()) {
            let again = Inventory::parse(&inventory.to_xml()).unwrap();
            prop_assert_eq!(again.domains(), inventory.domains());
        }
    }
}
