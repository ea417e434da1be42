// SPDX-License-Identifier: GPL-3.0-or-later
//! The documents for other programs: what is really written holds against the schemas of `docs/schema`.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use crate::support::{
    jobs,
    roots::{self, Fill, KIB, MIB, Vm},
    schema::checked,
    tools,
};
use pedos_backup::{
    engine::{self, Context, NotRemoved, OpenedArchive, RemovedArchive, Report, Warning},
    job::{Ended, Job, JobKind, Outcome},
    json,
    plan::Access,
    text,
    transport::Location,
};
use serde_json::Value;

fn open(path: &Path, passphrase: &str) -> OpenedArchive {
    let access = Access::new(Location::File(path.to_owned()).into(), jobs::passphrase(passphrase));
    engine::open_archive(&access, None, &Context::default()).unwrap()
}

fn ended<'a>(kind: JobKind, outcome: &'a Outcome, archive: Option<&'a OpenedArchive>) -> Ended<'a> {
    Ended {
        kind,
        outcome,
        place: "/mnt/disk/a backup",
        archive: archive.map(|archive| &archive.info),
        profile: None,
        at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_750_000_000),
    }
}

#[test]
fn the_schemas_are_sound_and_strict() {
    for name in ["event", "history", "listing", "plan", "report"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{name}.schema.json"));
        let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        jsonschema::draft202012::meta::validate(&schema).unwrap();
        expect_strict(name, &schema);
    }
}

/// Every object has all of its fields and no others.
fn expect_strict(place: &str, value: &Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get("properties") {
                assert_eq!(fields["additionalProperties"], Value::Bool(false), "{place}");
                assert_eq!(
                    fields["required"].as_array().unwrap().len(),
                    properties.len(),
                    "{place}"
                );
            }
            for (name, value) in fields {
                expect_strict(&format!("{place}.{name}"), value);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| expect_strict(place, value)),
        _ => {}
    }
}

#[test]
fn a_listing_says_what_is_in_an_archive_and_what_is_only_mentioned() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    roots::make(&root, &roots::small());
    let archive = open(
        &jobs::archive(&root, &["work", "dom0"], folder.path()),
        jobs::PASSPHRASE,
    );
    let listing = checked("listing", &json::listing("/x", &archive, None));
    assert_eq!(listing["are_notes_read"], false);
    assert_eq!(listing["archive"]["compression"], "gzip");
    assert_eq!(listing["archive"]["protection"], "scrypt");
    let vm = |name: &str| {
        let vms = listing["vms"].as_array().unwrap();
        vms.iter().find(|vm| vm["name"] == name).unwrap().clone()
    };
    let (work, solo, dom0) = (vm("work"), vm("solo"), vm("dom0"));
    assert_eq!(
        (&work["is_in_archive"], &solo["is_in_archive"]),
        (&true.into(), &false.into())
    );
    assert!(work["folder"].as_str().unwrap().starts_with("vm"));
    assert!(work["announced_bytes"].as_u64().unwrap() > 0);
    assert_eq!(solo["announced_bytes"], Value::Null);
    assert_eq!(dom0["folder"], "dom0-home/user");
    let volumes = work["volumes"].as_array().unwrap();
    let private = volumes.iter().find(|volume| volume["name"] == "private").unwrap();
    assert_eq!(private["is_in_archive"], true);
    assert!(private["size_bytes"].as_u64().unwrap() > 0);
}

#[test]
fn listings_of_genuine_archives_hold_against_the_schema() {
    let Some(fixtures) = tools::fixtures() else { return };
    for name in ["v4-gzip-some", "v4-none", "v4-dom0-only", "v4-exact-chunks"] {
        let made: Value = serde_json::from_slice(&fs::read(fixtures.join(format!("{name}.json"))).unwrap()).unwrap();
        let path = fixtures.join(format!("{name}.bak"));
        let archive = open(&path, made["passphrase"].as_str().unwrap());
        let listing = checked("listing", &json::listing(&path.to_string_lossy(), &archive, None));
        assert_eq!(listing["archive"]["archive_bytes"], fs::metadata(&path).unwrap().len());
    }
}

/// A root with two VMs, an archive of them, and where its bytes of the second VM begin.
fn two_vms(folder: &Path) -> std::path::PathBuf {
    let root = folder.join("root");
    let vm = |name: &str, seed| Vm::new(name, "StandaloneVM").volume("private", Fill::Dense(MIB + 5 * KIB, seed));
    roots::make(&root, &[vm("one", 1), vm("two", 2)]);
    jobs::archive(&root, &["one", "two"], folder)
}

