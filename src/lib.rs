// SPDX-License-Identifier: GPL-3.0-or-later
//! PedOS Backup: backs up, verifies and restores the virtual machines of PedOS.
//!
//! The rooms below stand in the order in which they may use each other: a room knows only those above it in this list.
//! `format`, `crypto`, `inventory` and `host` know nothing of each other but `host` of `inventory`, whose document is
//! both a PedOS's own state and the table of contents of an archive. `ARCHITECTURE.md` draws the whole house, and
//! `tests/house/architecture.rs` holds the rooms to it.

/// Makes a function for tests that returns one value of each variant of an enum. It does not compile when a variant is
/// missing, so a list that is made with it cannot forget one.
#[cfg(test)]
macro_rules! one_of_each {
    ($($variant:ident $({ $($field:tt: $value:expr),* $(,)? })?),* $(,)?) => {
        pub(crate) fn one_of_each() -> Vec<Self> {
            let _all_are_here = |value: &Self| match value {
                $(Self::$variant { .. } => (),)*
            };
            vec![$(Self::$variant { $($($field: $value),*)? }),*]
        }
    };
}

pub mod cancel;
pub mod durable;
pub mod io_error;
pub mod qfile;
pub mod secret;
pub mod units;

pub mod crypto;
pub mod format;
pub mod inventory;

pub mod host;
pub mod plan;
pub mod profile;

pub mod engine;
pub mod job;

pub mod draft;
pub mod json;
pub mod text;

pub mod cli;
#[cfg(feature = "gui")]
pub mod ui;
