// SPDX-License-Identifier: GPL-3.0-or-later
//! Confinement: takes from a thread what it does not need, before it touches bytes that strangers chose.
//!
//! Two means of Linux are used together. Landlock limits which files a thread can open and denies it TCP; a seccomp filter denies
//! every system call that is not on a list. Both hold for the calling thread and for all threads that it starts from then on, and
//! neither can be taken back. Both are best effort: where the kernel lacks one, a line of the log says so and the work goes on.
//!
//! Threads share their memory. So a confined thread is a wall only where every thread of the process is confined; where it is not,
//! it is a hurdle. `ARCHITECTURE.md` says which jobs have which.

mod calls;
mod filter;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Once,
    thread,
};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, PathFdError, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use filter::Filter;

/// What every job reads of the system: how much memory and how many processors there are, what the process itself has used, and
/// the time zone.
const OF_THE_SYSTEM: [&str; 5] = [
    "/proc/meminfo",
    "/proc/self",
    "/sys/fs/cgroup",
    "/etc/localtime",
    "/usr/share/zoneinfo",
];

/// The newest rights that are asked for; a kernel that knows fewer of them grants nothing more than it did before.
const NEWEST: ABI = ABI::V10;

/// Why files are not limited.
#[derive(Debug, thiserror::Error)]
enum LimitError {
    #[error(transparent)]
    Ruleset(#[from] RulesetError),
    #[error(transparent)]
    Path(#[from] PathFdError),
}

/// What confined threads may open. With nothing named, no files but a few that tell of the computer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    reads: Vec<PathBuf>,
    writes: Vec<PathBuf>,
    changes: Vec<PathBuf>,
    removes_in: Vec<PathBuf>,
}

impl Rules {
    /// Adds a file that may be read, or a folder with everything below it. Nothing happens where it does not exist.
    #[must_use]
    pub fn reads(mut self, path: impl Into<PathBuf>) -> Self {
        self.reads.push(path.into());
        self
    }

    /// Adds a file that exists and may be read and written.
    #[must_use]
    pub fn writes(mut self, file: impl Into<PathBuf>) -> Self {
        self.writes.push(file.into());
        self
    }

    /// Adds a folder below which everything may be read, made, changed and removed.
    #[must_use]
    pub fn changes(mut self, folder: impl Into<PathBuf>) -> Self {
        self.changes.push(folder.into());
        self
    }

    /// Adds a folder below which empty folders may be removed.
    #[must_use]
    pub fn removes_folders_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.removes_in.push(folder.into());
        self
    }

    /// Confines the calling thread, and all threads that it starts from now on: they open these files and no others, start no
    /// programs, open no sockets, and send signals to nobody but their own process.
    pub fn enter(&self) {
        self.enter_with(Filter::Files);
    }

    /// Does the same for a thread that ends the processes of others, as a cancel does.
    pub fn enter_and_signal(&self) {
        self.enter_with(Filter::FilesAndSignals);
    }

    fn enter_with(&self, filter: Filter) {
        let system: &[&str] = if filter == Filter::Computing {
            &[]
        } else {
            &OF_THE_SYSTEM
        };
        self.limit_files(system);
        filter.apply();
    }

    fn limit_files(&self, system: &[&str]) {
        static SAID: Once = Once::new();
        match self.restrict(system) {
            Ok(RulesetStatus::FullyEnforced) => {}
            Ok(RulesetStatus::PartiallyEnforced) => {
                SAID.call_once(|| log::trace!("Landlock: this kernel knows an older version of it, which is used"));
            }
            Ok(RulesetStatus::NotEnforced) => {
                SAID.call_once(|| log::info!("Landlock is not there: what reads the archive can open any file"));
            }
            Err(error) => {
                SAID.call_once(|| log::warn!("Landlock failed, so what reads the archive can open any file: {error}"));
            }
        }
    }

    fn restrict(&self, system: &[&str]) -> Result<RulesetStatus, LimitError> {
        let all = AccessFs::from_all(NEWEST);
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        let write: BitFlags<AccessFs> = read | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev;
        // Nothing that a job makes is a device, or a program that it starts.
        let change = all & !(AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock);
        let reads = system
            .iter()
            .map(Path::new)
            .chain(self.reads.iter().map(PathBuf::as_path));
        let status = Ruleset::default()
            .handle_access(all)?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::AbstractUnixSocket)?
            .create()?
            .add_rules(beneath(reads, read))?
            .add_rules(beneath(&self.writes, write))?
            .add_rules(beneath(&self.changes, change))?
            .add_rules(beneath(&self.removes_in, AccessFs::RemoveDir.into()))?
            .restrict_self()?;
        Ok(status.ruleset)
    }
}

/// Makes the rules for these paths. One that does not exist needs none. One that cannot be opened for another reason ends with an
/// error, and files are not limited then: the reading of the file will say what is wrong, in place of a limit that forbids it.
fn beneath<P: AsRef<Path>>(
    paths: impl IntoIterator<Item = P>,
    access: BitFlags<AccessFs>,
) -> impl Iterator<Item = Result<PathBeneath<PathFd>, LimitError>> {
    let rule = move |path: P| {
        let path = path.as_ref();
        match PathFd::new(path) {
            Ok(opened) => {
                // A file takes no rights that only folders have.
                let is_file = path.metadata().is_ok_and(|found| !found.is_dir());
                let access = if is_file {
                    access & AccessFs::from_file(NEWEST)
                } else {
                    access
                };
                Some(Ok(PathBeneath::new(opened, access)))
            }
            Err(PathFdError::OpenCall { source, .. }) if source.kind() == io::ErrorKind::NotFound => None,
            Err(error) => Some(Err(error.into())),
        }
    };
    paths.into_iter().filter_map(rule)
}

/// Confines the calling thread to computing: it opens nothing, reads nothing and writes nothing but words on standard error. It
/// takes its work from other threads, and hands it to them, through memory that they share.
pub fn enter_computing() {
    Rules::default().enter_with(Filter::Computing);
}

/// Runs work on a confined thread of its own and waits for it. Without rules it runs on the calling thread, as that one is.
///
/// # Errors
/// When the system has no more threads.
pub fn run<T: Send>(rules: Option<&Rules>, work: impl FnOnce() -> T + Send) -> io::Result<T> {
    let Some(rules) = rules else { return Ok(work()) };
    thread::scope(|scope| {
        let confined = thread::Builder::new().spawn_scoped(scope, move || {
            rules.enter();
            work()
        })?;
        Ok(confined.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

#[cfg(test)]
mod tests;
