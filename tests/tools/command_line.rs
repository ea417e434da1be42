// SPDX-License-Identifier: GPL-3.0-or-later
//! The two tools from outside: what they answer to a wrong command line, what their tables and questions look like, their
//! exit codes, and what they leave on the disk and on the terminal. What goes wrong inside an archive is tried in other
//! programs beside this one.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::support::{
    programs::{
        self, Run, back_up, finish, names, only_archive, passfile, qvm_backup, qvm_backup_restore, restore, verify,
    },
    roots,
};
use tempfile::TempDir;

/// A root, a passphrase file and an empty folder for archives.
struct Workspace {
    folder: TempDir,
    root: PathBuf,
    passfile: PathBuf,
    out: PathBuf,
}

impl Workspace {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (root, out) = (folder.path().join("root"), folder.path().join("out"));
        roots::make(&root, &roots::small());
        fs::create_dir(&out).unwrap();
        let passfile = passfile(folder.path(), "quartz lemur ratify oblong canopy");
        Self {
            folder,
            root,
            passfile,
            out,
        }
    }

    /// A backup of the VM with the least data: four keys.
    fn archive(&self) -> PathBuf {
        back_up(&self.root, &self.passfile, &self.out, &["dvm"]).expect(0);
        only_archive(&self.out)
    }

    fn backup(&self, arguments: &[&str]) -> Run {
        finish(qvm_backup().arg("--root").arg(&self.root).args(arguments))
    }
}

#[track_caller]
fn expect_usage_error(run: Run, program: &str, text: &str) {
    let run = run.expect(2);
    assert!(run.stderr.starts_with(&format!("Usage: {program} ")), "{}", run.stderr);
    assert!(
        run.stderr.contains(&format!("{program}: error: {text}")),
        "{}",
        run.stderr
    );
    assert_eq!(run.stdout, "");
}

#[test]
fn help_and_version_go_to_standard_output() {
    for (program, command) in [
        ("qvm-backup", qvm_backup()),
        ("qvm-backup-restore", qvm_backup_restore()),
    ] {
        let mut command = command;
        let run = finish(command.arg("--help")).expect(0);
        assert!(
            run.stdout.contains("Exit codes:") && run.stdout.contains("--root <DIR>"),
            "{}",
            run.stdout
        );
        assert_eq!(run.stderr, "");
        let run = finish(Command::new(command.get_program()).arg("--version")).expect(0);
        assert!(
            run.stdout
                .starts_with(&format!("{program} {}\n", env!("CARGO_PKG_VERSION"))),
            "{}",
            run.stdout
        );
    }
}

#[test]
fn wrong_command_lines_end_with_2_and_say_what_is_wrong() {
    let place = Workspace::new();
    let out = place.out.to_str().unwrap();
    expect_usage_error(
        place.backup(&[]),
        "qvm-backup",
        "either --profile or 'backup_location' is required",
    );
    expect_usage_error(place.backup(&[out, "wrok"]), "qvm-backup", "no such domain: 'wrok'");
    expect_usage_error(place.backup(&[out, "w*"]), "qvm-backup", "no such domain: 'w*'");
    expect_usage_error(
        place.backup(&["-Z", "xz9", out]),
        "qvm-backup",
        "the compression 'xz9' is not available",
    );
    expect_usage_error(
        place.backup(&["-d", "net", "gzip > /x"]),
        "qvm-backup",
        "The command contains an unquoted '>'",
    );
    let restore = |arguments: &[&str]| finish(qvm_backup_restore().args(arguments));
    expect_usage_error(
        restore(&[]),
        "qvm-backup-restore",
        "the following required arguments were not provided",
    );
    expect_usage_error(
        restore(&["--plan-b", "x"]),
        "qvm-backup-restore",
        "--paranoid-mode (--plan-b) is not available",
    );
    expect_usage_error(
        restore(&["--location-is-service", "x"]),
        "qvm-backup-restore",
        "--location-is-service needs --dest-vm",
    );
    expect_usage_error(
        restore(&["--root", "a", "--new-root", "b", "x"]),
        "qvm-backup-restore",
        "the argument '--root <DIR>'",
    );
    assert!(names(&place.out).is_empty());
}

