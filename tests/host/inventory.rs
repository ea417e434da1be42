// SPDX-License-Identifier: GPL-3.0-or-later
//! The inventory against genuine records of a PedOS, against changes, and against rubbish.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::Command,
};

use pedos_backup::inventory::{ArchivePath, Class, Content, Device, Domain, Inventory, InventoryError};

/// A genuine record, or `None` with a word where the fixtures are not at hand.
fn genuine() -> Option<Vec<u8>> {
    let Some(folder) = std::env::var_os("PEDOS_BACKUP_FIXTURES") else {
        println!("PEDOS_BACKUP_FIXTURES is not set: nothing was tried");
        return None;
    };
    Some(fs::read(PathBuf::from(folder).join("hosts/tiny.qubes.xml")).unwrap())
}

fn is_well_formed(xml: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.xml");
    fs::write(&path, xml).unwrap();
    match Command::new("xmlstarlet").args(["val", "-w", "-q"]).arg(&path).status() {
        Ok(status) => assert!(status.success(), "{}", String::from_utf8_lossy(xml)),
        Err(error) => println!("xmlstarlet cannot be run ({error}): well-formedness was not tried"),
    }
}

fn work() -> Domain {
    let properties = [
        ("label", "blue"),
        ("name", "work"),
        ("qid", "1"),
        ("template", "elsewhere"),
    ];
    Domain {
        name: "work".into(),
        class: Class::AppVm,
        qid: 1,
        label: "blue".into(),
        properties: properties.map(|(name, value)| (name.into(), value.into())).to_vec(),
        ..Domain::default()
    }
}

#[test]
fn a_genuine_record_comes_out_byte_for_byte() {
    let Some(xml) = genuine() else { return };
    let inventory = Inventory::parse(&xml).unwrap();
    assert_eq!(
        String::from_utf8(inventory.to_xml()).unwrap(),
        String::from_utf8(xml).unwrap()
    );
}

#[test]
fn a_genuine_record_is_read_in_full() {
    let Some(xml) = genuine() else { return };
    let inventory = Inventory::parse(&xml).unwrap();
    assert_eq!(inventory.domains().len(), 12);
    assert_eq!(inventory.labels().len(), 9);
    assert_eq!(inventory.labels()[8].label.color, 0x008080);
    assert_eq!(inventory.pools()[2].driver, "lvm_thin");
    assert_eq!(inventory.globals()["default_netvm"], "sys-firewall");
    assert_eq!(inventory.free_qid(), 12);
    let work = inventory.domain("work").unwrap();
    assert_eq!(work.qid, 6);
    assert_eq!(work.property("kernelopts"), Some("nopat foo=\"bar baz\" <x>&"));
    assert_eq!(work.feature("text with space"), Some("a & b < c \"q\" 'p' é"));
    assert_eq!(work.tags.last().unwrap(), "needs_review");
    assert_eq!(work.devices[0].options, [("read-only".to_owned(), "True".to_owned())]);
    let saved: Vec<_> = work.volumes.iter().filter(|volume| volume.save_on_stop).collect();
    assert_eq!(saved.len(), 1);
    assert_eq!(
        (saved[0].name.as_str(), saved[0].size_bytes),
        ("private", Some(524_288))
    );
    let dom0 = inventory.domain("dom0").unwrap();
    assert_eq!((dom0.qid, &dom0.class), (0, &Class::AdminVm));
    assert!(dom0.content().is_none());
}

#[test]
fn a_domain_can_be_copied_from_record_to_record() {
    let Some(xml) = genuine() else { return };
    let from = Inventory::parse(&xml).unwrap();
    let mut to = Inventory::empty();
    for domain in from.domains().iter().filter(|domain| domain.qid != 0) {
        to.insert_domain(domain).unwrap();
    }
    is_well_formed(&to.to_xml());
    let to = Inventory::parse(&to.to_xml()).unwrap();
    let names = |inventory: &Inventory| {
        inventory
            .domains()
            .into_iter()
            .map(|d| (d.name.clone(), d))
            .collect::<BTreeMap<_, _>>()
    };
    let (mut from, mut to) = (names(&from), names(&to));
    from.remove("dom0");
    to.remove("dom0");
    assert_eq!(from, to);
}

