// SPDX-License-Identifier: GPL-3.0-or-later
//! What is said to have been left behind in a VM: only what was, with its path.

use std::{
    ffi::OsStr,
    io::Write,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use super::*;
use crate::host::{HostError, Service, ServiceProcess, process};

/// A service that runs no script but its own: its script gets the first line as `$line`.
struct Stock(&'static str);

/// What it does before its own script.
const READ_LINE: &str = "read -r line; case $line in sh*) echo Invalid command sh; exit 1;; esac; ";

impl Services for Stock {
    fn start_service(&self, _: &str, _: Service) -> Result<ServiceProcess, HostError> {
        let script = format!("{READ_LINE}{}", self.0);
        Ok(process::start(&script, [], &std::env::temp_dir()).unwrap())
    }
}

/// A service that runs scripts in a directory, so many times; then the VM is gone.
struct Shell {
    runs: Mutex<u32>,
}

impl Services for Shell {
    fn start_service(&self, vm: &str, _: Service) -> Result<ServiceProcess, HostError> {
        let mut runs = self.runs.lock().unwrap();
        *runs = runs
            .checked_sub(1)
            .ok_or_else(|| HostError::NotRunning { name: vm.to_owned() })?;
        let script = "read -r line; eval \"set -- $line\"; \"$@\"";
        Ok(process::start(script, [OsStr::new("x")], &std::env::temp_dir()).unwrap())
    }
}

/// Writes something to that line of a VM, does what `then` does, and returns what was left behind.
fn left_behind(services: &dyn Services, line: &str, then: impl FnOnce(Box<dyn ArchiveWriter + '_>)) -> Vec<String> {
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    let notices: Notices = Arc::new(move |notice| {
        if let Notice::LeftBehind { place } = notice {
            heard.lock().unwrap().push(place);
        }
    });
    let location = Location::Vm {
        vm: "disk".to_owned(),
        line: line.to_owned(),
    };
    if let Ok(mut writer) = open_writer(&location, services, &CancelToken::default(), &notices) {
        // A service that has ended takes nothing.
        let _ = writer.write_all(&[0; 1000]);
        then(writer);
    }
    let said = said.lock().unwrap();
    said.clone()
}

fn end(writer: Box<dyn ArchiveWriter + '_>) {
    assert!(writer.commit().is_err());
}

#[test]
fn a_service_that_created_nothing_has_left_nothing() {
    for script in [
        "echo Invalid command $line; exit 1",
        "echo Copying STDIN data to $line/qubes-backup-x; echo \"dd: failed to open 'x': Permission denied\" >&2; exit 1",
        "cat >/dev/null; exit 1",
    ] {
        for line in ["/none/at/all", "/usr/bin/false", "backups"] {
            assert_eq!(left_behind(&Stock(script), line, end), [""; 0], "{script} {line}");
        }
    }
}

#[test]
fn a_cut_archive_of_the_stock_service_is_named_as_the_service_named_it() {
    let full = "echo Copying STDIN data to \"$line/qubes-backup-x y\"; head -c 9 >/dev/null; \
         echo 'dd: error writing: No space left on device' >&2; exit 1";
    for line in ["/mnt/disk", "backups"] {
        let expected = format!("disk:{line}/qubes-backup-x y");
        assert_eq!(left_behind(&Stock(full), line, end), [expected]);
    }
    // One that is killed has said so before.
    let endless = "echo Copying STDIN data to $line/qubes-backup-x; exec cat >/dev/null";
    let start = Instant::now();
    let found = left_behind(&Stock(endless), "/mnt/disk", |writer| {
        thread::sleep(Duration::from_millis(500));
        drop(writer);
    });
    assert_eq!(found, ["disk:/mnt/disk/qubes-backup-x"]);
    assert!(start.elapsed() < Duration::from_secs(10));
    let whole = "echo Copying STDIN data to $line/qubes-backup-x; exec cat >/dev/null";
    let found = left_behind(&Stock(whole), "/mnt/disk", |writer| drop(writer.commit().unwrap()));
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_vm_that_goes_away_has_left_what_had_begun_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let line = folder.path().to_str().unwrap();
    // It answers the probe, and is gone before anything is written.
    assert_eq!(left_behind(&Shell { runs: Mutex::new(1) }, line, end), [""; 0]);
    // It is gone while the archive is written.
    let found = left_behind(&Shell { runs: Mutex::new(2) }, line, |writer| drop(writer));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with(&format!("disk:{line}/pedos-backup-")) && found[0].ends_with(".part"));
    // It is there until the end, and removes what had begun. Leftovers of others are not this run's.
    let other = folder.path().join("pedos-backup-2026-01-02T030405.part");
    std::fs::write(&other, "").unwrap();
    let found = left_behind(&Shell { runs: Mutex::new(3) }, line, |writer| drop(writer));
    assert_eq!(found, [""; 0]);
    assert!(other.exists());
}
