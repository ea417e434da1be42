// SPDX-License-Identifier: GPL-3.0-or-later
//! A run walks over the outer headers of a file once, whichever of its steps needs them first.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{Mutex, Once},
};

use log::{LevelFilter, Log, Metadata, Record};

use crate::support::{jobs, roots};
use pedos_backup::{
    engine::{self, Context},
    host::Host,
    transport::Location,
};

/// What was said of each walk over the outer headers of an archive, by the tests of this process.
static WALKS: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Counter;

impl Log for Counter {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let said = record.args().to_string();
        if said.starts_with("outer headers of ") {
            WALKS.lock().unwrap().push(said);
        }
    }

    fn flush(&self) {}
}

/// Returns how often the headers of an archive are walked over while that is done.
fn walks(archive: &Path, run: impl FnOnce()) -> usize {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        log::set_logger(&Counter).unwrap();
        log::set_max_level(LevelFilter::Debug);
    });
    let count = || {
        let walks = WALKS.lock().unwrap();
        walks
            .iter()
            .filter(|said| said.contains(archive.to_str().unwrap()))
            .count()
    };
    let before = count();
    run();
    count() - before
}

/// Packs an archive anew with its header behind the inventory, so that opening it needs the index.
fn pack_anew(archive: &Path, folder: &Path) {
    let members = folder.join("members");
    fs::create_dir(&members).unwrap();
    let tar = |arguments: &[&str]| {
        let mut command = Command::new("tar");
        command.arg("-C").arg(&members).args(arguments);
        assert!(command.status().unwrap().success());
    };
    let archive = archive.to_str().unwrap();
    tar(&["-xf", archive]);
    tar(&[
        "-cf",
        archive,
        "qubes.xml.000.enc",
        "--exclude=./qubes.xml.000.enc",
        ".",
    ]);
}

#[test]
fn a_run_walks_over_the_headers_once() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    roots::make(&root, &roots::small());
    // dom0 is in the inventory without its home. The inventory lists the files of the VMs, so that opening looks no further.
    let archive = jobs::archive(&root, &["tpl", "vault"], folder.path());
    for is_packed_anew in [false, true] {
        if is_packed_anew {
            pack_anew(&archive, folder.path());
        }
        let here = folder.path().join(format!("here-{is_packed_anew}"));
        roots::make(&here, &[]);
        let host = jobs::host(&here);
        let source = || Location::File(archive.clone()).into();
        let opening = walks(&archive, || {
            engine::open_archive(&jobs::access(&archive), None, &Context::default()).unwrap();
        });
        assert_eq!(
            opening,
            usize::from(is_packed_anew),
            "opening, packed anew: {is_packed_anew}"
        );
        let plan = jobs::restore_plan(source(), host.as_ref(), true).unwrap();
        let verifying = walks(&archive, || {
            let report = engine::verify::run(&plan.into(), None, &Context::default()).unwrap();
            assert!(report.is_success() || is_packed_anew, "{report:?}");
        });
        assert_eq!(verifying, 1, "verifying, packed anew: {is_packed_anew}");
        let plan = jobs::restore_plan(source(), host.as_ref(), false).unwrap();
        let restoring = walks(&archive, || {
            let report = engine::restore::run(&plan, host.as_ref() as &dyn Host, &Context::default()).unwrap();
            assert_eq!(report.failed().count(), 0, "{report:?}");
        });
        assert_eq!(restoring, 1, "restoring, packed anew: {is_packed_anew}");
    }
}
