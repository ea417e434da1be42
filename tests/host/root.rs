// SPDX-License-Identifier: GPL-3.0-or-later
//! A PedOS root folder as a host: what it shows of a genuine folder, and what changes in it do.

#![allow(clippy::needless_pass_by_value, reason = "a test may stop where it stands")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    thread,
    time::Instant,
};

use pedos_backup::{
    host::{HostError, Intake, Label, NewVm, Reference, VmFile, Vms, VolumeState, root::RootHost},
    inventory::{Class, Device, Inventory},
};
use tempfile::TempDir;

/// A copy of the genuine root folder, or `None` with a word where the fixtures are not at hand.
fn genuine() -> Option<(TempDir, RootHost)> {
    let Some(fixtures) = std::env::var_os("PEDOS_BACKUP_FIXTURES") else {
        println!("PEDOS_BACKUP_FIXTURES is not set: nothing was tried");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let archive = PathBuf::from(fixtures).join("root-tiny.tar.gz");
    let status = Command::new("tar")
        .args(["--sparse", "-xzf"])
        .arg(archive)
        .arg("-C")
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    let host = RootHost::open(&folder.path().join("root")).unwrap();
    Some((folder, host))
}

pub(crate) fn fresh() -> (TempDir, RootHost) {
    let folder = tempfile::tempdir().unwrap();
    let host = RootHost::create(&folder.path().join("root")).unwrap();
    (folder, host)
}

pub(crate) fn new(name: &str, class: Class) -> NewVm {
    NewVm {
        name: name.to_owned(),
        label: "blue".to_owned(),
        template: class.has_template().then(|| "elsewhere".to_owned()),
        class,
        pool: None,
        tags: Vec::new(),
    }
}

fn read_volume(host: &RootHost, vm: &str, volume: &str) -> Vec<u8> {
    let source = host.open_volume(vm, volume).unwrap();
    let mut bytes = vec![0; usize::try_from(source.size_bytes()).unwrap()];
    source.read_at(&mut bytes, 0).unwrap();
    bytes
}

fn is_refused<T>(result: Result<T, HostError>) {
    assert!(matches!(result, Err(HostError::Refused { .. })));
}

fn is_not_halted(result: Result<(), HostError>) {
    assert!(matches!(result, Err(HostError::NotHalted { .. })), "{result:?}");
}

fn edited(root: &Path, change: impl FnOnce(String) -> String) -> RootHost {
    let record = root.join("var/lib/qubes/qubes.xml");
    let text = fs::read_to_string(&record).unwrap();
    fs::write(&record, change(text)).unwrap();
    RootHost::open(root).unwrap()
}

#[test]
fn a_genuine_folder_is_seen_as_it_is() {
    let Some((folder, host)) = genuine() else { return };
    let system = host.system().unwrap();
    assert_eq!(system.user.as_deref(), Some("user"));
    let names: Vec<_> = system.vms.iter().map(|vm| vm.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "dom0",
            "custom-tpl",
            "default-dvm",
            "disp-mgmt",
            "fedora-41-xfce",
            "personal",
            "sys-firewall",
            "sys-net",
            "untrusted",
            "vault",
            "win10",
            "work"
        ]
    );
    let reachable: Vec<_> = system.pools.iter().filter(|pool| pool.is_reachable).collect();
    assert_eq!(reachable.len(), 1);
    let work = system.vm("work").unwrap();
    assert_eq!(work.netvm, Reference::Named("sys-firewall".to_owned()));
    assert_eq!(work.last_backup, Some(1_700_000_000));
    assert_eq!(work.volumes.len(), 1);
    assert_eq!(work.volumes[0].size_bytes, 524_288);
    assert!(matches!(work.volumes[0].state, VolumeState::Ready { changed: Some(_) }));
    let list = folder.path().join("root/var/lib/qubes/appvms/work");
    let used = |name: &str| std::os::unix::fs::MetadataExt::blocks(&fs::metadata(list.join(name)).unwrap()) * 512;
    assert_eq!(work.volumes[0].used_bytes, used("private.img"));
    assert_eq!(
        work.backup_bytes,
        Some(used("private.img") + 4096 + used("notes.txt") + used("whitelisted-appmenus.list"))
    );
    assert_eq!(system.vm("vault").unwrap().netvm, Reference::None);
    assert_eq!(system.vm("custom-tpl").unwrap().netvm, Reference::Default);
    assert!(!system.vm("untrusted").unwrap().include_in_backups);
    assert!(system.vm("disp-mgmt").unwrap().include_in_backups);
    assert!(system.vm("disp-mgmt").unwrap().volumes.is_empty());
    assert!(system.vm("sys-net").unwrap().is_running);
    assert!(!system.vm("work").unwrap().is_running);
    assert!(system.vm("default-dvm").unwrap().template_for_dispvms);
    // A home is counted on request only, not with every list.
    assert_eq!(system.vm("dom0").unwrap().backup_bytes, None);
    let home = host.home_bytes().unwrap().unwrap();
    assert!(home > 20_000);
    let mut counted = system.clone();
    counted.set_home_bytes(home);
    assert_eq!(counted.vm("dom0").unwrap().backup_bytes, Some(home));
    let record = fs::read(folder.path().join("root/var/lib/qubes/qubes.xml")).unwrap();
    assert_eq!(host.inventory().unwrap().to_xml(), record);
    let files = host.vm_files("work").unwrap();
    let kinds: Vec<_> = files.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, VmFile::ALL);
    assert_eq!(read_volume(&host, "win10", "root").len(), 1_049_088);
    assert!(host.open_volume("win10", "volatile").is_err());
    assert!(matches!(
        host.open_volume("nobody", "root"),
        Err(HostError::NoSuchVm { .. })
    ));
}

