// SPDX-License-Identifier: GPL-3.0-or-later
//! A place with everything that the jobs need, of which each run gets a fresh copy.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use pedos_tracer::{Call, Disk, End, Fault, Trace};

use crate::support::{
    archive,
    programs::{finish, only_archive},
    roots::{self, Fill, KIB, Vm},
    tools,
    workspace::Workspace,
};

/// The VMs, which are small because each run reads all of them.
pub(crate) const VMS: [&str; 3] = ["tpl", "work", "vault"];

/// What is backed up and restored: the VMs, and dom0's home.
pub(crate) const ALL: [&str; 4] = ["tpl", "work", "vault", "dom0"];

/// The place from which copies are made.
pub(crate) struct Bench {
    pristine: Workspace,
    /// The name of the archive that is there.
    pub(crate) archive: String,
}

/// A copy, in which one run takes place.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    pub(crate) archive: PathBuf,
}

/// A run that has come to its end.
pub(crate) struct Run {
    pub(crate) trace: Trace,
    pub(crate) said: String,
}

impl Bench {
    /// `None` where this user may not trace.
    pub(crate) fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            tools::say("only root can look at the files of a tool that it traces, so this was not tested");
            return None;
        }
        let vms = [
            Vm::new("tpl", "TemplateVM")
                .volume("root", Fill::Sparse(200 * KIB, 60 * KIB, 1))
                .volume("private", Fill::Holes(64 * KIB)),
            Vm::new("work", "AppVM")
                .property("template", "tpl")
                .volume("private", Fill::Sparse(300 * KIB, 90 * KIB, 2))
                .file("notes.txt", "a note"),
            Vm::new("vault", "AppVM").property("template", "tpl").volume(
                "private",
                Fill::Bytes(b"a volume that is not a multiple of a block".to_vec()),
            ),
        ];
        let pristine = Workspace::new(&vms);
        roots::make(&pristine.path("here"), &[Vm::new("own", "AppVM")]);
        let target = pristine.path("target");
        finish(
            pristine
                .backup()
                .args(["--verify", "--keep-last", "1"])
                .arg(&target)
                .args(ALL),
        )
        .expect(0);
        let archive = only_archive(&target);
        fs::write(pristine.path("damaged"), damaged(&fs::read(&archive).unwrap())).unwrap();
        let archive = archive.file_name().unwrap().to_string_lossy().into_owned();
        Some(Self { pristine, archive })
    }

    /// A fresh copy.
    pub(crate) fn place(&self) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let it = folder.path().join("it");
        copy(self.pristine.folder.path(), &it);
        has_moved(self.pristine.folder.path(), &it);
        let archive = it.join("target").join(&self.archive);
        Place { folder, archive }
    }
}

/// The list of archives names their place: it is told where they are now.
pub(crate) fn has_moved(old: &Path, new: &Path) {
    let list = new.join("root/etc/qubes/backup/pedos-backup.made");
    if let Ok(text) = fs::read_to_string(&list) {
        fs::write(&list, text.replace(old.to_str().unwrap(), new.to_str().unwrap())).unwrap();
    }
}

/// The archive with one bit of a volume flipped.
fn damaged(good: &[u8]) -> Vec<u8> {
    let members = archive::members(good);
    let volume = members
        .iter()
        .find(|member| member.name.ends_with("/private.img.000.enc"));
    let data = volume.unwrap().data.clone();
    let mut bytes = good.to_vec();
    bytes[data.start + data.len() / 2] ^= 1;
    bytes
}

/// Copies a folder with its links and holes.
pub(crate) fn copy(from: &Path, to: &Path) {
    let mut cp = Command::new("cp");
    assert!(
        cp.args(["-a", "--sparse=always"])
            .arg(from)
            .arg(to)
            .status()
            .unwrap()
            .success()
    );
}

impl Place {
    /// The folder in which calls count.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().join("it")
    }

    /// Runs a tool under the tracer.
    pub(crate) fn traced(&self, command: &Command, fault: Option<(Call, Fault)>, disk: Option<&mut Disk>) -> Run {
        let outputs = self.folder.path();
        let trace = pedos_tracer::run(command, (&self.folder(), outputs), fault, disk).unwrap();
        let text = |name: &str| String::from_utf8_lossy(&fs::read(outputs.join(name)).unwrap()).into_owned();
        let said = format!("{}{}", text("stdout"), text("stderr"));
        Run { trace, said }
    }
}

impl Run {
    /// The exit code; of a program that was killed there is none.
    ///
    /// # Errors
    /// A complaint where it did not end.
    pub(crate) fn code(&self) -> Result<Option<i32>, String> {
        match self.trace.end {
            End::Exited(code) => Ok(Some(code)),
            End::Signal(_) => Ok(None),
            End::Hung => Err("it hangs".to_owned()),
        }
    }
}

/// Does so many rounds on all processors, and returns the complaints. A panic of a round is one.
pub(crate) fn rounds(count: u64, work: impl Fn(u64) -> Result<(), String> + Sync) -> Vec<String> {
    let next = AtomicU64::new(0);
    let complaints = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let round = next.fetch_add(1, Ordering::SeqCst);
                    if round >= count {
                        return;
                    }
                    if let Err(complaint) = work(round) {
                        // All of them take long: nobody has to wait for the end.
                        if tools::slow_wanted() {
                            tools::say(&complaint);
                        }
                        complaints.lock().unwrap().push(complaint);
                    }
                }
            });
        }
    });
    complaints.into_inner().unwrap()
}

/// Makes a complaint of what checks panic with.
pub(crate) fn complaint(checks: impl FnOnce()) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(checks)).map_err(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        said.unwrap_or_default()
    })
}

/// The number from which the rounds of a test draw their chances: a new one each time, or that of the variable SEED.
pub(crate) fn seed() -> u64 {
    let given = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| std::process::id().into())
}
