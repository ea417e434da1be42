// SPDX-License-Identifier: GPL-3.0-or-later
//! Looking into an archive with the tool and getting single files out of it, on a computer that is no PedOS.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::PathBuf,
    process::Command,
};

use crate::support::{
    jobs,
    programs::{self, Run, passfile},
    reseal::Opened,
    roots::{self, Fill, KIB, MIB, Vm},
    schema::checked,
    tools,
};
use pedos_backup::format::{Compression, decoder, inner};
use serde_json::Value;

/// A folder with a root, an archive of some of its VMs, and the file with its passphrase.
struct Setting {
    folder: tempfile::TempDir,
    archive: PathBuf,
    pass: PathBuf,
}

impl Setting {
    fn new(vms: &[Vm], names: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        roots::make(&folder.path().join("root"), vms);
        let archive = jobs::archive(&folder.path().join("root"), names, folder.path());
        let pass = passfile(folder.path(), jobs::PASSPHRASE);
        Self { folder, archive, pass }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, options: &[&str]) -> Run {
        programs::finish(&mut self.command(options))
    }

    fn command(&self, options: &[&str]) -> Command {
        let mut command = programs::qvm_backup_restore();
        command.arg("-p").arg(&self.pass).args(options).arg(&self.archive);
        command.current_dir(self.folder.path()).env("PATH", "");
        command
    }
}

#[test]
fn a_listing_needs_no_pedos_and_names_every_vm() {
    let setting = Setting::new(&roots::small(), &["work", "dom0"]);
    let run = setting.run(&["--list"]).expect(0);
    for word in ["work", "solo", "only mentioned", "AppVM", "scrypt", "gzip"] {
        assert!(run.stdout.contains(word), "{word}: {}", run.stdout);
    }
    let run = setting.run(&["--list", "--json"]).expect(0);
    let listing = checked("listing", &run.stdout);
    assert_eq!(listing["are_notes_read"], false);
    assert_eq!(run.stderr, "");
}

#[test]
fn notes_are_read_on_demand() {
    let setting = Setting::new(&roots::small(), &["work", "solo"]);
    let notes = fs::read_to_string(setting.path("root/var/lib/qubes/appvms/work/notes.txt")).unwrap();
    let run = setting.run(&["--list", "--notes", "--json"]).expect(0);
    let listing = checked("listing", &run.stdout);
    assert_eq!(listing["are_notes_read"], true);
    let vms = listing["vms"].as_array().unwrap();
    let work = vms.iter().find(|vm| vm["name"] == "work").unwrap();
    assert_eq!(work["notes"], notes);
    let run = setting.run(&["--list", "--notes"]).expect(0);
    assert!(run.stdout.contains("Notes of work:"), "{}", run.stdout);
}

#[test]
fn a_report_is_the_only_thing_on_standard_output() {
    let setting = Setting::new(&roots::small(), &["work", "solo"]);
    let run = setting.run(&["--verify-only", "--json"]).expect(0);
    let report = checked("report", &run.stdout);
    assert_eq!(
        (&report["outcome"], &report["verdict"]),
        (&"done".into(), &"good".into())
    );
    assert!(report["archive"]["backup_id"].is_string());
    assert!(run.stderr.contains("The backup is whole"), "{}", run.stderr);
    let mut bytes = fs::read(&setting.archive).unwrap();
    bytes[40] ^= 1;
    fs::write(&setting.archive, bytes).unwrap();
    let run = setting.run(&["--verify-only", "--json"]);
    assert_ne!(run.code, 0);
    assert_eq!(checked("report", &run.stdout)["outcome"], "failed");
}