#[test]
fn what_cannot_be_read_is_said_and_nothing_escapes() {
    let Some((folder, host)) = genuine() else { return };
    drop(host);
    let root = folder.path().join("root");
    fs::remove_file(root.join("var/lib/qubes/appvms/vault/private.img")).unwrap();
    fs::write(folder.path().join("secret.img"), "secret").unwrap();
    let host = edited(&root, |text| {
        text.replace("vid=\"appvms/personal/private\"", "vid=\"../../../../secret\"")
            .replace(
                "pool=\"varlibqubes\" vid=\"appvms/untrusted/private\"",
                "pool=\"vm-pool\" vid=\"qubes_dom0/x\"",
            )
            .replace(
                "vid=\"appvms/sys-net/private\" revisions_to_keep=\"1\"",
                "vid=\"appvms/sys-net/private\" revisions_to_keep=\"-1\"",
            )
    });
    let system = host.system().unwrap();
    let state = |vm: &str| system.vm(vm).unwrap().volumes[0].state.clone();
    assert_eq!(state("vault"), VolumeState::Missing);
    assert_eq!(state("sys-net"), VolumeState::NoSnapshot);
    assert_eq!(
        state("untrusted"),
        VolumeState::OutOfReach {
            driver: "lvm_thin".to_owned()
        }
    );
    assert_eq!(
        state("personal"),
        VolumeState::OutOfReach {
            driver: "file-reflink".to_owned()
        }
    );
    assert!(matches!(
        host.open_volume("personal", "private"),
        Err(HostError::PoolOutOfReach { .. })
    ));
    assert!(matches!(
        host.import_volume("personal", "private", 1),
        Err(HostError::PoolOutOfReach { .. })
    ));
    assert!(matches!(
        host.open_volume("vault", "private"),
        Err(HostError::Io { .. })
    ));
    is_refused(host.open_volume("sys-net", "private"));
}

#[test]
fn a_folder_that_is_no_pedos_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(RootHost::open(folder.path()), Err(HostError::NotARoot { .. })));
    assert!(matches!(
        RootHost::open(&folder.path().join("x")),
        Err(HostError::Io { .. })
    ));
    fs::write(folder.path().join("file"), "").unwrap();
    is_refused(RootHost::create(folder.path()));
    fs::create_dir_all(folder.path().join("r/var/lib/qubes")).unwrap();
    fs::write(folder.path().join("r/var/lib/qubes/qubes.xml"), "<qubes>").unwrap();
    assert!(matches!(
        RootHost::open(&folder.path().join("r")),
        Err(HostError::Inventory(_))
    ));
}

