// SPDX-License-Identifier: GPL-3.0-or-later
//! What is kept beside the code and must agree with it: the rules of ARCHITECTURE.md, the manual pages, the
//! packages, the translations.

#![allow(clippy::unwrap_used, reason = "a test that breaks says where")]

mod architecture;
#[cfg(feature = "tools")]
mod completions;
mod contrast;
mod crates;
mod desktop;
mod files;
mod imports;
mod limits;
#[cfg(feature = "tools")]
mod man_pages;
mod packages;
mod translations;
