// SPDX-License-Identifier: GPL-3.0-or-later
//! A live PedOS, against a strict stand-in of its daemon in the dialects of three versions: what is asked, how often, what
//! is done, and what is left when something dies.

#![allow(clippy::unwrap_used, reason = "a test that breaks says where")]

mod backup;
mod client;
mod deaths;
mod devices;
mod looking;
mod missing;
mod pedos;
mod restore;
mod schedules;
mod services;
mod starts;
#[path = "../support/mod.rs"]
mod support;
mod volumes;
