// SPDX-License-Identifier: GPL-3.0-or-later
//! What imports, starts and removals do to volumes, driver by driver.

use std::fs;

use pedos_standin::{Dialect, Driver, Standin};

use super::support::{TAG, ask, create, import, must};

const DRIVERS: [Driver; 4] = [Driver::FileReflink, Driver::File, Driver::LvmThin, Driver::Zfs];

fn with(driver: Driver) -> Standin {
    Standin::builder(Dialect::V4_3).pool_driver(driver).start()
}

fn info(pedos: &Standin, vm: &str, volume: &str, name: &str) -> String {
    let info = must(pedos, &format!("admin.vm.volume.Info+{volume} {vm}"), "");
    let prefix = format!("{name}=");
    let line = info.lines().find_map(|line| line.strip_prefix(&prefix));
    line.unwrap().to_owned()
}

#[test]
fn what_is_imported_is_there_and_as_large_as_the_driver_makes_it() {
    for driver in DRIVERS {
        let pedos = with(driver);
        create(&pedos, "back");
        import(&pedos, "back", "private", b"0123456789");
        let is_lvm = driver == Driver::LvmThin;
        let size = if is_lvm { 4 << 20 } else { 10 };
        assert_eq!(info(&pedos, "back", "private", "size"), size.to_string());
        let content = fs::read(pedos.volume_path("back", "private")).unwrap();
        assert_eq!(content.len(), size);
        assert_eq!(&content[..10], b"0123456789");
        let kept = must(&pedos, "admin.vm.volume.ListSnapshots+private back", "");
        assert_eq!(kept.lines().count(), usize::from(driver != Driver::File), "{driver:?}");
        assert_eq!(kept.trim_end().ends_with("-back"), is_lvm);
    }
}

#[test]
fn a_failed_import_leaves_the_old_content() {
    for driver in DRIVERS {
        let pedos = with(driver);
        let before = fs::read(pedos.volume_path("personal", "private")).unwrap();
        must(&pedos, &format!("admin.vm.tag.Set+{TAG} personal"), "");
        let begun = must(&pedos, "internal.vm.volume.ImportBegin+private personal", "8");
        let path = pedos.path(begun.split_once(' ').unwrap().1);
        assert!(path.exists());
        let answer = ask(&pedos, "internal.vm.volume.ImportEnd+private personal", "fail\nü");
        assert_eq!(answer, "");
        assert!(!path.exists());
        assert_eq!(fs::read(pedos.volume_path("personal", "private")).unwrap(), before);
        assert!(pedos.state().open_imports().is_empty());
    }
}

#[test]
fn a_second_import_is_what_the_driver_makes_of_it() {
    for (driver, second, end) in [
        (
            Driver::FileReflink,
            "0|5 /var/lib/qubes/appvms/back/private-import.img",
            "",
        ),
        (Driver::File, "", ""),
        (
            Driver::LvmThin,
            "2|StoragePoolException||Import operation in progress on qubes_dom0/vm-back-private|",
            "2|StoragePoolException||No import operation in progress on qubes_dom0/vm-back-private|",
        ),
    ] {
        let pedos = with(driver);
        create(&pedos, "back");
        must(&pedos, "internal.vm.volume.ImportBegin+private back", "4");
        assert_eq!(ask(&pedos, "internal.vm.volume.ImportBegin+private back", "5"), second);
        must(&pedos, "internal.vm.volume.ImportEnd+private back", "ok");
        assert_eq!(ask(&pedos, "internal.vm.volume.ImportEnd+private back", "ok"), end);
        assert_eq!(pedos.violations().len(), 2);
    }
}

#[test]
fn a_start_while_an_import_is_open_is_what_the_driver_makes_of_it() {
    for driver in DRIVERS {
        let pedos = with(driver);
        create(&pedos, "back");
        must(&pedos, "internal.vm.volume.ImportBegin+private back", "4");
        let answer = ask(&pedos, "admin.vm.Start+ back", "");
        assert!(answer.contains("QubesVMError||Restore of this domain in progress"));
        must(&pedos, &format!("admin.vm.tag.Remove+{TAG} back"), "");
        let answer = ask(&pedos, "admin.vm.Start+ back", "");
        let guards = matches!(driver, Driver::LvmThin | Driver::Zfs);
        assert_eq!(answer.starts_with("0|"), !guards, "{answer}");
        let is_open = driver != Driver::FileReflink;
        assert_eq!(pedos.state().open_imports().len(), usize::from(is_open));
        if !guards {
            pedos.halt_vm("back");
        }
        must(&pedos, "admin.vm.Remove+ back", "");
        assert!(pedos.state().vm("back").is_none());
        assert!(pedos.state().open_imports().is_empty());
        for entry in fs::read_dir(pedos.path("/dev/mapper")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(!name.contains("back"), "{name}");
        }
        assert!(!pedos.path("/var/lib/qubes/appvms/back").exists());
    }
}