#[test]
fn a_plan_that_cannot_begin_and_one_that_is_only_tried_are_documents_too() {
    let setting = Setting::new(&roots::small(), &["work", "solo", "dom0"]);
    let before = fs::read(setting.path("root/var/lib/qubes/qubes.xml")).unwrap();
    for options in [
        &["--root", "root", "--json"][..],
        &["--root", "root", "--json", "--dry-run"],
    ] {
        let run = setting.run(options).expect_failure(&[1]);
        let plan = checked("plan", &run.stdout);
        assert_eq!(plan["is_ready"], false);
        let vms = plan["vms"].as_array().unwrap();
        let work = vms.iter().find(|vm| vm["name"] == "work").unwrap();
        assert_eq!(work["state"], "blocked");
        assert_eq!(work["netvm"]["name"], "net");
        assert_eq!(work["devices"][0]["fate"], "kept");
        assert_eq!(work["problems"][0]["code"], "name_taken");
        let options: Vec<&str> = work["problems"][0]["cures"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|cure| cure["option"].as_str())
            .collect();
        assert_eq!(
            options,
            ["--rename work=NAME", "--rename-conflicting", "--exclude work"]
        );
        assert_eq!(vms.last().unwrap()["name"], "dom0");
        assert!(run.stderr.contains("--rename work=NAME"), "{}", run.stderr);
    }
    let options = [
        "--root",
        "root",
        "--json",
        "--dry-run",
        "--rename-conflicting",
        "-x",
        "solo",
    ];
    let plan = checked("plan", &setting.run(&options).expect(0).stdout);
    assert_eq!(plan["is_ready"], true);
    let states: Vec<&str> = plan["vms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|vm| vm["state"].as_str().unwrap())
        .collect();
    assert_eq!(
        states.iter().filter(|state| **state == "left_out").count(),
        1,
        "{states:?}"
    );
    let after = fs::read(setting.path("root/var/lib/qubes/qubes.xml")).unwrap();
    assert_eq!(before, after, "a dry run changes nothing");
}

#[test]
fn a_pool_that_may_be_too_small_is_told_before_a_restore_begins() {
    let setting = Setting::new(
        &[Vm::new("solo", "AppVM").volume("private", Fill::Bytes(vec![1; 9000]))],
        &["solo"],
    );
    let run = setting.run(&["--new-root", "fits", "--json", "--dry-run"]).expect(0);
    assert_eq!(checked("plan", &run.stdout)["shortages"], Value::Array(Vec::new()));
    announce(&setting, "4611686018427387904");
    let run = setting.run(&["--new-root", "tried", "--json", "--dry-run"]).expect(0);
    let shortage = &checked("plan", &run.stdout)["shortages"][0];
    assert_eq!(shortage["pool"], "varlibqubes");
    assert_eq!(shortage["needed_bytes"], 1_u64 << 62);
    // Holes and compression have a part in it, so this stands in nobody's way.
    let run = setting.run(&["--new-root", "here"]).expect(0);
    assert!(run.stderr.contains("They may not fit"), "{}", run.stderr);
    roots::expect_same(&setting.path("root"), "solo", &setting.path("here"), "solo");
}

/// Changes what the archive says of the sizes of its VMs.
fn announce(setting: &Setting, bytes: &str) {
    let opened = Opened::new(fs::read(&setting.archive).unwrap(), jobs::PASSPHRASE);
    let changed = opened.rewritten(&|name, content| {
        if name != "qubes.xml.000.enc" {
            return vec![(name.to_owned(), content)];
        }
        let mut tar = Vec::new();
        let mut stream = decoder(Compression::Gzip, content.as_slice());
        stream.read_to_end(&mut tar).unwrap();
        let text = String::from_utf8(tar[512..].to_vec()).unwrap();
        let text = text.trim_end_matches('\0');
        let start = text.find("\"backup-size\">").unwrap() + "\"backup-size\">".len();
        let end = start + text[start..].find('<').unwrap();
        let text = [&text[..start], bytes, &text[end..]].concat();
        let mut writer = inner::Writer::new(Vec::new());
        let member = inner::NewMember::small_file("qubes.xml", 0, text.len() as u64);
        writer.member(&member).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
        writer.end_member().unwrap();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&writer.finish().unwrap()).unwrap();
        vec![(name.to_owned(), packed.finish().unwrap())]
    });
    fs::write(&setting.archive, changed).unwrap();
}

#[test]
fn a_restore_prints_a_table_of_its_vms() {
    let setting = Setting::new(&roots::small(), &["work", "solo"]);
    let run = setting.run(&["--new-root", "here"]).expect(0);
    assert!(
        run.stdout.contains("\n  solo  done\n") && run.stdout.contains("\n  work  done\n"),
        "{}",
        run.stdout
    );
}

fn volumes() -> [Vm; 2] {
    [
        Vm::new("one", "StandaloneVM")
            .volume("root", Fill::Sparse(3 * 1024 * MIB + 1, 64 * KIB, 8))
            .volume("private", Fill::Dense(2 * MIB + 513, 1)),
        Vm::new("two", "StandaloneVM").volume("private", Fill::Dense(MIB, 2)),
    ]
}

#[test]
fn a_volume_comes_out_sparse_whole_and_for_its_user_alone() {
    let setting = Setting::new(&volumes(), &["one", "two"]);
    for volume in ["root", "private"] {
        let out = format!("{volume}.out");
        setting
            .run(&["--extract", &format!("one:{volume}"), "-o", &out])
            .expect(0);
        let there = setting.path(&format!("root/var/lib/qubes/appvms/one/{volume}.img"));
        roots::expect_same_volume(&there, &setting.path(&out));
    }
    let metadata = fs::metadata(setting.path("private.out")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o7777, 0o600);
}

