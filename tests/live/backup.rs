// SPDX-License-Identifier: GPL-3.0-or-later
//! Backing up a live PedOS.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use pedos_backup::{
    engine::{Degree, EngineError, Failure, Report, VmResult},
    helper::{Answer, Channel, HelperFault},
    host::{Change, DOM0, Host, HostError},
};
use pedos_standin::{Dialect, Driver, Standin};

use crate::{
    pedos::{DIALECTS, calls, data, holds_no_part, open, restore, volume},
    support::{injured::InjuredHost, jobs, tools},
};

const DRIVERS: [Driver; 3] = [Driver::FileReflink, Driver::LvmThin, Driver::File];

/// Backs up into a folder, and holds that the archive is whole by stock tools where they are there.
fn back_up(host: &dyn Host, vms: &[&str], folder: &Path) -> Report {
    jobs::back_up(host, vms, &folder.join("archive")).unwrap()
}

fn result<'r>(report: &'r Report, vm: &str) -> &'r VmResult {
    &report.vms.iter().find(|report| report.name == vm).unwrap().result
}

#[test]
fn every_driver_gives_the_state_from_before_the_start() {
    for (dialect, driver) in DIALECTS.into_iter().zip(DRIVERS) {
        let pedos = Standin::builder(dialect).pool_driver(driver).start();
        let folder = tempfile::tempdir().unwrap();
        let host = open(&pedos);
        let mut vms = vec!["tpl-main", "personal", "legacy"];
        if driver != Driver::File {
            vms.push("work");
        }
        for (seed, vm) in vms.iter().enumerate() {
            pedos.fill_volume(vm, "private", &data(seed as u8, 3 << 20));
        }
        if driver != Driver::File {
            // What a running VM writes now is in no archive.
            fs::write(pedos.live_path("work", "private"), "written since the start").unwrap();
        }
        pedos.clear_journal();
        let report = back_up(host.as_ref(), &vms, folder.path());
        assert_eq!(report.degree(), Degree::Complete, "{report:?}");
        let made = calls(&pedos);
        assert!(made.len() <= 10 + 5 * vms.len(), "{} calls: {made:?}", made.len());
        for vm in &vms {
            let time = pedos.call("admin.vm.property.Get", "backup_timestamp", vm, b"");
            assert!(String::from_utf8_lossy(&time).contains("default=False"), "{vm}");
        }
        // A root folder restores the archive, and its volumes are compared with those of the live system.
        let here = folder.path().join("here");
        pedos_backup::host::root::RootHost::create(&here).unwrap();
        let restored = jobs::restore(&folder.path().join("archive"), jobs::host(&here).as_ref()).unwrap();
        assert!(restored.is_success(), "{restored:?}");
        for (seed, vm) in vms.iter().enumerate() {
            let kind = if vm.starts_with("tpl") {
                "vm-templates"
            } else {
                "appvms"
            };
            let path = here.join("var/lib/qubes").join(kind).join(vm).join("private.img");
            assert!(
                fs::read(&path).unwrap() == data(seed as u8, 3 << 20),
                "{vm} of {driver:?}"
            );
        }
        assert!(holds_no_part(folder.path()));
    }
}

#[test]
fn stock_tools_read_what_was_written() {
    if !tools::have(&["tar", "scrypt", "gzip"]) {
        return;
    }
    let pedos = Standin::new(Dialect::V4_4);
    let folder = tempfile::tempdir().unwrap();
    pedos.fill_volume("personal", "private", &data(3, 2 << 20));
    let report = back_up(open(&pedos).as_ref(), &["personal", DOM0], folder.path());
    assert_eq!(report.degree(), Degree::Complete, "{report:?}");
    let listed = tools::shell(folder.path(), "tar -tf archive", &[]);
    assert!(
        listed.starts_with("backup-header\nbackup-header.hmac\nqubes.xml.000.enc\n"),
        "{listed}"
    );
    assert!(
        listed.lines().any(|line| line.starts_with("dom0-home/user.000")),
        "{listed}"
    );
}

#[test]
fn a_vm_that_runs_in_place_is_left_out_by_name() {
    let pedos = Standin::builder(Dialect::V4_2).pool_driver(Driver::File).start();
    let folder = tempfile::tempdir().unwrap();
    let report = back_up(open(&pedos).as_ref(), &["work", "personal"], folder.path());
    assert_eq!(report.degree(), Degree::Partial);
    assert!(matches!(
        result(&report, "work"),
        VmResult::Failed(Failure(EngineError::NotReady(_)))
    ));
    assert_eq!(*result(&report, "personal"), VmResult::Done);
}

/// Backs up while that is done once a part of a VM was read.
fn while_reading(pedos: &Standin, vm: &str, deed: impl Fn() + Send + Sync + 'static) -> Report {
    let folder = tempfile::tempdir().unwrap();
    pedos.fill_volume(vm, "private", &data(5, 4 << 20));
    let host = InjuredHost::with_deed(open(pedos), vm, 100 << 10, deed);
    let report = back_up(&host, &[vm, "vault"], folder.path());
    assert!(host.was_felt());
    report
}

