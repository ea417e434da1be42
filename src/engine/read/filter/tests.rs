// SPDX-License-Identifier: GPL-3.0-or-later
//! Programs of every manner of behaviour, in place of a decompressor.

use std::{fs, path::PathBuf, time::Instant};

use tempfile::TempDir;

use crate::{
    engine::{EngineError, Mistake, io_errors::from_io},
    format::Compression,
};

use super::*;

/// A script that stands for a decompressor.
fn script(lines: &str) -> (TempDir, Filter) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a program; touch injected");
    // Written by another process: a file that this one has open for writing could not be run.
    let mut writer = Command::new("sh")
        .args(["-c", "cat > \"$1\" && chmod 700 \"$1\"", "sh"])
        .arg(&path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let text = format!("#!/bin/sh\n{lines}\n");
    writer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(writer.wait().unwrap().success());
    let filter = Filter::Program(path.to_str().unwrap().to_owned());
    (folder, filter)
}

fn read(filter: &Filter, mut input: &[u8]) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    decoded(filter, &mut input, &CancelToken::default())?.read_to_end(&mut content)?;
    Ok(content)
}

/// More than the pipes hold.
fn much() -> Vec<u8> {
    (0..500_000_u32).flat_map(u32::to_le_bytes).collect()
}

#[test]
fn a_program_gets_all_and_gives_all() {
    let (_folder, filter) = script("[ \"$#:$1\" = 1:-d ] && exec cat");
    for content in [Vec::new(), b"abc".to_vec(), much()] {
        assert!(read(&filter, &content).unwrap() == content);
    }
    // One that first takes everything, and one that gives before it takes.
    let (_folder, filter) = script("all=$(wc -c); head -c 300000 /dev/zero; echo \"$all\"");
    assert!(read(&filter, &much()).unwrap().ends_with(b"\x002000000\n"));
    let (_folder, filter) = script("head -c 300000 /dev/zero; exec cat");
    assert_eq!(read(&filter, &much()).unwrap().len(), 2_300_000);
}

#[test]
fn a_program_is_named_and_never_a_line_for_a_shell() {
    let (folder, filter) = script("exec cat");
    assert_eq!(read(&filter, b"abc").unwrap(), b"abc");
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(!PathBuf::from("injected").exists());
    let line = Filter::Program("cat; true".to_owned());
    let error = from_io(read(&line, b"").unwrap_err(), |error| panic!("{error}"));
    let EngineError::Source(SourceError::Program { program, source }) = error else {
        panic!("{error}");
    };
    assert_eq!(
        (program.as_str(), source.kind()),
        ("cat; true", io::ErrorKind::NotFound)
    );
}

#[track_caller]
fn expect_bad(lines: &str, input: &[u8], words: &[&str]) {
    let (_folder, filter) = script(lines);
    let error = read(&filter, input).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
    let text = error.to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\n'), "{text}");
}

#[test]
fn a_program_that_is_not_content_is_not_believed() {
    expect_bad("cat; exit 7", b"abc", &["failed", "exit status: 7"]);
    let colourful = "cat; printf '\\033[31mit is\\nbroken\\377' >&2";
    expect_bad(colourful, b"abc", &["complained: [31mit is broken"]);
    expect_bad("cat; kill -9 $$", b"abc", &["signal: 9"]);
    expect_bad("head -c 10", &much(), &["before it had read everything"]);
    expect_bad("exec <&-; sleep 0.1", &much(), &["before it had read everything"]);
    // What it says may be long, and nothing waits for it to be read.
    expect_bad(
        "cat; head -c 300000 /dev/zero | tr '\\0' x >&2; exit 1",
        b"abc",
        &["xxx"],
    );
}

#[test]
fn a_program_that_hangs_is_ended_by_a_cancel() {
    for lines in [
        "sleep 600",
        "exec sleep 600",
        "cat; exec >&-; sleep 600",
        "sleep 600 & exec >&- 2>&-; wait",
    ] {
        let (_folder, filter) = script(lines);
        let cancel = CancelToken::default();
        let hand = cancel.clone();
        let stopper = thread::spawn(move || {
            thread::sleep(Duration::from_millis(300));
            hand.cancel();
        });
        let begun = Instant::now();
        let input = much();
        let mut input = &input[..];
        let mut program = decoded(&filter, &mut input, &cancel).unwrap();
        let error = program.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(matches!(
            from_io(error, |error| panic!("{error}")),
            EngineError::Cancelled
        ));
        drop(program);
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        stopper.join().unwrap();
    }
}

#[test]
fn a_program_that_nobody_reads_from_any_more_is_ended() {
    let (_folder, filter) = script("sleep 600; cat");
    let mut input = &b"abc"[..];
    let begun = Instant::now();
    drop(decoded(&filter, &mut input, &CancelToken::default()).unwrap());
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn errors_of_the_stream_come_through() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(into_io(EngineError::Internal { what: Mistake::Worker }))
        }
    }
    let (_folder, filter) = script("exec cat");
    let mut input = b"abc".chain(Broken);
    let mut program = decoded(&filter, &mut input, &CancelToken::default()).unwrap();
    let error = program.read_to_end(&mut Vec::new()).unwrap_err();
    assert!(matches!(
        from_io(error, |error| panic!("{error}")),
        EngineError::Internal { .. }
    ));
}

#[test]
fn what_is_built_in_needs_no_program() {
    assert_eq!(read(&Filter::BuiltIn(Compression::None), b"abc").unwrap(), b"abc");
}
