// SPDX-License-Identifier: GPL-3.0-or-later
//! The sample PedOS: what it promises, and that it is the same every time.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

use pedos_backup::{
    host::{
        HostError, VmFile, Vms, VolumeState,
        root::{
            RootHost,
            sample::{self, SampleSize},
        },
    },
    inventory::Class,
    units::{GIB, MIB},
};
use sha2::{Digest, Sha256};

/// Every path with its kind, mode, time, and content or target.
fn digest(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let data = fs::symlink_metadata(&path).unwrap();
            let text = if data.is_symlink() {
                format!("{:?}", fs::read_link(&path).unwrap())
            } else if data.is_dir() {
                folders.push(path.clone());
                format!("{:o}", data.mode())
            } else {
                let mut hash = Sha256::new();
                let mut file = fs::File::open(&path).unwrap();
                let mut buffer = vec![0; 1 << 20];
                while let count @ 1.. = file.read(&mut buffer).unwrap() {
                    hash.update(&buffer[..count]);
                }
                let is_dated = !path.ends_with("qubes.xml");
                let time = if is_dated { data.mtime() } else { 0 };
                format!(
                    "{:o} {} {time} {} {:?}",
                    data.mode(),
                    data.len(),
                    data.blocks(),
                    hash.finalize()
                )
            };
            found.insert(path.strip_prefix(root).unwrap().to_owned(), text);
        }
    }
    found
}

#[test]
fn two_samples_are_equal_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("deeper/two"));
    sample::create(&one, SampleSize::Tiny).unwrap();
    fs::create_dir_all(&two).unwrap();
    sample::create(&two, SampleSize::Tiny).unwrap();
    let digest_one = digest(&one);
    assert!(digest_one.len() > 80);
    assert_eq!(digest_one, digest(&two));
    assert!(matches!(
        sample::create(&two, SampleSize::Tiny),
        Err(HostError::Refused { .. })
    ));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    let used: u64 = RootHost::open(&one)
        .unwrap()
        .system()
        .unwrap()
        .vms
        .iter()
        .filter_map(|vm| vm.backup_bytes)
        .sum();
    assert!(used < 8 * MIB, "{used}");
}

#[test]
fn a_full_sample_has_what_it_promises() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    sample::create(&root, SampleSize::Full).unwrap();
    let host = RootHost::open(&root).unwrap();
    let system = host.system().unwrap();
    assert!(system.vms.len() > 12);
    for class in [
        Class::AdminVm,
        Class::TemplateVm,
        Class::AppVm,
        Class::StandaloneVm,
        Class::DispVm,
    ] {
        assert!(system.vms.iter().any(|vm| vm.class == class), "{class}");
    }
    let volumes = || system.vms.iter().flat_map(|vm| &vm.volumes);
    assert!(volumes().all(|volume| matches!(volume.state, VolumeState::Ready { .. })));
    let size: u64 = volumes().map(|volume| volume.size_bytes).sum();
    assert!((19 * GIB..22 * GIB).contains(&size), "{size}");
    let used: u64 = system.vms.iter().filter_map(|vm| vm.backup_bytes).sum();
    let used = used + host.home_bytes().unwrap().unwrap();
    assert!((58 * MIB..64 * MIB).contains(&used), "{}", used / MIB);
    let vm = |name: &str| system.vm(name).unwrap();
    assert!(vm("sys-usb").is_running && vm("sys-net").is_running && !vm("work").is_running);
    assert!(vm("default-mgmt-dvm").is_internal);
    assert!(!vm("untrusted").include_in_backups);
    assert_eq!(vm("nothing-yet").backup_bytes, Some(0));
    assert!(system.vms.iter().any(|vm| vm.name.len() == 31));
    assert!(root.join("run/vm/sys-usb/home/user").is_dir() && root.join("run/vm/sys-usb/mnt/disk").is_dir());
    assert_eq!(host.vm_files("work").unwrap().len(), VmFile::ALL.len());
    // One kind of volume stands for all: half of it compresses away.
    let path = root.join("var/lib/qubes/appvms/work/private.img");
    let output = Command::new("sh")
        .args(["-c", "tar --sparse -cP \"$1\" | gzip -c | wc -c", "sh"])
        .arg(&path)
        .output()
        .unwrap();
    let packed: f64 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    let share = packed / (fs::metadata(path).unwrap().blocks() * 512) as f64;
    println!("{share}");
    assert!((0.3..0.75).contains(&share), "{share}");
}
