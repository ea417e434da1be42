// SPDX-License-Identifier: GPL-3.0-or-later
//! Runs a line of shell and measures it: time, processor time and memory of all its processes.
//!
//! Each stage of a pipeline runs below `time`, which asks the system when the stage has ended; `m LABEL COMMAND` in a line
//! does that. The first process below is small, because a process inherits the peak of the one that started it.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File},
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use crate::{
    Outcome,
    workspace::{Workspace, ending},
};

/// What stands before each line.
const PRELUDE: &str = r#"set -euo pipefail
m() { local label=$1; shift; command time -q -a -o "$STATS" -f "$label %e %U %S %M" "$@"; }
export -f m
"#;

/// What one run cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cost {
    /// Seconds by the clock.
    pub(crate) wall: f64,
    /// Seconds of processors, of all processes together, in the system's hands too.
    pub(crate) cpu: f64,
    /// The peak memory of the process that had most, in KiB.
    pub(crate) largest_kib: u64,
    /// The peaks of all stages together, in KiB; of processes that came one after the other in one stage the largest.
    pub(crate) together_kib: u64,
}

/// Runs lines.
pub(crate) struct Measurer<'w> {
    workspace: &'w Workspace,
    /// The processors that everything may use, as `taskset` takes them, where there are more.
    processors: Option<String>,
}

impl<'w> Measurer<'w> {
    /// Everything runs on that many processors.
    pub(crate) fn new(workspace: &'w Workspace, cores: u32) -> io::Result<Self> {
        let status = fs::read_to_string("/proc/self/status")?;
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        let all = processors(list.unwrap_or_default().trim());
        let chosen = &all[..all.len().min(cores as usize)];
        let names: Vec<String> = chosen.iter().map(u32::to_string).collect();
        Ok(Self {
            workspace,
            processors: (chosen.len() < all.len()).then(|| names.join(",")),
        })
    }

    /// Runs a line in a folder, with these variables.
    pub(crate) fn run(&self, line: &str, folder: &Path, variables: &[(&str, OsString)]) -> Outcome<Cost> {
        let stats = self.workspace.path().join("stats");
        let complaints = self.workspace.path().join("complaints");
        fs::write(&stats, "")?;
        let mut command = match &self.processors {
            None => Command::new("time"),
            Some(list) => {
                let mut command = Command::new("taskset");
                command.args(["--cpu-list", list, "time"]);
                command
            }
        };
        command
            .args(["-q", "-a", "-f", "total %e %U %S %M", "-o"])
            .arg(&stats)
            .args(["bash", "-c", &format!("{PRELUDE}{line}")])
            .current_dir(folder)
            .env("STATS", &stats)
            .env("SHELL", "/bin/bash")
            .env("LC_ALL", "C")
            .envs(variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&complaints)?)
            .process_group(0);
        self.workspace.settle()?;
        let start = Instant::now();
        let status = self.workspace.watch(&mut command)?;
        let wall = start.elapsed().as_secs_f64();
        if !status.success() {
            return Err(format!("{line}\nended with {}: {}", ending(status), tail(&complaints)).into());
        }
        Ok(cost(&fs::read_to_string(&stats)?, wall)?)
    }
}

/// The numbers of a list such as `0-2,7`.
fn processors(list: &str) -> Vec<u32> {
    let number = |text: &str| text.parse::<u32>().ok();
    let spans = list.split(',').filter_map(|span| match span.split_once('-') {
        Some((first, last)) => Some(number(first)?..=number(last)?),
        None => Some(number(span)?..=number(span)?),
    });
    spans.flatten().collect()
}

/// What the stages wrote of themselves: the line `total` is of all of them.
fn cost(stats: &str, wall: f64) -> io::Result<Cost> {
    let mut peaks: BTreeMap<&str, u64> = BTreeMap::new();
    let mut total = None;
    for line in stats.lines() {
        let [label, _, user, system, peak] = line.split(' ').collect::<Vec<_>>()[..] else {
            continue;
        };
        let (Ok(user), Ok(system), Ok(peak)) = (user.parse::<f64>(), system.parse::<f64>(), peak.parse::<u64>()) else {
            continue;
        };
        if label == "total" {
            total = Some((user + system, peak));
        } else {
            let known = peaks.entry(label).or_default();
            *known = peak.max(*known);
        }
    }
    let (cpu, largest_kib) = total.ok_or_else(|| io::Error::other("time wrote no total"))?;
    Ok(Cost {
        wall,
        cpu,
        largest_kib,
        together_kib: peaks.values().sum::<u64>().max(largest_kib),
    })
}

/// The last lines of what a line complained of.
fn tail(complaints: &PathBuf) -> String {
    const LINES: usize = 8;
    let bytes = fs::read(complaints).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