#[test]
fn marks_say_what_an_archive_holds() {
    let Some(xml) = genuine() else { return };
    let mut inventory = Inventory::parse(&xml).unwrap();
    inventory.set_feature("default-dvm", "preload-dispvm", "disp1").unwrap();
    inventory.set_feature("untrusted", "preload-dispvm", "disp2").unwrap();
    inventory.set_feature("work", "backup-path", "old").unwrap();
    inventory.set_feature("vault", "backup-size", "7").unwrap();
    let content = |path: &str, size_bytes| Content {
        path: ArchivePath::new(path),
        size_bytes,
    };
    let held = BTreeMap::from([
        ("work".to_owned(), content("vm6/", 1000)),
        ("default-dvm".to_owned(), content("vm3/", 0)),
        ("dom0".to_owned(), content("dom0-home/user", 5)),
    ]);
    inventory.mark_contents(&held).unwrap();
    is_well_formed(&inventory.to_xml());
    let again = Inventory::parse(&inventory.to_xml()).unwrap();
    for domain in again.domains() {
        assert_eq!(domain.content(), held.get(&domain.name).cloned(), "{}", domain.name);
        let expected = if held.contains_key(&domain.name) { "1" } else { "" };
        assert_eq!(domain.feature("backup-content"), Some(expected));
    }
    let dvm = again.domain("default-dvm").unwrap();
    assert_eq!(dvm.feature("preload-dispvm"), None);
    assert_eq!(dvm.feature("preload-dispvm-max"), Some("2"));
    assert_eq!(
        again.domain("untrusted").unwrap().feature("preload-dispvm"),
        Some("disp2")
    );
    assert_eq!(again.domain("vault").unwrap().feature("backup-size"), None);
    let nobody = BTreeMap::from([("nobody".to_owned(), content("vm99/", 1))]);
    assert!(matches!(
        inventory.mark_contents(&nobody),
        Err(InventoryError::NoSuchVm { .. })
    ));
}

#[test]
fn a_list_of_files_belongs_to_one_archive_only() {
    let mut inventory = Inventory::empty();
    inventory.insert_domain(&work()).unwrap();
    assert_eq!(inventory.domain("work").unwrap().files, None);
    let files = ["private.img".to_owned(), "notes \"<&>.txt".to_owned()];
    inventory.list_files("work", &["old".to_owned()]).unwrap();
    inventory.list_files("work", &files).unwrap();
    inventory.list_files("dom0", &[]).unwrap();
    let mut again = Inventory::parse(&inventory.to_xml()).unwrap();
    let listed = again.domain("work").unwrap();
    assert_eq!(listed.files.as_deref(), Some(&files[..]));
    assert_eq!(again.domain("dom0").unwrap().files, Some(Vec::new()));
    assert!(inventory.list_files("work", &["a\u{1}".to_owned()]).is_err());
    assert!(inventory.list_files("nobody", &files).is_err());
    // Neither the next archive nor the record of a host takes it over.
    again.mark_contents(&BTreeMap::new()).unwrap();
    assert!(again.domains().iter().all(|domain| domain.files.is_none()));
    let mut host = Inventory::empty();
    host.insert_domain(&listed).unwrap();
    assert_eq!(host.domain("work").unwrap().files, None);
}

#[test]
fn a_reduced_record_keeps_what_a_reader_needs() {
    let Some(xml) = genuine() else { return };
    let mut inventory = Inventory::parse(&xml).unwrap();
    let (labels, pools, globals) = (inventory.labels(), inventory.pools(), inventory.globals());
    inventory.retain_domains(&BTreeSet::from(["work".to_owned()]));
    let names: Vec<_> = inventory.domains().into_iter().map(|domain| domain.name).collect();
    assert_eq!(names, ["dom0", "work"]);
    let again = Inventory::parse(&inventory.to_xml()).unwrap();
    assert_eq!(
        (again.labels(), again.pools(), again.globals()),
        (labels, pools, globals)
    );
}

