// SPDX-License-Identifier: GPL-3.0-or-later
//! The vectors of `tests/vectors`: small archives, each wrong in one way, with an index of what every reader should make of
//! them. They are made here (`UPDATE=1` writes them anew), and read as any other archive.

mod backup;
mod deflate;
mod new_front;
mod new_inner;
mod new_outer;
mod old;
mod seal;
mod tar;
mod ten_thousand;
mod vector;

use std::{
    collections::BTreeMap,
    env, fs,
    io::Read,
    path::{Path, PathBuf},
    thread,
    time::SystemTime,
};

use flate2::read::MultiGzDecoder;
use pedos_backup::{
    engine::{self, Context, EngineError, Report},
    job::{Ended, JobKind, Outcome},
    json,
    plan::{Access, RestoreChoices, RestorePlan, RestorePolicy, VerifyPlan, resolve},
    transport::Location,
};
use serde_json::{Value, json};

use crate::support::{jobs, roots, schema::checked};
use vector::{Vector, digest};

/// How many vectors are read at a time.
const AT_A_TIME: usize = 8;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn all() -> Vec<Vector> {
    let mut sets = vec![
        new_outer::good_ones(),
        new_outer::outer(),
        new_front::header(),
        new_front::macs(),
        new_inner::compression(),
        new_inner::inner(),
        new_front::inventory(),
        new_inner::firewall(),
    ];
    sets.extend(old::v3());
    sets.extend(old::v2());
    sets.into_iter().flat_map(|set| set.vectors).collect()
}

fn index(vectors: &[Vector]) -> Vec<Value> {
    vectors.iter().map(Vector::entry).collect()
}

#[test]
fn the_vectors_are_those_that_are_made_here() {
    let vectors = all();
    let names: BTreeMap<String, &Vector> = vectors.iter().map(|vector| (vector.file(), vector)).collect();
    assert_eq!(names.len(), vectors.len(), "two of one name");
    let folder = folder();
    if env::var_os("UPDATE").is_some_and(|value| value == "1") {
        write(&folder, &vectors);
    }
    let there: Value = serde_json::from_slice(&fs::read(folder.join("index.json")).unwrap()).unwrap();
    let without_digests = |entries: &[Value]| {
        let mut entries = entries.to_vec();
        let inexact = entries.iter_mut().filter(|entry| entry["is_exact"] == false);
        inexact.for_each(|entry| entry["sha256"] = Value::Null);
        entries
    };
    assert!(
        without_digests(there["vectors"].as_array().unwrap()) == without_digests(&index(&vectors)),
        "UPDATE=1 writes the index anew"
    );
    for (name, vector) in &names {
        assert!(
            !vector.is_exact || unpacked(&folder.join(name)) == vector.bytes,
            "{name}: UPDATE=1 writes it anew"
        );
    }
    let archives = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for name in archives.filter(|name| name.ends_with(".bak.gz")) {
        assert!(names.contains_key(&name), "{name} is not in the index");
    }
}

/// An archive of the folder, where they are compressed: half of each is zeros.
fn unpacked(file: &Path) -> Vec<u8> {
    let packed = fs::File::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut bytes = Vec::new();
    MultiGzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Writes all of them. What a compressor made stays as it is where it is there.
fn write(folder: &Path, vectors: &[Vector]) {
    fs::create_dir_all(folder).unwrap();
    let mut entries = index(vectors);
    for (vector, entry) in vectors.iter().zip(&mut entries) {
        let file = folder.join(vector.file());
        if vector.is_exact || !file.exists() {
            fs::write(&file, deflate::gzip(&vector.bytes)).unwrap();
        }
        entry["sha256"] = digest(&unpacked(&file)).into();
    }
    let lines: Vec<String> = entries.iter().map(Value::to_string).collect();
    let index = format!("{{\"schema_version\":1,\"vectors\":[\n{}\n]}}\n", lines.join(",\n"));
    fs::write(folder.join("index.json"), index).unwrap();
}

/// What was made of an archive.
#[derive(Debug, PartialEq)]
struct Said {
    verdict: String,
    code: Option<String>,
    reason: Option<String>,
}

impl Said {
    fn expected(entry: &Value) -> Self {
        let text = |key: &str| entry[key].as_str().map(str::to_owned);
        Self {
            verdict: text("verdict").unwrap(),
            code: text("code"),
            reason: text("reason"),
        }
    }

    fn of(result: Result<Report, EngineError>) -> Self {
        let is_refused = result.is_err();
        let outcome = match result {
            Ok(report) => Outcome::Done(Box::new(report)),
            Err(error) => Outcome::Failed(error, Default::default()),
        };
        let ended = Ended {
            kind: JobKind::Verify,
            outcome: &outcome,
            place: "a place",
            archive: None,
            profile: None,
            at: SystemTime::UNIX_EPOCH,
        };
        let report = checked("report", &json::report(&ended));
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            verdict: if is_refused {
                "refused".into()
            } else {
                text(&report["verdict"]).unwrap()
            },
            code: text(&report["error"]["code"]),
            reason: text(&report["error"]["reason"]),
        }
    }
}

