// SPDX-License-Identifier: GPL-3.0-or-later
//! The folder that everything is done in: there is room in it, and nothing of it stays, whatever ends the run.

use std::{
    fs::{self, File},
    io,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use pedos_backup::units::MIB;
use rustix::{
    fs::{FlockOperation, flock},
    process::{Pid, Signal, kill_process_group},
};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

use crate::Outcome;

/// What the names of these folders begin with.
const PREFIX: &str = "pedos-backup-bench-";
/// The file in such a folder that a living run has locked.
const LOCK: &str = "lock";

/// The folder of one run. When it is dropped, and on Ctrl-C, it goes.
pub(crate) struct Workspace {
    path: PathBuf,
    /// The process group that is being measured.
    running: Arc<Mutex<Option<Pid>>>,
    _lock: File,
}

impl Workspace {
    /// Makes a folder of its own in `parent`, and clears away what runs that were killed left there.
    pub(crate) fn new(parent: &Path) -> Outcome<Self> {
        fs::create_dir_all(parent)?;
        let parent = parent.canonicalize()?;
        remove_left_behind(&parent)?;
        let path = parent.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir(&path)?;
        let lock = File::create(path.join(LOCK))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        let running = Arc::new(Mutex::new(None));
        clear_on_signals(path.clone(), Arc::clone(&running))?;
        Ok(Self {
            path,
            running,
            _lock: lock,
        })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Says what is missing where there is less room than that.
    pub(crate) fn expect_room(&self, bytes: u64) -> Outcome<()> {
        let system = rustix::fs::statvfs(&self.path)?;
        let free = system.f_bavail * system.f_frsize;
        if free >= bytes {
            return Ok(());
        }
        Err(format!(
            "{} has {} MiB free and {} MiB are needed: name another folder with --dir, or measure less with --size or --sets",
            self.path.display(),
            free / MIB,
            bytes / MIB
        )
        .into())
    }

    /// Waits until everything is on the disk, so that nobody pays for what another one wrote.
    pub(crate) fn settle(&self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(File::open(&self.path)?)?)
    }

    /// Runs a command to its end; a signal to this program ends it too. It leads a process group of its own.
    pub(crate) fn watch(&self, command: &mut Command) -> io::Result<ExitStatus> {
        let mut child: Child = command.spawn()?;
        self.now_runs(Pid::from_raw(child.id().cast_signed()));
        let status = child.wait();
        self.now_runs(None);
        status
    }

    fn now_runs(&self, group: Option<Pid>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = group;
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            eprintln!("bench: {} could not be removed: {error}", self.path.display());
        }
    }
}

/// Folders of runs that hold no lock any more.
fn remove_left_behind(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let is_dead = match File::open(entry.path().join(LOCK)) {
            Ok(lock) => flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if is_dead {
            eprintln!("bench: removing {}, which a run left behind", entry.path().display());
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// How often removing is tried again while something may still be written there, and how long is waited between.
const REMOVALS: u32 = 50;
const BETWEEN_REMOVALS: Duration = Duration::from_millis(100);

fn clear_on_signals(path: PathBuf, running: Arc<Mutex<Option<Pid>>>) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::spawn(move || {
        let Some(signal) = signals.forever().next() else {
            return;
        };
        for _ in 0..REMOVALS {
            if let Some(group) = *running.lock().unwrap_or_else(PoisonError::into_inner) {
                // It may have ended by itself.
                let _ = kill_process_group(group, Signal::KILL);
            }
            match fs::remove_dir_all(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => thread::sleep(BETWEEN_REMOVALS),
                _ => break,
            }
        }
        eprintln!("bench: stopped, and what it made is removed");
        std::process::exit(128 + signal);
    });
    Ok(())
}

/// How a command ended, in words.
pub(crate) fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "an unknown end".to_owned(),
    }
}
