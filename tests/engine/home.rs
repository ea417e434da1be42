// SPDX-License-Identifier: GPL-3.0-or-later
//! dom0's home: what stock tar keeps is kept, holes cost nothing, and what cannot be restored is said by a verification too.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::{FileExt, FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant, SystemTime},
};

use crate::support::{damage::Damage, jobs, reseal::Opened, roots, tools};
use pedos_backup::engine::{VmResult, Warning};

/// A moment before 1970.
const EARLY: i64 = -300_000_000;

fn touch_early(path: &Path) {
    let time = SystemTime::UNIX_EPOCH - Duration::from_secs(EARLY.unsigned_abs());
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(time)
        .unwrap();
}

/// A root whose home holds odd things.
fn root(folder: &Path) -> PathBuf {
    let root = folder.join("root");
    roots::make(&root, &roots::small());
    let home = root.join("home/user");
    fs::write(home.join("early"), "from the sixties").unwrap();
    touch_early(&home.join("early"));
    let made = Command::new("mkfifo").arg(home.join("pipe")).status().unwrap();
    assert!(made.success());
    fs::write(home.join("program"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(home.join("program"), Permissions::from_mode(0o6755)).unwrap();
    // Twenty gibibytes of nothing, with data in more places than one header can tell.
    let sparse = File::create(home.join("sparse")).unwrap();
    sparse.set_len((20 << 30) + 123).unwrap();
    for place in 0..60 {
        sparse
            .write_all_at(&[place as u8 + 1; 5000], place * (300 << 20))
            .unwrap();
    }
    let empty = File::create(home.join("empty hole")).unwrap();
    empty.set_len(50 << 20).unwrap();
    root
}

#[track_caller]
fn expect_restored(home: &Path, keeps_privileges: bool) {
    let early = fs::metadata(home.join("early")).unwrap();
    assert_eq!(early.mtime(), EARLY);
    assert!(fs::metadata(home.join("pipe")).unwrap().file_type().is_fifo());
    let mode = fs::metadata(home.join("program")).unwrap().mode() & 0o7777;
    assert_eq!(mode, if keeps_privileges { 0o6755 } else { 0o755 });
    let sparse = File::open(home.join("sparse")).unwrap();
    let metadata = sparse.metadata().unwrap();
    assert_eq!(metadata.len(), (20 << 30) + 123);
    assert!(metadata.blocks() * 512 < 4 << 20, "{}", metadata.blocks());
    for place in 0..60 {
        let mut data = [0; 5001];
        sparse.read_exact_at(&mut data, place * (300 << 20)).unwrap();
        assert!(data[..5000].iter().all(|byte| *byte == place as u8 + 1) && data[5000] == 0);
    }
    assert_eq!(fs::metadata(home.join("empty hole")).unwrap().len(), 50 << 20);
}

#[test]
fn what_stock_tar_keeps_is_kept_and_holes_cost_nothing() {
    if !tools::have(&["tar", "gzip", "mkfifo"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = root(folder.path());
    let start = Instant::now();
    let archive = jobs::archive(&root, &["dom0"], folder.path());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert!(fs::metadata(&archive).unwrap().len() < 1 << 20);
    // As stock tools read it.
    let opened = Opened::new(fs::read(&archive).unwrap(), jobs::PASSPHRASE);
    let inner = folder.path().join("home.tar.gz");
    fs::write(&inner, opened.content(opened.member("dom0-home/user.000.enc"))).unwrap();
    let out = folder.path().join("stock");
    fs::create_dir(&out).unwrap();
    let output = Command::new("tar")
        .arg("-xpSf")
        .arg(&inner)
        .arg("-C")
        .arg(&out)
        .output()
        .unwrap();
    // It wonders at the time, and keeps it.
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.lines().all(|line| line.contains("implausibly old")),
        "{said}"
    );
    expect_restored(&out.join("dom0-home/user"), true);
    // As this program reads it.
    roots::make(&folder.path().join("here"), &[]);
    let host = jobs::host(&folder.path().join("here"));
    let report = jobs::restore(&archive, host.as_ref()).unwrap();
    assert!(report.is_success(), "{report:?}");
    expect_restored(&report.home_folder.clone().unwrap().join("dom0-home/user"), false);
    let is_dropped =
        |warning: &Warning| matches!(warning, Warning::HomePrivilegesDropped { path } if path.ends_with("program"));
    assert!(report.warnings.iter().any(is_dropped), "{:?}", report.warnings);
}

/// An inner archive of these entries behind the home's own folder: name, type, link and size.
fn inner(entries: &[(&str, u8, &str, u64)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (name, kind, link, size) in [("", b'5', "", 0)].iter().chain(entries) {
        let mut header = tar::Header::new_gnu();
        let full = format!("dom0-home/user/{name}");
        header.as_old_mut().name[..full.len().min(100)].copy_from_slice(&full.as_bytes()[..full.len().min(100)]);
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(tar::EntryType::new(*kind));
        header.set_mode(0o755);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(0);
        if *kind == b'S' {
            let gnu = header.as_gnu_mut().unwrap();
            gnu.sparse[0].set_offset(*size);
            gnu.sparse[0].set_length(0);
            gnu.set_real_size(*size);
        }
        header.set_cksum();
        if full.len() > 100 {
            let mut long = tar::Header::new_gnu();
            long.set_path("././@LongLink").unwrap();
            long.set_entry_type(tar::EntryType::GNULongName);
            long.set_size(full.len() as u64 + 1);
            long.set_cksum();
            builder
                .append(&long, [full.as_bytes(), &[0]].concat().as_slice())
                .unwrap();
        }
        builder.append(&header, std::io::empty()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
fn what_cannot_be_restored_is_left_out_and_named_by_a_verification_too() {
    let damage = Damage::cheap();
    let opened = damage.opened();
    let long = "x".repeat(256);
    let deep = "d/".repeat(3000);
    let bad: [(&str, u8, &str, u64); 7] = [
        ("hard", b'1', "../../etc/passwd", 0),
        (&long, b'0', "", 0),
        (&deep, b'5', "", 0),
        ("large", b'S', "", 16 << 40),
        ("good/below", b'0', "", 0),
        ("device", b'3', "", 0),
        ("good", b'0', "", 0),
    ];
    for (number, entry) in bad.iter().enumerate() {
        let content = inner(&[("good", b'0', "", 0), *entry, ("other", b'0', "", 0)]);
        let bytes = opened.rewritten(&|name, old| {
            let is_home = name == "dom0-home/user.000.enc";
            vec![(name.to_owned(), if is_home { content.clone() } else { old })]
        });
        let archive = damage.write(&bytes);
        let here = damage.folder.path().join(format!("here{number}"));
        roots::make(&here, &[]);
        let host = jobs::host(&here);
        let verified = jobs::verify(&archive, host.as_ref()).unwrap();
        let restored = jobs::restore(&archive, host.as_ref()).unwrap();
        for report in [&verified, &restored] {
            let home = report.vms.iter().find(|vm| vm.name == "dom0").unwrap();
            assert!(matches!(home.result, VmResult::Partly(_)), "{}: {home:?}", entry.0);
            assert!(!report.is_success());
            let is_named = |warning: &Warning| matches!(warning, Warning::HomeEntryRefused { .. });
            assert_eq!(report.warnings.iter().filter(|warning| is_named(warning)).count(), 1);
        }
        let home = restored.home_folder.unwrap().join("dom0-home/user");
        assert!(
            home.join("good").is_file() && home.join("other").is_file(),
            "{}",
            entry.0
        );
    }
}
