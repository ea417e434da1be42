// SPDX-License-Identifier: GPL-3.0-or-later
//! Every code that there can be is in the schema, and the schema has no other.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::{
    engine::Protection,
    format::{Compression, Filter},
    host::NameFault,
    inventory::{ArchivePath, Content, Device as Assigned, Domain},
    plan::{DevicePort, Missing, Renaming, RestoreDevice},
};

const SCHEMA: &str = include_str!("../../../docs/schema/plan.schema.json");

fn text() -> String {
    "x".to_owned()
}

/// One of each problem, with each absence.
fn problems() -> Vec<RestoreProblem> {
    use RestoreProblem as P;
    let mut problems = vec![
        P::NameTaken,
        P::NameTwice,
        P::NameInvalid {
            why: NameFault::Empty,
            is_chosen: false,
        },
        P::NoDefaultTemplate,
        P::NetVmCycle { name: text() },
        P::KernelMissing {
            name: text(),
            is_chosen: false,
        },
        P::PoolMissing { name: text() },
        P::PoolOutOfReach {
            name: text(),
            driver: text(),
        },
        P::UserMismatch {
            archived: text(),
            here: text(),
        },
        P::ClassUnknown,
        P::DataMissing {
            what: Missing::Vm { vm: text() },
        },
    ];
    for absence in [
        Absence::NotHere,
        Absence::NotSelected,
        Absence::HasProblem,
        Absence::Incomplete,
        Absence::WrongKind,
    ] {
        problems.push(P::TemplateMissing {
            name: text(),
            absence,
            default: Some(text()),
        });
        problems.push(P::NetVmMissing {
            name: text(),
            absence,
            is_chosen: false,
        });
        problems.push(P::DispVmMissing {
            name: text(),
            absence,
            is_chosen: false,
        });
    }
    problems
}

fn remarks() -> Vec<RestoreRemark> {
    use RestoreRemark as R;
    let port = || DevicePort {
        class: text(),
        backend: text(),
        id: text(),
    };
    let (from, to) = (|| Reference::Default, || Reference::Named(text()));
    vec![
        R::LeftOut,
        R::Renamed {
            from: text(),
            to: text(),
            why: Renaming::TakenHere,
        },
        R::TemplateChanged {
            from: text(),
            to: text(),
        },
        R::NetVmChanged { from: from(), to: to() },
        R::DispVmChanged { from: from(), to: to() },
        R::KernelChanged {
            from: from(),
            to: Reference::None,
        },
        R::PoolChosen { name: text() },
        R::DeviceDropped { port: port() },
        R::DeviceWithoutBackend { port: port() },
        R::VmMissing {
            property: text(),
            name: text(),
        },
        R::TagDropped { tag: text() },
    ]
}

fn row() -> RestoreRow {
    let content = Content {
        path: ArchivePath::new("vm1/"),
        size_bytes: 7,
    };
    RestoreRow::new(Domain::default(), content)
}

/// A document with everything in it that there can be.
fn full() -> Value {
    let device = |fate| RestoreDevice {
        fate,
        ..RestoreDevice::kept(&Assigned {
            class: text(),
            attributes: vec![],
            options: vec![],
        })
    };
    let all = RestoreRow {
        problems: problems(),
        remarks: remarks(),
        devices: vec![
            device(DeviceFate::Kept),
            device(DeviceFate::Dropped),
            device(DeviceFate::NoBackend),
        ],
        ..row()
    };
    let out = |remark| RestoreRow {
        is_selected: false,
        remarks: vec![remark],
        ..row()
    };
    let rows = vec![
        all,
        row(),
        out(RestoreRemark::LeftOut),
        out(RestoreRemark::SkippedConflict),
        out(RestoreRemark::SkippedBroken { problems: problems() }),
        out(RestoreRemark::NotNeeded),
        out(RestoreRemark::FoundHere),
    ];
    let shortage = Shortage {
        pool: text(),
        needed_bytes: 2,
        free_bytes: 1,
    };
    let info = ArchiveInfo {
        version: 4,
        backup_id: Some(text()),
        made: None,
        filter: Filter::BuiltIn(Compression::Gzip),
        protection: Protection::Scrypt,
        archive_bytes: None,
    };
    serde_json::from_str(&plan("/x", &info, &RestoreTable { rows }, &[shortage])).unwrap()
}

#[test]
fn every_code_is_in_the_schema_and_no_other() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let full = full();
    jsonschema::draft202012::validate(&schema, &full).unwrap_or_else(|error| panic!("{error}"));
    let known = |of: &str, field: &str| -> BTreeSet<String> {
        let codes = schema["$defs"][of]["properties"][field]["enum"].as_array().unwrap();
        codes
            .iter()
            .filter_map(|code| Some(code.as_str()?.to_owned()))
            .collect()
    };
    let vms = full["vms"].as_array().unwrap();
    let found = |list: &str, field: &str| -> BTreeSet<String> {
        let entries = vms.iter().flat_map(|vm| vm[list].as_array().unwrap());
        entries
            .filter_map(|entry| Some(entry[field].as_str()?.to_owned()))
            .collect()
    };
    assert_eq!(found("problems", "code"), known("problem", "code"));
    assert_eq!(found("problems", "absence"), known("problem", "absence"));
    assert_eq!(found("remarks", "code"), known("remark", "code"));
    assert_eq!(found("devices", "fate"), known("device", "fate"));
    let cures = problems().iter().flat_map(RestoreProblem::cures).collect::<Vec<_>>();
    let cures: BTreeSet<String> = cures.iter().map(|cure| cure_code(cure).to_owned()).collect();
    assert_eq!(cures, known("cure", "code"));
    let states: BTreeSet<String> = vms.iter().map(|vm| vm["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states, known("vm", "state"));
}

#[test]
fn a_cure_that_is_no_option_names_the_other_vm() {
    let missing = RestoreProblem::TemplateMissing {
        name: "tpl".to_owned(),
        absence: Absence::NotSelected,
        default: None,
    };
    let document = problem("work", &missing);
    let first = &document.cures[0];
    assert_eq!(
        (first.code, &first.option, first.vm),
        ("restore_too", &None, Some("tpl"))
    );
    assert_eq!(document.cures[1].option.as_deref(), Some("--template work=NAME"));
}
