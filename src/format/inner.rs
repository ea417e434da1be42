// SPDX-License-Identifier: GPL-3.0-or-later
//! The inner archives: a tar of one volume with its holes, of one small file, or of dom0's home.
//!
//! Volumes are written in the pax form of GNU sparse files, version 1.0, everything else in the GNU form, so that names
//! of any bytes and any length survive. Everything that GNU tar reads is read: v7, ustar, both GNU forms, pax, and all
//! four ways of writing holes. Nothing here touches a file system: names are bytes, data comes with its place.

mod extent;
mod reader;
mod sparse;
mod sparse_map;
mod writer;

pub use crate::extent::Extent;
pub use extent::block_extents;
pub use reader::{Ending, Entry, Reader};
pub use writer::{NewMember, Writer, sparse_head};

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A file with content.
    File,
    /// A folder.
    Directory,
    /// A symbolic link and what it says.
    Symlink(Vec<u8>),
    /// A second name of an earlier entry.
    HardLink(Vec<u8>),
    /// A named pipe.
    Fifo,
    /// Anything else, by its type byte: devices and forms that no backup contains.
    Other(u8),
}
