// SPDX-License-Identifier: GPL-3.0-or-later
//! Restores that are killed, and restores that run at the same time: at every moment a VM on record either is whole or
//! carries the tag that says it is not, and what is left can be taken away.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    jobs,
    noise::Noise,
    programs::{self, finish, qvm_backup_restore, start},
    roots::{self, Fill, KIB, MIB, Vm},
    workspace::SOON,
};
use pedos_backup::host::{Intake, RestoreTurn, root::RootHost};

/// The tag of a VM that is being restored.
const TAG: &str = "backup-restore-in-progress";

/// The VMs of the archive.
const ALL: [&str; 9] = ["tpl", "net", "dvm", "disp", "work", "vault", "solo", "bulk", "dom0"];

/// How long a tool may take here.
const LONG: Duration = Duration::from_secs(120);

struct Workspace {
    folder: tempfile::TempDir,
    archive: PathBuf,
    pass: PathBuf,
}

impl Workspace {
    /// An archive of some VMs with keys that cost nothing, so that there is something to hit at every moment.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        let mut vms = roots::small();
        vms.push(
            Vm::new("bulk", "StandaloneVM")
                .volume("root", Fill::Sparse(64 * MIB, 6 * MIB, 70))
                .volume("private", Fill::Sparse(16 * MIB, 800 * KIB, 71)),
        );
        roots::make(&root, &vms);
        let archive = jobs::archive(&root, &ALL, folder.path());
        let pass = programs::passfile(folder.path(), jobs::PASSPHRASE);
        Self { folder, archive, pass }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An empty root of that name.
    fn empty(&self, name: &str) -> PathBuf {
        let root = self.path(name);
        roots::make(&root, &[]);
        root
    }

    fn restore(&self, root: &Path, options: &[&str]) -> Command {
        let mut command = qvm_backup_restore();
        command.arg("--root").arg(root).arg("-p").arg(&self.pass);
        command.args(["--ignore-missing", "--ignore-username-mismatch"]);
        command.args(options).arg(&self.archive);
        command
    }

    /// Holds that every VM on record that is not marked is whole. Returns those that are marked.
    fn marked(&self, root: &Path) -> Vec<String> {
        let mut marked = Vec::new();
        for (name, domain) in roots::domains(root) {
            if domain.tags.iter().any(|tag| tag == TAG) {
                marked.push(name);
            } else if name != "dom0" {
                roots::expect_same(&self.path("root"), &name, root, &name);
            }
        }
        marked
    }
}

fn unfinished_homes(root: &Path) -> Vec<String> {
    let names = programs::names(&root.join("home/user")).into_iter();
    let names = names.map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".home-restore-")).collect()
}

/// Holds that every folder of a VM belongs to one on record.
fn expect_no_orphans(root: &Path) {
    let known: Vec<PathBuf> = roots::domains(root)
        .values()
        .map(|domain| roots::vm_folder(root, domain))
        .collect();
    for kind in ["appvms", "vm-templates"] {
        let folder = root.join("var/lib/qubes").join(kind);
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            assert!(known.contains(&path), "{}", path.display());
        }
    }
}

fn clean_up(root: &Path) -> programs::Run {
    let mut command = qvm_backup_restore();
    finish(command.args(["--clean-up", "--yes", "--root"]).arg(root))
}

#[test]
fn what_a_killed_restore_leaves_is_marked_named_and_taken_away() {
    let place = Workspace::new();
    let began = Instant::now();
    finish(&mut place.restore(&place.empty("first"), &[])).expect(0);
    let whole = began.elapsed();
    let kills = if std::env::var_os("RUN_SLOW_TESTS").is_some() {
        200
    } else {
        20
    };
    let (mut noise, mut hits, mut homes) = (Noise::new(7), 0, 0);
    for number in 0..kills {
        let root = place.empty(&format!("here-{number}"));
        let running = start(&mut place.restore(&root, &[]), place.folder.path());
        thread::sleep(whole.mul_f64(noise.below(1000) as f64 / 900.0));
        running.signal("KILL");
        running.finish(SOON);
        let marked = place.marked(&root);
        let unfinished = unfinished_homes(&root);
        hits += usize::from(!marked.is_empty());
        homes += usize::from(!unfinished.is_empty());
        if !marked.is_empty() || !unfinished.is_empty() {
            let run = finish(&mut place.restore(&root, &["--dry-run", "--skip-conflicting"]));
            for name in marked.iter().chain(&unfinished) {
                assert!(run.stderr.contains(name), "{name} is not named: {}", run.stderr);
            }
            assert!(run.stderr.contains("--clean-up"), "{}", run.stderr);
        }
        clean_up(&root).expect(0);
        assert!(place.marked(&root).is_empty() && unfinished_homes(&root).is_empty());
        expect_no_orphans(&root);
        if number + 1 < kills {
            fs::remove_dir_all(&root).unwrap();
            continue;
        }
        finish(&mut place.restore(&root, &["--rename-conflicting"])).expect(0);
        assert!(clean_up(&root).expect(0).stdout.contains("Nothing was changed"));
    }
    println!("{kills} kills: {hits} with VMs that are not whole, {homes} with an unfinished home");
    assert!(
        hits * 4 >= kills,
        "only {hits} of {kills} kills hit a restore at its work"
    );
}

