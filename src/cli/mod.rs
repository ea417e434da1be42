// SPDX-License-Identifier: GPL-3.0-or-later
//! The two tools, and the command lines of all four programs.

pub mod args;