#[test]
fn holes_stay_holes_and_an_existing_file_is_not_touched() {
    let setting = Setting::new(&volumes(), &["one"]);
    setting.run(&["--extract", "one:root", "-o", "out"]).expect(0);
    let metadata = fs::metadata(setting.path("out")).unwrap();
    assert_eq!(metadata.len(), 3 * 1024 * MIB + 1);
    assert!(metadata.blocks() * 512 < 64 * MIB, "{} blocks", metadata.blocks());
    fs::write(setting.path("out"), "mine").unwrap();
    setting.run(&["--extract", "one:root", "-o", "out"]).expect(1);
    assert_eq!(fs::read(setting.path("out")).unwrap(), b"mine");
}

#[test]
fn a_stream_gets_the_plain_bytes() {
    let setting = Setting::new(&volumes(), &["one", "two"]);
    let output = setting
        .command(&["--extract", "one:private", "-o", "-"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let there = fs::read(setting.path("root/var/lib/qubes/appvms/one/private.img")).unwrap();
    assert!(
        output.stdout == there,
        "{} bytes instead of {}",
        output.stdout.len(),
        there.len()
    );
}

#[test]
fn small_files_and_the_home_come_out() {
    let setting = Setting::new(&roots::small(), &["work", "dom0"]);
    setting
        .run(&["--extract", "work:firewall.xml", "-o", "rules"])
        .expect(0);
    let there = fs::read(setting.path("root/var/lib/qubes/appvms/work/firewall.xml")).unwrap();
    assert_eq!(fs::read(setting.path("rules")).unwrap(), there);
    setting.run(&["--extract", "dom0", "-o", "home"]).expect(0);
    let compared = tools::shell(
        setting.folder.path(),
        "diff -r --no-dereference root/home/user home/dom0-home/user",
        &[],
    );
    assert_eq!(compared, "");
    setting.run(&["--extract", "dom0", "-o", "home"]).expect(1);
}

#[test]
fn what_is_not_there_is_said_and_leaves_nothing() {
    let setting = Setting::new(&roots::small(), &["work"]);
    for what in ["work:nothing", "nobody:private", "solo:private", "work:no.txt"] {
        let run = setting.run(&["--extract", what, "-o", "out"]).expect(1);
        assert!(run.stderr.contains("does not hold"), "{what}: {}", run.stderr);
    }
    assert!(!setting.path("out").exists() && !setting.path("out.part").exists());
    for options in [
        &["--extract", "work", "-o", "out"][..],
        &["--extract", "dom0", "-o", "-"],
        &["--extract", "work:private", "-o", "-", "--json"],
    ] {
        setting.run(options).expect(2);
    }
}

#[test]
fn a_damaged_volume_gets_no_name_and_damage_elsewhere_does_not_matter() {
    let setting = Setting::new(&volumes(), &["one", "two"]);
    let mut bytes = fs::read(&setting.archive).unwrap();
    // The last large member is the private volume of the second VM.
    let place = bytes.len() - 600_000;
    bytes[place] ^= 1;
    fs::write(&setting.archive, bytes).unwrap();
    let run = setting
        .run(&["--extract", "two:private", "-o", "out", "--json"])
        .expect(6);
    let report = checked("report", &run.stdout);
    assert_eq!(
        (&report["job"], &report["outcome"]),
        (&"extract".into(), &"failed".into())
    );
    assert_eq!(report["vms"][0]["error"]["code"], "damaged");
    assert!(!setting.path("out").exists() && !setting.path("out.part").exists());
    let run = setting
        .run(&["--extract", "one:private", "-o", "out", "--json"])
        .expect(0);
    let report = checked("report", &run.stdout);
    assert_eq!(report["extracted"], setting.path("out").to_str().unwrap());
    roots::expect_same_volume(
        &setting.path("root/var/lib/qubes/appvms/one/private.img"),
        &setting.path("out"),
    );
}

#[test]
fn genuine_archives_are_listed_and_opened_file_by_file() {
    let Some(fixtures) = tools::fixtures() else { return };
    let folder = tempfile::tempdir().unwrap();
    for name in ["v4-gzip-some", "v4-none"] {
        let made: Value = serde_json::from_slice(&fs::read(fixtures.join(format!("{name}.json"))).unwrap()).unwrap();
        let pass = passfile(folder.path(), made["passphrase"].as_str().unwrap());
        let mut command = programs::qvm_backup_restore();
        command.arg("-p").arg(&pass).args(["--list", "--notes", "--json"]);
        command.arg(fixtures.join(format!("{name}.bak"))).env("PATH", "");
        let listing = checked("listing", &programs::finish(&mut command).expect(0).stdout);
        let vms = listing["vms"].as_array().unwrap();
        assert!(vms.iter().any(|vm| vm["is_in_archive"] == true), "{name}");
    }
}
