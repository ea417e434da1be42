// SPDX-License-Identifier: GPL-3.0-or-later
//! The archive format against stock tools, genuine archives, chance, and people who mean harm.

// Clippy's leave for tests ends at functions that have no #[test] of their own.
#![allow(clippy::unwrap_used)]

mod bounds;
mod compressors;
mod fixtures;
mod hostile;
mod inner;
mod interop;
mod layers;
mod multi_volume;
mod old_fixtures;
mod openssl;
#[path = "../support/tools.rs"]
mod tools;