#[test]
fn a_running_vm_writes_to_a_copy_and_a_stop_keeps_it() {
    for driver in [Driver::FileReflink, Driver::LvmThin] {
        let pedos = with(driver);
        let kept = pedos.volume_path("vault", "private");
        let before = fs::read(&kept).unwrap();
        pedos.start_vm("vault");
        let live = pedos.live_path("vault", "private");
        assert_ne!(kept, live);
        assert_eq!(fs::read(&live).unwrap(), before);
        fs::write(&live, "new").unwrap();
        assert_eq!(fs::read(&kept).unwrap(), before);
        pedos.halt_vm("vault");
        assert_eq!(fs::read(&kept).unwrap(), b"new");
        assert!(!live.exists());
        assert_eq!(
            pedos.state().vm("vault").unwrap().volume("private").unwrap().size_bytes,
            3
        );
    }
}

#[test]
fn without_revisions_the_volume_itself_is_written_to() {
    for driver in [Driver::FileReflink, Driver::LvmThin] {
        let pedos = with(driver);
        must(&pedos, "admin.vm.volume.Set.revisions_to_keep+private vault", "-1");
        let kept = pedos.volume_path("vault", "private");
        pedos.start_vm("vault");
        let live = pedos.live_path("vault", "private");
        assert_eq!(kept.exists(), driver == Driver::LvmThin);
        assert_eq!(live.exists(), driver == Driver::FileReflink);
        pedos.halt_vm("vault");
        assert!(kept.exists());
        assert!(must(&pedos, "admin.vm.volume.ListSnapshots+private vault", "").is_empty());
    }
}

#[test]
fn paths_are_those_of_dom0() {
    let lvm = with(Driver::LvmThin);
    assert_eq!(
        info(&lvm, "sys-net", "private", "path"),
        "/dev/mapper/qubes_dom0-vm--sys--net--private"
    );
    assert_eq!(info(&lvm, "sys-net", "root", "source"), "qubes_dom0/vm-tpl-main-root");
    assert!(lvm.path("/dev/mapper/qubes_dom0-vm--sys--net--private--snap").exists());
    assert!(
        lvm.path("/var/run/qubes/volume-running-vm--pool:qubes_dom0-vm--sys--net--private")
            .exists()
    );
    assert!(lvm.path("/var/run/qubes/qrexec.sys-net").exists());
    assert!(!lvm.path("/var/run/qubes/qrexec.vault").exists());
    let zfs = with(Driver::Zfs);
    assert_eq!(info(&zfs, "work", "private", "path"), "");
    assert_eq!(info(&zfs, "work", "private", "vid"), "rpool/vms/work/private");
    assert!(must(&zfs, "admin.pool.Info+zfs-pool dom0", "").contains("container=rpool/vms\ndriver=zfs\n"));
    let file = with(Driver::File);
    assert_eq!(
        info(&file, "work", "private", "path"),
        "/var/lib/qubes/appvms/work/private.img"
    );
    assert!(file.path("/var/lib/qubes/appvms/work/private-cow.img").exists());
}

#[test]
fn only_the_newest_dialect_makes_volumes_smaller() {
    for dialect in Dialect::ALL {
        let pedos = Standin::new(dialect);
        must(&pedos, "admin.vm.volume.Resize+private vault", "16777216");
        assert_eq!(
            fs::metadata(pedos.volume_path("vault", "private")).unwrap().len(),
            16 << 20
        );
        let answer = ask(&pedos, "admin.vm.volume.Resize+private vault", "4096");
        let shrank = answer == "0|";
        assert_eq!(shrank, dialect == Dialect::V4_4, "{answer}");
        assert_eq!(pedos.violations().len(), usize::from(shrank));
    }
}
