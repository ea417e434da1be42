// SPDX-License-Identifier: GPL-3.0-or-later
//! Faults at every call: the tools run under a tracer, which makes one call after the other fail, be done in part, or be the last one.
//! After each fault stands the same question: is what was said true, and is nothing lost?
//!
//! A sample runs always. All of it takes many minutes and runs with RUN_SLOW_TESTS=1; it prints its figures.

#![allow(clippy::unwrap_used, reason = "a test that breaks says where")]
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

#[path = "../support/mod.rs"]
mod support;

mod bench;
mod errors;
mod jobs;
mod kills;
mod power;
mod state;
