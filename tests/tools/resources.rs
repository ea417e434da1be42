// SPDX-License-Identifier: GPL-3.0-or-later
//! How hard the tools work and how much of the VM they take: levels, processors, memory, priority.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::support::{
    noise::Noise,
    programs::{self, Run, back_up, finish, only_archive, passfile},
    roots::{self, Fill, MIB, Vm},
    tools,
};
use tempfile::TempDir;

/// What the tools may take with two processors, in bytes.
const MOST_BYTES: u64 = 600 * MIB;

/// A PedOS with one VM, whose volume is text, noise and holes over several blocks of every method.
struct Workspace {
    folder: TempDir,
    root: PathBuf,
    pass: PathBuf,
}

impl Workspace {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        let mut noise = Noise::new(4);
        let text = noise.text(5 * MIB as usize);
        let content = [text, noise.bytes(2 * MIB as usize), vec![0; MIB as usize]].concat();
        roots::make(
            &root,
            &[Vm::new("work", "AppVM").volume("private", Fill::Bytes(content))],
        );
        let pass = passfile(folder.path(), "a passphrase of the tests");
        Self { folder, root, pass }
    }

    #[track_caller]
    fn archive(&self, options: &[&str]) -> PathBuf {
        let target = tempfile::tempdir_in(self.folder.path()).unwrap().keep();
        back_up(&self.root, &self.pass, &target, &[options, &["work"]].concat()).expect(0);
        only_archive(&target)
    }

    /// Restores the archive and holds that all is as it was.
    #[track_caller]
    fn restore(&self, archive: &Path, options: &[&str]) -> Run {
        let here = tempfile::tempdir_in(self.folder.path()).unwrap();
        let new_root = here.path().join("root");
        let run = finish(
            programs::qvm_backup_restore()
                .arg("--new-root")
                .arg(&new_root)
                .arg("-p")
                .arg(&self.pass)
                .args(options)
                .arg(archive),
        )
        .expect(0);
        roots::expect_same(&self.root, "work", &new_root, "work");
        run
    }
}

#[test]
fn harder_work_makes_smaller_archives_that_come_back_the_same() {
    let place = Workspace::new();
    for method in ["gzip", "zstd", "xz"] {
        let sizes = ["fast", "balanced", "small"].map(|level| {
            let archive = place.archive(&["-Z", method, "--level", level]);
            if level == "small" {
                place.restore(&archive, &[]);
            }
            fs::metadata(archive).unwrap().len()
        });
        assert!(sizes[0] > sizes[1] && sizes[1] >= sizes[2], "{method}: {sizes:?}");
    }
    let exact = fs::metadata(place.archive(&["--level", "1"])).unwrap().len();
    let fast = fs::metadata(place.archive(&["--level", "fast"])).unwrap().len();
    assert_eq!(exact, fast);
}

#[test]
fn a_level_that_a_method_does_not_have_is_a_usage_error() {
    let place = Workspace::new();
    let target = tempfile::tempdir_in(place.folder.path()).unwrap();
    for (options, said) in [
        (&["--level", "10"][..], "gzip has the levels 1 to 9"),
        (&["--level", "0", "-Z", "bzip2"], "bzip2 has the levels 1 to 9"),
        (&["--level", "20", "-Z", "zstd"], "zstd has the levels 1 to 19"),
        (&["--level", "best"], "no level"),
        (&["--jobs", "0"], "--jobs"),
    ] {
        let run = back_up(&place.root, &place.pass, target.path(), &[options, &["work"]].concat()).expect(2);
        assert!(run.said().contains(said), "{options:?}: {}", run.said());
    }
    programs::expect_no_archive(target.path());
}

#[test]
fn the_number_of_processors_changes_no_byte_of_the_content() {
    let place = Workspace::new();
    let [one, many] = ["1", "5"].map(|jobs| place.archive(&["--jobs", jobs]));
    // Salts, times and identifiers differ, and nothing else: the sizes say so.
    assert_eq!(fs::metadata(&one).unwrap().len(), fs::metadata(&many).unwrap().len());
    place.restore(&one, &["--jobs", "5"]);
    place.restore(&many, &["--jobs", "1"]);
}

#[test]
fn the_report_says_how_much_memory_it_took_and_that_is_within_the_bound() {
    let place = Workspace::new();
    // Most of it is for keys that cost what they cost users.
    let target = tempfile::tempdir_in(place.folder.path()).unwrap().keep();
    let mut command = programs::qvm_backup();
    command.arg("--root").arg(&place.root).arg("-p").arg(&place.pass);
    command.args(["-y", "--jobs", "2", "--nice"]).arg(&target).arg("work");
    finish(programs::with_real_keys(&mut command)).expect(0);
    let archive = only_archive(&target);
    let run = place.restore(&archive, &["--jobs", "2", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let bytes = report["peak_memory_bytes"].as_u64().unwrap();
    tools::say(&format!("restore: {} MiB at most", bytes / MIB));
    assert!(bytes > 50 * MIB && bytes < MOST_BYTES, "{bytes}");
}
