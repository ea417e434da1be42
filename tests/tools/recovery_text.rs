// SPDX-License-Identifier: GPL-3.0-or-later
//! The recovery text beside an archive: its commands, copied out of it as a user would, get everything back with stock
//! tools alone, and it gives nothing away and takes the place of nothing.

use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{
    jobs,
    programs::{self, Run, finish, passfile, qvm_backup},
    roots,
    tools::{self, shell},
};
use pedos_backup::{
    engine::{self, Context, Warning},
    format::Compression,
    plan::BackupPlan,
    text,
    transport::Location,
};

/// A passphrase with what shells like to get wrong.
const PASSPHRASE: &str = " pä\"ss'$wörd! `x` \\n %s";

/// What the commands of a text begin with, and nothing else.
const COMMAND: &str = "    ";

/// Backs up with the tool into a file of a folder, with a recovery text.
fn back_up(root: &Path, file: &Path, options: &[&str], vms: &[&str], language: &str) -> Run {
    let pass = passfile(root.parent().unwrap(), PASSPHRASE);
    let mut command = qvm_backup();
    command.arg("--root").arg(root).args(["-y", "-p"]).arg(pass);
    command.arg("--recovery-text").args(options).arg(file).args(vms);
    finish(command.env("LANGUAGE", language))
}

/// The text that belongs to an archive.
fn text_of(archive: &Path) -> PathBuf {
    let mut path = archive.as_os_str().to_owned();
    path.push(".recovery.txt");
    path.into()
}

/// The commands of a text.
fn commands(text: &Path) -> String {
    let text = fs::read_to_string(text).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix(COMMAND));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// What the commands of a recovery text brought.
struct Recovered {
    folder: PathBuf,
    said: String,
}

impl Recovered {
    /// The folder of a VM, as the commands showed it.
    fn folder_of(&self, vm: &str) -> PathBuf {
        let pairs = self.said.lines().filter_map(|line| line.split_once("  "));
        let found = pairs.into_iter().find(|(name, _)| *name == vm);
        self.folder
            .join(found.unwrap_or_else(|| panic!("{vm}: {}", self.said)).1)
    }
}