#[test]
fn without_a_pedos_there_is_a_word_on_what_to_do() {
    let run = finish(qvm_backup().arg("/tmp")).expect(2);
    assert!(
        run.stderr.contains("There is no PedOS here") && run.stderr.contains("--root DIR"),
        "{}",
        run.stderr
    );
    let run = finish(qvm_backup().args(["--root", "/nonexistent", "/tmp"])).expect(1);
    assert!(run.stderr.contains("/nonexistent"), "{}", run.stderr);
}

#[test]
fn the_variable_stands_in_for_the_option() {
    let place = Workspace::new();
    let run = finish(qvm_backup().env("PEDOS_ROOT", &place.root).arg(&place.out).arg("wrok")).expect(2);
    assert!(run.stderr.contains("no such domain: 'wrok'"), "{}", run.stderr);
}

#[test]
fn a_backup_shows_its_table_and_is_quiet_in_a_pipe() {
    let place = Workspace::new();
    let run = back_up(&place.root, &place.passfile, &place.out, &["vault", "dvm"]).expect(0);
    assert_eq!(run.stderr, "", "nothing but the result is said in a pipe");
    let line = "------------------+--------------+--------------+\n";
    assert!(run.stdout.starts_with(line), "{}", run.stdout);
    let running = "            vault |           VM |    500.0 KiB | <-- The VM is running, backup will contain its state from before its start!\n";
    assert!(run.stdout.contains(running), "{}", run.stdout);
    assert!(
        run.stdout
            .contains("VMs not selected for backup:\n - dom0\n - disp\n - net\n"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("The backup is finished.\nWritten to "),
        "{}",
        run.stdout
    );

    let archive = only_archive(&place.out);
    let run = verify(&place.root, &place.passfile, &archive).expect(0);
    assert_eq!(run.stderr, "");
    let head = "\nThe following VMs are included in the backup:\n\n-------+-------+";
    assert!(run.stdout.starts_with(head), "{}", run.stdout);
    assert!(
        run.stdout
            .contains("\n   dvm | AppVM |      tpl | (default) |   red |\n"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("The backup is whole.\n"), "{}", run.stdout);
    let run = restore(&place.root, &place.passfile, &archive, &["--verify-only", "-q"]).expect(0);
    assert!(
        !run.stdout.contains("whole"),
        "-q leaves the result to the exit code: {}",
        run.stdout
    );
}

#[test]
fn nobody_who_listens_changes_nothing_of_the_work() {
    let place = Workspace::new();
    let full = || Stdio::from(fs::File::options().write(true).open("/dev/full").unwrap());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let gone = || Stdio::from(writer.try_clone().unwrap());
    let with = |out: Stdio, err: Stdio, name: &str| {
        let mut command = qvm_backup();
        command.args(["-v", "-y", "--root"]).arg(&place.root).arg("-p");
        command.arg(&place.passfile).args([&place.out, Path::new(name)]);
        command.stdout(out).stderr(err).status().unwrap().code()
    };
    assert_eq!(with(full(), full(), "dvm"), Some(0));
    assert_eq!(with(gone(), gone(), "nosuch"), Some(2));
    let archive = only_archive(&place.out);
    let mut command = qvm_backup_restore();
    command
        .arg("--root")
        .arg(&place.root)
        .arg("--rename-conflicting")
        .arg(&archive);
    command
        .args(["-vv", "-p"])
        .arg(&place.passfile)
        .stdout(gone())
        .stderr(gone());
    assert_eq!(command.status().unwrap().code(), Some(0));
    roots::expect_same(&place.root, "dvm", &place.root, "dvm-1");
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_of_the_destination() {
    let place = Workspace::new();
    // In blocks of 512 or 1024 bytes, whichever the shell counts: less than the archive needs.
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -f 8; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_qvm-backup"));
    command
        .args(["-y", "--root"])
        .arg(&place.root)
        .arg("-p")
        .arg(&place.passfile);
    let run = finish(command.arg(&place.out).env("LC_ALL", "C.UTF-8")).expect_failure(&[1]);
    assert!(run.stderr.contains("error:"), "{}", run.stderr);
    programs::expect_no_archive(&place.out);
}

#[test]
fn a_file_is_verified_on_any_vm() {
    let place = Workspace::new();
    let archive = place.archive();
    let mut command = qvm_backup_restore();
    let run = finish(command.args(["--verify-only", "-p"]).arg(&place.passfile).arg(&archive)).expect(0);
    assert!(run.stdout.contains("The backup is whole.\n"), "{}", run.stdout);
    let mut command = qvm_backup_restore();
    finish(command.arg("-p").arg(&place.passfile).arg(&archive)).expect(2);
}

#[test]
fn a_new_root_without_anything_in_it_does_not_stay() {
    let place = Workspace::new();
    let archive = place.archive();
    let new = place.folder.path().join("a/new");
    let options = ["--new-root", new.to_str().unwrap(), "--verify-only", "x"];
    expect_usage_error(
        finish(qvm_backup_restore().args(options)),
        "qvm-backup-restore",
        "the argument '--new-root <DIR>'",
    );
    let wrong = place.folder.path().join("wrong");
    fs::write(&wrong, "incorrect horse\n").unwrap();
    programs::restore_new(&new, &wrong, &archive).expect_failure(&[5]);
    assert!(!place.folder.path().join("a").exists(), "nor do the folders above it");
    fs::create_dir_all(&new).unwrap();
    programs::restore_new(&new, &wrong, &archive).expect_failure(&[5]);
    assert!(names(&new).is_empty(), "a folder that was there is left as it was");
    fs::write(new.join("mine"), "precious").unwrap();
    programs::restore_new(&new, &place.passfile, &archive).expect_failure(&[1]);
    assert_eq!(names(&new), ["mine"]);
}

#[test]
fn a_root_without_a_home_is_backed_up_without_dom0() {
    let place = Workspace::new();
    let out = place.out.to_str().unwrap();
    let home = place.root.join("home/user");
    fs::rename(&home, place.root.join("home/jürgen")).unwrap();
    let run = place.backup(&["-y", out, "dom0"]).expect(1);
    assert!(run.stderr.contains("“jürgen” cannot be saved"), "{}", run.stderr);
    fs::remove_dir_all(place.root.join("home")).unwrap();
    let run = place.backup(&["-y", out, "dom0"]).expect(1);
    assert!(run.stderr.contains("dom0 has no home directory"), "{}", run.stderr);
    let run = back_up(&place.root, &place.passfile, &place.out, &[]).expect(0);
    assert!(run.stdout.contains("\n - dom0\n"), "{}", run.stdout);
}

#[test]
fn a_directory_that_is_not_there_is_named_before_the_passphrase() {
    let place = Workspace::new();
    let there = format!("{}/no/", place.out.display());
    let run = place.backup(&["-y", &there, "dvm"]).expect(1);
    assert!(run.stderr.contains("/no/ is not a directory"), "{}", run.stderr);
    assert!(!run.stderr.contains("passphrase"), "{}", run.stderr);
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let place = Workspace::new();
    let file = place.out.join("old");
    fs::write(&file, "precious").unwrap();
    let run = back_up(&place.root, &place.passfile, &file, &["dvm"]).expect_failure(&[1]);
    assert!(
        run.stderr.contains("exists already and is not overwritten"),
        "{}",
        run.stderr
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    let run = back_up(&place.root, &place.passfile, &place.out.join("no/such/x"), &["dvm"]).expect_failure(&[1]);
    assert!(run.stderr.contains("is not a directory"), "{}", run.stderr);
    assert_eq!(names(&place.out), ["old"]);
}

#[test]
fn bad_passphrases_are_refused_before_anything_is_written() {
    let place = Workspace::new();
    for (content, said) in [("\n", "empty"), ("a\tb\n", "control character"), ("", "it is empty")] {
        fs::write(&place.passfile, content).unwrap();
        let run = back_up(&place.root, &place.passfile, &place.out, &["dvm"]).expect_failure(&[1]);
        assert!(run.stderr.contains(said), "{content:?}: {}", run.stderr);
    }
    let missing = place.folder.path().join("missing");
    let run = back_up(&place.root, &missing, &place.out, &["dvm"]).expect_failure(&[1]);
    assert!(run.stderr.contains("missing could not be read"), "{}", run.stderr);
    assert!(names(&place.out).is_empty());
}

#[test]
fn a_wrong_passphrase_has_its_own_code_and_makes_no_root() {
    let place = Workspace::new();
    let archive = place.archive();
    let wrong = place.folder.path().join("wrong");
    fs::write(&wrong, "incorrect horse\n").unwrap();
    let new = place.folder.path().join("new");
    let run = programs::restore_new(&new, &wrong, &archive).expect_failure(&[5]);
    assert!(
        run.stderr
            .contains("Wrong passphrase, or the backup's header was altered"),
        "{}",
        run.stderr
    );
    assert!(!new.exists(), "nothing was restored, so nothing stays");
    restore(&place.root, &wrong, &archive, &["--verify-only"]).expect_failure(&[5]);
}

#[test]
fn conflicts_are_reported_renamed_or_skipped_as_wished() {
    let place = Workspace::new();
    let archive = place.archive();
    let run = restore(&place.root, &place.passfile, &archive, &[]).expect_failure(&[1]);
    assert!(
        run.stdout
            .contains("<-- A VM with the same name already exists on the host!"),
        "{}",
        run.stdout
    );
    assert!(
        run.stderr.contains("--skip-conflicting") && run.stderr.contains("--rename-conflicting"),
        "{}",
        run.stderr
    );
    let run = restore(&place.root, &place.passfile, &archive, &["--skip-conflicting"]).expect_failure(&[1]);
    assert!(run.stderr.contains("There is nothing to restore"), "{}", run.stderr);
    let run = restore(&place.root, &place.passfile, &archive, &["--rename-conflicting"]).expect(0);
    assert!(run.stdout.contains("<-- Will be renamed to 'dvm-1'"), "{}", run.stdout);
    roots::expect_same(&place.root, "dvm", &place.root, "dvm-1");
    let run = restore(&place.root, &place.passfile, &archive, &["--exclude=dvm"]).expect_failure(&[1]);
    assert!(run.stdout.contains("<-- Excluded from restore"), "{}", run.stdout);
}

#[test]
fn a_profile_is_kept_and_does_the_same_again() {
    let place = Workspace::new();
    let out = place.out.to_str().unwrap();
    let passfile = place.passfile.to_str().unwrap();
    let run = place
        .backup(&[
            "-y",
            "-p",
            passfile,
            "--save-profile",
            "daily",
            "-x",
            "vault",
            out,
            "dvm",
            "vault",
        ])
        .expect(0);
    assert!(
        run.stderr.contains("the passphrase is saved in plain text in"),
        "{}",
        run.stderr
    );
    let file = place.root.join("etc/qubes/backup/daily.conf");
    let profile = fs::read_to_string(&file).unwrap();
    assert!(
        profile.contains("passphrase_text:") && profile.contains("destination_vm:"),
        "{profile}"
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    fs::remove_file(only_archive(&place.out)).unwrap();
    place.backup(&["-y", "--profile", "daily"]).expect(0);
    let run = verify(&place.root, &place.passfile, &only_archive(&place.out)).expect(0);
    assert!(
        run.stdout.contains(" dvm | ") && !run.stdout.contains(" vault | "),
        "{}",
        run.stdout
    );
}

#[test]
fn a_profile_excludes_what_it_says_itself() {
    let place = Workspace::new();
    for (arguments, option) in [
        (["--exclude", "vault"], "exclude-list"),
        (["--no-compress", "-v"], "compression"),
        (["--save-profile", "y"], "save-profile"),
    ] {
        let run = place.backup(&[&["--profile", "daily"], &arguments[..]].concat());
        let text = format!("--{option} option could not be used together with --profile");
        expect_usage_error(run, "qvm-backup", &text);
    }
    let run = place.backup(&["--profile", "daily"]).expect(1);
    assert!(run.stderr.contains("There is no backup profile"), "{}", run.stderr);
    let run = place.backup(&["--profile", "../daily"]).expect(1);
    assert!(
        run.stderr.contains("cannot be the name of a backup profile"),
        "{}",
        run.stderr
    );
}
