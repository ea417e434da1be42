// SPDX-License-Identifier: GPL-3.0-or-later
//! Backs up, verifies and restores the VMs of PedOS (Qubes OS under another name), and reads every archive of the formats
//! 4, 3 and 2 on any Linux.
//!
//! The crate is four programs (two command line tools, two wizards) and the library that does their work. Other programs
//! can use the library to list what is in an archive, to verify it, to get single files out of it and to restore it. They
//! turn the default features off; then neither a library of the system nor a command line parser is pulled in:
//!
//! ```toml
//! pedos-backup = { version = "0.1", default-features = false }
//! ```
//!
//! # Open and verify a backup
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use pedos_backup::{
//!     engine::{self, Context},
//!     plan::{Access, VerifyPlan},
//!     secret::Passphrase,
//!     transport::Location,
//! };
//!
//! let passphrase = Arc::new(Passphrase::for_reading("the passphrase".to_owned()));
//! let archive = Location::File("pedos-backup-2026-03-01T140500".into());
//! let plan = VerifyPlan::everything(Access::new(archive.into(), passphrase));
//! let report = engine::verify::run(&plan, None, &Context::default())?;
//! assert!(report.is_success(), "{:?} {:?}", report.verdict, report.findings);
//! # Ok::<(), engine::EngineError>(())
//! ```
//!
//! `examples/` has whole programs: `list`, `verify` and `extract`.
//!
//! # Where to begin
//!
//! | to do this | use |
//! |---|---|
//! | list what is in an archive | [`engine::open_archive`], then [`engine::OpenedArchive::inventory`] |
//! | look at an archive without its passphrase | [`engine::quick_look`] |
//! | verify an archive | [`plan::VerifyPlan`], then [`engine::verify::run`] |
//! | get one file out of it | [`plan::ExtractPlan`], then [`engine::extract::run`] |
//! | restore VMs into a PedOS | [`plan::resolve`], then [`engine::restore::run`] |
//! | back VMs up | [`plan::BackupPlan`], then [`engine::backup::run`] |
//! | do one of these in a thread, with progress and a cancel | [`job::Job`] |
//! | hand results to other programs as JSON | [`json`] |
//!
//! These functions block, can be cancelled through [`engine::Context`], keep memory within a bound, and write nothing to
//! disk but what was asked for. Whatever an archive says is checked before it is believed.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `tools` | yes | `qvm-backup` and `qvm-backup-restore`, and the rooms `draft`, `text` and `cli` |
//! | `gui` | yes | the wizards `pedos-backup` and `pedos-backup-restore`, and the room `ui`; implies `tools` |
//!
//! # Rooms
//!
//! The modules below stand in the order in which they may use each other: a room knows only those above it in this list.
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
pub mod confine;
pub mod durable;
pub mod extent;
pub mod io_error;
pub mod qfile;
pub mod secret;
pub mod units;

pub mod adminapi;
pub mod crypto;
pub mod format;
pub mod helper;
pub mod inventory;
pub mod schedule;
pub mod sftp;

pub mod host;
pub mod transport;

pub mod plan;
pub mod profile;

pub mod engine;
pub mod job;

pub mod json;

pub mod history;
pub mod reminder;

#[cfg(feature = "tools")]
pub mod draft;
#[cfg(feature = "tools")]
pub mod text;

#[cfg(feature = "tools")]
pub mod cli;
#[cfg(feature = "gui")]
pub mod ui;
