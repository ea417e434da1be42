// SPDX-License-Identifier: GPL-3.0-or-later
//! dom0's home out of an archive: modes, times and links as they are, and every entry that cannot be restored named.

mod folder;
mod judge;
mod restore;

pub(super) use folder::HomeFolder;
pub(super) use restore::read;