#[test]
fn vms_are_made_filled_and_taken_away() {
    let (folder, host) = fresh();
    for (name, class) in [
        ("tpl", Class::TemplateVm),
        ("work", Class::AppVm),
        ("win", Class::StandaloneVm),
        ("disp", Class::DispVm),
    ] {
        host.create_vm(&new(name, class)).unwrap();
    }
    let mut late = new("late", Class::AppVm);
    late.template = Some("tpl".to_owned());
    late.label = "nosuch".to_owned();
    host.create_vm(&late).unwrap();
    assert!(matches!(host.create_vm(&late), Err(HostError::NameTaken { .. })));
    is_refused(host.create_vm(&new("a/b", Class::AppVm)));
    is_refused(host.create_vm(&new("x", Class::AdminVm)));
    is_refused(host.create_vm(&new("x", Class::Other("NewVM".to_owned()))));
    let record = host.inventory().unwrap();
    let late = record.domain("late").unwrap();
    assert_eq!((late.label.as_str(), late.qid), ("red", 5));
    assert_eq!(late.volumes[0].source.as_deref(), Some("vm-templates/tpl/root"));
    let saved = |name: &str| -> Vec<String> {
        let volumes = record.domain(name).unwrap().volumes;
        volumes
            .into_iter()
            .filter(|volume| volume.save_on_stop)
            .map(|volume| volume.vid)
            .collect()
    };
    assert_eq!(saved("tpl"), ["vm-templates/tpl/root", "vm-templates/tpl/private"]);
    assert_eq!(saved("work"), ["appvms/work/private"]);
    assert_eq!(saved("win"), ["appvms/win/root", "appvms/win/private"]);
    assert!(saved("disp").is_empty());
    assert_eq!(record.domain("work").unwrap().property("template"), Some("elsewhere"));

    let image = folder.path().join("root/var/lib/qubes/appvms/work/private.img");
    let mode = || fs::metadata(&image).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(), 0o660);
    fs::write(
        image.with_file_name("private-import.img"),
        "left by a run that was killed",
    )
    .unwrap();
    let mut import = host.import_volume("work", "private", 5000).unwrap();
    import.write_at(b"hello", 4095).unwrap();
    assert!(import.write_at(b"x", 5000).is_err());
    assert!(import.write_at(b"x", u64::MAX).is_err());
    import.finish().unwrap();
    assert_eq!(mode(), 0o660);
    let bytes = read_volume(&host, "work", "private");
    assert_eq!((bytes.len(), &bytes[4095..4100]), (5000, b"hello".as_slice()));
    let mut import = host.import_volume("work", "private", 10).unwrap();
    import.write_at(b"other", 0).unwrap();
    drop(import);
    assert_eq!(read_volume(&host, "work", "private"), bytes);
    let files = || fs::read_dir(image.parent().unwrap()).unwrap().count();
    assert_eq!(files(), 1);
    host.import_volume("work", "private", 0).unwrap().finish().unwrap();
    assert_eq!(read_volume(&host, "work", "private").len(), 0);
    assert!(host.import_volume("work", "root", 1).is_err());

    host.remove_vm("work").unwrap();
    assert!(!image.parent().unwrap().exists());
    // A number that became free is given again, one that another VM has is not.
    host.create_vm(&new("next", Class::AppVm)).unwrap();
    host.create_vm(&new("last", Class::AppVm)).unwrap();
    let qid = |name: &str| host.inventory().unwrap().domain(name).unwrap().qid;
    assert_eq!((qid("next"), qid("last")), (2, 6));
    assert!(host.inventory().unwrap().domain("work").is_none());
    is_refused(host.remove_vm("dom0"));
    fs::create_dir_all(folder.path().join("root/run/vm/win")).unwrap();
    is_not_halted(host.remove_vm("win"));
    is_not_halted(host.import_volume("win", "root", 1).map(drop));
}

