// SPDX-License-Identifier: GPL-3.0-or-later
//! Whole archives made and read by the library inside this process: damage, hostile archives, faults of a host, and what is
//! reported of each.

#![allow(clippy::unwrap_used, reason = "a test that breaks says where")]

mod changing_files;
mod damage;
mod examples;
mod faults;
mod genuine;
mod home;
mod hostile;
mod json;
mod one_index;
mod quick_look;
mod random_damage;
mod retention;
mod roundtrip;
mod settings;
mod stores;
#[path = "../support/mod.rs"]
mod support;
mod vectors;
mod verdicts;
