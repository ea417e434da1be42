// SPDX-License-Identifier: GPL-3.0-or-later
//! A member that is to be written.

use super::super::EntryKind;

/// A file without holes, a folder or a link to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewMember<'a> {
    /// Its name: any bytes but NUL.
    pub name: &'a [u8],
    /// What it is.
    pub kind: &'a EntryKind,
    /// Permission bits.
    pub mode: u32,
    /// When it was changed, in seconds since 1970.
    pub mtime: i64,
    /// The owner's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// The owner's name, empty where it is not known.
    pub user: &'a str,
    /// The group's name, empty where it is not known.
    pub group: &'a str,
    /// Bytes of content; zero for everything but files.
    pub size: u64,
}

impl<'a> NewMember<'a> {
    /// A small file of a VM: everyone may read it, root owns it.
    pub fn small_file(name: &'a str, mtime: i64, size: u64) -> Self {
        Self {
            name: name.as_bytes(),
            kind: &EntryKind::File,
            mode: 0o644,
            mtime,
            uid: 0,
            gid: 0,
            user: "root",
            group: "root",
            size,
        }
    }
}