#[test]
fn settings_are_kept_to_the_letter() {
    let (folder, host) = fresh();
    host.create_vm(&new("work", Class::AppVm)).unwrap();
    host.create_vm(&new("usb", Class::AppVm)).unwrap();
    host.set_property("work", "memory", "0400").unwrap();
    host.set_property("work", "netvm", "").unwrap();
    host.set_property("work", "label", "green").unwrap();
    host.set_property("work", "autostart", "yes").unwrap();
    host.set_feature("work", "text with space", "ä \"<&>\"\n ").unwrap();
    host.set_feature("work", "off", "").unwrap();
    host.add_tag("work", "a").unwrap();
    host.add_tag("work", "gone").unwrap();
    host.remove_tag("work", "gone").unwrap();
    let mut device = Device {
        class: "block".into(),
        attributes: vec![("backend-domain".into(), "usb".into()), ("id".into(), "sda".into())],
        options: vec![],
    };
    host.assign_device("work", &device).unwrap();
    device.set_backend("elsewhere");
    host.assign_device("work", &device).unwrap();
    for (property, value) in [
        ("name", "x"),
        ("qid", "9"),
        ("label", "nosuch"),
        ("autostart", "maybe"),
        ("a b", "x"),
        ("a_newer_property", "x"),
        ("memory", "lots"),
        ("netvm", "usb"),
        ("default_dispvm", "usb"),
    ] {
        let result = host.set_property("work", property, value);
        assert!(
            matches!(&result, Err(HostError::Refused { .. } | HostError::Unfit { .. })),
            "{property}: {result:?}"
        );
    }
    assert!(matches!(
        host.set_feature("work", "service.", "1"),
        Err(HostError::Unfit { .. })
    ));
    assert!(matches!(host.add_tag("work", "a b"), Err(HostError::Unfit { .. })));
    let label = Label {
        name: "a b".into(),
        color: 0,
    };
    assert!(matches!(host.add_label(&label), Err(HostError::Unfit { .. })));
    let mut manual = device.clone();
    manual.attributes.push(("mode".into(), "manual".into()));
    assert!(matches!(
        host.assign_device("work", &manual),
        Err(HostError::Unfit { .. })
    ));
    assert!(host.set_property("work", "kernelopts", "\u{1}").is_err());
    assert!(host.set_property("nobody", "memory", "1").is_err());
    host.record_backup(
        &["work".to_owned(), "dom0".to_owned(), "nobody".to_owned()],
        1_800_000_000,
    )
    .unwrap();
    let record = fs::read(folder.path().join("root/var/lib/qubes/qubes.xml")).unwrap();
    let record = Inventory::parse(&record).unwrap();
    assert_eq!(record, host.inventory().unwrap());
    let work = record.domain("work").unwrap();
    assert_eq!(work.property("memory"), Some("0400"));
    assert_eq!(work.property("autostart"), Some("yes"));
    assert_eq!(work.feature("text with space"), Some("ä \"<&>\"\n "));
    assert_eq!(work.tags, ["a"]);
    let last_backup = |name: &str| host.system().unwrap().vm(name).unwrap().last_backup;
    assert_eq!(last_backup("work"), Some(1_800_000_000));
    // dom0 has no such property, and a PedOS refuses a record in which it has.
    assert_eq!(last_backup("dom0"), None);
}

#[test]
fn two_programs_do_not_lose_each_others_changes() {
    let (folder, host) = fresh();
    let root = folder.path().join("root");
    for name in ["a", "b", "c"] {
        host.create_vm(&new(name, Class::AppVm)).unwrap();
    }
    host.commit().unwrap();
    let threads: Vec<_> = ["a", "b", "c"]
        .into_iter()
        .map(|name| {
            let host = RootHost::open(&root).unwrap();
            thread::spawn(move || {
                for n in 0..40 {
                    host.set_feature(name, &format!("f{n}"), "1").unwrap();
                    thread::sleep(std::time::Duration::from_millis(5));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let record = RootHost::open(&root).unwrap().inventory().unwrap();
    for name in ["a", "b", "c"] {
        assert_eq!(record.domain(name).unwrap().features.len(), 40, "{name}");
    }
    assert_eq!(host.inventory().unwrap(), record);
}

#[test]
fn late_changes_reach_the_disk_by_themselves() {
    let (folder, host) = fresh();
    let record = folder.path().join("root/var/lib/qubes/qubes.xml");
    host.create_vm(&new("a", Class::AppVm)).unwrap();
    host.set_feature("a", "x", "1").unwrap();
    thread::sleep(std::time::Duration::from_millis(600));
    let other = Inventory::parse(&fs::read(&record).unwrap()).unwrap();
    assert_eq!(other.domain("a").unwrap().feature("x"), Some("1"));
    assert!(!record.with_file_name("qubes.xml.tmp").exists());
}

#[test]
fn a_large_restore_is_not_slowed_by_its_record() {
    let (_folder, host) = fresh();
    let host = Arc::new(host);
    let start = Instant::now();
    for n in 0..300 {
        let name = format!("vm{n}");
        host.create_vm(&new(&name, Class::AppVm)).unwrap();
        for s in 0..20 {
            host.set_feature(&name, &format!("f{s}"), "value").unwrap();
        }
    }
    host.commit().unwrap();
    println!("{:?}", start.elapsed());
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}
