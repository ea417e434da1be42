// SPDX-License-Identifier: GPL-3.0-or-later
//! How much of the VM a tool takes.

use std::num::NonZeroUsize;

use clap::Args;

use crate::engine::Resources;

/// How much of the VM a tool takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Resources")]
pub struct ResourceArgs {
    /// Let at most N processors work at a time; without this option all that there are
    ///
    /// Each one takes about 140 MiB of memory, most of it for keys.
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// Give way to everything else: the lowest priority for processor and disk
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
