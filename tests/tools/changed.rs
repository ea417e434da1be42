// SPDX-License-Identifier: GPL-3.0-or-later
//! `--changed`: VMs whose data have not changed since their last backup are left out, which is said, and no whole backup goes for it.

use std::{
    fs::File,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use crate::support::{
    programs::{finish, names},
    roots,
    workspace::Workspace,
};

fn volume(place: &Workspace, vm: &str) -> PathBuf {
    place.path(&format!("root/var/lib/qubes/appvms/{vm}/private.img"))
}

/// As if the VM had run after its last backup.
fn change(place: &Workspace, vm: &str) {
    let file = File::options().write(true).open(volume(place, vm)).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(60)).unwrap();
}

/// As if no VM had run for long.
fn place() -> Workspace {
    let place = Workspace::new(&roots::small());
    for vm in ["vault", "work"] {
        let file = File::options().write(true).open(volume(&place, vm)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(3600))
            .unwrap();
    }
    place
}

#[test]
fn only_what_changed_since_its_last_backup_is_backed_up_and_that_is_said() {
    let place = place();
    let target = place.path("target");
    let changed = |vms: &[&str]| finish(place.backup().arg("--changed").arg(&target).args(vms));
    // What was never backed up counts as changed.
    let first = changed(&["vault", "work"]).expect(0);
    assert!(first.stdout.contains("vault") && first.stdout.contains("work"));
    assert_eq!(names(&target).len(), 1);
    let nothing = changed(&["vault", "work"]).expect(0);
    assert!(nothing.said().contains("Nothing has changed"), "{}", nothing.said());
    assert_eq!(names(&target).len(), 1);
    change(&place, "work");
    let second = changed(&["vault", "work"]).expect(0);
    assert!(second.stderr.contains("not a whole backup"), "{}", second.said());
    let table: Vec<&str> = second
        .stdout
        .lines()
        .filter(|line| line.contains("| ") || line.contains(" |"))
        .collect();
    assert!(table.iter().any(|line| line.contains("work")), "{}", second.stdout);
    assert!(!table.iter().any(|line| line.contains("vault")), "{}", second.stdout);
    assert_eq!(names(&target).len(), 2);
}

#[test]
fn a_backup_of_what_changed_takes_the_place_of_no_whole_one() {
    let place = place();
    let target = place.path("target");
    let options = ["--save-profile", "night", "--verify", "--keep-last", "1"];
    finish(place.backup().args(options).arg(&target).args(["vault", "work"])).expect(0);
    let by_profile = |more: &[&str]| finish(place.backup().args(["--profile", "night"]).args(more)).expect(0);
    let whole = names(&target);
    change(&place, "work");
    by_profile(&["--changed"]);
    let both = names(&target);
    assert!(both.len() == 2 && both.contains(&whole[0]), "{both:?}");
    // The next whole one goes by the rules of whole ones.
    by_profile(&[]);
    let now = names(&target);
    assert!(now.len() == 2 && !now.contains(&whole[0]), "{now:?}");
    for rule in ["--keep-last=1", "--save-profile=x"] {
        finish(place.backup().args(["--changed", rule]).arg(&target)).expect_failure(&[2]);
    }
}
