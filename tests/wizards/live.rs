// SPDX-License-Identifier: GPL-3.0-or-later
//! Both wizards on a PedOS that runs: VMs that are started and removed meanwhile, a backup, and a restore of it.

use std::{fs, time::Duration};

use pedos_standin::{Dialect, Fault, Standin};

use crate::support::{
    atspi::Role,
    programs::names,
    wait::STEP,
    wizard::{BY_KEYBOARD, BY_TREE, Wizard, expect_names},
    workspace::PASSPHRASE,
};

#[test]
fn both_wizards_work_on_a_pedos_that_runs() {
    let pedos = Standin::new(Dialect::V4_3);
    let data: Vec<u8> = (0..3_u32 << 18)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    pedos.fill_volume("vault", "private", &data);
    let target = pedos.vm_root("sys-usb").join("media/disk");
    fs::create_dir_all(&target).unwrap();
    let Some(mut wizard) = Wizard::open(BY_TREE, env!("CARGO_BIN_EXE_pedos-backup"), pedos.root()) else {
        return;
    };
    // Somebody starts a VM while the wizard is open.
    wizard.wait_text("personal", STEP);
    pedos.start_vm("personal");
    wizard.session.screenshot("live-backup-1");
    wizard.wait_ready();
    wizard.window.click("Remove all");
    wizard.pick("Available", &["vault"], "Add");
    wizard.next(2);
    // The VM with the USB controllers runs, and is proposed.
    wizard
        .window
        .enter(Role::TEXT, "Backup directory or command", "/media/disk");
    wizard.wait_ready();
    wizard.session.screenshot("live-backup-2");
    wizard.next(3);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.window.enter(Role::PASSWORD, "Confirm passphrase", PASSPHRASE);
    wizard.next(4);
    wizard.wait_ready();
    wizard.session.screenshot("live-backup-4");
    wizard.next(5);
    let said = wizard.finish();
    assert!(said.contains("pedos-backup-"), "{said}");
    // The VM that holds the disk shows its dialog on demand.
    assert!(said.contains("Unmount in sys-usb"), "{said}");
    let archives = names(&target);
    assert_eq!(archives.len(), 1, "{archives:?}");

    let mut wizard = Wizard::open(BY_TREE, env!("CARGO_BIN_EXE_pedos-backup-restore"), pedos.root()).unwrap();
    let archive = target.join(&archives[0]);
    wizard
        .window
        .enter(Role::TEXT, "Backup file", &archive.to_string_lossy());
    wizard.next(2);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.next(3);
    wizard.next(4);
    wizard.wait_text("vault-1", STEP);
    wizard.session.screenshot("live-restore-4");
    wizard.next(5);
    wizard.finish();
    assert!(fs::read(pedos.volume_path("vault-1", "private")).unwrap() == data);
    let restored = pedos.state();
    let tags = &restored.vm("vault-1").unwrap().tags;
    assert!(!tags.iter().any(|tag| tag.contains("restore")), "{tags:?}");
}

const PROFILE: &str = "/etc/qubes/backup/qubes-manager-backup.conf";

/// Lets the start of a VM fail once, and then take some time.
fn hinder_start(pedos: &Standin) {
    let why = "Not enough memory to start domain 'personal'".to_owned();
    pedos.on("admin.vm.Start", Fault::Exception("QubesVMError".to_owned(), why));
    pedos.on("admin.vm.Start", Fault::Slow(Duration::from_millis(700)));
}

/// Starts the VM "personal" from the page of the place.
#[track_caller]
fn start_personal(wizard: &Wizard, pedos: &Standin) {
    let said = wizard.wait_text("The VM personal is not running", STEP);
    assert!(said.contains("Start it here"), "{said}");
    assert!(said.contains("and personal, which the profile names"), "{said}");
    assert!(!wizard.is_ready());
    let is_halted = || !pedos.state().vm("personal").unwrap().is_running();
    assert!(is_halted());
    hinder_start(pedos);
    wizard.window.click("Start personal");
    let said = wizard.wait_text("could not be started", STEP);
    assert!(said.contains("Not enough memory"), "{said}");
    assert!(is_halted() && !wizard.is_ready());
    expect_names(&wizard.window);
    wizard.session.screenshot("live-not-started");
    wizard.window.click("Start personal");
    // The window does not wait for it.
    wizard.wait_text("The VM personal is being started", STEP);
    wizard.wait_ready();
    assert!(!is_halted());
    assert!(wizard.window.find(Role::BUTTON, "Start personal").is_none());
    let starts = pedos
        .journal()
        .into_iter()
        .filter(|call| call.method == "admin.vm.Start");
    assert_eq!(starts.count(), 2);
}

#[test]
fn the_vm_that_the_profile_names_is_started_on_demand_in_both_wizards() {
    let pedos = Standin::new(Dialect::V4_3);
    pedos.fill_volume("vault", "private", &[7; 4096]);
    let target = pedos.vm_root("personal").join("media/disk");
    fs::create_dir_all(&target).unwrap();
    let profile = "include: [vault]\ndestination_vm: personal\ndestination_path: /media/disk\n";
    fs::create_dir_all(pedos.path(PROFILE).parent().unwrap()).unwrap();
    fs::write(pedos.path(PROFILE), profile).unwrap();
    let Some(mut wizard) = Wizard::open(BY_TREE, env!("CARGO_BIN_EXE_pedos-backup"), pedos.root()) else {
        return;
    };
    wizard.next(2);
    start_personal(&wizard, &pedos);
    wizard.next(3);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.window.enter(Role::PASSWORD, "Confirm passphrase", PASSPHRASE);
    wizard.next(4);
    wizard.next(5);
    wizard.finish();
    let archives = names(&target);
    assert_eq!(archives.len(), 1, "{archives:?}");

    pedos.halt_vm("personal");
    pedos.clear_journal();
    let mut wizard = Wizard::open(BY_KEYBOARD, env!("CARGO_BIN_EXE_pedos-backup-restore"), pedos.root()).unwrap();
    wizard.wait_text("and personal, which the profile names", STEP);
    wizard.choose("AppVM", "p");
    let archive = format!("/media/disk/{}", archives[0].to_string_lossy());
    wizard.window.enter(Role::TEXT, "Backup file or command", &archive);
    start_personal(&wizard, &pedos);
    wizard.next(2);
    wizard.window.enter(Role::PASSWORD, "Passphrase", PASSPHRASE);
    wizard.next(3);
    wizard.next(4);
    wizard.next(5);
    wizard.finish();
    assert!(fs::read(pedos.volume_path("vault-1", "private")).unwrap() == [7; 4096]);
}
