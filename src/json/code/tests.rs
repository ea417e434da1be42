// SPDX-License-Identifier: GPL-3.0-or-later
//! Every kind of error, every reason and every warning has its code, and the schemas list just those.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use super::*;
use crate::{
    crypto::{ContainerError, CryptoError, DecryptFault},
    engine::{ArchiveError, Damage, FilterFault, Mistake, PlanFault},
    format::{FormatFault, HeaderError, MacError, Within, outer::Anomaly},
    host::{FileFault, Operation, Refusal},
    inventory::{FirewallError, InventoryError},
    plan::Missing,
    qfile::QfileFault,
};

/// Holds a list of a schema against the codes that there are.
#[track_caller]
fn expect_listed(name: &str, of: &str, field: &str, known: impl IntoIterator<Item = Option<&'static str>>) {
    let known: BTreeSet<Option<&str>> = known.into_iter().collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{name}.schema.json"));
    let schema: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let list = schema["$defs"][of]["properties"][field]["enum"].as_array();
    let listed: Vec<Option<&str>> = list.unwrap().iter().map(Value::as_str).collect();
    // Where a code has no reasons the field is null, which stands at the end of the list.
    let known = known
        .iter()
        .flatten()
        .copied()
        .map(Some)
        .chain(known.get(&None).copied());
    let known: Vec<Option<&str>> = known.collect();
    if listed != known {
        let list = serde_json::to_string(&known).unwrap();
        panic!("{name}: {of}: {field} has to list:\n{list}");
    }
}

#[test]
fn every_code_is_in_the_schemas_and_no_other() {
    let errors = EngineError::all();
    for schema in ["event", "report", "listing"] {
        let codes = errors.iter().map(code).chain([NOT_BEGUN]);
        expect_listed(schema, "cause", "code", codes.map(Some));
        expect_listed(schema, "cause", "reason", errors.iter().map(reason));
    }
    let warnings = Warning::all();
    for schema in ["event", "report"] {
        let codes = warnings.iter().map(|warning| Some(Notice::of(warning).code));
        expect_listed(schema, "warning", "code", codes);
        let reasons = warnings.iter().map(|warning| Notice::of(warning).reason);
        expect_listed(schema, "warning", "reason", reasons);
    }
}

/// Each list is of reasons that must differ from each other and from those of all other lists.
fn reasons() -> Vec<Vec<&'static str>> {
    fn of<T>(all: impl IntoIterator<Item = T>, code: impl Fn(&T) -> &'static str) -> Vec<&'static str> {
        all.into_iter().map(|one| code(&one)).collect()
    }
    let own = |damage: &Damage| {
        !matches!(
            damage,
            Damage::Outer(_)
                | Damage::Inner { .. }
                | Damage::InnerCut { .. }
                | Damage::Mac(_)
                | Damage::Container(_)
                | Damage::Inventory(_)
                | Damage::Decryption(_)
                | Damage::Filter(_)
                | Damage::Answer(_)
        )
    };
    vec![
        of(Damage::one_of_each().into_iter().filter(own), archive::damage),
        of(FormatFault::all(), format::format_fault),
        of(Within::one_of_each(), |within| format::within(*within)),
        of(Anomaly::one_of_each(), |anomaly| format::anomaly(*anomaly)),
        of(HeaderError::one_of_each(), format::header_error),
        of(MacError::one_of_each(), |error| format::mac_error(*error)),
        of(ContainerError::one_of_each(), archive::container_error),
        of(DecryptFault::one_of_each(), |fault| archive::decrypt_fault(*fault)),
        of(FilterFault::one_of_each(), archive::filter_fault),
        of(QfileFault::one_of_each(), |fault| archive::answer_fault(*fault)),
        of(InventoryError::all(), inventory::inventory_error),
        of(
            FirewallError::all()
                .into_iter()
                .filter(|error| !matches!(error, FirewallError::Document(_))),
            inventory::firewall_error,
        ),
        of(Missing::one_of_each(), missing),
        of(
            Refusal::all().into_iter().filter(|why| {
                !matches!(
                    why,
                    Refusal::FileContent {
                        fault: FileFault::Firewall(_),
                        ..
                    }
                )
            }),
            host::refusal,
        ),
        of(Operation::one_of_each(), host::operation),
        of(PlanFault::one_of_each(), host::plan_fault),
        of(CryptoError::one_of_each(), host::key_error),
        of(Mistake::one_of_each(), host::mistake),
    ]
}

#[test]
fn no_two_reasons_have_one_code() {
    let all: Vec<&str> = reasons().into_iter().flatten().collect();
    let mut seen = BTreeSet::new();
    let twice: Vec<&&str> = all.iter().filter(|code| !seen.insert(**code)).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let is_code = |code: &&str| {
        code.bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    };
    assert!(all.iter().all(is_code));
}

#[test]
fn damage_has_its_place() {
    let error = ArchiveError::Damaged {
        member: Some("vm1/private.img.000.enc".into()),
        position: 512,
        why: Damage::MacMismatch,
    };
    let cause = Cause::of(&error.into());
    assert_eq!((cause.code, cause.position_bytes), ("damaged", Some(512)));
    assert_eq!(cause.reason, Some("mac_mismatch"));
    assert_eq!(cause.member.as_deref(), Some("vm1/private.img.000.enc"));
}
