// SPDX-License-Identifier: GPL-3.0-or-later
//! What the tests of the whole programs share: PedOS roots to work on, the programs themselves, archives cut open, a
//! private desktop to click on, and stock tools. Nothing here looks into the library further than its public room doors;
//! whatever can be checked with foreign tools is checked with them.

#![allow(dead_code, reason = "each test program uses its own part of it")]

pub(crate) mod archive;
pub(crate) mod damage;
pub(crate) mod injured;
pub(crate) mod jobs;
pub(crate) mod noise;
pub(crate) mod old_archive;
pub(crate) mod programs;
pub(crate) mod reseal;
pub(crate) mod roots;
pub(crate) mod schema;
pub(crate) mod sftp_between;
pub(crate) mod tools;
pub(crate) mod wait;
pub(crate) mod workspace;

#[cfg(feature = "gui")]
pub(crate) mod atspi;
#[cfg(feature = "gui")]
pub(crate) mod keyboard;
#[cfg(feature = "gui")]
pub(crate) mod language;
#[cfg(feature = "gui")]
pub(crate) mod looks;
#[cfg(feature = "gui")]
pub(crate) mod notices;
#[cfg(feature = "gui")]
pub(crate) mod session;
#[cfg(feature = "gui")]
pub(crate) mod wizard;
