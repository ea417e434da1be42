// SPDX-License-Identifier: GPL-3.0-or-later
//! What a run of the comparison can be told.

use std::path::PathBuf;

use clap::Parser;
use pedos_backup::units::MIB;

use crate::data::Set;

/// Compare this program with what is used instead of it
///
/// Each tool backs the same data up and brings it back, one after the other, several times; what comes back is compared
/// with what there was. The result is a table of ratios with their spread, written as Markdown.
#[derive(Debug, Clone, Parser)]
#[command(name = "bench")]
pub(crate) struct Options {
    /// How much data a full set has, in MiB; the other sets follow it
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(8..=65536))]
    pub(crate) size: u64,

    /// How many times everything is measured
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub(crate) rounds: u32,

    /// Only these sets of data, separated by commas
    #[arg(long, value_name = "SET", value_delimiter = ',', value_enum)]
    pub(crate) sets: Vec<Set>,

    /// Only contestants whose key begins with one of these, separated by commas
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    pub(crate) only: Vec<String>,

    /// Leave out contestants whose key begins with one of these, separated by commas
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,

    /// Where the data is put: a folder on the disk that is to be measured
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,

    /// On how many processors everything runs, ours and theirs
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) cores: u32,

    /// Write the result into this file, and the raw figures beside it with the ending .csv
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Name the contestants and the sets, and measure nothing
    #[arg(long)]
    pub(crate) list: bool,

    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    /// The bytes of a full set.
    pub(crate) fn full_bytes(&self) -> u64 {
        self.size * MIB
    }

    /// Whether a set was asked for.
    pub(crate) fn wants_set(&self, set: Set) -> bool {
        self.sets.is_empty() || self.sets.contains(&set)
    }

    /// Whether a contestant was asked for.
    pub(crate) fn wants(&self, key: &str) -> bool {
        let is_named = |starts: &[String]| starts.iter().any(|start| key.starts_with(start.as_str()));
        (self.only.is_empty() || is_named(&self.only)) && !is_named(&self.skip)
    }
}
