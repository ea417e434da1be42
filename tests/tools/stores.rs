// SPDX-License-Identifier: GPL-3.0-or-later
//! Archives in stores: behind OpenSSH's `sftp-server` and behind rclone, on this computer and in a VM.

use std::{fs, path::Path, process::Command, thread, time::Duration};

use crate::support::{
    noise::Noise,
    programs::{self, names, only_archive},
    roots::{self, Fill, KIB, MIB, Vm},
    tools,
    wait::JOB,
    workspace::{SOON, Workspace, bulk},
};

/// The servers that are installed, as a user writes them, with what stands before the name of a file in that folder.
fn servers(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for place in ["/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server"] {
        if Path::new(place).exists() {
            found.push((place.to_owned(), format!("{}/", folder.display())));
            break;
        }
    }
    if tools::have(&["rclone"]) {
        let alias = format!("rclone serve sftp --stdio :alias,remote={}:", folder.display());
        found.push((alias, "/".to_owned()));
    }
    found
}

fn openssh(folder: &Path) -> Option<(String, String)> {
    servers(folder)
        .into_iter()
        .find(|(program, _)| !program.starts_with("rclone"))
}

#[test]
fn the_same_comes_back_through_every_store() {
    let place = Workspace::new(&roots::small());
    let store = place.path("store");
    fs::create_dir(&store).unwrap();
    for (number, (program, base)) in servers(&store).into_iter().enumerate() {
        let run = programs::finish(
            place
                .backup()
                .args(["--verify", "--store", &program, &base, "vault", "dvm"]),
        )
        .expect(0);
        assert!(run.said().contains("finished and verified"), "{}", run.said());
        let archive = only_archive(&store);
        let name = format!("{base}{}", archive.file_name().unwrap().to_str().unwrap());
        let here = place.path(&format!("here-{number}"));
        let mut restore = programs::qvm_backup_restore();
        restore.args(["--store", &program, "--ignore-missing", "--new-root"]);
        programs::finish(restore.arg(&here).arg("-p").arg(&place.pass).arg(&name)).expect(0);
        roots::expect_same(&place.path("root"), "vault", &here, "vault");
        // As a file it is the same archive.
        programs::verify(&place.path("root"), &place.pass, &archive).expect(0);
        fs::remove_file(archive).unwrap();
    }
}

#[test]
fn a_store_is_reached_through_a_vm() {
    let place = Workspace::new(&roots::small());
    let store = place.path("store");
    fs::create_dir(&store).unwrap();
    let Some((program, base)) = openssh(&store) else { return };
    let through = ["-d", "net", "--store", &program];
    let run = programs::finish(place.backup().args(through).args(["--verify", &base, "vault"])).expect(0);
    assert!(run.said().contains("finished and verified"), "{}", run.said());
    let archive = only_archive(&store);
    let name = archive.to_str().unwrap();
    let list = programs::finish(place.restore().args(through).args(["--list", name])).expect(0);
    assert!(list.said().contains("vault"), "{}", list.said());
    programs::finish(place.restore().args(through).args(["--rename-conflicting", name])).expect(0);
    roots::expect_same(&place.path("root"), "vault", &place.path("root"), "vault-1");
}

#[test]
fn only_what_is_needed_is_fetched() {
    let place = Workspace::new(&[
        Vm::new("big", "StandaloneVM").volume("private", Fill::Dense(60 * MIB, 1)),
        Vm::new("small", "StandaloneVM").volume("private", Fill::Dense(4 * MIB, 2)),
    ]);
    let store = place.path("store");
    fs::create_dir(&store).unwrap();
    let Some((program, base)) = openssh(&store) else { return };
    programs::finish(place.backup().args(["--no-compress", "--store", &program, &base])).expect(0);
    let name = only_archive(&store);
    let (name, count) = (name.to_str().unwrap(), place.path("count"));
    let counting = format!("{program} | tee {}", count.display());
    let fetched = |command: &mut Command| {
        programs::finish(command.args(["--store", &counting, name])).expect(0);
        fs::metadata(&count).unwrap().len()
    };
    let list = fetched(place.restore().arg("--list"));
    assert!(list < 128 * KIB, "{list} bytes for a list");
    let look = fetched(programs::qvm_backup_restore().arg("--quick-look"));
    assert!(look < 256 * KIB, "{look} bytes for a quick look");
    let out = place.path("small.img");
    let one = fetched(
        place
            .restore()
            .args(["--extract", "small:private", "--output"])
            .arg(&out),
    );
    assert!(one < 4 * MIB + 256 * KIB, "{one} bytes for a volume of 4 MiB");
    let original = place.path("root/var/lib/qubes/appvms/small/private.img");
    assert!(fs::read(out).unwrap() == fs::read(original).unwrap());
}

