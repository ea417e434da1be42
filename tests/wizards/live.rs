// SPDX-License-Identifier: GPL-3.0-or-later
//! Both wizards on a PedOS that runs: VMs that are started and removed meanwhile, a backup, and a restore of it.

use std::fs;

use pedos_standin::{Dialect, Standin};

use crate::support::{
    atspi::Role,
    programs::names,
    wait::STEP,
    wizard::{BY_TREE, Wizard},
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
