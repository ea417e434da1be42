// SPDX-License-Identifier: GPL-3.0-or-later
//! What the list keeps of archives, in which forms it is read, and what it forgets.

use std::{os::unix::ffi::OsStrExt, thread};

use super::*;
use crate::format::BackupId;

fn id(number: usize) -> BackupId {
    BackupId::parse(&format!("20260301T140500-{number}")).unwrap()
}

fn made(number: usize, location: Location) -> MadeArchive {
    MadeArchive {
        id: id(number),
        series: Series::of_profile("daily"),
        made: 1_772_366_400 + number as i64,
        location,
        is_verified: number.is_multiple_of(2),
    }
}

fn file(path: impl Into<PathBuf>) -> Location {
    Location::File(path.into())
}

fn in_vm(line: &str) -> Location {
    Location::Vm {
        vm: "sys-usb".to_owned(),
        line: line.to_owned(),
    }
}

fn in_store(path: &str) -> Location {
    Location::Store {
        reach: Reach {
            vm: Some("sys-net".to_owned()),
            program: "ssh -s nas sftp".to_owned(),
        },
        path: path.to_owned(),
    }
}

fn listed(folder: &LocalDir) -> Vec<MadeArchive> {
    read(folder)
        .unwrap()
        .into_iter()
        .filter_map(Line::into_archive)
        .collect()
}

fn text(folder: &LocalDir) -> String {
    fs::read_to_string(folder.path().join(FILE)).unwrap()
}

#[test]
fn what_was_made_in_a_directory_of_a_store_is_known_by_name() {
    let scratch = tempfile::tempdir().unwrap();
    let list = LocalDir::new(scratch.path());
    for (number, path) in ["/backups/a", "/backups/b", "/other/c"].into_iter().enumerate() {
        assert!(remember(&list, &made(number, in_store(path))).unwrap());
    }
    let directory = ArchiveFolder::of_destination(&in_store("/backups/")).unwrap();
    let names = names_made_in(&list, &directory);
    assert_eq!(names, [("a".to_owned(), true), ("b".to_owned(), false)].into());
    // The directory in which the program begins has two names.
    assert!(remember(&list, &made(4, in_store("./d"))).unwrap());
    for home in ["", "."] {
        let directory = ArchiveFolder::of_destination(&in_store(home)).unwrap();
        assert_eq!(names_made_in(&list, &directory), [("d".to_owned(), true)].into());
    }
}

#[test]
fn every_archive_comes_back_as_it_was_remembered() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = LocalDir::new(scratch.path().join("etc"));
    let odd = std::ffi::OsStr::from_bytes(b"/mnt/\xff\n");
    let mut all = vec![
        made(1, file("/mnt/it's \"mine\"\nand yours ä")),
        made(2, file(odd)),
        made(3, in_vm("/mnt/my disk/x")),
        made(5, in_store("backups/x")),
    ];
    all[2].series = Series::of_selection(&["work".to_owned()], &["dom0".to_owned()]);
    for archive in &all {
        assert!(remember(&folder, archive).unwrap());
    }
    assert_eq!(listed(&folder), all);
    assert_eq!(fs::metadata(folder.path().join(FILE)).unwrap().mode() & 0o777, MODE);
    // A name is taken by the archive that was written last.
    let again = made(4, all[0].location.clone());
    remember(&folder, &again).unwrap();
    assert_eq!(listed(&folder), [all[1].clone(), all[2].clone(), all[3].clone(), again]);
    forget(&folder, &all[1..2]).unwrap();
    assert_eq!(listed(&folder).len(), 3);
}

#[test]
fn what_cannot_be_found_again_is_not_remembered() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = LocalDir::new(scratch.path());
    for location in [Location::Standard, Location::Command("cat >x".into()), file("relative")] {
        assert!(!remember(&folder, &made(1, location)).unwrap());
    }
    assert!(!scratch.path().join(FILE).exists());
}

#[test]
fn old_lines_are_read_newer_ones_are_kept_and_others_are_passed_over() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = LocalDir::new(scratch.path());
    let newer = [
        r#"{"id":"20260301T140500-1","made":7,"location":{"cloud":"x"},"verified":true}"#,
        r#"{"id":"20260301T140500-1","made":7,"location":{"file":"/x"},"verified":true,"colour":"red"}"#,
    ];
    let lines = format!(
        "verified /mnt/a b\nwritten /mnt/c\nwritten relative\nnonsense\n[1]\n{}\n{}\n",
        newer[0], newer[1]
    );
    let bytes = [lines.as_bytes(), b"written /\xff\n{\"id\":"].concat();
    fs::write(scratch.path().join(FILE), bytes).unwrap();
    let files = || made_files(&folder);
    let old = [("/mnt/a b".into(), true), ("/mnt/c".into(), false)];
    assert_eq!(files(), old);
    assert_eq!(listed(&folder), [], "nobody knows which archives these are");
    remember(&folder, &made(2, file("/mnt/d"))).unwrap();
    assert_eq!(files().len(), 3);
    let kept = text(&folder);
    assert!(newer.iter().all(|line| kept.contains(line)), "{kept}");
    assert!(kept.starts_with("verified /mnt/a b\nwritten /mnt/c\n"), "{kept}");
    assert!(!kept.contains("nonsense") && !kept.contains("relative"), "{kept}");
    // An archive of today takes the place of an old line.
    remember(&folder, &made(4, file("/mnt/c"))).unwrap();
    assert!(!text(&folder).contains("written"));
}

