// SPDX-License-Identifier: GPL-3.0-or-later
//! What the daemon knows: VMs, labels, pools and the settings of the whole system.

mod known;
mod sample;
mod vm;
mod volume;

pub use known::{Device, Label, State};
pub(crate) use sample::{Sample, sample};
pub use vm::{Assignment, Class, Power, Vm};
pub use volume::{Driver, Pool, Volume};
pub(crate) use volume::{NAMES as VOLUMES, new_volumes};
