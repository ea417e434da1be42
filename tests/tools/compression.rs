// SPDX-License-Identifier: GPL-3.0-or-later
//! Whole archives of every compression, made and read with nothing else installed, and the compressions that only a
//! program of the user's choice can read.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::support::{
    archive,
    jobs::{self, PASSPHRASE},
    programs::{self, Run, back_up, finish, only_archive, passfile, qvm_backup_restore},
    reseal::Opened,
    roots::{self, Fill, KIB, MIB, Vm},
    tools,
};
use pedos_backup::{
    engine::{self, Context},
    format::Compression,
    plan::BackupPlan,
    transport::Location,
};
use tempfile::TempDir;

/// A PedOS with two VMs, and room for archives of it.
struct Place {
    folder: TempDir,
    root: PathBuf,
    pass: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        roots::make(
            &root,
            &[
                Vm::new("solo", "AppVM").volume("private", Fill::Sparse(4 * MIB, 150 * KIB, 5)),
                Vm::new("other", "AppVM").volume("private", Fill::Bytes(b"short".to_vec())),
            ],
        );
        let pass = passfile(folder.path(), PASSPHRASE);
        Self { folder, root, pass }
    }

    /// A backup of both with cheap keys.
    #[track_caller]
    fn archive(&self, compression: Compression) -> Vec<u8> {
        let folder = tempfile::tempdir_in(self.folder.path()).unwrap();
        let file = folder.path().join("archive");
        let plan = BackupPlan {
            compression,
            ..jobs::backup_plan(&["solo", "other"], Location::File(file.clone()))
        };
        let host = jobs::host(&self.root);
        engine::backup::run(&plan, host.as_ref(), &Context::default()).unwrap();
        fs::read(file).unwrap()
    }

    /// Restores an archive into a new PedOS with nothing in the path, and gives that.
    fn restore(&self, bytes: &[u8], options: &[&str]) -> (TempDir, Run) {
        let here = tempfile::tempdir_in(self.folder.path()).unwrap();
        let archive = here.path().join("archive");
        fs::write(&archive, bytes).unwrap();
        let mut command = qvm_backup_restore();
        command
            .arg("--new-root")
            .arg(here.path().join("new"))
            .arg("-p")
            .arg(&self.pass)
            .args(options)
            .arg(&archive)
            .env("PATH", "");
        let run = finish(&mut command);
        (here, run)
    }

    #[track_caller]
    fn expect_restored(&self, bytes: &[u8], options: &[&str]) {
        let (here, run) = self.restore(bytes, options);
        run.expect(0);
        for name in ["solo", "other"] {
            roots::expect_same(&self.root, name, &here.path().join("new"), name);
        }
    }
}

fn header(bytes: &[u8]) -> String {
    let members = archive::members(bytes);
    let member = members.iter().find(|member| member.name == "backup-header").unwrap();
    String::from_utf8(bytes[member.data.clone()].to_vec()).unwrap()
}

/// The archive with every file packed anew by a stock tool, which its header names by another name.
fn repacked(bytes: &[u8], name: &str, line: &str) -> Vec<u8> {
    let opened = Opened::new(bytes.to_vec(), PASSPHRASE);
    let packed = opened.rewritten(&|member, content| vec![(member.to_owned(), through(line, &content))]);
    let own = header(bytes);
    let other = own.replace("compressed=False", "compressed=True");
    let other = other.replace("compression-filter=gzip", &format!("compression-filter={name}"));
    Opened::new(packed, PASSPHRASE).with_header(other.as_bytes())
}

/// What a line for a shell makes of that input.
fn through(line: &str, input: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("input"), input).unwrap();
    tools::shell(folder.path(), &format!("cat input | {line} > output"), &[]);
    fs::read(folder.path().join("output")).unwrap()
}