#[test]
fn a_series_is_of_one_profile_and_one_directory() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = LocalDir::new(scratch.path().join("etc"));
    let target = scratch.path().join("target");
    fs::create_dir(&target).unwrap();
    std::os::unix::fs::symlink(&target, scratch.path().join("link")).unwrap();
    let other_series = MadeArchive {
        series: Series::of_profile("weekly"),
        ..made(1, file(target.join("weekly")))
    };
    let archives = [
        made(2, file(target.join("a"))),
        other_series,
        made(3, file(scratch.path().join("link/b"))),
        made(4, file(scratch.path().join("elsewhere"))),
        made(5, in_vm("/mnt/a")),
        made(6, in_vm("/mnt/below/a")),
        made(7, in_vm("backups/a")),
        made(8, in_store("/mnt/a")),
        made(9, in_store("a")),
        made(10, in_store("/a")),
    ];
    for archive in &archives {
        remember(&folder, archive).unwrap();
    }
    let of = |destination: Location| {
        let directory = ArchiveFolder::of_destination(&destination).unwrap();
        let found = made_in(&folder, &Series::of_profile("daily"), &directory);
        found.into_iter().map(|made| made.id).collect::<Vec<_>>()
    };
    assert_eq!(of(Location::Folder(target.clone())), [id(2), id(3)]);
    assert_eq!(of(file(target.join("new"))), [id(2), id(3)]);
    assert_eq!(of(Location::Folder(scratch.path().join("link"))), [id(2), id(3)]);
    assert_eq!(of(in_vm(" /mnt/ ")), [id(5)]);
    assert_eq!(of(in_vm("backups")), [id(7)]);
    assert_eq!(of(in_store("/mnt/")), [id(8)]);
    assert_eq!(of(in_store("")), [id(9)]);
    assert_eq!(of(in_store("/")), [id(10)]);
    assert!(ArchiveFolder::of_destination(&Location::Standard).is_none());
}

#[test]
fn an_archive_is_dropped_only_where_it_is_certainly_gone() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = LocalDir::new(scratch.path().join("etc"));
    let (target, empty) = (scratch.path().join("target"), scratch.path().join("empty"));
    for location in [&target, &empty] {
        fs::create_dir(location).unwrap();
    }
    fs::write(target.join("here"), "").unwrap();
    // The directory of a disk that is not mounted is empty, or not there at all.
    let kept = [
        made(1, file(empty.join("on a disk"))),
        made(2, file(scratch.path().join("absent/on a disk"))),
        made(3, in_vm("/mnt/x")),
    ];
    for archive in kept
        .iter()
        .chain(&[made(4, file(target.join("gone"))), made(5, file(target.join("here")))])
    {
        remember(&folder, archive).unwrap();
    }
    let ids: Vec<BackupId> = listed(&folder).into_iter().map(|made| made.id).collect();
    assert_eq!(ids, [id(1), id(2), id(3), id(5)]);
}

#[test]
fn the_list_is_bounded_and_a_broken_one_is_empty() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = LocalDir::new(scratch.path());
    let lines =
        (0..MOST + 4).map(|number| format!("{}\n", Line::of(&made(number, file(format!("/mnt/{number}")))).unwrap()));
    fs::write(scratch.path().join(FILE), lines.collect::<String>()).unwrap();
    remember(&folder, &made(7, file("/mnt/new"))).unwrap();
    let list = listed(&folder);
    assert_eq!((list.len(), &list[0].location), (MOST, &file("/mnt/5")));
    assert_eq!(list.last().unwrap().location, file("/mnt/new"));
    fs::write(scratch.path().join(FILE), [0xff, 0xfe, b'\n']).unwrap();
    assert_eq!(listed(&folder), []);
}

#[test]
fn a_list_is_read_up_to_its_largest_size() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = LocalDir::new(scratch.path());
    let last = Line::of(&made(7, file("/mnt/last"))).unwrap().to_string();
    for (bytes, found) in [(LARGEST_BYTES, 1), (LARGEST_BYTES + 1, 0)] {
        let before = vec![b'x'; bytes as usize - last.len() - 1];
        fs::write(
            scratch.path().join(FILE),
            [&before[..], b"\n", last.as_bytes()].concat(),
        )
        .unwrap();
        assert_eq!(listed(&folder).len(), found, "{bytes}");
    }
}

#[test]
fn a_list_that_cannot_be_read_is_not_replaced() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = LocalDir::new(scratch.path());
    fs::create_dir(scratch.path().join(FILE)).unwrap();
    assert!(remember(&folder, &made(1, file("/mnt/x"))).is_err());
    assert!(scratch.path().join(FILE).is_dir());
}

#[test]
fn runs_that_end_at_the_same_time_lose_nothing_of_each_other() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = LocalDir::new(scratch.path());
    thread::scope(|scope| {
        for run in 0..8 {
            let folder = &folder;
            scope.spawn(move || {
                for number in 0..8 {
                    let number = run * 8 + number;
                    remember(folder, &made(number, file(format!("/mnt/{number}")))).unwrap();
                }
            });
        }
    });
    assert_eq!(listed(&folder).len(), 64);
}
