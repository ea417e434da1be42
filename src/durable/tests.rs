// SPDX-License-Identifier: GPL-3.0-or-later
//! Small files that are replaced, read up to a size, and named.

use super::*;

#[test]
fn a_file_is_made_and_replaced_with_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    fs::write(folder.path().join("x.tmp"), "left over").unwrap();
    replace(&path, b"one", 0o640).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
    replace(&path, b"two", 0o640).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o664);
    assert_eq!(fs::read(&path).unwrap(), b"two");
    replace_private(&path, b"three", 0o600).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_root_makes_is_for_those_for_whom_the_folder_is() {
    if !geteuid().is_root() {
        return;
    }
    let owner = |path: &Path| {
        let found = fs::metadata(path).unwrap();
        (found.uid(), found.gid(), found.mode() & 0o7777)
    };
    let made = |uid, gid, mode| {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("folder");
        fs::create_dir(&folder).unwrap();
        std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
        replace(&folder.join("shared"), b"x", 0o600).unwrap();
        replace_private(&folder.join("private"), b"x", 0o600).unwrap();
        create(&folder.join("new"), b"x", 0o600).unwrap();
        ["shared", "private", "new"].map(|name| owner(&folder.join(name)))
    };
    let root = (0, 0, 0o600);
    let user = (1234, 1234, 0o600);
    assert_eq!(made(1234, 1234, 0o755), [user, root, user]);
    let group = (0, 98, 0o660);
    assert_eq!(made(0, 98, 0o770), [group, root, group]);
    assert_eq!(made(0, 98, 0o750), [root; 3]);
    assert_eq!(made(0, 0, 0o777), [root; 3]);
}

#[test]
fn a_new_file_takes_the_place_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    create(&path, b"one", 0o600).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    let error = create(&path, b"two", 0o600).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).unwrap(), b"one");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    // Also not of a link that leads nowhere, nor of somebody's neighbour.
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    assert!(create(&link, b"two", 0o600).is_err());
    fs::write(folder.path().join("y.tmp"), "mine").unwrap();
    assert!(create(&folder.path().join("y"), b"two", 0o600).is_err());
    assert_eq!(fs::read(folder.path().join("y.tmp")).unwrap(), b"mine");
    assert!(!folder.path().join("nowhere").exists());
}

#[test]
fn names_in_place_of_one_that_is_taken_are_counted_and_end() {
    let names: Vec<String> = FreeNames::of("x").take(3).collect();
    assert_eq!(names, ["x", "x-2", "x-3"]);
    assert_eq!(FreeNames::of("x").count(), 1000);
}

#[test]
fn the_names_in_a_folder_are_those_that_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let strange = OsStr::from_bytes(b"\xff\n");
    for name in [OsStr::new("a"), OsStr::new(".hidden"), strange] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let mut names: Vec<_> = names_in(folder.path()).unwrap().map(Result::unwrap).collect();
    names.sort();
    assert_eq!(names, [OsStr::new(".hidden"), OsStr::new("a"), strange]);
    assert!(names_in(&folder.path().join("a")).is_err());
    assert!(names_in(&folder.path().join("absent")).is_err());
}

#[test]
fn only_the_file_that_was_written_gets_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("x.part"), folder.path().join("x"));
    let file = File::create_new(&from).unwrap();
    name_written(&file, &from, &to).unwrap();
    assert!(is_named(&file, &to).unwrap() && !from.exists());
    // The name is taken: both stay.
    let file = File::create_new(&from).unwrap();
    assert!(matches!(name_written(&file, &from, &to), Err(NamingError::Taken)));
    assert!(is_named(&file, &from).unwrap());
    fs::remove_file(&to).unwrap();
    // Removed, replaced by another file, by a link to itself: none of them gets the name.
    fs::remove_file(&from).unwrap();
    assert!(matches!(name_written(&file, &from, &to), Err(NamingError::Replaced)));
    fs::write(&from, "another").unwrap();
    assert!(matches!(name_written(&file, &from, &to), Err(NamingError::Replaced)));
    fs::remove_file(&from).unwrap();
    let file = File::create_new(folder.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", &from).unwrap();
    assert!(matches!(name_written(&file, &from, &to), Err(NamingError::Replaced)));
    assert!(fs::symlink_metadata(&to).is_err());
}

#[test]
fn a_failure_leaves_the_old_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    replace(&path, b"one", 0o600).unwrap();
    fs::create_dir(folder.path().join("x.tmp")).unwrap();
    assert!(replace(&path, b"two", 0o600).is_err());
    assert_eq!(fs::read(&path).unwrap(), b"one");
}

#[test]
fn so_many_names_are_tried_and_no_more() {
    let names: Vec<String> = FreeNames::of("x").collect();
    assert_eq!((names.len(), names.last().unwrap().as_str()), (1000, "x-1000"));
}
