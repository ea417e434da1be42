// SPDX-License-Identifier: GPL-3.0-or-later
//! Each kind of setting with values that a PedOS takes, and with such over which it refuses a whole record.

use super::*;
use crate::inventory::Device;

const APP: Class = Class::AppVm;

#[test]
fn each_kind_of_property_takes_what_the_system_takes() {
    let long = "x".repeat(512);
    for (property, good, bad) in [
        ("debug", &["True", "false", "1", "off"][..], &["", "maybe", "2"][..]),
        (
            "memory",
            &["1", "400", "2147483647"],
            &["0", "-1", "lots", "", "4e2", "2147483648", "99999999999999999999"],
        ),
        ("maxmem", &["0", "4000"], &["-1", "", "None"]),
        ("qrexec_timeout", &["60"], &["0", "1.5", "soon"]),
        (
            "backup_timestamp",
            &["1700000000", "-5"],
            &["", "yesterday", "1700000000.5"],
        ),
        ("netvm", &["", "sys-net", "dom0"], &["none", "a b", "1a", "x-dm"]),
        ("default_dispvm", &["", "dvm"], &["default"]),
        ("template", &["fedora"], &["", "none"]),
        ("kernel", &["", "6.12.63-1.fc41", "pvgrub2-pvh"], &["../x", "a/b", "ä"]),
        (
            "kernelopts",
            &["", "nopat foo=\"bar baz\" <x>&", &long],
            &[&format!("{long}x"), "ü"],
        ),
        ("default_user", &["user", "a.b-c_d+e,f"], &["a b", "a:b", "\"", "ä"]),
        ("virt_mode", &["hvm", "PVH", "pv"], &["", "kvm", "pvh "]),
        (
            "keyboard_layout",
            &["us++", "de+nodeadkeys+", "us+colemak+caps:none,compose:ralt"],
            &["", "us", "us+", "us+col[e]mak+", "+a+", "u1++", "us+a+b+c", "dé++"],
        ),
        (
            "devices_denied",
            &["", "b******", "u030101p020000"],
            &["x******", "b*", "U030101", "b*****Ä"],
        ),
        (
            "ip",
            &["10.137.0.7"],
            &["", "999.1.1.1", "10.137.0", "10.137.0.07", "::1"],
        ),
        ("ip6", &["fd09:24ef:4179::a89:7"], &["", "10.0.0.1", "fd09:::1"]),
        (
            "mac",
            &["00:16:3e:5e:6c:00", "00:16:3E:5E:6C:AB"],
            &["", "00:16:3e:5e:6c", "00-16-3e-5e-6c-00", "0g:16:3e:5e:6c:00"],
        ),
        ("bootmode", &["default"], &["ä"]),
    ] {
        for value in good {
            assert_eq!(check_property(&APP, property, value), Ok(()), "{property}={value}");
        }
        for value in bad {
            assert!(check_property(&APP, property, value).is_err(), "{property}={value}");
        }
    }
}

#[test]
fn a_class_has_its_own_properties_and_no_others() {
    let classes = [
        Class::AdminVm,
        Class::TemplateVm,
        APP,
        Class::StandaloneVm,
        Class::DispVm,
        Class::RemoteVm,
    ];
    for (property, holders) in [
        ("backup_timestamp", [false, true, true, true, true, false]),
        ("include_in_backups", [true; 6]),
        ("keyboard_layout", [true, true, true, true, true, false]),
        ("template", [false, false, true, false, true, false]),
        ("template_for_dispvms", [false, false, true, true, false, false]),
        ("auto_cleanup", [false, false, false, false, true, false]),
        ("relayvm", [false, false, false, false, false, true]),
        ("appvm_default_bootmode", [false, true, false, false, false, false]),
        // What is worked out anew cannot be set, and what the future brings is not known.
        ("updateable", [false; 6]),
        ("icon", [false; 6]),
        ("visible_ip", [false; 6]),
        ("a_newer_property", [false; 6]),
    ] {
        for (class, has) in classes.iter().zip(holders) {
            assert_eq!(has_property(class, property), has, "{property} of {class}");
        }
    }
    assert_eq!(
        check_property(&Class::AdminVm, "backup_timestamp", "1"),
        Err(Unfit::NoSuchProperty { class: Class::AdminVm })
    );
}

#[test]
fn a_disposable_is_based_on_what_disposables_are_made_from() {
    assert_eq!(referent(&APP, "template"), Some(Referent::Template));
    assert_eq!(referent(&Class::DispVm, "template"), Some(Referent::DispVmTemplate));
    assert_eq!(referent(&APP, "netvm"), Some(Referent::NetVm));
    assert_eq!(referent(&APP, "memory"), None);
    assert_eq!(referent(&Class::AdminVm, "netvm"), None);
}

