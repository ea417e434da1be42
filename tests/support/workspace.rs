// SPDX-License-Identifier: GPL-3.0-or-later
//! A folder with a root, a passphrase and a place for archives, on which the tools are let loose.

use std::{
    fs,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use super::{
    programs::{self, Run, passfile},
    roots::{self, Fill, MIB, Vm},
};

/// How soon a tool must have ended after a signal or the end of its partner. Two seconds are promised for a cancel; the
/// rest is for a loaded VM.
pub(crate) const SOON: Duration = Duration::from_secs(6);

pub(crate) use super::jobs::PASSPHRASE;

/// The folder.
pub(crate) struct Workspace {
    /// It goes with this.
    pub(crate) folder: tempfile::TempDir,
    /// The passphrase in a file.
    pub(crate) pass: PathBuf,
}

impl Workspace {
    /// A new one with these VMs.
    pub(crate) fn new(vms: &[Vm]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        roots::make(&folder.path().join("root"), vms);
        fs::create_dir(folder.path().join("target")).unwrap();
        let pass = passfile(folder.path(), PASSPHRASE);
        Self { folder, pass }
    }

    /// A place in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `qvm-backup` with this root and passphrase, told nothing else yet.
    pub(crate) fn backup(&self) -> Command {
        self.with_root(programs::qvm_backup(), &["-y"])
    }

    /// `qvm-backup-restore` likewise.
    pub(crate) fn restore(&self) -> Command {
        self.with_root(programs::qvm_backup_restore(), &[])
    }

    pub(crate) fn with_root(&self, mut command: Command, more: &[&str]) -> Command {
        command
            .arg("--root")
            .arg(self.path("root"))
            .arg("-p")
            .arg(&self.pass)
            .args(more);
        command
    }

    /// Backs one VM up by a service of the running VM `net`.
    pub(crate) fn backup_to(&self, line: &str) -> Run {
        let start = Instant::now();
        let run = programs::finish(self.backup().args(["-d", "net", line, "vault"]));
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "{line}: {:?}",
            start.elapsed()
        );
        run
    }

    /// The home of the running VM `net`.
    pub(crate) fn net_home(&self) -> PathBuf {
        self.path("root/run/vm/net/home/user")
    }
}

/// A VM whose backup takes a second or two, so that there is time to disturb it.
pub(crate) fn bulk() -> Vec<Vm> {
    let mut vms = roots::small();
    vms.push(
        Vm::new("bulk", "AppVM")
            .property("template", "tpl")
            .volume("private", Fill::Dense(64 * MIB, 50)),
    );
    vms
}
