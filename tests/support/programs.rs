// SPDX-License-Identifier: GPL-3.0-or-later
//! The two tools as their users start them.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// What a program did.
#[derive(Debug)]
pub(crate) struct Run {
    /// Its exit code; 128+N after signal N.
    pub(crate) code: i32,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it complained about.
    pub(crate) stderr: String,
    /// How long it took.
    pub(crate) elapsed: Duration,
}

impl Run {
    /// Everything that it said.
    pub(crate) fn said(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// Holds that it ended with that code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            code,
            "exit code {} instead of {code}\n{}",
            self.code,
            self.said()
        );
        self
    }

    /// Holds that it failed, with one of these codes, and that nothing it said sounds like success.
    #[track_caller]
    pub(crate) fn expect_failure(self, codes: &[i32]) -> Self {
        assert!(
            codes.contains(&self.code),
            "exit code {} instead of {codes:?}\n{}",
            self.code,
            self.said()
        );
        let said = self.said().to_lowercase().replace("not everything was restored", "");
        for word in [
            "success",
            "everything was restored",
            "is complete",
            "verified and complete",
            "all vms were",
        ] {
            assert!(!said.contains(word), "a failure that says {word:?}:\n{said}");
        }
        self
    }
}

/// Makes keys cheap in programs that were built for tests.
const WEAK_KEYS: &str = "PEDOS_BACKUP_TEST_WEAK_KEYS";

/// `qvm-backup`.
pub(crate) fn qvm_backup() -> Command {
    quiet(Command::new(env!("CARGO_BIN_EXE_qvm-backup")))
}

/// `qvm-backup-restore`.
pub(crate) fn qvm_backup_restore() -> Command {
    quiet(Command::new(env!("CARGO_BIN_EXE_qvm-backup-restore")))
}

/// Lets a tool derive keys that cost as much as those of its users, for a test that needs the time that they take.
pub(crate) fn with_real_keys(command: &mut Command) -> &mut Command {
    command.env_remove(WEAK_KEYS)
}

fn quiet(mut command: Command) -> Command {
    command
        .stdin(Stdio::null())
        .env_remove("PEDOS_ROOT")
        .env(WEAK_KEYS, "1")
        .env("LC_ALL", "C.UTF-8");
    command
}

/// Backs VMs up: `qvm-backup --root ROOT -y -p PASSFILE DESTINATION [VM...]`.
pub(crate) fn back_up(root: &Path, passfile: &Path, destination: &Path, vms: &[&str]) -> Run {
    let mut command = qvm_backup();
    command
        .arg("--root")
        .arg(root)
        .args(["-y", "-p"])
        .arg(passfile)
        .arg(destination)
        .args(vms);
    finish(&mut command)
}

/// Restores into a root: `qvm-backup-restore --root ROOT -p PASSFILE [OPTION...] ARCHIVE`.
pub(crate) fn restore(root: &Path, passfile: &Path, archive: &Path, options: &[&str]) -> Run {
    let mut command = qvm_backup_restore();
    command
        .arg("--root")
        .arg(root)
        .arg("-p")
        .arg(passfile)
        .args(options)
        .arg(archive);
    finish(&mut command)
}

/// Restores into a fresh root: `qvm-backup-restore --new-root DIR -p PASSFILE ARCHIVE`.
pub(crate) fn restore_new(new_root: &Path, passfile: &Path, archive: &Path) -> Run {
    let mut command = qvm_backup_restore();
    command
        .arg("--new-root")
        .arg(new_root)
        .arg("-p")
        .arg(passfile)
        .arg(archive);
    finish(&mut command)
}

/// Verifies: `qvm-backup-restore --root ROOT --verify-only -p PASSFILE ARCHIVE`.
pub(crate) fn verify(root: &Path, passfile: &Path, archive: &Path) -> Run {
    restore(root, passfile, archive, &["--verify-only"])
}

/// Runs a command to its end, both its outputs kept.
#[track_caller]
pub(crate) fn finish(command: &mut Command) -> Run {
    let start = Instant::now();
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Run {
        code: code(&output.status),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        elapsed: start.elapsed(),
    }
}

/// Starts a command, its outputs in files of a folder so that no pipe can fill up.
#[track_caller]
pub(crate) fn start(command: &mut Command, folder: &Path) -> Running {
    let (out, err) = (folder.join("stdout"), folder.join("stderr"));
    let file = |path: &PathBuf| fs::File::create(path).unwrap();
    let child = command
        .stdout(file(&out))
        .stderr(file(&err))
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Running {
        child,
        out,
        err,
        start: Instant::now(),
    }
}

/// A command that runs.
pub(crate) struct Running {
    child: Child,
    out: PathBuf,
    err: PathBuf,
    start: Instant,
}

impl Running {
    /// Its process number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        send_signal(self.pid(), name);
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn finish(mut self, deadline: Duration) -> Run {
        let waited = Instant::now();
        while !self.has_ended() {
            if waited.elapsed() > deadline {
                // It ends with an error of the test in any case.
                let _ = self.child.kill();
                panic!(
                    "still running after {deadline:?}: {}",
                    fs::read_to_string(&self.err).unwrap()
                );
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Run {
            code: code(&self.child.wait().unwrap()),
            stdout: String::from_utf8_lossy(&fs::read(&self.out).unwrap()).into_owned(),
            stderr: String::from_utf8_lossy(&fs::read(&self.err).unwrap()).into_owned(),
            elapsed: self.start.elapsed(),
        }
    }
}

/// Sends a process a signal by name.
pub(crate) fn send_signal(pid: u32, name: &str) {
    // It may have ended by itself, which is for the caller to see.
    let _ = Command::new("kill")
        .args(["-s", name, &pid.to_string()])
        .stderr(Stdio::null())
        .status();
}

fn code(status: &std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

/// Writes a passphrase file.
pub(crate) fn passfile(folder: &Path, passphrase: &str) -> PathBuf {
    let path = folder.join("passphrase");
    fs::write(&path, format!("{passphrase}\n")).unwrap();
    path
}

/// The one archive in a folder, which holds nothing else.
#[track_caller]
pub(crate) fn only_archive(folder: &Path) -> PathBuf {
    let names = names(folder);
    assert_eq!(names.len(), 1, "{names:?}");
    let name = names[0].to_string_lossy();
    assert!(name.starts_with("pedos-backup-") && !name.contains(".part"), "{name}");
    folder.join(&names[0])
}

/// What lies in a folder.
pub(crate) fn names(folder: &Path) -> Vec<OsString> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    names
}

/// Holds that nothing in a folder could be taken for an archive: only what is plainly named `.part` may be left.
#[track_caller]
pub(crate) fn expect_no_archive(folder: &Path) {
    let taken: Vec<_> = names(folder)
        .into_iter()
        .filter(|name| Path::new(name).extension() != Some(OsStr::new("part")))
        .collect();
    assert!(taken.is_empty(), "left under a final name: {taken:?}");
}
