// SPDX-License-Identifier: GPL-3.0-or-later
//! The record of the crates that the programs are built of, in `docs/CRATES.md`: an update that brings a new crate, C code, a build
//! script or more `unsafe` changes that table, and so it is seen by whoever reads the change. With UPDATE set the table is written anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use super::files::{absolute, read};

const RECORD: &str = "docs/CRATES.md";
const BEGIN: &str = "<!-- the table: written by tests/house/crates.rs -->\n";
const END: &str = "<!-- end of the table -->\n";

/// A crate as the record has it.
struct Record {
    name: String,
    version: String,
    licence: String,
    from: String,
    /// How often the word `unsafe` stands in its code.
    unsafe_words: usize,
    has_c: bool,
    has_build_script: bool,
    is_macro: bool,
}

/// What cargo says of the crates of all programs on this platform.
fn metadata() -> Value {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "metadata",
        "--format-version=1",
        "--locked",
        "--offline",
        "--filter-platform",
    ]);
    let output = cargo
        .arg("x86_64-unknown-linux-gnu")
        .current_dir(absolute(Path::new("")))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The identifiers of the packages that end up in a program, those that only build it included and those of tests left out.
fn in_programs(metadata: &Value) -> BTreeSet<&str> {
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let by_id: BTreeMap<&str, &Value> = nodes.iter().map(|node| (node["id"].as_str().unwrap(), node)).collect();
    let root = metadata["resolve"]["root"].as_str().unwrap();
    let mut found = BTreeSet::new();
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        for needed in by_id[id]["deps"].as_array().unwrap() {
            let kinds = needed["dep_kinds"].as_array().unwrap();
            let package = needed["pkg"].as_str().unwrap();
            if kinds.iter().any(|kind| kind["kind"] != "dev") && found.insert(package) {
                open.push(package);
            }
        }
    }
    found
}

fn record(package: &Value) -> Record {
    let text = |field: &str| package[field].as_str().unwrap_or_default().to_owned();
    let kinds: Vec<&str> = package["targets"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|target| target["kind"].as_array().unwrap().iter().filter_map(Value::as_str))
        .collect();
    let folder = PathBuf::from(text("manifest_path")).parent().unwrap().to_owned();
    let sources = below(&folder);
    let of = |ending: &'static str| {
        let is = move |path: &&PathBuf| path.extension().is_some_and(|end| end == ending);
        sources.iter().filter(is)
    };
    let is_code = |path: &&PathBuf| path.strip_prefix(&folder).unwrap().starts_with("src");
    Record {
        name: text("name"),
        version: text("version"),
        licence: text("license"),
        from: text("repository")
            .trim_start_matches("https://")
            .trim_end_matches(".git")
            .to_owned(),
        unsafe_words: of("rs")
            .filter(is_code)
            .map(|path| unsafe_words(&fs::read_to_string(path).unwrap()))
            .sum(),
        // Tests of bindings have some as well, which nobody links.
        has_c: package["links"].is_string() && of("c").any(|path| !path.starts_with(folder.join("tests"))),
        has_build_script: kinds.contains(&"custom-build"),
        is_macro: kinds.contains(&"proc-macro"),
    }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

/// Counts the word `unsafe` outside comments and texts. Raw texts count as code; they hardly ever hold the word.
fn unsafe_words(source: &str) -> usize {
    let mut count = 0;
    for line in source.lines() {
        let code = line.split("//").next().unwrap_or_default();
        // Every second piece stands between quotation marks.
        let pieces = code.split('"').step_by(2);
        let words = pieces.flat_map(|piece| piece.split(|c: char| !c.is_alphanumeric() && c != '_'));
        count += words.filter(|word| *word == "unsafe").count();
    }
    count
}