#[test]
fn every_reader_makes_of_a_vector_what_the_index_says() {
    let folder = folder();
    let index = checked_index(&folder);
    let scratch = tempfile::tempdir().unwrap();
    let entries = index["vectors"].as_array().unwrap();
    assert!(entries.len() >= 60);
    // A restore waits for the disk most of the time.
    let wrong: Vec<String> = thread::scope(|scope| {
        let judge = |entries: &[Value]| -> Vec<String> {
            let judged = entries.iter().map(|entry| judge(&folder, scratch.path(), entry));
            judged.flatten().collect()
        };
        let judges: Vec<_> = entries
            .chunks(entries.len().div_ceil(AT_A_TIME))
            .map(|entries| scope.spawn(move || judge(entries)))
            .collect();
        judges.into_iter().flat_map(|judge| judge.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What differs from an entry of the index.
fn judge(folder: &Path, scratch: &Path, entry: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = entry["file"].as_str().unwrap();
    let bytes = unpacked(&folder.join(name));
    assert_eq!(digest(&bytes), entry["sha256"], "{name}");
    let archive = scratch.join(format!("{name}.archive"));
    fs::write(&archive, bytes).unwrap();
    let access = || {
        let passphrase = jobs::passphrase(entry["passphrase"].as_str().unwrap());
        Access::new(Location::File(archive.clone()).into(), passphrase)
    };
    let expected = Said::expected(entry);
    let plan = VerifyPlan::everything(access());
    let said = Said::of(engine::verify::run(&plan, None, &Context::default()));
    if said != expected {
        wrong.push(format!("{name}: {said:?}, not {expected:?}"));
    }
    let listed = listed(&access());
    if listed != entry["listed"] {
        wrong.push(format!("{name}: lists {listed}"));
    }
    let (restored, is_success) = restored(&scratch.join(name), access());
    if restored != entry["restorable"] {
        wrong.push(format!("{name}: restores {restored}"));
    }
    if is_success != (expected.verdict == "good") {
        wrong.push(format!("{name}: a restore that is all: {is_success}"));
    }
    wrong
}

fn checked_index(folder: &Path) -> Value {
    let read = |name: &str| -> Value { serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap() };
    let (schema, index) = (read("index.schema.json"), read("index.json"));
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let offences: Vec<String> = validator
        .iter_errors(&index)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(offences.is_empty(), "{offences:#?}");
    index
}

/// The VMs that a listing names; none where there is no listing.
fn listed(access: &Access) -> Value {
    let Ok(opened) = engine::open_archive(access, None, &Context::default()) else {
        return json!([]);
    };
    let listing = checked("listing", &json::listing("a place", &opened, None));
    let vms = listing["vms"].as_array().unwrap().iter();
    vms.filter(|vm| vm["is_in_archive"] == true)
        .map(|vm| vm["name"].clone())
        .collect()
}

/// Restores everything into a new root.
fn restore_all(root: &Path, access: Access) -> Result<Report, EngineError> {
    // The template of the VMs in old archives.
    roots::make(
        root,
        &[roots::Vm::new("tpl", "TemplateVM").volume("root", roots::Fill::Holes(0))],
    );
    let host = jobs::host(root);
    let choices = RestoreChoices {
        policy: RestorePolicy {
            accept_missing: true,
            ignore_user_mismatch: true,
            ..RestorePolicy::default()
        },
        ..RestoreChoices::default()
    };
    engine::open_archive(&access, None, &Context::default()).and_then(|opened| {
        let table = resolve(&opened.inventory, &host.system()?, &choices);
        engine::restore::run(&RestorePlan { access, table }, host.as_ref(), &Context::default())
    })
}

/// Restores everything into a new root; what is there then, and whether the restore says that it is all.
fn restored(root: &Path, access: Access) -> (Value, bool) {
    let restored = restore_all(root, access);
    let is_success = restored.is_ok_and(|report| report.is_success());
    let mut vms = Vec::new();
    let mut domains: Vec<_> = roots::domains(root).into_values().collect();
    domains.sort_by_key(|domain| vector::ALL.iter().position(|name| *name == domain.name));
    for domain in domains
        .iter()
        .filter(|domain| !["dom0", "tpl"].contains(&domain.name.as_str()))
    {
        // The root volume of a VM that stands alone is not in the archive, and empty.
        let files = roots::volume_files(root, domain)
            .into_iter()
            .filter(|(name, _)| name == "private");
        let volumes: Vec<Value> = files
            .map(|(name, file)| {
                let content = fs::read(file).unwrap();
                json!({ "name": name, "size_bytes": content.len(), "sha256": digest(&content) })
            })
            .collect();
        vms.push(json!({ "name": domain.name, "volumes": volumes }));
    }
    (vms.into(), is_success)
}
