// SPDX-License-Identifier: GPL-3.0-or-later
//! dom0's home as a directory tree: modes, times and links as they are, and everything that cannot be read or restored
//! named.

mod folder;
mod judge;
mod refusal;
mod restore;
mod save;

pub(super) use folder::HomeFolder;
pub use judge::HomeFault;
pub(super) use refusal::HomeRead;
pub use refusal::HomeRefusal;
pub(super) use restore::read;
pub(super) use save::{TreeSize, tree_size, write};