/// Runs the commands of a text in the folder that it lies in, the passphrase at standard input.
fn recover(text: &Path, passphrase: &str, scratch: &Path) -> Recovered {
    let home = scratch.join("home");
    fs::create_dir_all(&home).unwrap();
    let (script, typed) = (scratch.join("script"), scratch.join("typed"));
    fs::write(&script, format!("{}{}", tools::PATIENT_SCRYPT, commands(text))).unwrap();
    fs::write(&typed, format!("{passphrase}\n")).unwrap();
    let output = Command::new("sh")
        .arg(&script)
        .current_dir(text.parent().unwrap())
        .env("HOME", &home)
        .env("LC_ALL", "C.UTF-8")
        .stdin(File::open(typed).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    assert!(said.contains("are identical"), "{said}\n{errors}");
    assert!(!said.contains("NOT WHOLE"), "{said}\n{errors}");
    let made = programs::names(&home);
    assert_eq!(made.len(), 1, "{made:?}");
    Recovered {
        folder: home.join(&made[0]),
        said,
    }
}

fn have_tools(unpack: &[&str]) -> bool {
    let always = ["sh", "tar", "scrypt", "diff", "find", "grep", "sort", "xmlstarlet"];
    tools::have(&[&always, unpack].concat())
}

/// Everything out of an archive that was written with these options.
fn expect_recovery(options: &[&str], vms: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let (root, target) = (folder.path().join("root"), folder.path().join("target"));
    roots::make(&root, &roots::small());
    fs::create_dir(&target).unwrap();
    let archive = target.join("a 'backup': 100%");
    let run = back_up(&root, &archive, options, vms, "").expect(0);
    let text = text_of(&archive);
    assert!(run.said().contains(".recovery.txt"), "{}", run.said());
    assert_eq!(fs::metadata(&text).unwrap().permissions().mode() & 0o777, 0o600);

    let recovered = recover(&text, PASSPHRASE, folder.path());
    assert!(recovered.said.contains(">work</property>"), "{}", recovered.said);
    let domains = roots::domains(&root);
    for name in vms.iter().filter(|name| **name != "dom0") {
        let here = recovered.folder_of(name);
        for (volume, path) in roots::volume_files(&root, &domains[*name]) {
            roots::expect_same_volume(&path, &here.join(format!("{volume}.img")));
        }
    }
    let notes = fs::read(roots::vm_folder(&root, &domains["work"]).join("notes.txt")).unwrap();
    assert_eq!(fs::read(recovered.folder_of("work").join("notes.txt")).unwrap(), notes);
    let (home, home_here) = (root.join("home/user"), recovered.folder.join("dom0-home/user"));
    let variables = [("one", home.as_os_str()), ("other", home_here.as_os_str())];
    let differences = shell(
        folder.path(),
        "diff -r --no-dereference \"$one\" \"$other\"",
        &variables,
    );
    assert_eq!(differences, "");
    let modes = |home: &Path| shell(home, "find . ! -type l -printf '%P %m %Ts\\n' | sort", &[]);
    assert_eq!(modes(&home), modes(&home_here), "modes and times");
}

#[test]
fn the_commands_get_everything_out_of_a_gzip_archive() {
    if have_tools(&["gzip"]) {
        expect_recovery(&["-Z", "gzip"], &["work", "solo", "dom0"]);
    }
}

#[test]
fn the_commands_get_everything_out_of_a_plain_archive() {
    if have_tools(&[]) {
        expect_recovery(&["--no-compress"], &["work", "dom0"]);
    }
}

#[test]
fn the_commands_get_everything_out_of_a_zstd_archive() {
    if have_tools(&["zstd"]) {
        expect_recovery(&["-Z", "zstd"], &["work", "dom0"]);
    }
}

#[test]
fn a_name_that_no_terminal_shows_is_found() {
    if !have_tools(&["xz"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (root, target) = (folder.path().join("root"), folder.path().join("target"));
    roots::make(&root, &roots::small());
    fs::create_dir(&target).unwrap();
    let archive = target.join(OsStr::from_bytes(b"-x:\x1b[1m\xff%s\\1\n"));
    let plan = BackupPlan {
        compression: Compression::Xz,
        recovery_text: Some(text::recovery_text),
        ..jobs::backup_plan(&["solo"], Location::File(archive.clone()))
    };
    let report = engine::backup::run(&plan, jobs::host(&root).as_ref(), &Context::default()).unwrap();
    assert_eq!(report.recovery_file, Some(text_of(&archive)));
    let text = fs::read_to_string(text_of(&archive)).unwrap();
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
    let recovered = recover(&text_of(&archive), jobs::PASSPHRASE, folder.path());
    for (volume, path) in roots::volume_files(&root, &roots::domains(&root)["solo"]) {
        let here = recovered.folder_of("solo").join(format!("{volume}.img"));
        roots::expect_same_volume(&path, &here);
    }
}

#[test]
fn the_text_gives_nothing_away() {
    let folder = tempfile::tempdir().unwrap();
    let (root, archive) = (folder.path().join("root"), folder.path().join("archive"));
    roots::make(&root, &roots::small());
    back_up(&root, &archive, &[], &["work", "vault", "solo"], "").expect(0);
    let text = fs::read_to_string(text_of(&archive)).unwrap();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
    for secret in ["work", "vault", "solo", "tpl", "net", "wörd", "firefox"] {
        assert!(!words.contains(&secret), "{secret}\n{text}");
    }
}

#[test]
fn what_has_the_name_of_the_text_stays_and_the_backup_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (root, archive) = (folder.path().join("root"), folder.path().join("archive"));
    roots::make(&root, &roots::small());
    fs::write(text_of(&archive), "mine").unwrap();
    let run = back_up(&root, &archive, &[], &["disp"], "").expect(3);
    assert!(run.stderr.contains("archive.recovery.txt"), "{}", run.said());
    assert_eq!(fs::read(text_of(&archive)).unwrap(), b"mine");
    assert!(archive.is_file());
    assert!(!folder.path().join("archive.recovery.txt.tmp").exists());

    let plan = BackupPlan {
        recovery_text: Some(text::recovery_text),
        ..jobs::backup_plan(&["disp"], Location::File(folder.path().join("other")))
    };
    fs::create_dir(folder.path().join("other.recovery.txt")).unwrap();
    let report = engine::backup::run(&plan, jobs::host(&root).as_ref(), &Context::default()).unwrap();
    assert!(!report.is_success() && report.lacks_recovery_text && report.recovery_file.is_none());
    assert!(matches!(
        &report.warnings[..],
        [Warning::RecoveryTextNotWritten { path, .. }] if path.ends_with("other.recovery.txt")
    ));
}

#[test]
fn without_the_option_no_text_is_written_and_into_a_vm_none_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let (root, target) = (folder.path().join("root"), folder.path().join("target"));
    roots::make(&root, &roots::small());
    fs::create_dir(&target).unwrap();
    let pass = passfile(folder.path(), PASSPHRASE);
    programs::back_up(&root, &pass, &target, &["disp"]).expect(0);
    assert_eq!(programs::names(&target).len(), 1);
    let run = back_up(&root, Path::new("/"), &["--dest-vm", "net"], &["disp"], "").expect(2);
    assert!(run.stderr.contains("--recovery-text"), "{}", run.said());
}

#[test]
fn another_language_has_the_same_commands() {
    if !tools::have(&["msgfmt"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    roots::make(&root, &roots::small());
    let of = |language: &str| {
        let target = folder.path().join(format!("in-{language}"));
        fs::create_dir(&target).unwrap();
        let archive = target.join("archive");
        back_up(&root, &archive, &[], &["disp", "dom0"], language).expect(0);
        let text = fs::read_to_string(text_of(&archive)).unwrap();
        let commands = commands(&text_of(&archive));
        let is_fixed = |line: &&str| !line.starts_with("backup_id=");
        let commands: Vec<String> = commands.lines().filter(is_fixed).map(str::to_owned).collect();
        (text, commands)
    };
    let ((english, commands), (german, commands_there)) = (of("en"), of("de"));
    assert_eq!(commands, commands_there);
    assert!(
        english.contains("passphrase") && german.contains("Passphrase"),
        "{german}"
    );
    assert!(!german.contains("identical;"), "{german}");
}
