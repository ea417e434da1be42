// SPDX-License-Identifier: GPL-3.0-or-later
//! What is removed is the file that was found and no other, here and in a VM.

use std::{ffi::OsStr, os::unix::fs::symlink};

use super::*;
use crate::host::{Service, ServiceProcess, process};

/// A service that runs scripts, as a VM with a shell does.
struct Shell;

impl Services for Shell {
    fn start_service(&self, _: &str, _: Service) -> Result<ServiceProcess, HostError> {
        let script = "read -r line; eval \"set -- $line\"; \"$@\"";
        Ok(process::start(script, [OsStr::new("x")], &std::env::temp_dir()).unwrap())
    }
}

/// A service that runs none.
struct Stock;

impl Services for Stock {
    fn start_service(&self, _: &str, _: Service) -> Result<ServiceProcess, HostError> {
        Ok(process::start("read -r line; echo no", [OsStr::new("x")], &std::env::temp_dir()).unwrap())
    }
}

fn here(path: &Path) -> Location {
    Location::File(path.to_owned())
}

fn in_vm(path: &Path) -> Location {
    Location::Vm {
        vm: "disk".to_owned(),
        line: path.to_str().unwrap().to_owned(),
    }
}

/// OpenSSH's server of SFTP, which most systems have.
const SERVER: &str = "/usr/lib/openssh/sftp-server";

fn in_store(path: &Path) -> Location {
    Location::Store {
        reach: Reach {
            vm: None,
            program: SERVER.to_owned(),
        },
        path: path.to_str().unwrap().to_owned(),
    }
}

/// The kinds of places that can be tried on this computer.
fn kinds() -> Vec<fn(&Path) -> Location> {
    match Path::new(SERVER).is_file() {
        true => vec![here, in_vm, in_store],
        false => vec![here, in_vm],
    }
}

fn find(location: &Location) -> Result<FoundArchive<'static>, RemovalError> {
    find_archive(location, Some(&Shell), &CancelToken::default())
}

#[test]
fn a_file_that_was_found_is_removed_and_nothing_beside_it() {
    for place in kinds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it's \"my\" $backup");
        fs::write(&path, "mine").unwrap();
        fs::write(folder.path().join("other"), "other").unwrap();
        let found = find(&place(&path)).unwrap();
        assert!(path.exists(), "finding removes nothing");
        found.remove().unwrap();
        assert!(!path.exists() && folder.path().join("other").exists());
        assert_eq!(find(&place(&path)).unwrap_err(), RemovalError::NotThere);
    }
}

#[test]
fn a_file_that_took_the_name_stays() {
    for place in [here, in_vm] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backup");
        fs::write(&path, "mine").unwrap();
        let found = find(&place(&path)).unwrap();
        // Of the same size and, as far as seconds tell, of the same time. A store tells no more than these.
        fs::write(folder.path().join("new"), "his.").unwrap();
        fs::rename(folder.path().join("new"), &path).unwrap();
        assert_eq!(found.remove(), Err(RemovalError::Changed));
        assert_eq!(fs::read(&path).unwrap(), b"his.");
        let found = find(&place(&path)).unwrap();
        fs::remove_file(&path).unwrap();
        symlink("elsewhere", &path).unwrap();
        assert_eq!(found.remove(), Err(RemovalError::Changed));
        assert!(path.is_symlink());
    }
}

#[test]
fn a_file_of_a_store_that_was_written_anew_stays() {
    if !Path::new(SERVER).is_file() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    fs::write(&path, "mine").unwrap();
    let found = find(&in_store(&path)).unwrap();
    fs::write(&path, "of another").unwrap();
    assert_eq!(found.remove(), Err(RemovalError::Changed));
    let found = find(&in_store(&path)).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(found.remove(), Err(RemovalError::NotThere));
}

#[test]
fn links_directories_and_pipes_are_refused() {
    for place in kinds() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("backup"), "mine").unwrap();
        symlink("backup", path("link")).unwrap();
        symlink("nowhere", path("dangling")).unwrap();
        fs::create_dir(path("directory")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(path("pipe")).status();
        assert!(made.unwrap().success());
        for name in ["link", "dangling", "directory", "pipe"] {
            assert_eq!(find(&place(&path(name))).unwrap_err(), RemovalError::NotAFile, "{name}");
        }
        assert!(path("backup").exists());
    }
}

#[test]
fn what_the_vm_may_not_remove_is_said_to_stay() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    fs::write(&path, "mine").unwrap();
    let (one, other) = (find(&here(&path)).unwrap(), find(&in_vm(&path)).unwrap());
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    // Nothing is forbidden to root.
    if fs::write(folder.path().join("x"), "").is_err() {
        assert!(matches!(one.remove(), Err(RemovalError::Io(_))));
        assert_eq!(other.remove(), Err(RemovalError::Kept));
        assert!(path.exists());
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn where_nothing_can_be_removed_that_is_said() {
    let never = CancelToken::default();
    let impossible = |location: &Location, services: Option<&dyn Services>| {
        find_archive(location, services, &never).unwrap_err() == RemovalError::Impossible
    };
    let path = Path::new("/mnt/backup");
    assert!(impossible(&in_vm(path), None));
    assert!(impossible(&in_vm(path), Some(&Stock)));
    for line in ["backup", "/mnt/..", "/mnt/", "/mnt/back\\up"] {
        assert!(impossible(&in_vm(Path::new(line)), Some(&Shell)), "{line}");
    }
    for location in [
        Location::Standard,
        Location::Folder("/mnt".into()),
        Location::Command("cat".into()),
    ] {
        assert!(impossible(&location, Some(&Shell)), "{location}");
    }
}

#[test]
fn several_places_are_looked_at_in_their_order() {
    for place in kinds() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a b"), "").unwrap();
        symlink("nowhere", path("link")).unwrap();
        let places = [
            place(&path("absent")),
            place(&path("a b")),
            place(&path("link")),
            place(&path("x")),
        ];
        let there = are_there(&places.each_ref(), Some(&Shell), &CancelToken::default()).unwrap();
        assert_eq!(there, [false, true, true, false]);
        let silent = are_there(&places.each_ref(), Some(&Stock), &CancelToken::default()).unwrap();
        let is_known = !matches!(places[0], Location::Vm { .. });
        assert_eq!(silent[1], is_known, "what a VM does not say is not there");
    }
}

#[test]
fn every_script_can_be_handed_over() {
    for script in [FIND, REMOVE, THERE] {
        let line = vm_script::line(script, &["/a b"]).unwrap();
        assert!(!line.contains(['\\', '\n']) && !script.contains('\''), "{line}");
    }
}

impl RemovalError {
    one_of_each! {
        NotThere, NotAFile, Changed, Kept, Impossible,
        Host { 0: HostError::NoSuchVm { name: "x\u{1b}y".to_owned() } },
        Store { 0: StoreError::Unusable },
        Io { 0: io::ErrorKind::PermissionDenied.into() },
    }
}
