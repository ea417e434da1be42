// SPDX-License-Identifier: GPL-3.0-or-later
//! dom0's home as a directory tree: modes, times and links as they are, and everything that cannot be read named.

mod judge;
mod restore;
mod save;

pub use judge::HomeFault;
pub use restore::HomeRefusal;
pub(super) use restore::{HomeFolder, HomeRead, read};
pub(super) use save::{TreeSize, tree_size, write};
