// SPDX-License-Identifier: GPL-3.0-or-later
//! A whole root folder goes into an archive and out of it again, and is what it was.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use pedos_backup::{
    crypto::KdfCost,
    engine::{self, Context, Report, VerifyVerdict, VmResult},
    format::{Compression, Level},
    host::{VmFile, Vms, root::RootHost},
    plan::{
        Access, BackupPlan, InventoryScope, RestoreChoices, RestorePlan, RestorePolicy, RetentionPolicy, Series,
        resolve,
    },
    secret::Passphrase,
    transport::Location,
};
use tempfile::TempDir;

/// Far below what protects anything: the tests derive hundreds of keys.
const CHEAP: KdfCost = KdfCost { log_n: 4, r: 8, p: 1 };

fn genuine_root() -> Option<(TempDir, PathBuf)> {
    let Some(folder) = std::env::var_os("PEDOS_BACKUP_FIXTURES") else {
        eprintln!("skipped: PEDOS_BACKUP_FIXTURES is not set");
        return None;
    };
    let temp = TempDir::new().unwrap();
    let archive = Path::new(&folder).join("root-tiny.tar.gz");
    let unpacked = Command::new("tar")
        .args(["--sparse", "-xzf"])
        .arg(archive)
        .arg("-C")
        .arg(temp.path())
        .status();
    assert!(unpacked.unwrap().success());
    let root = temp.path().join("root");
    Some((temp, root))
}

fn passphrase() -> Arc<Passphrase> {
    Arc::new(Passphrase::for_reading("pass word!".to_owned()))
}

fn back_up(host: &RootHost, vms: &[&str], folder: &Path, compression: Compression) -> Report {
    let plan = BackupPlan {
        device: None,
        vms: vms.iter().map(|name| (*name).to_owned()).collect(),
        destination: Location::Folder(folder.to_owned()),
        compression,
        level: Level::default(),
        scope: InventoryScope::WholeHost,
        kdf: CHEAP,
        verify: true,
        recovery_text: None,
        passphrase: passphrase(),
        series: Series::default(),
        retention: RetentionPolicy::default(),
    };
    engine::backup::run(&plan, host, &Context::default()).unwrap()
}

fn restore(host: &RootHost, archive: &Path, policy: RestorePolicy) -> Report {
    let access = Access::new(Location::File(archive.to_owned()).into(), passphrase());
    let context = Context::default();
    let opened = engine::open_archive(&access, Some(host), &context).unwrap();
    let choices = RestoreChoices {
        policy,
        ..RestoreChoices::default()
    };
    let table = resolve(&opened.inventory, &host.system().unwrap(), &choices);
    assert!(table.is_ready(), "{table:#?}");
    let plan = RestorePlan { access, table };
    engine::restore::run(&plan, host, &context).unwrap()
}

fn volume(root: &Path, vid: &str) -> PathBuf {
    root.join("var/lib/qubes").join(format!("{vid}.img"))
}

/// Compares every volume, setting and file of the VMs that were backed up.
fn compare(from: &RootHost, from_root: &Path, to: &RootHost, to_root: &Path, vms: &[String]) {
    let (before, after) = (from.inventory().unwrap(), to.inventory().unwrap());
    for name in vms.iter().filter(|name| *name != "dom0") {
        let (old, new) = (before.domain(name).unwrap(), after.domain(name).unwrap());
        assert_eq!(old.class, new.class, "{name}");
        assert_eq!(old.label, new.label, "{name}");
        let kept = |(key, _): &&(String, String)| {
            !["qid", "uuid", "dispid", "installed_by_rpm", "backup_timestamp"].contains(&key.as_str())
        };
        let sorted = |pairs: &[(String, String)]| {
            let mut pairs: Vec<_> = pairs.iter().filter(kept).cloned().collect();
            pairs.sort();
            pairs
        };
        assert_eq!(sorted(&old.properties), sorted(&new.properties), "{name}");
        assert_eq!(sorted(&old.features), sorted(&new.features), "{name}");
        let set = |tags: &[String]| {
            let mut tags = tags.to_vec();
            tags.sort();
            tags
        };
        assert_eq!(set(&old.tags), set(&new.tags), "{name}");
        assert_eq!(old.devices, new.devices, "{name}");
        assert_eq!(small_files(from, name), small_files(to, name), "{name}");
        let saved = |domain: &pedos_backup::inventory::Domain| {
            let volumes = domain.volumes.iter().filter(|volume| volume.save_on_stop);
            volumes
                .map(|volume| (volume.name.clone(), volume.vid.clone()))
                .collect::<Vec<_>>()
        };
        for ((volume_name, old_vid), (_, new_vid)) in saved(&old).iter().zip(saved(&new)) {
            let (old, new) = (volume(from_root, old_vid), volume(to_root, &new_vid));
            assert!(
                fs::read(&old).unwrap() == fs::read(&new).unwrap(),
                "{name} {volume_name}"
            );
            let (old, new) = (
                fs::metadata(&old).unwrap().blocks(),
                fs::metadata(&new).unwrap().blocks(),
            );
            assert!(new <= old, "{name} {volume_name}: {old} blocks became {new}");
        }
    }
}

