// SPDX-License-Identifier: GPL-3.0-or-later
//! Archives that go into a VM and come out of one, by the tools, through the services of a live PedOS.

use std::{fs, path::Path, process::Command};

use pedos_standin::{Dialect, Standin};

use crate::{
    pedos::{DIALECTS, data, volume},
    support::{jobs::PASSPHRASE, programs, tools},
};

/// A tool on a live PedOS.
fn on(mut tool: Command, pedos: &Standin, folder: &Path) -> Command {
    let passphrase = folder.join("passphrase");
    fs::write(&passphrase, PASSPHRASE).unwrap();
    tool.arg("--root").arg(pedos.root()).arg("-p").arg(passphrase);
    tool
}

#[test]
fn an_archive_goes_into_a_directory_of_a_vm_and_comes_back_from_there() {
    if !tools::have(&["perl"]) {
        return;
    }
    for dialect in DIALECTS {
        let pedos = Standin::new(dialect);
        let folder = tempfile::tempdir().unwrap();
        pedos.fill_volume("vault", "private", &data(4, 2 << 20));
        fs::create_dir_all(pedos.vm_root("sys-usb").join("media/disk")).unwrap();
        let mut backup = on(programs::qvm_backup(), &pedos, folder.path());
        backup.args(["-y", "--verify", "-d", "sys-usb", "/media/disk", "vault"]);
        let said = programs::finish(&mut backup).expect(0).said();
        let archives = programs::names(&pedos.vm_root("sys-usb").join("media/disk"));
        assert_eq!(archives.len(), 1, "{archives:?}\n{said}");
        let place = format!("/media/disk/{}", archives[0].to_string_lossy());
        let mut restore = on(programs::qvm_backup_restore(), &pedos, folder.path());
        restore.args(["-d", "sys-usb", "--rename-conflicting", &place]);
        programs::finish(&mut restore).expect(0);
        let copy = pedos
            .state()
            .vms
            .iter()
            .find(|vm| vm.name.starts_with("vault-"))
            .unwrap()
            .name
            .clone();
        assert!(volume(&pedos, &copy, "private") == data(4, 2 << 20));
        // What data come by is never cleaned of control characters, and what messages come by may be.
        assert!(
            pedos
                .services()
                .iter()
                .all(|service| !service.cleans_output && service.vm == "sys-usb")
        );
    }
}

#[test]
fn an_archive_goes_into_a_command_of_a_vm() {
    if !tools::have(&["perl"]) {
        return;
    }
    let pedos = Standin::new(Dialect::V4_4);
    let folder = tempfile::tempdir().unwrap();
    pedos.fill_volume("vault", "private", &data(4, 1 << 20));
    let taken = folder.path().join("taken");
    let command = format!("dd of={} status=none", taken.display());
    let mut backup = on(programs::qvm_backup(), &pedos, folder.path());
    backup.args(["-y", "-d", "sys-usb", &command, "vault"]);
    programs::finish(&mut backup).expect(0);
    let passphrase = folder.path().join("passphrase");
    programs::verify(pedos.root(), &passphrase, &taken).expect(0);
}

#[test]
fn a_vm_that_is_halted_is_started_and_that_is_said() {
    if !tools::have(&["perl"]) {
        return;
    }
    let pedos = Standin::new(Dialect::V4_3);
    let folder = tempfile::tempdir().unwrap();
    pedos.must("admin.vm.feature.Set", "service.shutdown-idle", "personal", "1");
    fs::create_dir_all(pedos.vm_root("personal").join("media")).unwrap();
    let mut backup = on(programs::qvm_backup(), &pedos, folder.path());
    backup.args(["-y", "-d", "personal", "/media", "vault"]);
    let said = programs::finish(&mut backup).expect(0).said();
    assert!(said.contains("has been started"), "{said}");
    assert!(said.contains("turns itself off"), "{said}");
    assert_eq!(programs::names(&pedos.vm_root("personal").join("media")).len(), 1);
}

#[test]
fn a_vm_that_is_killed_in_the_middle_ends_the_backup_without_a_word_of_success() {
    if !tools::have(&["perl"]) {
        return;
    }
    let pedos = Standin::new(Dialect::V4_3);
    let folder = tempfile::tempdir().unwrap();
    pedos.fill_volume("vault", "private", &data(4, 1 << 20));
    let mut backup = on(programs::qvm_backup(), &pedos, folder.path());
    // A command that goes away before the archive is whole.
    backup.args(["-y", "-d", "sys-usb", "head -c 100000", "vault"]);
    let run = programs::finish(&mut backup);
    assert_ne!(run.code, 0, "{}", run.said());
    assert!(!run.said().contains("Backup complete"), "{}", run.said());
}

#[test]
fn a_profile_of_the_system_is_run_and_its_passphrase_told_by_a_vm() {
    if !tools::have(&["perl"]) {
        return;
    }
    let pedos = Standin::new(Dialect::V4_3);
    let folder = tempfile::tempdir().unwrap();
    pedos.fill_volume("vault", "private", &data(4, 1 << 20));
    // As the existing tools write one. What it names and nobody knows is left out, as they do it.
    let profile = "compression: gzip\ndestination_path: /media\ndestination_vm: personal\n\
        include: ['vault', '@type:StandaloneVM', 'nosuch']\nexclude: [legacy]\npassphrase_vm: work\n";
    fs::write(pedos.path("/etc/qubes/backup/nightly.conf"), profile).unwrap();
    fs::create_dir_all(pedos.vm_root("personal").join("media")).unwrap();
    let tell = format!("#!/bin/sh\necho '{PASSPHRASE}'\n");
    pedos.install_service("work", "qubes.BackupPassphrase", &tell);
    let mut backup = programs::qvm_backup();
    backup
        .arg("--root")
        .arg(pedos.root())
        .args(["-y", "--profile", "nightly"]);
    let said = programs::finish(&mut backup).expect(0).said();
    assert!(said.contains("has been started"), "{said}");
    let asked = pedos
        .services()
        .into_iter()
        .find(|service| service.vm == "work")
        .unwrap();
    let asked = (asked.service.as_str(), asked.argument.as_str());
    assert_eq!(asked, ("qubes.BackupPassphrase", "nightly"));
    let media = pedos.vm_root("personal").join("media");
    let archives = programs::names(&media);
    assert_eq!(archives.len(), 1, "{archives:?}\n{said}");
    let mut listing = on(programs::qvm_backup_restore(), &pedos, folder.path());
    listing.arg("--list").arg(media.join(&archives[0]));
    let listed = programs::finish(&mut listing).expect(0).said();
    let is_held = |vm: &str| {
        let row = listed.lines().find(|line| line.contains(vm)).unwrap();
        !row.contains("only mentioned")
    };
    assert_eq!((is_held("vault"), is_held("legacy")), (true, false), "{listed}");
    let mut restore = on(programs::qvm_backup_restore(), &pedos, folder.path());
    let place = format!("/media/{}", archives[0].to_string_lossy());
    restore.args(["-d", "personal", "--rename-conflicting", &place]);
    programs::finish(&mut restore).expect(0);
    let state = pedos.state();
    let copy = state.vms.iter().find(|vm| vm.name.starts_with("vault-")).unwrap();
    assert!(volume(&pedos, &copy.name, "private") == data(4, 1 << 20));
}
