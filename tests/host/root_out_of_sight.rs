// SPDX-License-Identifier: GPL-3.0-or-later
//! What cannot be looked at is not missing: a link that leads to itself stands for a disk that fails.

use std::{fs, os::unix::fs::symlink, path::Path};

use pedos_backup::{
    host::{HostError, Intake, Vms},
    inventory::Class,
    plan::{Room, check_backup, default_selection},
};

use crate::root::{fresh, new};

/// Puts what nobody can look at in the place of a folder, which may be missing.
fn hide(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    symlink(folder, folder).unwrap();
}

fn is_of_the_disk<T>(result: Result<T, HostError>) -> bool {
    result.is_err_and(|error| matches!(error, HostError::Io { .. }))
}

#[test]
fn a_home_that_cannot_be_looked_at_may_be_there() {
    let (folder, host) = fresh();
    let homes = folder.path().join("root/home");
    let _ = fs::remove_dir_all(&homes);
    assert!(host.home().unwrap().is_none());
    fs::create_dir_all(homes.join("user")).unwrap();
    assert_eq!(host.home().unwrap().unwrap().user, "user");
    hide(&homes);
    assert!(is_of_the_disk(host.home()) && is_of_the_disk(host.home_bytes()));
    // The other VMs are listed, and dom0 can be selected: its backup says what is the matter.
    let system = host.system().unwrap();
    let dom0 = system.vm("dom0").unwrap();
    assert_eq!((dom0.backup_bytes, system.may_have_home()), (None, true));
    let dom0 = ["dom0".to_owned()];
    assert_eq!(check_backup(&system, &dom0, None, Room::default()), []);
    assert_eq!(default_selection(&system), dom0);
}

#[test]
fn nothing_is_done_to_a_vm_of_which_it_is_not_known_whether_it_runs() {
    let (folder, host) = fresh();
    host.create_vm(&new("work", Class::StandaloneVm)).unwrap();
    let inside = folder.path().join("root/run/vm/work");
    assert!(host.open_volume("work", "private").is_ok());
    hide(&inside);
    assert!(is_of_the_disk(host.system()));
    assert!(is_of_the_disk(host.open_volume("work", "private")));
    assert!(is_of_the_disk(host.import_volume("work", "private", 4096)));
    assert!(is_of_the_disk(host.remove_vm("work")));
    fs::remove_file(&inside).unwrap();
    host.remove_vm("work").unwrap();
}
