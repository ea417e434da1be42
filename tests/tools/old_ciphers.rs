// SPDX-License-Identifier: GPL-3.0-or-later
//! Archives of formats 3 and 2 with every cipher that their systems offered, made by stock openssl.

use std::{fs, path::Path};

use crate::support::{
    noise::Noise,
    old_archive::OldArchive,
    programs::{Run, finish, passfile, qvm_backup_restore},
    tools,
};
use pedos_backup::crypto::OldCipher;

const PASSPHRASE: &str = "an old passphrase";

fn run(passphrase_file: &Path, archive: &Path, options: &[&str]) -> Run {
    let mut command = qvm_backup_restore();
    finish(command.arg("-p").arg(passphrase_file).args(options).arg(archive))
}

fn content() -> Vec<u8> {
    let mut content = Noise::new(3).bytes(70_001);
    content.extend(vec![b'x'; 60_000]);
    content
}

#[test]
fn every_cipher_of_the_old_days_is_read() {
    if !tools::have(&["bash", "openssl", "tar", "gzip"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let pass = passfile(folder.path(), PASSPHRASE);
    let content = content();
    let mut read = Vec::new();
    // One for each algorithm and mode; all of them are tried against openssl elsewhere.
    let ciphers = [
        "camellia-256-cbc",
        "camellia128",
        "des-ede3-cbc",
        "des3",
        "aes-256-cfb",
        "aes-256-cfb8",
        "aes-192-ctr",
        "aes-128-ofb",
        "bf-cbc",
        "cast5-cbc",
        "rc2-cbc",
        "rc4",
        "aria-256-cbc",
        "AES-256-CBC",
    ];
    for (version, cipher) in ciphers.iter().flat_map(|cipher| [(3, *cipher), (2, *cipher)]) {
        let place = folder.path().join(format!("{cipher}-{version}"));
        let archive = OldArchive {
            version,
            cipher,
            passphrase: PASSPHRASE,
        };
        let Some(archive) = archive.make(&place, &content) else {
            tools::say(&format!("this openssl does not have {cipher}"));
            continue;
        };
        let listing = run(&pass, &archive, &["--list"]).expect(0);
        assert!(listing.stdout.contains("work"), "{}", listing.stdout);
        let verified = run(&pass, &archive, &["--verify-only", "--ignore-missing"]);
        assert_eq!(verified.code, 0, "{cipher} {version}: {}", verified.said());
        let volume = place.join("volume");
        let options = ["--extract", "work:private", "-o", volume.to_str().unwrap()];
        run(&pass, &archive, &options).expect(0);
        assert!(fs::read(&volume).unwrap() == content, "{cipher} {version}");
        let wrong = passfile(&place, "another passphrase");
        run(&wrong, &archive, &["--verify-only"]).expect(5);
        read.push(cipher);
    }
    for cipher in [
        "camellia-256-cbc",
        "des-ede3-cbc",
        "aes-256-cfb",
        "aes-192-ctr",
        "aes-128-ofb",
    ] {
        assert!(read.contains(&cipher), "{cipher}");
    }
    assert!(read.iter().all(|name| OldCipher::from_name(name).is_some()));
}

/// The commands that are offered in place of a cipher do what they promise.
#[test]
fn a_cipher_that_is_not_read_comes_with_commands_that_work() {
    if !tools::have(&["bash", "openssl", "tar", "gzip"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let pass = passfile(folder.path(), PASSPHRASE);
    let content = content();
    for (version, cipher) in [
        (3, "aes-256-cfb1"),
        (3, "seed-cbc"),
        (2, "desx-cbc"),
        (2, "camellia-128-cfb1"),
    ] {
        let place = folder.path().join(format!("{cipher}-{version}"));
        let archive = OldArchive {
            version,
            cipher,
            passphrase: PASSPHRASE,
        };
        let Some(archive) = archive.make(&place, &content) else {
            tools::say(&format!("this openssl does not have {cipher}"));
            continue;
        };
        let refused = run(&pass, &archive, &["--list"]).expect(1);
        assert!(refused.stderr.contains(cipher), "{}", refused.stderr);
        let commands: Vec<&str> = refused
            .stderr
            .lines()
            .map(str::trim)
            .skip_while(|line| !line.starts_with("read -r -s pass"))
            .take_while(|line| !line.starts_with("Stock"))
            .collect();
        let script = commands
            .join("\n")
            .replace("ARCHIVE", archive.to_str().unwrap())
            .replace("vm1", "vm5");
        let script = script.replace("read -r -s pass", "read -r -s pass <pass");
        let empty = place.join("by-hand");
        fs::create_dir(&empty).unwrap();
        fs::write(empty.join("pass"), format!("{PASSPHRASE}\n")).unwrap();
        tools::shell(&empty, &script, &[]);
        assert!(
            fs::read(empty.join("vm5/private.img")).unwrap() == content,
            "{cipher} {version}"
        );
        assert!(empty.join("qubes.xml").exists(), "{cipher} {version}");
    }
}

/// One and the same passphrase, written with letters that have their marks, or with letters and marks.
#[test]
fn both_forms_of_a_passphrase_open_what_the_other_one_sealed() {
    if !tools::have(&["bash", "openssl", "tar", "gzip"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let forms = ["gr\u{fc}ne \u{c5}pfel", "gru\u{308}ne A\u{30a}pfel"];
    let content = content();
    for version in [3, 2] {
        for (index, passphrase) in forms.iter().enumerate() {
            let place = folder.path().join(format!("{version}-{index}"));
            let archive = OldArchive {
                version,
                cipher: "aes-256-cbc",
                passphrase,
            };
            let archive = archive.make(&place, &content).unwrap();
            for form in forms {
                let pass = passfile(&place, form);
                run(&pass, &archive, &["--verify-only", "--ignore-missing"]).expect(0);
                let volume = place.join(format!("volume-{}", form.len()));
                let options = ["--extract", "work:private", "-o", volume.to_str().unwrap()];
                run(&pass, &archive, &options).expect(0);
                assert!(fs::read(&volume).unwrap() == content);
            }
            run(&passfile(&place, "grune Apfel"), &archive, &["--verify-only"]).expect(5);
        }
    }
}
