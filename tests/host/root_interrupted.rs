// SPDX-License-Identifier: GPL-3.0-or-later
//! A root folder when things go wrong: a program that is killed while it changes the record, a disk that is full.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use pedos_backup::{
    cancel::CancelToken,
    host::{Host, HostError, Intake, Label, NewVm, Refusal, Vms, root::RootHost},
    inventory::{Class, Inventory},
};
use rustix::fs::{FlockOperation, flock};

/// Names the root folder to the program that is to be killed.
const VICTIM: &str = "PEDOS_BACKUP_TEST_VICTIM";

fn new(name: &str) -> NewVm {
    NewVm {
        name: name.to_owned(),
        class: Class::AppVm,
        label: "red".to_owned(),
        template: None,
        pool: None,
        tags: Vec::new(),
    }
}

/// Not a test by itself: what the next one starts and kills.
#[test]
fn changes_without_end_where_asked_for() {
    let Some(root) = std::env::var_os(VICTIM) else { return };
    let host = RootHost::open(Path::new(&root)).unwrap();
    for n in 0.. {
        host.set_feature("a", &format!("f{}", n % 500), &n.to_string()).unwrap();
    }
}

#[test]
fn a_program_that_is_killed_leaves_a_whole_record() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let host = RootHost::create(&root).unwrap();
    host.create_vm(&new("a")).unwrap();
    drop(host);
    for n in 0..8 {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "root_interrupted::changes_without_end_where_asked_for"])
            .env(VICTIM, &root)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(250 + 13 * n));
        victim.kill().unwrap();
        victim.wait().unwrap();
        let host = RootHost::open(&root).unwrap();
        assert!(host.inventory().unwrap().domain("a").unwrap().features.len() <= 500);
        // The lock went with the program.
        host.set_property("a", "memory", &(n + 400).to_string()).unwrap();
        host.commit().unwrap();
    }
    let record = RootHost::open(&root).unwrap().inventory().unwrap().domain("a").unwrap();
    assert!(record.features.len() > 100, "{}", record.features.len());
    assert_eq!(record.property("memory"), Some("407"));
}

#[test]
fn a_folder_that_no_record_knows_is_not_taken_for_a_new_vm() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let host = RootHost::create(&root).unwrap();
    let orphan = root.join("var/lib/qubes/appvms/a");
    fs::create_dir(&orphan).unwrap();
    // An empty one is nobody's.
    host.create_vm(&new("a")).unwrap();
    host.remove_vm("a").unwrap();
    assert!(!orphan.exists());
    for (name, content) in [("diary.txt", ""), ("notes.txt", "x"), ("private.img", "x")] {
        fs::create_dir(&orphan).unwrap();
        fs::write(orphan.join("root.img"), "").unwrap();
        fs::write(orphan.join(name), content).unwrap();
        let error = host.create_vm(&new("a")).unwrap_err();
        assert!(
            matches!(&error, HostError::Refused { why: Refusal::InTheWay { path } } if path.ends_with("appvms/a")),
            "{error}"
        );
        assert!(host.remove_vm("a").is_err());
        assert_eq!(fs::read_to_string(orphan.join(name)).unwrap(), content);
        assert!(orphan.join("root.img").exists());
        fs::remove_dir_all(&orphan).unwrap();
    }
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &orphan).unwrap();
    assert!(matches!(host.create_vm(&new("a")), Err(HostError::Refused { .. })));
}

#[test]
fn what_a_kill_leaves_does_not_keep_a_vm_from_being_made() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let host = RootHost::create(&root).unwrap();
    let left = root.join("var/lib/qubes/appvms/a");
    fs::create_dir(&left).unwrap();
    for name in ["private.img", "root.img"] {
        fs::File::create(left.join(name)).unwrap().set_len(1 << 30).unwrap();
    }
    host.create_vm(&new("a")).unwrap();
    assert!(!left.join("root.img").exists());
    assert_eq!(fs::metadata(left.join("private.img")).unwrap().len(), 2 << 30);
    // The record is on the disk before the files are.
    let record = Inventory::parse(&fs::read(root.join("var/lib/qubes/qubes.xml")).unwrap()).unwrap();
    assert!(record.domain("a").is_some());
}