/// A script, written by another process: a file that this one has open for writing could not be run.
fn script(folder: &Path, name: &str, lines: &str) -> PathBuf {
    let path = folder.join(name);
    let mut writer = Command::new("sh")
        .args(["-c", "cat > \"$1\" && chmod 700 \"$1\"", "sh"])
        .arg(&path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let text = format!("#!/bin/sh\nPATH=/usr/bin:/bin\n{lines}\n");
    writer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(writer.wait().unwrap().success());
    path
}

#[test]
fn every_method_that_is_offered_is_written_and_read_with_an_empty_path() {
    let place = Place::new();
    for (method, named) in [
        ("gzip", "gzip"),
        ("zstd", "zstd"),
        ("xz", "xz"),
        ("bzip2", "bzip2"),
        ("pigz", "gzip"),
        ("pbzip2", "bzip2"),
        ("zstdmt", "zstd"),
    ] {
        let bytes = place.archive(Compression::writing_for(method).unwrap());
        // Stock readers know the tool by that name.
        assert!(header(&bytes).contains(&format!("compression-filter={named}\n")));
        assert!(header(&bytes).contains("compressed=True\n"));
        place.expect_restored(&bytes, &[]);
        place.expect_restored(&bytes, &["--compression-filter", method]);
    }
    let target = place.folder.path().join("by-tool");
    fs::create_dir(&target).unwrap();
    back_up(&place.root, &place.pass, &target, &["-Z", "pbzip2", "other"]).expect(0);
    let bytes = fs::read(only_archive(&target)).unwrap();
    assert!(header(&bytes).contains("compression-filter=bzip2\n"));
}

#[test]
fn what_is_only_read_or_unknown_is_not_offered_for_writing() {
    let place = Place::new();
    for name in ["lz4", "/usr/bin/gzip", "gzip -1", ""] {
        let run = back_up(&place.root, &place.pass, place.folder.path(), &["-Z", name]).expect(2);
        assert!(run.stderr.contains("gzip, zstd, xz, bzip2"), "{}", run.stderr);
    }
}

#[test]
fn every_stock_tool_that_a_header_may_name_is_built_in() {
    let place = Place::new();
    let plain = place.archive(Compression::None);
    for name in ["gzip", "pigz", "bzip2", "pbzip2", "xz", "lzma", "zstd", "zstdmt"] {
        if tools::have(&[name]) {
            place.expect_restored(&repacked(&plain, name, &format!("{name} -1")), &[]);
        }
    }
}

#[test]
fn a_compressor_that_is_not_built_in_is_named_and_never_run() {
    let place = Place::new();
    let plain = place.archive(Compression::None);
    let tempting = place.folder.path().join("bin");
    fs::create_dir(&tempting).unwrap();
    let trace = place.folder.path().join("was-run");
    script(
        &tempting,
        "rot13",
        &format!("touch '{}'; exec tr a-zA-Z n-za-mN-ZA-M", trace.display()),
    );
    let archive = place.folder.path().join("archive");
    fs::write(&archive, repacked(&plain, "rot13", "tr a-zA-Z n-za-mN-ZA-M")).unwrap();
    let run = |options: &[&str]| {
        let mut command = qvm_backup_restore();
        command.args(["--verify-only", "-p"]).arg(&place.pass).args(options);
        finish(command.arg(&archive).env("PATH", &tempting))
    };
    let refused = run(&[]).expect(1);
    assert!(
        refused.stderr.contains("rot13") && refused.stderr.contains("--compression-filter"),
        "{}",
        refused.stderr
    );
    assert!(!trace.exists());
    // Only its user makes it run, by a name in the path or by its place.
    run(&["-Z", "rot13"]).expect(0);
    assert!(trace.exists());
    run(&["--compression-filter", tempting.join("rot13").to_str().unwrap()]).expect(0);
    let missing = run(&["-Z", "rot14"]).expect(1);
    assert!(
        missing
            .stderr
            .contains("rot14, which is to decompress the backup, was not found"),
        "{}",
        missing.stderr
    );
    let wrong = run(&["-Z", "zstd"]).expect(6);
    assert!(
        wrong.stderr.contains("as --compression-filter says"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn a_program_that_fails_in_the_middle_fails_the_vm() {
    let place = Place::new();
    let bytes = place.archive(Compression::Gzip);
    // It knows the list of contents by its size and works for that alone.
    let program = script(
        place.folder.path(),
        "moody",
        "d=$(mktemp -d); cat > $d/x; if gzip -dc < $d/x | head -c 100 | grep -q '^qubes.xml'; then gzip -dc < $d/x; \
         else echo 'I am tired' >&2; rm -r $d; exit 3; fi; rm -r $d",
    );
    let (here, run) = place.restore(&bytes, &["-Z", program.to_str().unwrap()]);
    let run = run.expect_failure(&[1, 3, 6]);
    assert!(run.said().contains("I am tired"), "{}", run.said());
    let left = here.path().join("new/var/lib/qubes/qubes.xml");
    let left = fs::read_to_string(left).unwrap_or_default();
    assert!(!left.contains("solo"), "{left}");
    // An archive that is not compressed needs no program, so none is run.
    let plain = place.archive(Compression::None);
    place.expect_restored(&plain, &["-Z", program.to_str().unwrap()]);
    let again = programs::verify(&place.root, &place.pass, &here.path().join("archive"));
    again.expect(0);
}
