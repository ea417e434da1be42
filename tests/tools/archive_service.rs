// SPDX-License-Identifier: GPL-3.0-or-later
//! An archive that comes from a service of its own, which takes nothing but the names of the wanted members.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
};

use pedos_backup::{
    format::outer,
    host::root::sample::{self, SampleSize},
    qfile,
};

/// Writes the stream in which a service sends the members of an archive.
fn stream(archive: &Path, to: &Path) {
    let mut reader = outer::Reader::new(File::open(archive).unwrap());
    let mut writer = qfile::Writer::new(File::create(to).unwrap());
    let mut content = Vec::new();
    while let Some(member) = reader.next_member().unwrap() {
        reader.read_into(&mut content).unwrap();
        writer.file(&member.name, 0o644, member.size, 0).unwrap();
        writer.write_all(&content).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn an_archive_comes_from_a_service_that_stands_for_it() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("root");
    sample::create(&root, SampleSize::Tiny).unwrap();
    let passphrase = temp.path().join("passphrase");
    fs::write(&passphrase, "a pass\n").unwrap();
    let archive = temp.path().join("archive");
    let made = Command::new(env!("CARGO_BIN_EXE_qvm-backup"))
        .arg("--root")
        .arg(&root)
        .args(["-q", "-y", "-p"])
        .arg(&passphrase)
        .arg(&archive)
        .arg("vault")
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

    let vm = root.join("run/vm/sys-usb");
    stream(&archive, &vm.join("stream"));
    let services = vm.join("etc/qubes-rpc");
    fs::create_dir_all(&services).unwrap();
    let service = services.join("qubes.RestoreById");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = known ] || exit 1\nread -r wanted\necho \"$wanted\" >>asked\ncat '{}'\nhead -c 16 >/dev/null\n",
        vm.join("stream").display()
    );
    fs::write(&service, script).unwrap();
    fs::set_permissions(&service, fs::Permissions::from_mode(0o755)).unwrap();
    let restore = |id: &str| {
        Command::new(env!("CARGO_BIN_EXE_qvm-backup-restore"))
            .arg("--root")
            .arg(&root)
            .args(["--rename-conflicting", "--location-is-service", "-d", "sys-usb", "-p"])
            .arg(&passphrase)
            .arg(format!("qubes.RestoreById+{id}"))
            .output()
            .unwrap()
    };
    let unknown = restore("other");
    assert_eq!(
        unknown.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&unknown.stderr)
    );
    let restored = restore("known");
    assert_eq!(
        restored.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&restored.stderr)
    );
    let volume = |name: &str| fs::read(root.join(format!("var/lib/qubes/appvms/{name}/private.img"))).unwrap();
    assert!(volume("vault") == volume("vault-1"));
    let home = vm.join("home/user");
    let asked = fs::read_to_string(home.join("asked")).unwrap();
    assert_eq!(asked.lines().next(), Some("backup-header qubes.xml"));
    assert!(asked.lines().last().unwrap().starts_with("vm"), "{asked}");
}