#[test]
fn whoever_waits_for_the_lock_of_the_record_hears_of_a_cancel() {
    let folder = tempfile::tempdir().unwrap();
    let host = RootHost::create(&folder.path().join("root")).unwrap();
    host.create_vm(&new("a")).unwrap();
    host.commit().unwrap();
    let other = fs::File::open(folder.path().join("root/var/lib/qubes")).unwrap();
    flock(&other, FlockOperation::LockExclusive).unwrap();
    let cancel = CancelToken::default();
    let view = host.with_cancel(&cancel);
    let start = Instant::now();
    let label = Label {
        name: "x".to_owned(),
        color: 7,
    };
    let waiting = thread::spawn({
        let view = view.clone();
        move || view.add_label(&label)
    });
    thread::sleep(Duration::from_millis(100));
    // Whoever only reads does not wait behind it.
    assert!(host.inventory().unwrap().domain("a").is_some());
    assert!(!waiting.is_finished());
    cancel.cancel();
    assert!(matches!(waiting.join().unwrap(), Err(HostError::Cancelled(_))));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(matches!(view.system(), Err(HostError::Cancelled(_))));
    drop(other);
    // What has to be put in order after a cancel is done on the host itself.
    host.set_feature("a", "x", "2").unwrap();
    let features = host.inventory().unwrap().domain("a").unwrap().features;
    assert_eq!(features, [("x".to_owned(), "2".to_owned())]);
}

/// A small file system that is unmounted in the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(place: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(place).unwrap();
        let options = format!("size={size}");
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "none"])
            .arg(place)
            .output();
        if output.is_ok_and(|output| output.status.success()) {
            return Some(Self(place.to_owned()));
        }
        println!("no file system can be mounted here: a full disk was not tried");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

fn is_full<T>(result: Result<T, HostError>) -> bool {
    matches!(result, Err(HostError::Io { source, .. }) if source.kind() == io::ErrorKind::StorageFull)
}

#[test]
fn a_full_disk_is_told_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(&folder.path().join("disk"), "1m") else {
        return;
    };
    let root = disk.0.join("root");
    let host = RootHost::create(&root).unwrap();
    host.create_vm(&new("a")).unwrap();
    let mut import = host.import_volume("a", "private", 8192).unwrap();
    import.write_at(b"old", 0).unwrap();
    import.finish().unwrap();
    host.commit().unwrap();
    let record = root.join("var/lib/qubes/qubes.xml");
    let before = fs::read(&record).unwrap();

    let mut import = host.import_volume("a", "private", 4 << 20).unwrap();
    let written = (0..64).try_for_each(|n| import.write_at(&[7; 65_536], n * 65_536));
    assert!(is_full(written));
    host.set_feature("a", "x", "1").unwrap();
    assert!(is_full(host.commit()));
    assert!(is_full(host.set_feature("a", "y", "1")));
    assert_eq!(fs::read(&record).unwrap(), before);
    assert!(is_full(host.create_vm(&new("b"))));
    assert!(host.inventory().unwrap().domain("b").is_none());
    drop(import);
    host.set_feature("a", "z", "1").unwrap();
    host.create_vm(&new("b")).unwrap();
    host.commit().unwrap();
    let after = Inventory::parse(&fs::read(&record).unwrap()).unwrap();
    let features = after.domain("a").unwrap().features;
    let names: Vec<_> = features.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x", "z"]);
    let folder = root.join("var/lib/qubes/appvms/a");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    assert!(fs::read(folder.join("private.img")).unwrap().starts_with(b"old"));
    drop(host);
    drop(disk);
}