#[test]
fn what_cannot_work_is_said_before_anything_begins() {
    let place = Workspace::new(&roots::small());
    let store = place.path("store");
    fs::create_dir(&store).unwrap();
    let Some((program, base)) = openssh(&store) else { return };
    let to = |program: &str, path: &str| programs::finish(place.backup().args(["--store", program, path, "vault"]));
    for (program, path, said) in [
        (program.as_str(), format!("{base}absent"), "absent"),
        (&program, place.pass.display().to_string(), "pass"),
        (
            "echo Permission denied >&2; exit 255",
            base.clone(),
            "Permission denied",
        ),
        ("cat", base.clone(), "SFTP"),
        ("echo hello; cat >/dev/null", base.clone(), "SFTP"),
        ("no-such-program-at-all", base.clone(), "not found"),
    ] {
        let run = to(program, &path).expect_failure(&[1]);
        assert!(run.said().contains(said), "{program}: {}", run.said());
    }
    to("", &base).expect_failure(&[2]);
    to("two\nlines", &base).expect_failure(&[2]);
    assert!(names(&store).is_empty());
    // A directory that may not be written to.
    if !rustix::process::geteuid().is_root() {
        let locked = place.path("locked");
        fs::create_dir(&locked).unwrap();
        fs::set_permissions(&locked, std::os::unix::fs::PermissionsExt::from_mode(0o500)).unwrap();
        to(&program, locked.to_str().unwrap()).expect_failure(&[1]);
    }
}

#[test]
fn a_backup_that_was_killed_has_no_name_in_the_store_and_is_offered_for_removal_a_day_later() {
    let place = Workspace::new(&bulk());
    let store = place.path("store");
    fs::create_dir(&store).unwrap();
    let rounds = if tools::slow_wanted() { 50 } else { 3 };
    let mut noise = Noise::new(7);
    for (program, base) in servers(&store) {
        for round in 0..rounds {
            let folder = place.path(&format!("round-{round}-{}", program.len()));
            fs::create_dir(&folder).unwrap();
            let running = programs::start(place.backup().args(["--store", &program, &base, "bulk"]), &folder);
            thread::sleep(Duration::from_millis(100 + noise.below(1500)));
            running.signal("KILL");
            running.finish(SOON);
            thread::sleep(Duration::from_millis(200));
            for name in names(&store) {
                let path = store.join(&name);
                if !name.to_string_lossy().ends_with(".part") {
                    programs::verify(&place.path("root"), &place.pass, &path).expect(0);
                }
                fs::remove_file(path).unwrap();
            }
        }
    }
    // Nobody can tell a fresh one from one that is being written.
    let left = store.join("pedos-backup-2026-01-02T030405.part");
    fs::write(&left, "x").unwrap();
    let Some((program, base)) = openssh(&store) else { return };
    let run = programs::finish(place.backup().args(["--store", &program, &base, "vault"])).expect(0);
    assert!(!run.said().contains(".part"), "{}", run.said());
    tools::run(Command::new("touch").args(["-d", "2 days ago"]).arg(&left));
    let run = programs::finish(place.backup().args(["--store", &program, &base, "vault"])).expect(0);
    assert!(
        run.said().contains("pedos-backup-2026-01-02T030405.part"),
        "{}",
        run.said()
    );
}

#[test]
fn a_cancel_leaves_nothing_in_a_store() {
    let place = Workspace::new(&bulk());
    let store = place.path("store");
    fs::create_dir(&store).unwrap();
    for (program, base) in servers(&store) {
        let folder = place.path(&format!("run-{}", program.len()));
        fs::create_dir(&folder).unwrap();
        let running = programs::start(place.backup().args(["--store", &program, &base, "bulk"]), &folder);
        crate::support::wait::wait_until("it is being written", JOB, || !names(&store).is_empty());
        thread::sleep(Duration::from_millis(300));
        running.signal("INT");
        running.finish(JOB).expect_failure(&[4]);
        assert!(names(&store).is_empty(), "{program}: {:?}", names(&store));
    }
}

#[test]
fn a_profile_remembers_its_store() {
    let place = Workspace::new(&roots::small());
    let store = place.path("store");
    fs::create_dir(&store).unwrap();
    let Some((program, base)) = openssh(&store) else { return };
    let kept = ["--store", &program, "--save-profile", "away", &base, "vault"];
    programs::finish(place.backup().args(kept)).expect(0);
    let profile = fs::read_to_string(place.path("root/etc/qubes/backup/away.conf")).unwrap();
    assert!(
        profile.contains(&format!("destination_path: \"{base}\"")) && profile.contains("store: "),
        "{profile}"
    );
    let mut again = programs::qvm_backup();
    again
        .args(["-y", "--profile", "away", "--root"])
        .arg(place.path("root"));
    programs::finish(&mut again).expect(0);
    assert_eq!(names(&store).len(), 2);
}
