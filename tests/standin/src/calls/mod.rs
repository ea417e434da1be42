// SPDX-License-Identifier: GPL-3.0-or-later
//! The calls: which methods there are, what each takes, and what does the work.

mod create;
mod devices;
mod dispatch;
mod features;
mod firewall;
mod import;
mod labels;
mod lists;
mod names;
mod power;
mod properties;
mod settings;
mod system_info;
mod table;
mod validate;
mod volumes;

use dispatch::ascii;
pub(crate) use dispatch::{Call, dispatch};