#[test]
fn nothing_is_taken_away_without_a_yes() {
    let place = Workspace::new();
    let root = place.empty("here");
    let host = RootHost::open(&root).unwrap();
    host.create_vm(&pedos_backup::host::NewVm {
        name: "half".to_owned(),
        class: pedos_backup::inventory::Class::AppVm,
        label: "red".to_owned(),
        template: None,
        pool: None,
        tags: vec![TAG.to_owned()],
    })
    .unwrap();
    // The record has VM and tag at once.
    assert_eq!(roots::domains(&root)["half"].tags, [TAG]);
    let part = root.join("home/user/.home-restore-2026-01-01T000000.part");
    for folder in [
        &part,
        &root.join("home/user/.home-restore-mine"),
        &root.join("home/user/x.part"),
    ] {
        fs::create_dir_all(folder.join("inside")).unwrap();
    }
    drop(host);
    let no = place.path("no");
    fs::write(&no, "n\n").unwrap();
    let mut command = qvm_backup_restore();
    command.args(["--clean-up", "--root"]).arg(&root);
    let run = finish(command.stdin(fs::File::open(no).unwrap())).expect(4);
    assert!(
        run.stdout.contains("VM half") && run.stdout.contains("000000.part"),
        "{}",
        run.stdout
    );
    assert!(part.is_dir() && roots::domains(&root).contains_key("half"));
    clean_up(&root).expect(0);
    assert!(!part.exists() && !roots::domains(&root).contains_key("half"));
    assert!(root.join("home/user/.home-restore-mine").exists() && root.join("home/user/x.part").exists());
}

#[test]
fn five_restores_at_once_wait_for_each_other() {
    let place = Workspace::new();
    let root = place.empty("here");
    let run_five = |options: &[&str]| -> Vec<programs::Run> {
        let five: Vec<_> = (0..5)
            .map(|number| {
                let folder = place.path(&format!("out-{number}"));
                fs::create_dir_all(&folder).unwrap();
                start(&mut place.restore(&root, options), &folder)
            })
            .collect();
        five.into_iter().map(|running| running.finish(LONG)).collect()
    };
    let runs = run_five(&["--rename-conflicting"]);
    for run in &runs {
        assert_eq!(run.code, 0, "{}", run.said());
    }
    let waited = runs
        .iter()
        .filter(|run| run.stderr.contains("another restore into this PedOS is running"));
    assert!(waited.count() >= 3);
    let domains = roots::domains(&root);
    for name in ALL.into_iter().filter(|name| *name != "dom0") {
        for copy in 0..5 {
            let here = if copy == 0 {
                name.to_owned()
            } else {
                format!("{name}-{copy}")
            };
            let domain = domains
                .get(&here)
                .unwrap_or_else(|| panic!("{here} is missing: {:?}", domains.keys()));
            assert!(!domain.tags.iter().any(|tag| tag == TAG), "{here}");
            for (volume, path) in roots::volume_files(&root, domain) {
                let there = &roots::domains(&place.path("root"))[name];
                roots::expect_same_volume(&roots::volume_files(&place.path("root"), there)[&volume], &path);
            }
        }
    }
    let numbers: std::collections::BTreeSet<u32> = domains.values().map(|domain| domain.qid).collect();
    assert_eq!(numbers.len(), domains.len(), "no number is there twice");
    // Without new names it is said before anything is done that the names are taken.
    for run in run_five(&[]) {
        assert_eq!(run.code, 1, "{}", run.said());
        assert!(
            run.stderr.contains("work") && run.stderr.contains("exist"),
            "{}",
            run.stderr
        );
    }
    assert_eq!(roots::domains(&root).len(), domains.len());
}

#[test]
fn who_waits_for_another_restore_is_told_and_can_give_up() {
    let place = Workspace::new();
    let root = place.empty("here");
    let host = RootHost::open(&root).unwrap();
    let RestoreTurn::Mine(turn) = host.restore_turn().unwrap() else {
        panic!("nobody has the turn");
    };
    let running = start(&mut place.restore(&root, &[]), place.folder.path());
    let err = place.path("stderr");
    crate::support::wait::wait_until("word of the wait", LONG, || {
        fs::read_to_string(&err).is_ok_and(|said| said.contains("waiting until it ends"))
    });
    running.signal("INT");
    let asked = Instant::now();
    let run = running.finish(SOON);
    assert_eq!(run.code, 4, "{}", run.said());
    assert!(asked.elapsed() < SOON);
    if Path::new("/proc/locks").exists() && run.stderr.contains("(process") {
        assert!(
            run.stderr.contains(&format!("(process {})", std::process::id())),
            "{}",
            run.stderr
        );
    }
    assert_eq!(roots::domains(&root).len(), 1, "only dom0");
    let running = start(&mut place.restore(&root, &[]), place.folder.path());
    thread::sleep(Duration::from_millis(500));
    drop(turn);
    assert_eq!(running.finish(LONG).code, 0);
}