/// The small files of a VM, all of which can be read.
fn small_files(host: &RootHost, name: &str) -> Vec<(VmFile, Vec<u8>)> {
    let files = host.vm_files(name).unwrap().into_iter();
    files.map(|(kind, content)| (kind, content.unwrap())).collect()
}

/// The inventory of an archive with all VMs of a host names their files in the order of the archive.
fn lists_all_files(host: &RootHost, archive: &Path) {
    let access = Access::new(Location::File(archive.to_owned()).into(), passphrase());
    let opened = engine::open_archive(&access, Some(host), &Context::default()).unwrap();
    for domain in opened.inventory.domains() {
        let name = &domain.name;
        let expected: Vec<String> = if name == "dom0" {
            vec!["user".to_owned()]
        } else {
            let volumes = domain.volumes.iter().filter(|volume| volume.save_on_stop);
            let files = host.vm_files(name).unwrap();
            let files = files.iter().map(|(kind, _)| kind.file_name().to_owned());
            volumes
                .map(|volume| format!("{}.img", volume.name))
                .chain(files)
                .collect()
        };
        let expected = if expected.is_empty() {
            vec!["empty".to_owned()]
        } else {
            expected
        };
        assert_eq!(domain.files.unwrap(), expected, "{name}");
    }
}

fn round_trip(compression: Compression) {
    let Some((temp, root)) = genuine_root() else { return };
    let host = RootHost::open(&root).unwrap();
    let names: Vec<String> = host.system().unwrap().vms.into_iter().map(|vm| vm.name).collect();
    let vms: Vec<&str> = names.iter().map(String::as_str).collect();
    let report = back_up(&host, &vms, temp.path(), compression);
    assert_eq!(report.verdict, VerifyVerdict::Good, "{report:#?}");
    assert!(report.is_success());
    let archive = report.archive.unwrap();
    lists_all_files(&host, &archive);
    let new_root = temp.path().join("new");
    let target = RootHost::create(&new_root).unwrap();
    let report = restore(
        &target,
        &archive,
        RestorePolicy {
            accept_missing: true,
            ..RestorePolicy::default()
        },
    );
    assert!(report.vms.iter().all(|vm| vm.result == VmResult::Done), "{report:#?}");
    assert_eq!(report.vms.len(), names.len());
    assert_eq!(report.warnings, []);
    compare(&host, &root, &target, &new_root, &names);
    let record = target.inventory().unwrap();
    assert!(record.domains().iter().all(|domain| domain.files.is_none()));
    let home = report.home_folder.unwrap().join("dom0-home/user");
    let differences = Command::new("diff")
        .args(["-r", "--no-dereference"])
        .arg(&home)
        .arg(root.join("home/user"))
        .output();
    let differences = differences.unwrap();
    assert!(
        differences.status.success(),
        "{}",
        String::from_utf8_lossy(&differences.stdout)
    );
    assert_eq!(fs::metadata(home.join(".bashrc")).unwrap().mode() & 0o7777, 0o640);
}

#[test]
fn a_whole_root_comes_back_from_a_compressed_archive() {
    round_trip(Compression::Gzip);
}

#[test]
fn a_whole_root_comes_back_from_an_uncompressed_archive() {
    round_trip(Compression::None);
}

#[test]
fn old_firewall_rules_are_put_into_the_form_of_today_or_named() {
    let Some((temp, root)) = genuine_root() else { return };
    let rules = |policy: &str| {
        format!("<QubesFirewallRules policy=\"{policy}\"><rule address=\"10.0.0.0/8\"/></QubesFirewallRules>")
    };
    for (vm, policy) in [("work", "deny"), ("vault", "perhaps")] {
        fs::write(
            root.join("var/lib/qubes/appvms").join(vm).join("firewall.xml"),
            rules(policy),
        )
        .unwrap();
    }
    let host = RootHost::open(&root).unwrap();
    let archive = back_up(&host, &["work", "vault"], temp.path(), Compression::None)
        .archive
        .unwrap();
    let target = RootHost::create(&temp.path().join("new")).unwrap();
    let policy = RestorePolicy {
        accept_missing: true,
        ..RestorePolicy::default()
    };
    let report = restore(&target, &archive, policy);
    let firewall = |vm: &str| {
        let files = target.vm_files(vm).unwrap().into_iter();
        let found = files.into_iter().find(|(kind, _)| *kind == VmFile::Firewall);
        found.map(|(_, content)| String::from_utf8(content.unwrap()).unwrap())
    };
    let converted = firewall("work").unwrap();
    assert!(converted.starts_with("<firewall version=\"2\">"), "{converted}");
    assert!(
        converted.contains("<property name=\"dsthost\">10.0.0.0/8</property>"),
        "{converted}"
    );
    // Rules that cannot be read leave their VM closed, and it is said.
    let closed = firewall("vault").unwrap();
    assert!(closed.contains(">drop<") && !closed.contains("accept"), "{closed}");
    let vault = report.vms.iter().find(|vm| vm.name == "vault").unwrap();
    let VmResult::Partly(failure) = &vault.result else {
        panic!("{vault:?}")
    };
    let why = failure.0.to_string();
    assert!(why.contains("firewall.xml") && why.contains("policy"), "{why}");
}
