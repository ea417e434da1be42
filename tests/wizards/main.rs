// SPDX-License-Identifier: GPL-3.0-or-later
//! The two wizards: their widgets in this process, and whole programs on a private desktop.

#![allow(clippy::unwrap_used, reason = "a test that breaks says where")]

mod desktop;
mod every_page;
mod frame_times;
mod keys;
mod lists;
mod live;
mod pictures;
mod places;
mod profiles;
mod restore_problems;
mod run_page;
mod stores;
#[path = "../support/mod.rs"]
mod support;
mod walkthrough;
mod watching;
mod ways_on;
mod widgets;
