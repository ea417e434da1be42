// SPDX-License-Identifier: GPL-3.0-or-later
//! Backup profiles: what the existing tools write is read, what is written they read.

use std::{
    fs,
    num::{NonZeroU32, NonZeroUsize},
    os::unix::fs::MetadataExt,
    process::Command,
    sync::Arc,
};

use pedos_backup::{
    crypto::KdfCost,
    format::{Compression, Level},
    host::LocalDir,
    plan::{InventoryScope, RetentionPolicy, RetentionRule},
    profile::{Extras, PassphraseSource, Profile, ProfileError},
    secret::Passphrase,
};

const ODD: [&str; 14] = [
    "null",
    "yes",
    "123",
    "",
    " a ",
    "@tag:x",
    "$type:AppVM",
    "a: b # c",
    "ä„ß“ 漢 🦀",
    "'\"\\",
    "- x",
    "{[&*!|>%`",
    "a\tb\u{7f}\u{2028}",
    "\u{feff}0x1",
];

fn odd() -> Profile {
    Profile {
        include: Some(ODD.map(str::to_owned).to_vec()),
        exclude: vec!["no".to_owned()],
        destination_vm: "sys-usb".to_owned(),
        destination_path: "sh -c 'cat > \"/mnt/x: #\"'".to_owned(),
        compression: Compression::None,
        passphrase: PassphraseSource::Text(Arc::new(Passphrase::for_reading(" pä\"s's\\ # : ~ ".to_owned()))),
        extras: Extras {
            level: Some(Level::Exact(7)),
            scope: Some(InventoryScope::SelectedOnly),
            kdf: Some(KdfCost::REFERENCE),
            verify: Some(false),
            recovery_text: Some(true),
            is_gentle: Some(true),
            jobs: NonZeroUsize::new(3),
            store: Some("ssh -s nas sftp".to_owned()),
            overdue_days: Some(14),
            known_vms: Some(vec!["dom0".to_owned(), "work".to_owned()]),
            retention: RetentionPolicy::default()
                .with(RetentionRule::Last, NonZeroU32::new(3))
                .with(RetentionRule::Monthly, NonZeroU32::new(12)),
        },
    }
}

#[test]
fn what_the_existing_tools_write_is_read() {
    let text = "compression: zcat\ndestination_path: /x\ndestination_vm: dom0\ninclude: null\n";
    assert!(matches!(Profile::parse(text), Err(ProfileError::UnknownCompression { name }) if name == "zcat"));
    let text = "{compression: true, destination_path: /mnt/my disk, destination_vm: sys-usb,\n  include: [dom0, work, $tag:x], passphrase_text: hunter 2, other: 1, more: {a: [1, {b: c}]}}\n";
    let loaded = Profile::parse(text).unwrap();
    let profile = loaded.profile;
    assert_eq!(loaded.unknown_keys, ["other", "more"]);
    assert_eq!(profile.include.as_deref().unwrap(), ["dom0", "work", "$tag:x"]);
    assert_eq!(
        (profile.destination_vm.as_str(), profile.destination_path.as_str()),
        ("sys-usb", "/mnt/my disk")
    );
    assert_eq!(profile.compression, Compression::Gzip);
    assert!(matches!(profile.passphrase, PassphraseSource::Text(text) if text.as_str() == "hunter 2"));
    let text = "---\n# made by hand\ninclude: ~\nexclude:\n  - a\n  - 'b'\ndestination_vm: dom0\ndestination_path: >-\n  /x\n  y\ncompression: off\npassphrase_vm: vault\n...\n";
    let profile = Profile::parse(text).unwrap().profile;
    assert!(
        profile.include.is_none()
            && profile.exclude == ["a", "b"]
            && ["", "dom0"].contains(&profile.destination_vm.as_str())
    );
    assert_eq!(
        (profile.destination_path.as_str(), profile.compression),
        ("/x y", Compression::None)
    );
    assert!(matches!(profile.passphrase, PassphraseSource::Vm(vm) if vm == "vault"));
    let text = "include: [a]\ndestination_vm: dom0\ndestination_path: 2026\ncompression: gzip\n";
    let profile = Profile::parse(text).unwrap().profile;
    assert_eq!(
        (profile.destination_path.as_str(), profile.compression),
        ("2026", Compression::Gzip)
    );
}