#[test]
fn a_vm_that_starts_while_it_is_read_in_place_is_named_and_another_is_not() {
    for (driver, expected) in [
        (Driver::File, Some(Change::Content)),
        (Driver::FileReflink, None),
        (Driver::LvmThin, None),
    ] {
        let pedos = Arc::new(Standin::builder(Dialect::V4_3).pool_driver(driver).start());
        let other = Arc::clone(&pedos);
        let report = while_reading(&pedos, "personal", move || other.start_vm("personal"));
        let seen = match result(&report, "personal") {
            VmResult::Partly(Failure(EngineError::VolumeChanged { change, .. })) => Some(*change),
            VmResult::Done => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(seen, expected, "{driver:?}");
        assert_eq!(*result(&report, "vault"), VmResult::Done);
    }
}

#[test]
fn a_daemon_that_dies_while_volumes_are_read_costs_no_data() {
    let pedos = Arc::new(Standin::new(Dialect::V4_3));
    let other = Arc::clone(&pedos);
    let report = while_reading(&pedos, "personal", move || {
        other.restart_after(std::time::Duration::from_secs(1));
    });
    assert_eq!(report.degree(), Degree::Complete, "{report:?}");
}

#[test]
fn what_a_vm_commits_while_another_one_is_read_is_in_no_archive() {
    let pedos = Arc::new(Standin::new(Dialect::V4_3));
    let folder = tempfile::tempdir().unwrap();
    pedos.fill_volume("personal", "private", &data(5, 4 << 20));
    pedos.fill_volume("vault", "private", &data(6, 1 << 20));
    let other = Arc::clone(&pedos);
    let host = InjuredHost::with_deed(open(&pedos), "personal", 100 << 10, move || {
        other.start_vm("vault");
        fs::write(other.live_path("vault", "private"), data(7, 1 << 20)).unwrap();
        other.halt_vm("vault");
    });
    let report = back_up(&host, &["personal", "vault"], folder.path());
    assert!(host.was_felt());
    assert_eq!(report.degree(), Degree::Complete, "{report:?}");
    assert!(volume(&pedos, "vault", "private") == data(7, 1 << 20));
    let restored = restore(&folder.path().join("archive"), &pedos);
    assert_eq!(restored.degree(), Degree::Complete, "{restored:?}");
    assert!(volume(&pedos, "vault-1", "private") == data(6, 1 << 20));
}

#[test]
fn neither_a_link_nor_a_pipe_is_opened_in_the_place_of_a_volume() {
    let pedos = Standin::new(Dialect::V4_3);
    let host = open(&pedos);
    let path = pedos.volume_path("personal", "private");
    let elsewhere = path.with_file_name("elsewhere.img");
    fs::rename(&path, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    let opened = host.open_volume("personal", "private").err();
    assert!(matches!(opened, Some(HostError::Io { .. })), "{opened:?}");
    fs::remove_file(&path).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let opened = host.open_volume("personal", "private").err();
    assert!(matches!(opened, Some(HostError::Garbled { .. })), "{opened:?}");
    fs::remove_file(&path).unwrap();
    fs::rename(&elsewhere, &path).unwrap();
    assert!(host.open_volume("personal", "private").is_ok());
}

/// The first word of a helper that runs as root for somebody else.
fn first_word(pedos: &Standin) -> Answer {
    let (channel, other) = Channel::pair().unwrap();
    let mut helper = std::process::Command::new(env!("CARGO_BIN_EXE_pedos-backup-helper"));
    let mut child = helper
        .arg(pedos.root())
        .env("SUDO_UID", "1000")
        .stdin(other)
        .spawn()
        .unwrap();
    drop(helper);
    let (answer, _) = channel.receive(None).unwrap().unwrap();
    drop(channel);
    child.wait().unwrap();
    answer
}

#[test]
fn a_helper_with_the_rights_of_root_works_in_folders_of_root_alone() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let pedos = Standin::new(Dialect::V4_3);
    assert_eq!(first_word(&pedos), Answer::Ready);
    let change = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let is_refused = || matches!(first_word(&pedos), Answer::Failed(HelperFault::Untrusted { .. }));
    change(pedos.root(), 0o777);
    assert!(is_refused());
    change(pedos.root(), 0o755);
    // A user who can put a socket there decides which paths the helper opens.
    change(&pedos.path("/var/run"), 0o777);
    assert!(is_refused());
    change(&pedos.path("/var/run"), 0o755);
    let socket = pedos.path("/var/run/qubesd.sock");
    std::os::unix::fs::chown(&socket, Some(1000), None).unwrap();
    assert!(is_refused());
    std::os::unix::fs::chown(&socket, Some(0), None).unwrap();
    assert_eq!(first_word(&pedos), Answer::Ready);
}

#[test]
fn a_folder_that_others_can_change_is_refused_by_an_elevated_helper_only() {
    // These tests' folders belong to the user who runs them, who needs no more rights in them.
    let pedos = Standin::new(Dialect::V4_3);
    assert_eq!(open(&pedos).prepare(), Ok(()));
    assert!(matches!(
        open(&pedos).open_volume("work", "nosuch"),
        Err(HostError::NoSuchVolume { .. }
            | HostError::Unspoken { .. }
            | HostError::Declined { .. }
            | HostError::Denied { .. })
    ));
    assert!(matches!(
        open(&pedos).open_volume("work", "volatile").err(),
        Some(HostError::NoSuchVolume { .. })
    ));
}
