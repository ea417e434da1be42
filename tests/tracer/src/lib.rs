// SPDX-License-Identifier: GPL-3.0-or-later
//! Runs a program under `ptrace` and decides what the system answers to it: the n-th call of a kind fails, is done in part, or is the
//! last thing that the program does. Every thread is followed, and one counter serves all of them. Calls count where they concern a
//! folder of the test, so that loading the program is left alone.
//!
//! The program makes its calls directly and not through a C library, so that nothing in front of the kernel could reach them.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod calls;
mod disk;
mod trace;

pub use calls::Kind;
pub use disk::{Disk, Loss};
pub use trace::{Call, End, Fault, Trace, run};
