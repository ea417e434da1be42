// SPDX-License-Identifier: GPL-3.0-or-later
//! How much of the VM a tool takes.

use std::num::NonZeroUsize;

use clap::Args;

use crate::engine::Resources;

/// How much of the VM a tool takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Resources")]
pub struct ResourceArgs {
    /// Use at most N CPUs (default: all)
    ///
    /// Each one takes about 140 MiB of memory, most of it for keys.
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// Run with the lowest priority for CPU and disk
    #[arg(long)]
    pub nice: bool,
}

impl ResourceArgs {
    /// The same for the engine.
    pub fn resources(&self) -> Resources {
        Resources {
            jobs: self.jobs,
            is_gentle: self.nice,
        }
    }
}
