// SPDX-License-Identifier: GPL-3.0-or-later
//! One program for all targets; the variable `FUZZ_TARGET` chooses one. Everything else is said to libFuzzer in the usual way.
//!
//! With `FUZZ_SEEDS=DIR` it writes inputs to begin with into that folder, and ends.

#![no_main]

mod input;
mod seeds;
mod targets;

use std::{env, path::Path, sync::OnceLock};

use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;
use targets::Target;

/// Counts what Rust allocates. Libraries in C (xz, zstd) allocate by themselves; their limits have tests of their own.
#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

static TARGET: OnceLock<&Target> = OnceLock::new();

fuzz_target!(
    init: {
        let name = env::var("FUZZ_TARGET").unwrap_or_default();
        let target = targets::ALL.iter().find(|target| target.name == name).unwrap_or_else(|| {
            let names: Vec<_> = targets::ALL.iter().map(|target| target.name).collect();
            eprintln!("FUZZ_TARGET must be one of: {}", names.join(" "));
            std::process::exit(2);
        });
        if let Some(folder) = env::var_os("FUZZ_SEEDS") {
            seeds::write(target.name, Path::new(&folder));
            std::process::exit(0);
        }
        let _ = TARGET.set(target);
    },
    |input: &[u8]| {
        let Some(target) = TARGET.get() else { return };
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        (target.run)(input);
        let used = MEMORY.peak_usage().saturating_sub(before);
        assert!(
            used <= target.most_bytes,
            "{} bytes of input took {used} bytes of memory, more than {}",
            input.len(),
            target.most_bytes
        );
    }
);
