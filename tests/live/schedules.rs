// SPDX-License-Identifier: GPL-3.0-or-later
//! A backup that a live PedOS repeats: the helper sets up the timer and the credential, and systemd's own tools read both.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use pedos_backup::{profile::Profile, schedule::Rhythm};
use pedos_standin::{Dialect, Standin};

use crate::support::{
    programs::{self, Run, finish},
    tools,
};

use crate::pedos::open;

const PASSPHRASE: &str = "kept by systemd ü";

fn standin() -> Standin {
    let pedos = Standin::new(Dialect::V4_2);
    let units = pedos.root().join("usr/lib/systemd/system");
    fs::create_dir_all(&units).unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/systemd");
    let service = fs::read_to_string(data.join("pedos-backup@.service.in")).unwrap();
    let service = service.replace("@BINDIR@", "/usr/bin");
    fs::write(units.join("pedos-backup@.service"), service).unwrap();
    fs::copy(data.join("pedos-backup@.timer"), units.join("pedos-backup@.timer")).unwrap();
    pedos
}

fn save(pedos: &Standin, name: &str, more: &str) {
    let text = format!("include: null\ndestination_vm: dom0\ndestination_path: /mnt/disk\n{more}");
    let folder = open(pedos).profile_dir().unwrap();
    Profile::parse(&text).unwrap().profile.save(&folder, name).unwrap();
}

fn qvm_backup(pedos: &Standin, options: &[&str]) -> Run {
    let mut tool = programs::qvm_backup();
    finish(tool.arg("--root").arg(pedos.root()).args(options))
}

fn systemctl(pedos: &Standin, arguments: &[&str]) -> String {
    let mut root = std::ffi::OsString::from("--root=");
    root.push(pedos.root());
    let output = Command::new("systemctl").arg(root).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.symlink_metadata().unwrap().file_type() {
            kind if kind.is_dir() => found.extend(files(&path)),
            kind if kind.is_file() => found.push(path),
            _ => {}
        }
    }
    found
}

#[test]
fn a_profile_is_repeated_as_systemd_reads_it_and_its_passphrase_is_nowhere_in_plain_text() {
    if !tools::have(&["systemctl", "systemd-creds", "systemd-escape"]) {
        return;
    }
    let pedos = standin();
    for name in ["night", "my ü-disk"] {
        save(&pedos, name, "");
        let escaped = Command::new("systemd-escape").arg(name).output().unwrap().stdout;
        let instance = String::from_utf8(escaped).unwrap().trim().to_owned();
        let timer = format!("pedos-backup@{instance}.timer");
        let passfile = pedos.root().parent().unwrap().join("passphrase");
        fs::write(&passfile, PASSPHRASE).unwrap();
        let passfile = passfile.to_str().unwrap();
        let set = |rhythm: &str| qvm_backup(&pedos, &["--schedule", &format!("{name}={rhythm}"), "-p", passfile]);
        assert!(set("daily").expect(0).stdout.contains("repeated every day"));
        assert_eq!(systemctl(&pedos, &["is-enabled", &timer]), "enabled");
        let drop_in = pedos.root().join(format!("etc/systemd/system/{timer}.d/rhythm.conf"));
        let calendar = || fs::read_to_string(&drop_in).unwrap();
        assert!(calendar().ends_with("OnCalendar=\nOnCalendar=daily\n"));
        set("monthly").expect(0);
        assert!(calendar().ends_with("OnCalendar=monthly\n"));
        assert_eq!(open(&pedos).rhythm(name), Some(Rhythm::Monthly));
        let listed = qvm_backup(&pedos, &["--list-profiles"]).expect(0).stdout;
        assert!(
            listed.contains(&format!("{name}\n  Repeated: Monthly\n  Destination: /mnt/disk")),
            "{listed}"
        );
        let credential = pedos
            .root()
            .join(format!("etc/credstore.encrypted/pedos-backup.{instance}"));
        let mut decrypt = Command::new("systemd-creds");
        decrypt.args(["decrypt", "--name=passphrase"]).arg(&credential).arg("-");
        let decrypted = decrypt.stderr(Stdio::inherit()).output().unwrap();
        assert_eq!(String::from_utf8(decrypted.stdout).unwrap(), PASSPHRASE);
        for file in files(pedos.root()) {
            let content = fs::read(&file).unwrap();
            let is_plain = content
                .windows(PASSPHRASE.len())
                .any(|window| window == PASSPHRASE.as_bytes());
            assert!(!is_plain, "{}", file.display());
        }
        set("never").expect(0);
        assert_eq!(systemctl(&pedos, &["is-enabled", &timer]), "disabled");
        assert!(!credential.exists());
        assert_eq!(open(&pedos).rhythm(name), None);
        // Once more does no harm.
        set("never").expect(0);
    }
    let left: Vec<PathBuf> = files(&pedos.root().join("etc/systemd"));
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_profile_that_knows_its_passphrase_needs_none() {
    if !tools::have(&["systemctl"]) {
        return;
    }
    let pedos = standin();
    save(&pedos, "night", "passphrase_vm: vault\n");
    qvm_backup(&pedos, &["--schedule", "night=weekly"]).expect(0);
    assert_eq!(open(&pedos).rhythm("night"), Some(Rhythm::Weekly));
    assert!(!pedos.root().join("etc/credstore.encrypted").exists());
}

#[test]
fn what_cannot_be_repeated_is_refused_and_changes_nothing() {
    if !tools::have(&["systemctl"]) {
        return;
    }
    let pedos = standin();
    let none = qvm_backup(&pedos, &["--schedule", "night=weekly", "-p", "/dev/null"]).expect_failure(&[1]);
    assert!(none.said().contains("no backup profile"), "{}", none.said());
    save(&pedos, "night", "");
    qvm_backup(&pedos, &["--schedule", "night=weekly", "-p", "/dev/null"]).expect_failure(&[1]);
    qvm_backup(&pedos, &["--schedule", "night=hourly", "-p", "/dev/null"]).expect_failure(&[2]);
    // systemd finds no such unit.
    fs::remove_dir_all(pedos.root().join("usr/lib/systemd")).unwrap();
    save(&pedos, "night", "passphrase_vm: vault\n");
    let failed = qvm_backup(&pedos, &["--schedule", "night=weekly"]).expect_failure(&[1]);
    assert!(failed.said().contains("systemctl"), "{}", failed.said());
    assert_eq!(open(&pedos).rhythm("night"), None);
}

#[test]
fn a_passphrase_in_plain_text_leaves_the_profile_for_the_credential() {
    if !tools::have(&["systemctl", "systemd-creds"]) {
        return;
    }
    let pedos = standin();
    save(&pedos, "night", &format!("passphrase_text: \"{PASSPHRASE}\"\n"));
    qvm_backup(&pedos, &["--schedule", "night=weekly"]).expect(0);
    let text = fs::read_to_string(pedos.root().join("etc/qubes/backup/night.conf")).unwrap();
    assert!(!text.contains(PASSPHRASE) && text.contains("/mnt/disk"), "{text}");
    let credential = pedos.root().join("etc/credstore.encrypted/pedos-backup.night");
    let mut decrypt = Command::new("systemd-creds");
    let decrypted = decrypt
        .args(["decrypt", "--name=passphrase"])
        .arg(credential)
        .arg("-")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(decrypted.stdout).unwrap(), PASSPHRASE);
}
