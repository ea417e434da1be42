// SPDX-License-Identifier: GPL-3.0-or-later
//! The comparison: this program and what users would take instead, on the same data, in the same run, by turns.
//!
//! `make bench` runs it; `scripts/bench.sh --help` names its options.

mod cases;
mod check;
mod computer;
mod content;
mod data;
mod facts;
mod measure;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/support/noise.rs"]
mod noise;
mod options;
mod report;
mod run;
mod samples;
mod targets;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use options::Options;

/// An error that ends the comparison early, in words for its user.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let options = Options::parse();
    match run::run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
