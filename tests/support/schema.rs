// SPDX-License-Identifier: GPL-3.0-or-later
//! Documents for other programs, held against their schemas.

use std::{fs, path::Path};

use serde_json::Value;

/// A document that holds against its schema.
#[track_caller]
pub(crate) fn checked(schema: &str, document: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{schema}.schema.json"));
    let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let document: Value = serde_json::from_str(document).unwrap_or_else(|error| panic!("{error}: {document}"));
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let offences: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(offences.is_empty(), "{offences:#?}\n{document:#}");
    document
}
