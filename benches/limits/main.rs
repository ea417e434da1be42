// SPDX-License-Identifier: GPL-3.0-or-later
//! The extremes: what listing, verifying, backing up and restoring cost where there are a million members, files or
//! extents, thousands of VMs or parts, or a volume of a terabyte. The result is a table in docs/LIMITS.md.
//!
//! `scripts/bench.sh limits` runs it. Keys of the archives that are made here cost nothing: they are not what is measured.

mod archive;
mod extreme;
mod measure;
mod report;
mod root;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;

use extreme::Extreme;
use measure::Measurer;

/// An error that ends the run early, in words for its user.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Measure what the tools take for archives and hosts of extreme sizes
#[derive(Debug, Parser)]
#[command(name = "limits")]
struct Options {
    /// Only these extremes, separated by commas
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_enum)]
    only: Vec<Extreme>,

    /// Divide the numbers by this: two runs show what grows faster than it should
    #[arg(long, value_name = "N", default_value_t = 1)]
    divide: usize,

    /// Where the data is put
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Where the tools are, where others are measured than those that were built along
    #[arg(long, value_name = "DIR")]
    tools: Option<PathBuf>,

    /// Write the table into this file, between its marks
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("limits: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Outcome<()> {
    let parent = options
        .dir
        .clone()
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")));
    std::fs::create_dir_all(&parent)?;
    let mut rows = Vec::new();
    for extreme in Extreme::all().filter(|extreme| options.only.is_empty() || options.only.contains(extreme)) {
        // Each has a folder of its own, which goes when it is done.
        let folder = tempfile::tempdir_in(&parent)?;
        let mut measurer = Measurer::new(folder.path(), options.tools.as_deref())?;
        extreme.measure(folder.path(), options.divide.max(1), &mut measurer)?;
        rows.extend(measurer.rows);
    }
    report::write(&rows, options.output.as_deref())
}