#[test]
fn a_fresh_record_takes_vms_and_settings() {
    let mut inventory = Inventory::empty();
    inventory.insert_domain(&work()).unwrap();
    inventory.set_property("work", "netvm", "").unwrap();
    inventory.set_property("work", "memory", "400").unwrap();
    inventory.set_property("work", "memory", "500").unwrap();
    inventory.set_feature("work", "note", "ä \"<&>\"\nsecond").unwrap();
    inventory.set_label("work", "label-4").unwrap();
    inventory.add_tag("work", "a").unwrap();
    inventory.add_tag("work", "a").unwrap();
    inventory.add_tag("work", "b").unwrap();
    inventory.remove_tag("work", "b").unwrap();
    inventory.add_label("teal", 0x008080).unwrap();
    inventory.set_global("default_template", "elsewhere").unwrap();
    let device = Device {
        class: "block".into(),
        attributes: vec![("backend-domain".into(), "sys-usb".into()), ("id".into(), "sda".into())],
        options: vec![("read-only".into(), "True".into())],
    };
    inventory.add_device("work", &device).unwrap();
    is_well_formed(&inventory.to_xml());
    let again = Inventory::parse(&inventory.to_xml()).unwrap();
    assert_eq!(again, inventory);
    let work = again.domain("work").unwrap();
    let names: Vec<_> = work.properties.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["label", "memory", "name", "qid", "netvm", "template"]);
    assert_eq!(work.property("memory"), Some("500"));
    assert_eq!(work.feature("note"), Some("ä \"<&>\"\nsecond"));
    assert_eq!(work.label, "green");
    assert_eq!(work.tags, ["a"]);
    assert_eq!(work.devices, [device]);
    assert_eq!(again.labels()[8].id, "label-9");
    inventory.reset_property("work", "memory").unwrap();
    assert_eq!(inventory.domain("work").unwrap().property("memory"), None);
    inventory.remove_domain("work").unwrap();
    assert!(inventory.domain("work").is_none());
    assert_eq!(inventory.free_qid(), 1);
}

#[test]
fn what_would_mix_vms_up_is_refused() {
    let domain = |inner: &str| format!("<qubes><domains>{inner}</domains></qubes>");
    let named = |id: &str, name: &str| {
        format!(
            "<domain id=\"{id}\" class=\"AppVM\"><properties><property name=\"name\">{name}</property></properties></domain>"
        )
    };
    for xml in [
        "<other/>".to_owned(),
        domain("<domain id=\"domain-1\"/>"),
        domain("<domain id=\"domain-1\" class=\"AppVM\"/>"),
        domain(&named("domain-1", "")),
        domain(&named("one", "a")),
        domain(&(named("domain-1", "a") + &named("domain-2", "a"))),
        domain(&(named("domain-1", "dom0") + "<domain id=\"domain-0\" class=\"AdminVM\"/>")),
    ] {
        assert!(
            matches!(Inventory::parse(xml.as_bytes()), Err(InventoryError::Invalid { .. })),
            "{xml}"
        );
    }
    let fine = domain(&(named("domain-1", "a") + &named("domain-2", "b")));
    assert_eq!(Inventory::parse(fine.as_bytes()).unwrap().domains().len(), 2);
    let mut inventory = Inventory::empty();
    inventory.insert_domain(&work()).unwrap();
    assert!(inventory.insert_domain(&work()).is_err());
    assert!(inventory.set_property("work", "memory", "a\u{1}").is_err());
    assert!(inventory.set_property("nobody", "memory", "1").is_err());
}

#[test]
fn rubbish_is_an_error_and_never_a_panic() {
    let xml = genuine().unwrap_or_else(|| Inventory::empty().to_xml());
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let pieces: [&[u8]; 10] = [
        b"<",
        b">",
        b"/>",
        b"&",
        b"\"",
        b"<!--",
        b"<![CDATA[",
        b"</domain>",
        b"\xff",
        b"<!DOCTYPE x>",
    ];
    for _ in 0..400 {
        let mut broken = xml.clone();
        for _ in 0..=random(3) {
            let place = random(broken.len());
            match random(4) {
                0 => broken.truncate(place + 1),
                1 => broken[place] = u8::try_from(random(256)).unwrap(),
                2 => {
                    let end = (place + random(200)).min(broken.len());
                    broken.drain(place..end);
                }
                _ => {
                    broken.splice(place..place, pieces[random(pieces.len())].iter().copied());
                }
            }
            if broken.is_empty() {
                broken.push(b'<');
            }
        }
        if let Ok(inventory) = Inventory::parse(&broken) {
            let printed = inventory.to_xml();
            let again = Inventory::parse(&printed).unwrap();
            assert_eq!(again.domains(), inventory.domains());
            assert_eq!(again.to_xml(), printed);
        }
    }
}