fn table() -> String {
    let metadata = metadata();
    let used = in_programs(&metadata);
    let mut records: Vec<Record> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| used.contains(package["id"].as_str().unwrap()))
        .map(record)
        .collect();
    records.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    let total: usize = records.iter().map(|record| record.unsafe_words).sum();
    let mut table = format!(
        "{} crates; `unsafe` stands in them {total} times, and nowhere in this package, which forbids it.\n\n\
         | crate | version | licence | `unsafe` | brings | from |\n|---|---|---|---:|---|---|\n",
        records.len()
    );
    for record in &records {
        let brings = [
            (record.has_c, "C code"),
            (record.has_build_script, "build script"),
            (record.is_macro, "macro"),
        ];
        let brings: Vec<&str> = brings.iter().filter(|(does, _)| *does).map(|(_, what)| *what).collect();
        writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} |",
            record.name,
            record.version,
            record.licence,
            record.unsafe_words,
            brings.join(", "),
            record.from
        )
        .unwrap();
    }
    table
}

#[test]
fn the_record_of_crates_is_that_of_the_lock_file() {
    let kept = read(Path::new(RECORD));
    let (before, rest) = kept.split_once(BEGIN).expect("the record has a table");
    let (inside, after) = rest.split_once(END).expect("the table ends");
    let made = table();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(
            absolute(Path::new(RECORD)),
            format!("{before}{BEGIN}{made}{END}{after}"),
        )
        .unwrap();
        return;
    }
    let differs = made.lines().find(|line| !inside.lines().any(|kept| kept == *line));
    assert!(
        inside == made,
        "{RECORD} is out of date at {differs:?}: look at the crate, then run with UPDATE=1"
    );
}

/// The libraries in C that are linked in, as CRATES.md names them, with the file of the crate that tells the version and what stands
/// before its numbers there.
const LIBRARIES: [(&str, &str, &str, &[&str]); 3] = [
    (
        "zstd",
        "zstd-sys",
        "zstd/lib/zstd.h",
        &["ZSTD_VERSION_MAJOR", "ZSTD_VERSION_MINOR", "ZSTD_VERSION_RELEASE"],
    ),
    (
        "liblzma (xz)",
        "liblzma-sys",
        "xz/src/liblzma/api/lzma/version.h",
        &["LZMA_VERSION_MAJOR", "LZMA_VERSION_MINOR", "LZMA_VERSION_PATCH"],
    ),
    (
        "libdeflate",
        "libdeflate-sys",
        "libdeflate/libdeflate.h",
        &["LIBDEFLATE_VERSION_STRING"],
    ),
];

#[test]
fn the_record_names_the_versions_of_the_libraries_in_c() {
    let metadata = metadata();
    let used = in_programs(&metadata);
    let kept = read(Path::new(RECORD));
    let mut with_c = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap() {
        if !used.contains(package["id"].as_str().unwrap()) {
            continue;
        }
        let name = package["name"].as_str().unwrap();
        if record(package).has_c {
            with_c.insert(name);
        }
        let Some((library, _, header, words)) = LIBRARIES.iter().find(|(_, of, ..)| *of == name) else {
            continue;
        };
        let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
        let text = fs::read_to_string(folder.join(header)).unwrap();
        let number = |word: &&str| {
            let line = text
                .lines()
                .find(|line| line.starts_with("#define") && line.split_whitespace().nth(1) == Some(word));
            line.and_then(|line| line.split_whitespace().nth(2))
                .unwrap()
                .trim_matches('"')
                .to_owned()
        };
        let version = words.iter().map(number).collect::<Vec<_>>().join(".");
        assert!(
            kept.contains(&format!("| {library} | {version} |")),
            "{library} is {version}"
        );
    }
    assert_eq!(
        with_c,
        LIBRARIES.iter().map(|(_, of, ..)| *of).collect(),
        "every library in C is named"
    );
}

#[test]
fn words_in_comments_and_texts_are_no_code() {
    let source = "unsafe { x() } // unsafe\nlet a = \"unsafe\"; not_unsafe();\nunsafe impl A {} unsafe fn b() {}";
    assert_eq!(unsafe_words(source), 3);
}
