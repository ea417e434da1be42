// SPDX-License-Identifier: GPL-3.0-or-later
//! What a root folder tells of its changes: each of them, once, and nothing else.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    thread,
    time::{Duration, Instant},
};

use pedos_backup::{
    cancel::CancelToken,
    host::{Host, HostError, Intake, Vms, root::RootHost},
    inventory::Class,
};

use crate::root::{fresh, new};

/// Nothing is longer in coming than this.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn changes_of_a_folder_are_told_and_nothing_else() {
    let (folder, host) = fresh();
    let root = folder.path().join("root");
    host.create_vm(&new("a", Class::AppVm)).unwrap();
    host.commit().unwrap();
    let mut changes = host.changes().unwrap();
    let at_once = Duration::ZERO;
    assert!(!changes.wait(at_once).unwrap());
    // A home may change as it likes.
    fs::write(root.join("home/user/x"), "x").unwrap();
    assert!(!changes.wait(at_once).unwrap());
    let private = root.join("var/lib/qubes/appvms/a/private.img");
    let other = RootHost::open(&root).unwrap();
    type Deed<'a> = (&'static str, Box<dyn Fn() + 'a>);
    let deeds: [Deed<'_>; 7] = [
        (
            "a start",
            Box::new(|| fs::create_dir_all(root.join("run/vm/a")).unwrap()),
        ),
        (
            "an end",
            Box::new(|| fs::remove_dir_all(root.join("run/vm/a")).unwrap()),
        ),
        (
            "a VM of another program",
            Box::new(|| {
                other.create_vm(&new("b", Class::AppVm)).unwrap();
                other.commit().unwrap();
            }),
        ),
        ("a volume's data", Box::new(|| fs::write(&private, [1; 9000]).unwrap())),
        (
            "a volume's rights",
            Box::new(|| fs::set_permissions(&private, fs::Permissions::from_mode(0o400)).unwrap()),
        ),
        ("a volume's end", Box::new(|| fs::remove_file(&private).unwrap())),
        (
            "a kernel",
            Box::new(|| fs::create_dir_all(root.join("var/lib/qubes/vm-kernels/6.1")).unwrap()),
        ),
    ];
    for (what, deed) in deeds {
        // Times of files have steps.
        thread::sleep(Duration::from_millis(20));
        deed();
        assert!(changes.wait(SOON).unwrap(), "{what}");
        assert!(!changes.wait(at_once).unwrap(), "{what} is told once");
    }
    // What is new is watched too.
    thread::sleep(Duration::from_millis(20));
    fs::write(root.join("var/lib/qubes/appvms/b/private.img"), [1; 9000]).unwrap();
    assert!(changes.wait(SOON).unwrap());
}

#[test]
fn a_change_wakes_whoever_waits_and_so_does_a_cancel() {
    let (folder, host) = fresh();
    let cancel = CancelToken::default();
    let mut changes = host.with_cancel(&cancel).changes().unwrap();
    let start = Instant::now();
    let waiting = thread::spawn(move || (changes.wait(SOON), changes));
    thread::sleep(Duration::from_millis(300));
    fs::create_dir_all(folder.path().join("root/run/vm/a")).unwrap();
    let (answer, mut changes) = waiting.join().unwrap();
    assert!(answer.unwrap() && start.elapsed() < SOON / 2);
    let waiting = thread::spawn(move || changes.wait(Duration::from_secs(600)));
    thread::sleep(Duration::from_millis(100));
    cancel.cancel();
    assert!(matches!(waiting.join().unwrap(), Err(HostError::Cancelled(_))));
    let stopped = host.with_cancel(&cancel).home_bytes();
    assert!(matches!(stopped, Err(HostError::Cancelled(_))), "{stopped:?}");
}
