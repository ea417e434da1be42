// SPDX-License-Identifier: GPL-3.0-or-later
//! Runs a tool and measures it: its time by the clock and the peak of its memory. `time` starts it, because a process
//! inherits the peak of the one that started it, and `time` is small.

use std::{
    ffi::OsStr,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::Outcome;

/// The passphrase of everything.
pub(crate) const PASSPHRASE: &str = "quartz lemur ratify oblong canopy";

/// What one run of a tool cost.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) step: &'static str,
    pub(crate) seconds: f64,
    pub(crate) peak_kib: u64,
    /// The exit code.
    pub(crate) code: i32,
}

/// Runs tools in a folder.
pub(crate) struct Measurer {
    folder: PathBuf,
    passfile: PathBuf,
    tools: [PathBuf; 2],
    pub(crate) rows: Vec<Row>,
}

impl Measurer {
    pub(crate) fn new(folder: &Path, tools: Option<&Path>) -> Outcome<Self> {
        let passfile = folder.join("passphrase");
        fs::write(&passfile, format!("{PASSPHRASE}\n"))?;
        let built = [
            env!("CARGO_BIN_EXE_qvm-backup"),
            env!("CARGO_BIN_EXE_qvm-backup-restore"),
        ]
        .map(Path::new);
        let tool = |built: &Path| match (tools, built.file_name()) {
            (Some(tools), Some(name)) => tools.join(name),
            _ => built.to_owned(),
        };
        Ok(Self {
            folder: folder.to_owned(),
            passfile,
            tools: built.map(tool),
            rows: Vec::new(),
        })
    }

    /// Backs VMs of a root up into an empty folder, and returns the archive.
    pub(crate) fn back_up(&mut self, what: &str, root: &Path, vms: &[&str]) -> Outcome<PathBuf> {
        let destination = self.folder.join("destination");
        fs::create_dir(&destination)?;
        let arguments = [OsStr::new("--root"), root.as_os_str(), OsStr::new("--yes")];
        let vms = vms.iter().map(OsStr::new);
        let arguments = arguments.into_iter().chain([destination.as_os_str()]).chain(vms);
        let tool = self.tools[0].clone();
        self.run(what, "back up", &tool, arguments)?;
        let mut made = fs::read_dir(&destination)?
            .filter_map(Result::ok)
            .map(|entry| entry.path());
        let is_archive =
            |path: &PathBuf| fs::metadata(path).is_ok_and(|found| found.is_file()) && path.extension().is_none();
        made.find(is_archive)
            .ok_or_else(|| format!("{what}: no archive was made").into())
    }

    pub(crate) fn list(&mut self, what: &str, archive: &Path) -> Outcome<()> {
        self.read(what, "list", archive, &[OsStr::new("--list")])
    }

    pub(crate) fn verify(&mut self, what: &str, archive: &Path) -> Outcome<()> {
        self.read(what, "verify", archive, &[OsStr::new("--verify-only")])
    }

    /// Restores everything into a new root.
    pub(crate) fn restore(&mut self, what: &str, archive: &Path) -> Outcome<()> {
        let back = self.folder.join("back");
        let options = [
            OsStr::new("--new-root"),
            back.as_os_str(),
            OsStr::new("--ignore-username-mismatch"),
        ];
        self.read(what, "restore", archive, &options)
    }

    fn read(&mut self, what: &str, step: &'static str, archive: &Path, options: &[&OsStr]) -> Outcome<()> {
        let arguments = options.iter().copied().chain([archive.as_os_str()]);
        let tool = self.tools[1].clone();
        self.run(what, step, &tool, arguments)
    }

    fn run<'a>(
        &mut self,
        what: &str,
        step: &'static str,
        tool: &Path,
        arguments: impl Iterator<Item = &'a OsStr>,
    ) -> Outcome<()> {
        let (stats, said) = (self.folder.join("stats"), self.folder.join("said"));
        let status = Command::new("time")
            .args(["-q", "-f", "%e %M", "-o"])
            .arg(&stats)
            .arg(tool)
            .arg("--passphrase-file")
            .arg(&self.passfile)
            .args(arguments)
            .env_remove("PEDOS_ROOT")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&said)?)
            .status()?;
        let figures = fs::read_to_string(&stats)?;
        let mut figures = figures.split_whitespace();
        let row = Row {
            what: what.to_owned(),
            step,
            seconds: figures.next().unwrap_or_default().parse()?,
            peak_kib: figures.next().unwrap_or_default().parse()?,
            code: status.code().unwrap_or(-1),
        };
        eprintln!(
            "{what}: {step}: {:.1} s, {} MiB, code {}",
            row.seconds,
            row.peak_kib / 1024,
            row.code
        );
        if row.code != 0 {
            let said = fs::read_to_string(&said)?;
            eprintln!("{}", said.lines().take(12).collect::<Vec<_>>().join("\n"));
        }
        self.rows.push(row);
        Ok(())
    }
}