#[test]
fn what_is_no_profile_is_refused_without_repeating_it() {
    let rest = "destination_vm: dom0\ndestination_path: /x\n";
    for text in [
        "",
        "a",
        "- a",
        "include: null",
        rest,
        "include: null\ndestination_vm: dom0\n",
        &format!("include: a\n{rest}"),
        &format!("include: [null]\n{rest}"),
        &format!("include: [[a]]\n{rest}"),
        &format!("include: null\ninclude: null\n{rest}"),
        &format!("include: null\ncompression: [a]\n{rest}"),
        &format!("include: null\npassphrase_text: true\n{rest}"),
        &format!("include: &a [x]\nexclude: *a\n{rest}"),
        &format!("include: null\n{rest}---\na: b\n"),
        "include: null\ndestination_vm: [dom0]\ndestination_path: /x\n",
        "include: \"secret",
        "passphrase_text: \"secret\\q\"\n",
        "\t: {",
    ] {
        let error = Profile::parse(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }
}

#[test]
fn what_is_ours_stands_in_a_mapping_of_its_own_and_is_checked() {
    let rest = "include: null\ndestination_vm: dom0\ndestination_path: /x\n";
    let of = |mapping: &str| Profile::parse(&format!("{rest}pedos_backup: {mapping}\n"));
    let loaded = of("{level: small, nice: on, later: {a: 1}}").unwrap();
    assert_eq!(loaded.unknown_keys, ["pedos_backup.later"]);
    let extras = loaded.profile.extras;
    assert_eq!(
        (extras.level, extras.is_gentle, extras.verify),
        (Some(Level::Small), Some(true), None)
    );
    assert_eq!(of("null").unwrap().profile.extras, Extras::default());
    for wrong in [
        "[a]",
        "x",
        "{level: best}",
        "{jobs: 0}",
        "{verify: maybe}",
        "{kdf_strength: 3}",
        "{nice: 1, nice: 2}",
    ] {
        assert!(of(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_profile_comes_back_as_it_was_kept_and_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("etc/qubes/backup");
    assert!(matches!(
        Profile::load(&LocalDir::new(&folder), "x"),
        Err(ProfileError::NotFound { .. })
    ));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("x.conf"), "old").unwrap();
    let path = odd().save(&LocalDir::new(&folder), "x").unwrap();
    assert_eq!(path, folder.join("x.conf"));
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    let loaded = Profile::load(&LocalDir::new(&folder), "x").unwrap();
    assert!(loaded.unknown_keys.is_empty());
    assert_eq!(*loaded.profile.print(), *odd().print());
    assert_eq!(loaded.profile.extras, odd().extras);
    assert_eq!(loaded.profile.include.unwrap(), ODD);
    for name in ["", "../x", "a/b", ".x"] {
        assert!(
            matches!(
                odd().save(&LocalDir::new(&folder), name),
                Err(ProfileError::BadName { .. })
            ),
            "{name}"
        );
    }
    assert!(!format!("{:?}", odd()).contains("pä"));
}

#[test]
fn the_existing_tools_parser_reads_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = odd().save(&LocalDir::new(folder.path()), "x").unwrap();
    let script = "import sys,json\ntry:\n  import yaml\nexcept ImportError:\n  sys.exit(9)\njson.dump(yaml.safe_load(open(sys.argv[1],encoding='utf-8')),sys.stdout)";
    let Ok(output) = Command::new("python3").args(["-c", script]).arg(&path).output() else {
        println!("no python3 here: not tried");
        return;
    };
    if output.status.code() == Some(9) {
        println!("no PyYAML here: not tried");
        return;
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["include"], serde_json::json!(ODD));
    assert_eq!(value["exclude"], serde_json::json!(["no"]));
    assert_eq!(value["destination_path"], "sh -c 'cat > \"/mnt/x: #\"'");
    assert_eq!(value["compression"], false);
    assert_eq!(value["pedos_backup"]["level"], 7);
    assert_eq!(value["pedos_backup"]["only_selected_metadata"], true);
    assert_eq!(value["passphrase_text"], " pä\"s's\\ # : ~ ");
}

#[test]
fn a_profile_is_read_up_to_its_largest_size() {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalDir::new(folder.path().to_owned());
    let saved = |bytes: usize| {
        odd().save(&local, "large").unwrap();
        let path = folder.path().join("large.conf");
        let mut text = std::fs::read(&path).unwrap();
        text.resize(bytes, b'\n');
        std::fs::write(&path, text).unwrap();
        Profile::load(&local, "large").map(|loaded| loaded.profile)
    };
    assert_eq!(saved(1 << 20).unwrap().include, odd().include);
    let error = saved((1 << 20) + 1).unwrap_err();
    assert!(
        matches!(error, ProfileError::TooLarge { bytes: 1_048_577, .. }),
        "{error:?}"
    );
    // A device says that it has no bytes, and does not end.
    std::fs::remove_file(folder.path().join("large.conf")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("large.conf")).unwrap();
    assert!(matches!(
        Profile::load(&local, "large"),
        Err(ProfileError::TooLarge { .. })
    ));
}

#[test]
fn a_profile_of_as_many_keys_as_fit_is_read_in_good_time() {
    let text: String = (0..120_000).map(|number| format!("k{number}: \n")).collect();
    let begun = std::time::Instant::now();
    drop(Profile::parse(&text[..1 << 20]));
    assert!(
        begun.elapsed() < std::time::Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    let nested = format!("other: {{x: {}", "[".repeat(1 << 19));
    assert!(Profile::parse(&nested).is_err());
    assert!(
        begun.elapsed() < std::time::Duration::from_secs(40),
        "{:?}",
        begun.elapsed()
    );
}