#[test]
fn a_report_of_a_whole_restore_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let file = two_vms(folder.path());
    let here = folder.path().join("here");
    roots::make(&here, &[]);
    let host = jobs::host(&here);
    let plan = jobs::restore_plan(Location::File(file.clone()).into(), host.as_ref(), false).unwrap();
    let outcome = jobs::last_word(&jobs::spawn(Job::Restore(plan, host)));
    let archive = open(&file, jobs::PASSPHRASE);
    let report = checked(
        "report",
        &json::report(&ended(JobKind::Restore, &outcome, Some(&archive))),
    );
    assert_eq!(report["outcome"], "done");
    assert_eq!(report["job"], "restore");
    assert_eq!(report["vms"].as_array().unwrap().len(), 2);
    assert_eq!(report["vms"][0]["items"][0]["name"], "private.img");
    assert_eq!(report["vms"][0]["items"][0]["size_bytes"], MIB + 5 * KIB);
    assert!(report["elapsed_seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_report_of_a_damaged_archive_names_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = two_vms(folder.path());
    let archive = open(&file, jobs::PASSPHRASE);
    let mut bytes = fs::read(&file).unwrap();
    let last = bytes.len() - 600_000;
    bytes[last] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let plan = jobs::verify_plan(jobs::access(&file)).unwrap();
    let outcome = jobs::last_word(&jobs::spawn(Job::Verify(plan.into(), None)));
    let run = ended(JobKind::Verify, &outcome, Some(&archive));
    let report = checked("report", &json::report(&run));
    assert_eq!(
        (&report["outcome"], &report["verdict"]),
        (&"failed".into(), &"bad".into())
    );
    let two = &report["vms"][1];
    assert_eq!((&two["name"], &two["state"]), (&"two".into(), &"failed".into()));
    assert_eq!(two["error"]["code"], "damaged");
    assert!(two["error"]["member"].as_str().unwrap().contains("private.img"));
    assert!(two["error"]["position_bytes"].as_u64().unwrap() > MIB);

    let saved = folder.path().join("report.json");
    text::save_report(&saved, &run).unwrap();
    checked("report", &fs::read_to_string(&saved).unwrap());
    let saved = folder.path().join("report.txt");
    fs::write(&saved, "an older one").unwrap();
    text::save_report(&saved, &run).unwrap();
    let text = fs::read_to_string(&saved).unwrap();
    assert!(!text.to_lowercase().contains("success"), "{text}");
    assert!(
        text.contains("two") && text.contains("private.img") && text.contains("/mnt/disk/a backup"),
        "{text}"
    );
    assert!(text.contains(archive.info.backup_id.as_deref().unwrap()), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn a_report_of_a_backup_names_what_was_removed_and_what_was_not() {
    let removed = |number: i64| RemovedArchive {
        place: format!("net:/mnt/{number}"),
        backup_id: format!("2026030{number}T140500-77"),
        made: number,
    };
    let outcome = Outcome::Done(Box::new(Report {
        removed: vec![removed(1), removed(2)],
        warnings: vec![
            Warning::ArchiveNotRemoved {
                place: "/mnt/3".to_owned(),
                why: NotRemoved::Another,
            },
            Warning::OlderKept,
        ],
        ..Report::default()
    }));
    let report = checked("report", &json::report(&ended(JobKind::Backup, &outcome, None)));
    assert_eq!(report["removed"][1]["place"], "net:/mnt/2");
    assert_eq!(report["removed"][0]["backup_id"], "20260301T140500-77");
    assert_eq!(report["warnings"][0]["reason"], "another_archive");
    assert_eq!(report["warnings"][0]["subject"], "/mnt/3");
    assert_eq!(report["outcome"], "done", "what stays does no harm to the backup");
}

#[test]
fn reports_of_jobs_that_did_not_come_to_their_end_hold_against_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let file = two_vms(folder.path());
    let host = jobs::host(&folder.path().join("root"));
    let plan = jobs::restore_plan(Location::File(file).into(), host.as_ref(), true).unwrap();
    let job = jobs::spawn(Job::Verify(plan.into(), Some(host.clone())));
    job.cancel();
    let outcome = jobs::last_word(&job);
    let report = checked("report", &json::report(&ended(JobKind::Verify, &outcome, None)));
    assert_eq!(report["outcome"], "cancelled");

    let taken = jobs::backup_plan(&["one"], Location::File(folder.path().join("root")));
    let outcome = jobs::last_word(&jobs::spawn(Job::Backup(taken, host)));
    let report = checked("report", &json::report(&ended(JobKind::Backup, &outcome, None)));
    assert_eq!(report["outcome"], "failed");
    assert_eq!(report["error"]["code"], "destination_exists");
}