#[test]
fn features_tags_and_labels_hold_what_the_system_takes() {
    for (name, value) in [
        ("gui", ""),
        ("a_b.c-d", "1"),
        ("menu-items", "a.desktop b.desktop"),
        ("service.cups", "1"),
        (
            "service.app-dispvm.an-application-with-a-name-that-is-longer-than-others",
            "1",
        ),
        ("vm-config.x", "y"),
        ("preload-dispvm-max", "2"),
        ("preload-dispvm-max", ""),
    ] {
        assert_eq!(check_sent_feature(name, value), Ok(()), "{name}={value}");
    }
    let named = |prefix: &str, length: usize| format!("{prefix}{}", "x".repeat(length));
    for (prefix, longest) in [("service.", 48), ("vm-config.", 52), ("custom-persist.", 54)] {
        assert_eq!(check_feature(&named(prefix, longest), "1"), Ok(()), "{prefix}");
        let refused = check_feature(&named(prefix, longest + 1), "1");
        assert_eq!(refused, Err(Unfit::TooLong { longest }), "{prefix}");
    }
    let longest = LONGEST_TEXT;
    assert_eq!(check_sent_feature("x", &named("", longest)), Ok(()));
    assert_eq!(
        check_sent_feature("x", &named("", longest + 1)),
        Err(Unfit::TooLong { longest })
    );
    let long = format!("service.{}", "x".repeat(49));
    for (name, value) in [
        ("", "1"),
        ("service.", "1"),
        ("service...", "1"),
        (&long, "1"),
        ("vm-config.", "1"),
        ("vm-config.-a", "1"),
        ("preload-dispvm-max", "many"),
    ] {
        assert!(check_feature(name, value).is_err(), "{name}={value}");
    }
    // A record may hold what cannot be sent.
    for (name, value) in [("x y", "1"), ("ä", "1"), ("x", "a\nb"), ("x", "ä")] {
        assert!(check_sent_feature(name, value).is_err(), "{name}={value}");
        assert_eq!(check_feature(name, value), Ok(()), "{name}={value}");
    }
    for tag in ["plain", "created-by-dom0", "a_b"] {
        assert_eq!(check_tag(tag), Ok(()), "{tag}");
    }
    for tag in ["", "a b", "a.b", "ä"] {
        assert!(check_tag(tag).is_err(), "{tag}");
    }
    for (name, fits) in [
        ("teal", true),
        ("a.b-c_1", true),
        ("", false),
        ("12", false),
        ("a b", false),
    ] {
        assert_eq!(check_label_name(name).is_ok(), fits, "{name}");
    }
}

fn device(class: &str, attributes: &[(&str, &str)], options: &[(&str, &str)]) -> Device {
    let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    Device {
        class: class.to_owned(),
        attributes: owned(attributes),
        options: owned(options),
    }
}

#[test]
fn a_device_hangs_at_a_place_of_its_class() {
    for id in [
        "00_1f.6",
        "0000_00_1f.6",
        "00_1c.0-02_00.0",
        "0000:00:1f.6",
        "*",
        "10000_00_00.0",
    ] {
        let fits = check_device(&device("pci", &[("backend-domain", "dom0"), ("id", id)], &[])).is_ok();
        assert_eq!(fits, id != "10000_00_00.0", "{id}");
    }
    for id in ["", "network", "00_1f", "00_1F.6", "00_1f.66", "../x", "00_1c.0-", "sda"] {
        let result = check_device(&device("pci", &[("backend-domain", "dom0"), ("id", id)], &[]));
        assert_eq!(result, Err(Unfit::DeviceId), "{id}");
    }
    for (class, id) in [
        ("block", "sda1"),
        ("block", "mapper_vg-lv"),
        ("usb", "2-1.4"),
        ("mic", "mic"),
        ("usb", "*"),
    ] {
        let device = device(
            class,
            &[("backend-domain", "sys-usb"), ("id", id)],
            &[("read-only", "True")],
        );
        assert_eq!(check_device(&device), Ok(()), "{class} {id}");
    }
    for id in ["", "a b", "../sda", "sda\n"] {
        let result = check_device(&device("block", &[("backend-domain", "sys-usb"), ("id", id)], &[]));
        assert_eq!(result, Err(Unfit::DeviceId), "{id}");
    }
}

#[test]
fn a_device_is_assigned_in_a_known_way_by_a_known_vm() {
    for (attributes, fits) in [
        (
            &[("mode", "ask-to-attach"), ("identity", "0x8086:0x10d3::p020000")][..],
            true,
        ),
        (&[("mode", "manual")], false),
        (&[("mode", "sometimes")], false),
        (&[("required", "yes")], true),
        (&[("required", "perhaps")], false),
        (&[("backend-domain", "a b")], false),
        (&[("identity", "ä")], false),
    ] {
        assert_eq!(
            check_device(&device("usb", attributes, &[])).is_ok(),
            fits,
            "{attributes:?}"
        );
    }
    let elsewhere = device("pci", &[("backend-domain", "sys-net"), ("id", "00_1f.6")], &[]);
    assert_eq!(check_device(&elsewhere), Err(Unfit::DeviceBackend));
    for option in [("", "x"), ("a b", "x"), ("a=b", "x"), ("a", "ü")] {
        assert!(check_device(&device("block", &[], &[option])).is_err(), "{option:?}");
    }
    assert!(check_device(&device("a b", &[], &[])).is_err());
}

#[test]
fn pools_of_files_keep_one_old_state_and_others_any_number() {
    let pool = |driver: &str| PoolEntry {
        name: "p".to_owned(),
        driver: driver.to_owned(),
        dir_path: None,
        revisions_to_keep: None,
    };
    let volume = VolumeConfig {
        pool: "p".to_owned(),
        ..VolumeConfig::default()
    };
    for (driver, count, fits) in [
        ("file", -2, false),
        ("file", -1, true),
        ("file", 1, true),
        ("file", 2, false),
        ("lvm_thin", 2, true),
        ("lvm_thin", i32::MAX, true),
    ] {
        assert_eq!(
            check_revisions(&[pool(driver)], &volume, count).is_ok(),
            fits,
            "{driver} {count}"
        );
    }
    assert_eq!(check_property(&Class::DispVm, "dispid", "9999"), Ok(()));
    assert!(check_property(&Class::DispVm, "dispid", "10000").is_err());
}
