// SPDX-License-Identifier: GPL-3.0-or-later
//! What a backup was told and what it did, as a script sees it: profiles keep every setting, and whatever was asked for and
//! not done is no success.

use std::fs;

use crate::support::{
    programs::{self, finish, names, only_archive},
    roots,
    tools::shell,
    workspace::Workspace,
};

const STRONG: &str = "quartz lemur ratify oblong canopy";

fn with_passphrase(place: &Workspace, passphrase: &str) -> std::path::PathBuf {
    let folder = tempfile::tempdir_in(place.path("")).unwrap().keep();
    programs::passfile(&folder, passphrase)
}

#[test]
fn a_verification_that_cannot_be_done_is_said_before_and_is_no_success() {
    let place = Workspace::new(&roots::small());
    let to = |options: &[&str]| {
        let mut command = place.backup();
        finish(
            command
                .args(["-d", "net", "sh -c 'cat > backup'", "vault"])
                .args(options),
        )
    };
    let run = to(&["--verify"]).expect(3);
    assert!(
        run.stderr
            .contains("the backup will not be verified: it goes to a command in a VM"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("The backup was written, but not verified"),
        "{}",
        run.stderr
    );
    assert!(!run.said().contains("finished"), "{}", run.said());
    assert_eq!(names(&place.net_home()).len(), 1);
}

#[test]
fn a_profile_keeps_what_the_line_says_and_the_line_goes_first() {
    let place = Workspace::new(&roots::small());
    let target = place.path("target");
    let mut command = place.backup();
    let settings = [
        "--level",
        "fast",
        "--verify",
        "--recovery-text",
        "--only-selected-metadata",
        "--nice",
        "--jobs",
        "2",
    ];
    finish(
        command
            .arg(&target)
            .arg("vault")
            .args(settings)
            .args(["--save-profile", "all"]),
    )
    .expect(0);
    let profile = fs::read_to_string(place.path("root/etc/qubes/backup/all.conf")).unwrap();
    for line in [
        "pedos_backup:",
        "  level: fast",
        "  verify: true",
        "  recovery_text: true",
        "  only_selected_metadata: true",
        "  nice: true",
        "  jobs: 2",
    ] {
        assert!(profile.lines().any(|other| other == line), "{line}: {profile}");
    }
    let again = |options: &[&str]| {
        for name in names(&target) {
            fs::remove_file(target.join(name)).unwrap();
        }
        let mut command = programs::qvm_backup();
        command
            .arg("--root")
            .arg(place.path("root"))
            .args(["-y", "--profile", "all"]);
        finish(command.args(options)).expect(0)
    };
    let run = again(&[]);
    assert!(
        run.stdout.contains("The backup is finished and verified"),
        "{}",
        run.stdout
    );
    assert_eq!(names(&target).len(), 2, "with its recovery text");
    assert!(!again(&["--no-verify"]).stdout.contains("verified"));
}

#[test]
fn a_passphrase_that_holds_badly_or_is_hard_to_type_again_is_pointed_out() {
    let place = Workspace::new(&roots::small());
    let said = |number: usize, passphrase: &str| {
        let target = place.path(&format!("target{number}"));
        fs::create_dir(&target).unwrap();
        let mut command = programs::qvm_backup();
        command.arg("--root").arg(place.path("root")).args(["-y", "-q", "-p"]);
        command
            .arg(with_passphrase(&place, passphrase))
            .arg(&target)
            .arg("vault");
        finish(&mut command).expect(0).stderr
    };
    for (number, weak) in ["a", "password", "green tea mornings"].into_iter().enumerate() {
        assert!(
            said(number, weak).contains("the passphrase protects the backup poorly"),
            "{weak}"
        );
    }
    assert_eq!(said(10, STRONG), "");
    assert!(said(11, &format!("\u{feff}{STRONG}")).contains("U+FEFF"));
    assert!(said(12, &STRONG.replacen(' ', "\u{200b}", 1)).contains("U+200B"));
    assert!(said(13, &STRONG.replacen(' ', "\u{a0}", 1)).contains("U+00A0"));
}

#[test]
fn a_vm_tells_the_passphrase_of_a_profile() {
    let place = Workspace::new(&roots::small());
    let target = place.path("target");
    let profiles = place.path("root/etc/qubes/backup");
    fs::create_dir_all(&profiles).unwrap();
    let target_text = target.to_str().unwrap();
    let profile = format!(
        "include: [vault]\ndestination_vm: dom0\ndestination_path: {target_text}\ncompression: lzma\npassphrase_vm: net\n"
    );
    fs::write(profiles.join("vm.conf"), profile).unwrap();
    let run = |code| {
        let mut command = programs::qvm_backup();
        command
            .arg("--root")
            .arg(place.path("root"))
            .args(["-y", "--profile", "vm"]);
        finish(&mut command).expect(code)
    };
    let refused = run(1);
    assert!(
        refused.stderr.contains("qubes.BackupPassphrase+vm"),
        "{}",
        refused.stderr
    );
    assert!(names(&target).is_empty());
    let services = place.net_home().ancestors().nth(2).unwrap().join("etc/qubes-rpc");
    fs::create_dir_all(&services).unwrap();
    let script =
        format!("printf '%s\\n' '#!/bin/sh' '[ \"$1\" = vm ] && echo \" {STRONG} \"' > qubes.BackupPassphrase");
    shell(&services, &format!("{script}\nchmod 755 qubes.BackupPassphrase"), &[]);
    run(0);
    let mut command = programs::qvm_backup_restore();
    command
        .arg("--verify-only")
        .arg("-p")
        .arg(with_passphrase(&place, STRONG))
        .arg(only_archive(&target));
    finish(&mut command).expect(0);
}
