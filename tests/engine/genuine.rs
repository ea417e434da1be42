// SPDX-License-Identifier: GPL-3.0-or-later
//! Genuine archives of the reference: what it wrote is opened, and verified to the last byte.
//!
//! They lie in the folder that the variable `PEDOS_BACKUP_FIXTURES` names; without it these tests say so and pass.

use std::{path::PathBuf, sync::Arc};

use pedos_backup::{
    engine::{self, Context, VerifyVerdict},
    plan::{Access, RestoreChoices, RestorePlan, RestorePolicy, resolve},
    secret::Passphrase,
    transport::Location,
};

fn fixture(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("PEDOS_BACKUP_FIXTURES");
    if folder.is_none() {
        eprintln!("skipped: PEDOS_BACKUP_FIXTURES is not set");
    }
    Some(PathBuf::from(folder?).join(name))
}

fn verify(name: &str, passphrase: &str) {
    let Some(path) = fixture(name) else { return };
    let passphrase = Arc::new(Passphrase::for_reading(passphrase.to_owned()));
    let access = Access::new(Location::File(path).into(), passphrase);
    let context = Context::default();
    let opened = engine::open_archive(&access, None, &context).unwrap();
    let policy = RestorePolicy {
        verify_only: true,
        ..RestorePolicy::default()
    };
    let choices = RestoreChoices {
        policy,
        ..RestoreChoices::default()
    };
    let table = resolve(&opened.inventory, &Default::default(), &choices);
    let plan = RestorePlan { access, table };
    let report = engine::verify::run(&plan.into(), None, &context).unwrap();
    assert_eq!(report.verdict, VerifyVerdict::Good, "{report:#?}");
    assert!(report.is_success());
}

#[test]
fn a_compressed_archive_is_good() {
    verify("v4-gzip-some.bak", "pass word!");
}

#[test]
fn an_archive_compressed_with_zstd_is_good() {
    verify("v4-zstd.bak", &passphrase("v4-zstd.json"));
}

#[test]
fn an_uncompressed_archive_is_good() {
    verify("v4-none.bak", &passphrase("v4-none.json"));
}

#[test]
fn an_archive_of_dom0_alone_is_good() {
    verify("v4-dom0-only.bak", "x");
}

#[test]
fn an_archive_whose_parts_are_exactly_full_is_good() {
    verify("v4-exact-chunks.bak", "x");
}

fn passphrase(name: &str) -> String {
    let Some(path) = fixture(name) else {
        return String::new();
    };
    let text = std::fs::read_to_string(path).unwrap();
    let start = text.split("\"passphrase\": \"").nth(1).unwrap();
    start.split('"').next().unwrap().to_owned()
}
